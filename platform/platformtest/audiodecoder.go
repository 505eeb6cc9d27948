package platformtest

import (
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
	"testing"
	"time"

	"smoothplay/platform"
)

// OpenAudioDecoder opens a decoder for the format of the first of samples that
// delivers out. The samples follow each other without a gap, are all key
// samples, and last at least half a second in all and at most 100 ms each;
// Format is set on the first and where it changes.
type OpenAudioDecoder func(t *testing.T, out platform.PCMFormat) (platform.AudioDecoder, []platform.Sample)

// TestAudioDecoder examines an implementation of [platform.AudioDecoder].
func TestAudioDecoder(t *testing.T, open OpenAudioDecoder, opts ...Option) {
	t.Helper()
	examine(t, audioDecoderRules, open, opts)
}

var (
	stereo = platform.PCMFormat{Rate: 48000, Channels: 2}
	mono   = platform.PCMFormat{Rate: 16000, Channels: 1}
)

// joint is how far two pieces of sound that follow each other may be apart:
// what a resampler rounds.
const joint = 2 * time.Millisecond

var audioDecoderRules = []rule[OpenAudioDecoder]{
	{"format-asked",
		"turns the samples of one track into PCM in the format given to OpenAudio",
		func(t *testing.T, open OpenAudioDecoder) error {
			for _, out := range []platform.PCMFormat{stereo, mono, {Rate: 44100, Channels: 2}} {
				err := audioRule(out, func(x *audioExam) error {
					if err := x.play(x.samples); err != nil {
						return err
					}
					// A codec may need a sample or two to begin.
					slack := 2*x.longest + 10*time.Millisecond
					if got, want := x.length(), x.end-x.begin; got < want-slack || got > want+slack {
						return fmt.Errorf("%v of samples became %v of sound of %d Hz in %d channels", want, got, out.Rate, out.Channels)
					}
					return nil
				})(t, open)
				if err != nil {
					return err
				}
			}
			return nil
		}},
	{"whole-frames",
		"Sound comes in whole frames",
		audioRule(stereo, func(x *audioExam) error {
			if err := x.play(x.samples); err != nil {
				return err
			}
			for _, p := range x.got {
				if p.bytes%x.out.FrameBytes() != 0 {
					return fmt.Errorf("the sound at %v has %d bytes, frames have %d", p.pts, p.bytes, x.out.FrameBytes())
				}
			}
			return nil
		})},
	{"no-gaps",
		"each PCM begins where the one before ended",
		audioRule(stereo, func(x *audioExam) error {
			if err := x.play(x.samples); err != nil {
				return err
			}
			return x.continuous()
		})},
	{"time-of-the-sample",
		"of the first frame, on the timeline of the item",
		audioRule(stereo, func(x *audioExam) error {
			if err := x.play(x.samples); err != nil {
				return err
			}
			return x.startsAt(x.begin)
		})},
	{"sample-valid-during-the-call",
		"s and s.Data are valid during the call only",
		func(t *testing.T, open OpenAudioDecoder) error {
			return sameSound(t, open, "samples are overwritten after the call", func(x *audioExam) { x.keepSamples = true })
		}},
	{"out-may-change-the-bytes",
		"The bytes handed to out are valid only during that call, in which out may change them.",
		func(t *testing.T, open OpenAudioDecoder) error {
			return sameSound(t, open, "out changes the bytes", func(x *audioExam) { x.keepSound = true })
		}},
	{"error-of-out-stops",
		"where out returns an error, the method stops and returns that error",
		audioRule(stereo, func(x *audioExam) error {
			for _, s := range x.samples {
				calls := 0
				err := x.feed(s, func(*platform.PCM) error { calls++; return errStop })
				switch {
				case calls > 1:
					return fmt.Errorf("Decode went on: out was called %d times", calls)
				case calls == 1 && !errors.Is(err, errStop):
					return fmt.Errorf("Decode returned %v, out had returned %v", err, errStop)
				case calls == 0 && err != nil:
					return err
				case calls == 1:
					return x.usable()
				}
			}
			return errors.New("no sound came out before Drain")
		})},
	{"no-call-after-return",
		"A decoder never calls out after the method that received it has returned",
		audioRule(stereo, func(x *audioExam) error {
			if err := x.decode(x.samples[:3]); err != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond)
			if err := errors.Join(x.d.Flush(), x.d.Close()); err != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond)
			x.closed = true
			return nil // the tape has noticed it
		})},
	{"flush-forgets",
		"Flush forgets all input and every picture not yet delivered.",
		audioRule(stereo, func(x *audioExam) error {
			half := len(x.samples) / 2
			for n := 1; n <= min(3, half); n++ {
				if err := x.decode(x.samples[:n]); err != nil {
					return err
				}
				if err := errors.Join(x.d.Flush(), x.d.Flush()); err != nil {
					return fmt.Errorf("Flush: %w", err)
				}
			}
			x.got = nil
			far := slices.Clone(x.samples[half:])
			if far[0].Format == nil {
				far[0].Format = x.formatAt(half)
			}
			if err := x.play(far); err != nil {
				return err
			}
			if err := x.startsAt(far[0].PTS); err != nil {
				return err
			}
			return x.continuous()
		})},
	{"flush-keeps-the-format",
		"The next sample is a key sample; its Format is nil where it is still the same.",
		audioRule(stereo, func(x *audioExam) error {
			if err := x.decode(x.samples[:1]); err != nil {
				return err
			}
			if err := x.d.Flush(); err != nil {
				return fmt.Errorf("Flush: %w", err)
			}
			x.got = nil
			again := slices.Clone(x.samples[:5])
			again[0].Format = nil
			if err := x.play(again); err != nil {
				return err
			}
			return x.startsAt(x.begin)
		})},
	{"usable-after-drain",
		"After it only Flush, Decode with a key sample, or Close follow.",
		audioRule(stereo, func(x *audioExam) error {
			if err := x.drain(); err != nil {
				return fmt.Errorf("of a decoder that holds nothing: %w", err)
			}
			if err := x.play(x.samples[:5]); err != nil {
				return err
			}
			return x.usable()
		})},
	{"lost-sample-recovers",
		"An error means that this sample was lost; the decoder stays usable and recovers with a later key sample.",
		audioRule(stereo, func(x *audioExam) error {
			if x.samples[0].Data == nil {
				return unexamined("the samples have no Data to damage")
			}
			for _, fill := range []byte{0, 0xA5, 0xFF} {
				bad := x.samples[0]
				bad.Data = slices.Repeat([]byte{fill}, len(bad.Data))
				_ = x.feed(bad, func(*platform.PCM) error { return nil }) // may be lost
				bad.Data = []byte{}
				_ = x.feed(bad, func(*platform.PCM) error { return nil })
			}
			return x.usable()
		})},
}

