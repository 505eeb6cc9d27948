package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os/exec"
	"strings"
)

const (
	rate     = 48000
	channels = 2
	frameAAC = 1024 // PCM frames in an access unit
)

// language is one sound stream: told apart by ear by what is counted aloud and
// by the chord, and by program by the pitch of the beep.
type language struct {
	name    string // ISO 639-2/T
	voice   string // of espeak-ng
	beep    float64
	chord   []float64
	numbers []string
	bitrate int
}

var languages = []language{
	{"eng", "en-gb", 1000, []float64{110, 164.8, 220, 277.2},
		strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty twenty-one twenty-two twenty-three"), 64_000},
	{"deu", "de", 1500, []float64{98, 146.8, 196, 233.1},
		strings.Fields("null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn zwanzig einundzwanzig zweiundzwanzig dreiundzwanzig"), 64_000},
}

// compose returns the sound of l as interleaved 16-bit samples: a quiet chord
// throughout, so that any gap can be heard, and at each beat a beep of 100 ms,
// then the number of the second.
func compose(l language) ([]byte, error) {
	const n = seconds * rate
	left, right := make([]float64, n), make([]float64, n)
	for i, hz := range l.chord {
		for j := range n {
			t := float64(j) / rate
			v := 0.012 * math.Sin(2*math.Pi*hz*t) * (1 + 0.5*math.Sin(2*math.Pi*t*(0.21+0.07*float64(i))))
			v *= min(1, t/0.1, (seconds-t)/0.1) // in and out without a click
			pan := 0.3 + 0.4*float64(i)/float64(len(l.chord)-1)
			left[j] += v * (1 - pan) * 2
			right[j] += v * pan * 2
		}
	}
	const beepLength, ramp = rate / 10, rate / 1000
	for s := range seconds {
		start := s*rate + beatFrame*rate/fps
		for j := range beepLength {
			v := 0.5 * math.Sin(2*math.Pi*l.beep*float64(j)/rate)
			v *= min(1, float64(j)/ramp, float64(beepLength-j)/ramp)
			left[start+j] += v
			right[start+j] += v
		}
		voice, err := speak(l.voice, l.numbers[s])
		if err != nil {
			return nil, err
		}
		start += rate * 14 / 100
		end := min(start+len(voice), (s+1)*rate+(beatFrame-1)*rate/fps, n)
		for j := start; j < end; j++ {
			v := voice[j-start] * min(1, float64(end-j)/(rate/50))
			left[j] += v
			right[j] += v
		}
	}
	pcm := make([]byte, 0, n*4)
	for j := range n {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(left[j]*32767)))
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(int16(right[j]*32767)))
	}
	return pcm, nil
}

// speak has espeak-ng say a word, and returns it at 48 kHz with a peak of 0.3.
func speak(voice, word string) ([]float64, error) {
	wav, err := exec.Command("espeak-ng", "-v", voice, "-s", "210", "--stdout", word).Output()
	if err != nil {
		return nil, fmt.Errorf("espeak-ng says %q: %w", word, err)
	}
	cmd := exec.Command("ffmpeg", "-v", "error", "-i", "-", "-ar", fmt.Sprint(rate), "-ac", "1", "-f", "s16le", "-")
	cmd.Stdin = bytes.NewReader(wav)
	raw, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("resample %q: %w", word, err)
	}
	out := make([]float64, len(raw)/2)
	peak := 1.0
	for i := range out {
		out[i] = float64(int16(binary.LittleEndian.Uint16(raw[2*i:])))
		peak = max(peak, math.Abs(out[i]))
	}
	first := 0
	for first < len(out) && math.Abs(out[first]) < peak/30 { // no silence before the word
		first++
	}
	for i := range out {
		out[i] *= 0.3 / peak
	}
	return out[first:], nil
}
