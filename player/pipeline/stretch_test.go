package pipeline

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"smoothplay/platform"
)

var stereo48 = platform.PCMFormat{Rate: 48000, Channels: 2}

// tone is d of a sine with two overtones, at f Hz, the right channel softer.
func tone(format platform.PCMFormat, f float64, d time.Duration) []byte {
	data := make([]byte, frames(format, d)*format.FrameBytes())
	for i := 0; i < len(data); i += format.FrameBytes() {
		x := 2 * math.Pi * f * float64(i/format.FrameBytes()) / float64(format.Rate)
		v := 8000 * (math.Sin(x) + .4*math.Sin(2*x+1) + .2*math.Sin(3*x+2))
		for c := 0; c < format.Channels; c++ {
			setSample(data[i+2*c:], v/float64(c+1))
		}
	}
	return data
}

// run pushes data in pieces of an AAC frame and returns all that comes out.
func (s *stretch) run(data []byte) []byte {
	var out []byte
	for len(data) > 0 {
		n := min(1024*s.format.FrameBytes(), len(data))
		s.push(data[:n])
		out = s.pull(out, false)
		data = data[n:]
	}
	return s.pull(out, true)
}

// crossings counts how often the first channel rises through 0.
func crossings(format platform.PCMFormat, data []byte) int {
	n, below := 0, false
	for i := 0; i < len(data); i += format.FrameBytes() {
		v := sample(data[i:])
		if v < -2000 {
			below = true
		}
		if below && v > 2000 {
			n++
			below = false
		}
	}
	return n
}

func steepest(format platform.PCMFormat, data []byte) int {
	most := 0
	for i := format.FrameBytes(); i < len(data); i += format.FrameBytes() {
		d := int(sample(data[i:])) - int(sample(data[i-format.FrameBytes():]))
		most = max(most, d, -d)
	}
	return most
}

func TestStretchKeepsThePitch(t *testing.T) {
	for _, format := range []platform.PCMFormat{stereo48, {Rate: 44100, Channels: 1}, {Rate: 32000, Channels: 6}} {
		for _, f := range []float64{110, 440, 997} {
			in := tone(format, f, 5*time.Second)
			for _, rate := range []float64{.25, .5, .95, .99, 1.01, 1.05, 1.25, 1.5, 2} {
				t.Run(fmt.Sprintf("%dx%d %v Hz at %v", format.Rate, format.Channels, f, rate), func(t *testing.T) {
					s := newStretch(format)
					s.setRate(rate)
					out := s.run(in)
					lasts := format.Duration(len(out)).Seconds()
					if want := 5 / rate; math.Abs(lasts-want) > .06+.04*max(1/rate-1, 0) { // the last hop stays as it is
						t.Errorf("lasts %.3f s, want %.3f", lasts, want)
					}
					if got := float64(crossings(format, out)) / lasts; math.Abs(got-f) > f*.004+1 {
						t.Errorf("%.1f Hz, want %v", got, f)
					}
					if a, b := steepest(format, in), steepest(format, out); b > a*5/4 {
						t.Errorf("a click: steps of %d, in the original %d", b, a)
					}
					if s.end() != 5*time.Second {
						t.Errorf("ends at %v", s.end())
					}
				})
			}
		}
	}
}

func TestStretchOfOneChangesNothing(t *testing.T) {
	in := tone(stereo48, 300, 2*time.Second)
	if out := newStretch(stereo48).run(in); !bytes.Equal(in, out) {
		t.Errorf("%d bytes became %d, or others", len(in), len(out))
	}
}

// TestStretchTellsWhereItIs: whatever the rates, what is put out ends where it
// says, within what it may move a piece.
func TestStretchTellsWhereItIs(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	s := newStretch(stereo48)
	s.restart(time.Hour)
	in := tone(stereo48, 220, 20*time.Second)
	var media, put time.Duration
	for len(in) > 0 {
		if random.IntN(10) == 0 {
			s.setRate([]float64{1, .95, 1.05, .97, 1, 2, .5}[random.IntN(7)])
		}
		n := min((1+random.IntN(3000))*4, len(in))
		s.push(in[:n])
		in = in[n:]
		before := s.end()
		out := s.pull(nil, len(in) == 0)
		put = stereo48.Duration(len(out))
		media = s.end() - before
		if len(in) > 0 && math.Abs(media.Seconds()-put.Seconds()*s.rate) > 0.04 {
			t.Fatalf("%v put out for %v of media at rate %v", put, media, s.rate)
		}
		if len(s.mono) > 48000/5 {
			t.Fatalf("%d frames are kept", len(s.mono))
		}
	}
	if !s.idle() || s.end() != time.Hour+20*time.Second {
		t.Errorf("ends at %v, idle %v", s.end(), s.idle())
	}
}

func TestStretchOfSilenceAndNoise(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	noise := make([]byte, 48000*4)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	for name, in := range map[string][]byte{"silence": make([]byte, 48000*4), "noise": noise, "little": make([]byte, 40), "nothing": nil} {
		s := newStretch(stereo48)
		s.setRate(1.05)
		out := s.run(in)
		if len(out)%4 != 0 || len(out) > len(in) || len(out) < len(in)*9/10 {
			t.Errorf("%s: %d bytes became %d", name, len(in), len(out))
		}
	}
}

func BenchmarkStretch(b *testing.B) {
	in := tone(stereo48, 220, time.Second)
	for _, rate := range []float64{1.02, 1.5} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			s := newStretch(stereo48)
			s.setRate(rate)
			var out []byte
			b.ReportAllocs()
			for b.Loop() {
				for i := 0; i < len(in); i += 4096 {
					s.push(in[i:min(i+4096, len(in))])
					out = s.pull(out[:0], false)
				}
			}
		})
	}
}