// audioExam is a decoder under examination, the samples it is fed, and the tape
// of what came out.
type audioExam struct {
	d          platform.AudioDecoder
	out        platform.PCMFormat
	samples    []platform.Sample
	begin, end time.Duration
	longest    time.Duration

	keepSamples bool // do not overwrite a sample after Decode has returned
	keepSound   bool // do not overwrite the sound that out is handed
	closed      bool // by the check
	inside      bool // a call that was given out has not returned
	stray       bool // out was called when none had
	got         []soundSeen
}

type soundSeen struct {
	pts   time.Duration
	bytes int
	sum   uint64
}

// audioRule opens a decoder for a check, closes it, and adds what only the tape
// can tell.
func audioRule(out platform.PCMFormat, check func(x *audioExam) error) func(*testing.T, OpenAudioDecoder) error {
	return func(t *testing.T, open OpenAudioDecoder) error {
		d, samples := open(t, out)
		x := &audioExam{d: d, out: out, samples: samples}
		err := x.prepare()
		if err == nil {
			err = check(x)
		}
		if !x.closed {
			err = errors.Join(err, d.Close())
		}
		if x.stray {
			err = errors.Join(err, errors.New("out was called when no call that was given it was under way"))
		}
		return err
	}
}

func (x *audioExam) prepare() error {
	if len(x.samples) < 10 || x.samples[0].Format == nil {
		return errors.New("of the exam: at least ten samples are needed, the first with its Format")
	}
	x.begin = x.samples[0].PTS
	x.end = x.begin
	for _, s := range x.samples {
		if s.PTS < x.end-time.Millisecond || s.PTS > x.end+time.Millisecond {
			return fmt.Errorf("of the exam: the sample at %v does not follow the one that ends at %v", s.PTS, x.end)
		}
		x.end = s.PTS + s.Duration
		x.longest = max(x.longest, s.Duration)
	}
	if x.end-x.begin < time.Second/2 || x.longest > time.Second/10 {
		return fmt.Errorf("of the exam: %v of sound in samples of up to %v; at least 500ms and at most 100ms are needed", x.end-x.begin, x.longest)
	}
	return nil
}

