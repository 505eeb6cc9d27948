//go:build cgo

package ffmpeg

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"smoothplay/platform"
)

// heard is all PCM of a decoder in one piece, with the breaks of its time.
type heard struct {
	data   []byte
	starts []time.Duration // where the time does not go on from the piece before
	next   time.Duration
	pieces int
}

func (h *heard) add(format platform.PCMFormat) func(*platform.PCM) error {
	return func(p *platform.PCM) error {
		if (p.PTS-h.next).Abs() > time.Microsecond || h.pieces == 0 {
			h.starts = append(h.starts, p.PTS)
		}
		h.pieces++
		h.data = append(h.data, p.Data...)
		h.next = p.PTS + format.Duration(len(p.Data))
		return nil
	}
}

func openAudio(t testing.TB, f *platform.Format, out platform.PCMFormat) platform.AudioDecoder {
	t.Helper()
	d, err := Decoders{}.OpenAudio(*f, out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func listen(t testing.TB, d platform.AudioDecoder, out platform.PCMFormat, samples []platform.Sample) *heard {
	t.Helper()
	h := &heard{}
	for i := range samples {
		if err := d.Decode(&samples[i], h.add(out)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Drain(h.add(out)); err != nil {
		t.Fatal(err)
	}
	return h
}

// left is the first channel as numbers from -1 to 1.
func (h *heard) left(f platform.PCMFormat) []float64 {
	var out []float64
	for i := 0; i+1 < len(h.data); i += f.FrameBytes() {
		out = append(out, float64(int16(binary.NativeEndian.Uint16(h.data[i:])))/32768)
	}
	return out
}

// tone is the share of the power of x that is a sine of hz.
func tone(x []float64, hz, rate float64) float64 {
	var re, im, power float64
	for i, v := range x {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / rate)
		re, im, power = re+v*c, im+v*s, power+v*v
	}
	return 2 * (re*re + im*im) / (power * float64(len(x)))
}

// The PCM must be one piece without a break whose length is that of the input,
// whatever it is resampled to, and sound as it did.
func TestSoundIsContinuous(t *testing.T) {
	for _, rate := range []string{"44100", "48000", "22050"} {
		c := sound(t, rate, "3")
		for _, out := range []platform.PCMFormat{{Rate: 44100, Channels: 2}, {Rate: 48000, Channels: 2}, {Rate: 32000, Channels: 1}, {Rate: 48000, Channels: 6}} {
			h := listen(t, openAudio(t, c.format, out), out, c.samples)
			frames := int64(len(h.data) / out.FrameBytes())
			want := int64(len(c.samples)) * 1024 * int64(out.Rate) / int64(c.format.SampleRate)
			if (frames-want) > 2 || (frames-want) < -2 {
				t.Errorf("%s Hz to %v: %d frames, want %d", rate, out, frames, want)
			}
			if len(h.starts) != 1 || h.starts[0] != c.samples[0].PTS {
				t.Errorf("%s Hz to %v: begins at %v, want one piece from %v", rate, out, h.starts, c.samples[0].PTS)
			}
			x := h.left(out)
			if out.Channels == 6 {
				continue // stereo leaves all but two channels silent
			}
			if got := tone(x[out.Rate/2:][:out.Rate], 440, float64(out.Rate)); got < 0.99 {
				t.Errorf("%s Hz to %v: %.3f of the power is at 440 Hz, want 0.99", rate, out, got)
			}
		}
	}
}

func TestTimesThatWobbleAndJump(t *testing.T) {
	c := sound(t, "44100", "4")
	out := platform.PCMFormat{Rate: 48000, Channels: 2}
	samples := slices.Clone(c.samples)
	for i := range samples {
		samples[i].PTS = samples[i].PTS.Round(time.Millisecond) // as encoders do that count in milliseconds
		if i >= 80 {
			samples[i].PTS += 5 * time.Second
		}
	}
	h := listen(t, openAudio(t, c.format, out), out, samples)
	if want := []time.Duration{samples[0].PTS, samples[80].PTS}; !slices.Equal(h.starts, want) {
		t.Errorf("pieces begin at %v, want %v", h.starts, want)
	}
	frames := len(h.data) / out.FrameBytes()
	if want := len(samples) * 1024 * 48000 / 44100; frames < want-4 || frames > want+4 {
		t.Errorf("%d frames, want %d: the resampler kept or lost some at the jump", frames, want)
	}
}

func TestSwitchOfAudioLevelHasNoGap(t *testing.T) {
	low, high := sound(t, "48000", "3", "-b:a", "64k"), sound(t, "48000", "3", "-b:a", "192k")
	high.format.Config = append(slices.Clone(high.format.Config), 0) // another configuration that says the same
	out := platform.PCMFormat{Rate: 44100, Channels: 2}
	samples := slices.Concat(low.samples[:60], high.samples[60:100], low.samples[100:])
	samples[60].Format, samples[100].Format = high.format, low.format
	h := listen(t, openAudio(t, low.format, out), out, samples)
	if len(h.starts) != 1 {
		t.Errorf("pieces begin at %v, want one", h.starts)
	}
	if got, want := len(h.data)/out.FrameBytes(), len(samples)*1024*441/480; got < want-2 || got > want+2 {
		t.Errorf("%d frames, want %d", got, want)
	}
}

// An AudioSpecificConfig with explicit SBR doubles the rate that the manifest
// gives: the decoder's word counts.
func TestHEAACRateOfTheDecoder(t *testing.T) {
	c := sound(t, "24000", "3")
	f := *c.format
	// 5 (SBR), 24000 Hz, 2 channels, extension 48000 Hz, 2 (LC)
	f.Config = []byte{0x2b, 0x11, 0x88, 0x00}
	samples := slices.Clone(c.samples)
	samples[0].Format = &f
	out := platform.PCMFormat{Rate: 48000, Channels: 2}
	d := openAudio(t, &f, out)
	h := listen(t, d, out, samples)
	if got := d.(*audioDecoder).input.rate; got != 48000 {
		t.Errorf("the decoder delivers %d Hz, want 48000", got)
	}
	if got, want := len(h.data)/out.FrameBytes(), len(samples)*2048; got != want || len(h.starts) != 1 {
		t.Errorf("%d frames in pieces from %v, want %d in one", got, h.starts, want)
	}
	if got := tone(h.left(out)[24000:72000], 440, 48000); got < 0.99 {
		t.Errorf("%.3f of the power is at 440 Hz, want 0.99", got)
	}
}

func TestAudioFlush(t *testing.T) {
	c := sound(t, "44100", "3")
	out := platform.PCMFormat{Rate: 48000, Channels: 2}
	d := openAudio(t, c.format, out)
	var before heard
	for i := range c.samples[:20] {
		if err := d.Decode(&c.samples[i], before.add(out)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time after a drain
		h := listen(t, d, out, c.samples[90:110])
		if len(h.starts) != 1 || h.starts[0] != c.samples[90].PTS {
			t.Errorf("begins at %v, want %v", h.starts, c.samples[90].PTS)
		}
		if got, want := len(h.data)/out.FrameBytes(), 20*1024*480/441; got < want-2 || got > want+2 {
			t.Errorf("%d frames, want %d", got, want)
		}
	}
}

func TestAudioErrorsAreOfOneSample(t *testing.T) {
	c := sound(t, "48000", "2")
	out := platform.PCMFormat{Rate: 48000, Channels: 2}
	d := openAudio(t, c.format, out)
	failed := 0
	var h heard
	for i, s := range c.samples {
		if i%10 == 5 {
			s.Data = []byte{0xff, 0xff, 0xff, 0xff, 0xff}
		}
		if d.Decode(&s, h.add(out)) != nil {
			failed++
		}
	}
	if failed == 0 || failed > len(c.samples)/10+1 {
		t.Errorf("%d of %d samples failed", failed, len(c.samples))
	}
	if h.next < 1900*time.Millisecond {
		t.Errorf("the sound ends at %v: the decoder did not recover", h.next)
	}
	stop := errors.New("stop")
	if err := d.Decode(&c.samples[0], func(*platform.PCM) error { return stop }); err != stop {
		t.Errorf("Decode returned %v, want the error of out", err)
	}
	d.Close()
	if err := d.Decode(&c.samples[0], h.add(out)); !errors.Is(err, platform.ErrClosed) {
		t.Errorf("after Close: %v, want ErrClosed", err)
	}
}

func TestPCMAndOthers(t *testing.T) {
	out := platform.PCMFormat{Rate: 48000, Channels: 2}
	f := &platform.Format{Kind: platform.Audio, Codec: platform.PCMCodec, SampleRate: 48000, Channels: 2, BitsPerSample: 16, BlockAlign: 4}
	raw := make([]byte, 4800*4)
	for i := range raw {
		raw[i] = byte(i * 7)
	}
	h := listen(t, openAudio(t, f, out), out, []platform.Sample{{PTS: time.Second, Data: raw, Format: f}})
	if !slices.Equal(h.data, raw) || h.starts[0] != time.Second {
		t.Error("PCM in the format asked for is not passed on as it is")
	}
	for _, encoder := range []string{"libmp3lame", "ac3", "eac3"} {
		t.Run(encoder, func(t *testing.T) {
			c := sound(t, "48000", "2", "-c:a", encoder)
			h := listen(t, openAudio(t, c.format, out), out, c.samples)
			if len(h.starts) != 1 || h.next < 1950*time.Millisecond {
				t.Errorf("pieces from %v, the last until %v", h.starts, h.next)
			}
			if got := tone(h.left(out)[24000:72000], 440, 48000); got < 0.99 {
				t.Errorf("%.3f of the power is at 440 Hz, want 0.99", got)
			}
		})
	}
}
