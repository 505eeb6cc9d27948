package platformtest

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestFindBeeps(t *testing.T) {
	const rate = 48000
	r := rand.New(rand.NewPCG(1, 1))
	pcm := make([]int16, 3*rate)
	for i := range pcm { // a quiet hum and noise
		pcm[i] = int16(300*math.Sin(2*math.Pi*110*float64(i)/rate) + 200*r.NormFloat64())
	}
	want := []int{12345, 60000, 100001}
	for i, start := range want {
		hz := []float64{1000, 1500, 1000}[i]
		for j := range rate / 10 {
			pcm[start+j] += int16(16000 * math.Sin(2*math.Pi*hz*float64(j)/rate))
		}
	}
	for j := range rate / 100 { // a click is no beep
		pcm[140000+j] += int16(16000 * math.Sin(2*math.Pi*1000*float64(j)/rate))
	}
	for hz, starts := range map[float64][]int{1000: {12345, 100001}, 1500: {60000}, 700: nil} {
		got := FindBeeps(pcm, rate, hz)
		if len(got) != len(starts) {
			t.Errorf("%.0f Hz: %v, want %v", hz, got, starts)
			continue
		}
		for i := range got {
			if d := got[i] - starts[i]; d < -rate/1000 || d > rate/1000 {
				t.Errorf("%.0f Hz: beep %d at %d, want %d", hz, i, got[i], starts[i])
			}
		}
	}
	if got := FindBeeps(nil, rate, 1000); got != nil {
		t.Errorf("nothing: %v", got)
	}
}