func (x *audioExam) formatAt(i int) (f *platform.Format) {
	for _, s := range x.samples[:i+1] {
		if s.Format != nil {
			f = s.Format
		}
	}
	return f
}

// feed decodes one sample, of which nothing is left afterwards.
func (x *audioExam) feed(s platform.Sample, out func(*platform.PCM) error) error {
	during := s
	if s.Data != nil && !x.keepSamples {
		during.Data = slices.Clone(s.Data)
	}
	x.inside = true
	err := x.d.Decode(&during, out)
	x.inside = false
	if !x.keepSamples {
		for i := range during.Data {
			during.Data[i] = 0xA5
		}
		during = platform.Sample{PTS: -1, DTS: -1}
	}
	if err != nil {
		return fmt.Errorf("Decode of the sample at %v: %w", s.PTS, err)
	}
	return nil
}

// hear writes to the tape.
func (x *audioExam) hear(p *platform.PCM) error {
	if !x.inside {
		x.stray = true
	}
	x.got = append(x.got, soundSeen{p.PTS, len(p.Data), maphash.Bytes(seed, p.Data)})
	if !x.keepSound {
		for i := range p.Data {
			p.Data[i] = 0x5A
		}
		p.PTS = -1
	}
	return nil
}

func (x *audioExam) decode(samples []platform.Sample) error {
	for _, s := range samples {
		if err := x.feed(s, x.hear); err != nil {
			return err
		}
	}
	return nil
}

func (x *audioExam) drain() error {
	x.inside = true
	err := x.d.Drain(x.hear)
	x.inside = false
	if err != nil {
		return fmt.Errorf("Drain: %w", err)
	}
	return nil
}

func (x *audioExam) play(samples []platform.Sample) error {
	if err := x.decode(samples); err != nil {
		return err
	}
	return x.drain()
}

func (x *audioExam) length() time.Duration {
	n := 0
	for _, p := range x.got {
		n += p.bytes
	}
	return x.out.Duration(n)
}

// continuous checks the tape for gaps and overlaps.
func (x *audioExam) continuous() error {
	if len(x.got) == 0 {
		return errors.New("no sound came out")
	}
	bytes := 0
	for _, p := range x.got {
		if at := x.got[0].pts + x.out.Duration(bytes); p.pts < at-joint || p.pts > at+joint {
			return fmt.Errorf("sound for %v ends at %v, the next says that it begins at %v", x.out.Duration(bytes), at, p.pts)
		}
		bytes += p.bytes
	}
	return nil
}

// startsAt checks where the tape begins, give or take the samples that a codec
// needs to begin.
func (x *audioExam) startsAt(at time.Duration) error {
	if len(x.got) == 0 {
		return errors.New("no sound came out")
	}
	if first := x.got[0].pts; first < at-joint || first > at+2*x.longest+joint {
		return fmt.Errorf("sound begins at %v, its samples at %v", first, at)
	}
	return nil
}

// usable checks that the decoder decodes all after a Flush.
func (x *audioExam) usable() error {
	if err := x.d.Flush(); err != nil {
		return fmt.Errorf("Flush: %w", err)
	}
	x.got = nil
	if err := x.play(x.samples); err != nil {
		return err
	}
	if got, want := x.length(), x.end-x.begin; got < want-2*x.longest-joint {
		return fmt.Errorf("%v of samples became %v of sound", want, got)
	}
	return errors.Join(x.startsAt(x.begin), x.continuous())
}

// sameSound checks that a decoder delivers the same under the exam's rough
// handling as when it is spared some of it.
func sameSound(t *testing.T, open OpenAudioDecoder, rough string, spare func(*audioExam)) error {
	var runs [2][]soundSeen
	for i := range runs {
		err := audioRule(stereo, func(x *audioExam) error {
			if i == 0 {
				spare(x)
			}
			err := x.play(x.samples)
			runs[i] = x.got
			return err
		})(t, open)
		if err != nil {
			return err
		}
	}
	if !slices.Equal(runs[0], runs[1]) {
		return fmt.Errorf("the sound is another where %s", rough)
	}
	return nil
}
