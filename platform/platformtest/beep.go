package platformtest

import "math"

// FindBeeps returns where beeps of the given pitch begin in one channel of sound
// at rate samples a second, as sample numbers, to about 1 ms. A beep is what
// the test content holds: at least 50 ms of one loud tone.
func FindBeeps(pcm []int16, rate int, hz float64) []int {
	// The power of the tone in a window of 8 ms, moved on by 0.5 ms: the share
	// of the tone is what tells it from a voice, which is rich in others.
	window, step := rate*8/1000, rate/2000
	var starts []int
	run, began := 0, 0
	for at := 0; at+window <= len(pcm); at += step {
		if amplitude, share := tone(pcm[at:at+window], rate, hz); amplitude < 3000 || share < 0.7 {
			run = 0
			continue
		}
		if run == 0 {
			began = at
		}
		if run++; run == rate*50/1000/step {
			starts = append(starts, onset(pcm, began, window, rate, hz))
		}
	}
	return starts
}

// onset is where the tone whose first loud window begins at at reaches half of
// its height.
func onset(pcm []int16, at, window, rate int, hz float64) int {
	full, _ := tone(pcm[min(at+2*window, len(pcm)-window):][:window], rate, hz)
	for i := max(at-window, 0); i < at+2*window && i < len(pcm); i++ {
		if math.Abs(float64(pcm[i])) > full/2 {
			return i
		}
	}
	return at
}

// tone is the amplitude of a tone in pcm, and its share of all the power there
// (Goertzel's algorithm).
func tone(pcm []int16, rate int, hz float64) (amplitude, share float64) {
	w := 2 * math.Pi * hz / float64(rate)
	c := 2 * math.Cos(w)
	var s1, s2, all float64
	for _, v := range pcm {
		x := float64(v)
		s1, s2 = x+c*s1-s2, s1
		all += x * x
	}
	if all == 0 {
		return 0, 0
	}
	n := float64(len(pcm))
	amplitude = 2 / n * math.Sqrt(max(s1*s1+s2*s2-c*s1*s2, 0))
	return amplitude, amplitude * amplitude / 2 * n / all
}
