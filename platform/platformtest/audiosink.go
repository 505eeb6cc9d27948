package platformtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"smoothplay/platform"
)

// OpenAudioSink opens a sink that was not configured yet.
type OpenAudioSink func(t *testing.T) platform.AudioSink

// TestAudioSink examines an implementation of [platform.AudioSink]. It plays
// about three seconds of a quiet tone, in real time unless in a bubble.
func TestAudioSink(t *testing.T, open OpenAudioSink, opts ...Option) {
	t.Helper()
	examine(t, audioSinkRules, open, opts)
}

const (
	// drift is how far a Delay may be from what time and bytes say: sound
	// devices have a clock of their own, and report it roughly.
	drift = 40 * time.Millisecond
	// step is how far a single step of Delay may be from the time it took.
	step = 8 * time.Millisecond

	leastQueue   = 100 * time.Millisecond
	largestQueue = 2 * time.Second
)

var audioSinkRules = []rule[OpenAudioSink]{
	{"configure",
		"got is the format that Write expects: the nearest to want that the device plays.",
		soundRule(func(x *soundExam) error {
			if x.format.Rate <= 0 || x.format.Channels <= 0 {
				return fmt.Errorf("got %d Hz in %d channels", x.format.Rate, x.format.Channels)
			}
			return nil
		})},
	{"begins-paused",
		"The sink begins paused.",
		soundRule(func(x *soundExam) error {
			if err := x.write(leastQueue); err != nil {
				return err
			}
			return x.stands("before the first Pause(false)")
		})},
	{"write-never-blocks",
		"Write appends whole frames, never blocks, and returns how many bytes it took",
		soundRule(func(x *soundExam) error {
			return within(patience, "Write", func() error {
				begin := time.Now()
				for range 10 { // it is paused: no room comes free
					if _, err := x.s.Write(x.sound(time.Second)); err != nil {
						return err
					}
				}
				if took := time.Since(begin); took > time.Second {
					return fmt.Errorf("ten calls took %v while paused", took)
				}
				return nil
			})
		})},
	{"whole-frames",
		"fewer than len(b), in whole frames, when its queue is full",
		soundRule(func(x *soundExam) error {
			frame := x.format.FrameBytes()
			for _, size := range []int{0, 1, 10*frame + frame - 1, x.format.Bytes(10 * time.Second), 3*frame - 1} {
				n, err := x.s.Write(make([]byte, size))
				if err != nil {
					return err
				}
				if n < 0 || n > size || n%frame != 0 {
					return fmt.Errorf("of %d bytes in frames of %d bytes it took %d", size, frame, n)
				}
			}
			return nil
		})},
	{"queue-is-bounded",
		"The queue is bounded: at least 100 ms, at most 2 s.",
		soundRule(func(x *soundExam) error {
			var taken time.Duration
			for range 10 {
				n, err := x.s.Write(x.sound(time.Second))
				if err != nil {
					return err
				}
				taken += x.format.Duration(n)
			}
			if taken < leastQueue || taken > largestQueue {
				return fmt.Errorf("it took %v while paused", taken)
			}
			return nil
		})},
	{"delay-counts-what-is-queued",
		"Delay is the time until the last frame written is heard: what is queued and the latency of the device.",
		soundRule(func(x *soundExam) error {
			if d := x.s.Delay(); d != 0 {
				return fmt.Errorf("Delay is %v before anything was written", d)
			}
			if err := x.write(20 * time.Millisecond); err != nil {
				return err
			}
			first := x.s.Delay()
			if first < 20*time.Millisecond-step {
				return fmt.Errorf("Delay is %v after 20ms were written", first)
			}
			for i := range 3 {
				if err := x.write(20 * time.Millisecond); err != nil {
					return err
				}
				if d, want := x.s.Delay(), first+time.Duration(i+1)*20*time.Millisecond; apart(d, want) > step {
					return fmt.Errorf("Delay is %v while paused after 20ms more were written each time, want %v", d, want)
				}
			}
			return nil
		})},
	{"delay-moves-smoothly",
		"It moves smoothly between writes (where a device reports in blocks, the sink interpolates)",
		soundRule(func(x *soundExam) error {
			if err := x.begin(); err != nil {
				return err
			}
			return x.moves(400 * time.Millisecond)
		})},
	{"delay-ends-at-0",
		"is 0 when everything was heard",
		soundRule(func(x *soundExam) error {
			if err := x.begin(); err != nil {
				return err
			}
			if err := x.dry(); err != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond)
			if d := x.s.Delay(); d != 0 {
				return fmt.Errorf("it was 0, and 20ms later it is %v", d)
			}
			// Sound that comes after that is played as ever.
			if err := x.write(leastQueue); err != nil {
				return err
			}
			if d := x.s.Delay(); d < leastQueue/2 {
				return fmt.Errorf("after the queue had run dry %v were written, and Delay is %v", leastQueue, d)
			}
			return x.dry()
		})},
	{"delay-stands-while-paused",
		"and stands still while paused and when the device is gone",
		soundRule(func(x *soundExam) error {
			if err := x.begin(); err != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond)
			if err := x.s.Pause(true); err != nil {
				return err
			}
			time.Sleep(50 * time.Millisecond) // a device may finish its block
			return x.stands("after Pause(true)")
		})},
	{"pause-keeps-the-queue",
		"Pause stops and resumes playing; what is queued is kept.",
		soundRule(func(x *soundExam) error {
			if err := x.begin(); err != nil {
				return err
			}
			before := x.s.Delay()
			if err := errors.Join(x.s.Pause(true), x.s.Pause(true)); err != nil {
				return err
			}
			if d := x.s.Delay(); before-d > 50*time.Millisecond && d < before/4 {
				return fmt.Errorf("Delay was %v, after Pause(true) it is %v", before, d)
			}
			if err := x.s.Pause(false); err != nil {
				return err
			}
			return x.moves(200 * time.Millisecond)
		})},
	{"delay-from-any-goroutine",
		"may be called from any goroutine",
		soundRule(func(x *soundExam) error {
			if err := x.begin(); err != nil {
				return err
			}
			return together(4, func(i int) error {
				for range 20 {
					var err error
					if i == 0 {
						err = x.top()
					} else if d := x.s.Delay(); d < 0 || d > time.Minute {
						err = fmt.Errorf("Delay is %v", d)
					}
					if err != nil {
						return err
					}
					time.Sleep(time.Millisecond)
				}
				return nil
			})
		})},
	{"flush-forgets",
		"Flush forgets what is queued; Delay is 0 afterwards.",
		soundRule(func(x *soundExam) error {
			for _, paused := range []bool{true, false, true} {
				if err := errors.Join(x.s.Pause(paused), x.top(), x.s.Flush()); err != nil {
					return err
				}
				if d := x.s.Delay(); d != 0 {
					return fmt.Errorf("Delay is %v after Flush (paused: %v)", d, paused)
				}
			}
			if err := x.s.Pause(false); err != nil {
				return err
			}
			if err := x.begin(); err != nil {
				return err
			}
			return x.moves(100 * time.Millisecond)
		})},
	{"ends-with-ErrClosed",
		"An error that wraps ErrClosed means that the device is gone",
		soundRule(func(x *soundExam) error {
			if err := x.begin(); err != nil {
				return err
			}
			if err := x.s.Close(); err != nil {
				return err
			}
			if _, err := x.s.Write(x.sound(20 * time.Millisecond)); !errors.Is(err, platform.ErrClosed) {
				return fmt.Errorf("Write after Close returned %v", err)
			}
			_ = x.s.Delay() // must not panic
			return nil
		})},
	{"close-twice",
		"Closing twice is no error.",
		soundRule(func(x *soundExam) error { return errors.Join(x.s.Close(), x.s.Close()) })},
	{"volume",
		"SetVolume takes a gain from 0 (silent) to 1 (as is).",
		soundRule(func(x *soundExam) error {
			v, ok := x.s.(platform.Volume)
			if !ok {
				return unexamined("the sink is no platform.Volume")
			}
			if err := x.begin(); err != nil {
				return err
			}
			return errors.Join(v.SetVolume(0), v.SetVolume(0.5), v.SetVolume(1))
		})},
	{"takes",
		"Takes reports nil, or an error that wraps ErrUnsupported",
		soundRule(func(x *soundExam) error {
			p, ok := x.s.(platform.Passthrough)
			if !ok {
				return unexamined("the sink is no platform.Passthrough")
			}
			for _, f := range append(bitstreams, platform.Format{Kind: platform.Audio, Codec: "noise", SampleRate: 48000}) {
				err := p.Takes(f)
				if err == nil && f.Codec == "noise" || err != nil && !errors.Is(err, platform.ErrUnsupported) {
					return fmt.Errorf("Takes(%s) returned %v", f.Codec, err)
				}
			}
			return nil
		})},
	{"bitstream",
		"ConfigureBitstream is called in place of Configure, for a format that the device takes",
		passthroughRule(func(x *soundExam, p platform.Passthrough, f platform.Format, carrier platform.PCMFormat) error {
			if err := x.reshape(func() error { return p.ConfigureBitstream(f, carrier) }, carrier); err != nil {
				return err
			}
			return x.stands("before the first Pause(false) of a bitstream")
		})},
	{"configured-again",
		"A Passthrough is configured again, in either way, whenever the form of the sound changes, after Flush; it is paused then.",
		passthroughRule(func(x *soundExam, p platform.Passthrough, f platform.Format, carrier platform.PCMFormat) error {
			pcm := x.format
			for range 2 {
				if err := errors.Join(x.reshape(func() error { return p.ConfigureBitstream(f, carrier) }, carrier), x.s.Pause(false)); err != nil {
					return err
				}
				if err := x.moves(100 * time.Millisecond); err != nil {
					return fmt.Errorf("a bitstream: %w", err)
				}
				if err := x.reshape(func() error { _, err := p.Configure(pcm); return err }, pcm); err != nil {
					return err
				}
				if err := x.stands("after Configure"); err != nil {
					return err
				}
			}
			return nil
		})},
}

// bitstreams are the formats that a Passthrough may take.
var bitstreams = []platform.Format{
	{Kind: platform.Audio, Codec: platform.AC3, SampleRate: 48000, Channels: 6},
	{Kind: platform.Audio, Codec: platform.EAC3, SampleRate: 48000, Channels: 6},
}

// carriers are the forms of PCM in the place of which bitstreams travel.
var carriers = []platform.PCMFormat{{Rate: 48000, Channels: 2}, {Rate: 4 * 48000, Channels: 2}}

// passthroughRule is a check of a sink that takes a bitstream.
func passthroughRule(check func(x *soundExam, p platform.Passthrough, f platform.Format, carrier platform.PCMFormat) error) func(*testing.T, OpenAudioSink) error {
	return soundRule(func(x *soundExam) error {
		p, ok := x.s.(platform.Passthrough)
		if !ok {
			return unexamined("the sink is no platform.Passthrough")
		}
		for i, f := range bitstreams {
			if p.Takes(f) == nil {
				return check(x, p, f, carriers[i])
			}
		}
		return unexamined("the device takes no bitstream")
	})
}

// reshape flushes, configures the sink for another form and writes a little.
func (x *soundExam) reshape(configure func() error, to platform.PCMFormat) error {
	if err := errors.Join(x.s.Flush(), configure()); err != nil {
		return err
	}
	x.format = to
	return x.write(leastQueue)
}

// soundExam is a configured sink under examination.
type soundExam struct {
	s       platform.AudioSink
	format  platform.PCMFormat
	written time.Duration
}

func soundRule(check func(x *soundExam) error) func(*testing.T, OpenAudioSink) error {
	return func(t *testing.T, open OpenAudioSink) (err error) {
		x := &soundExam{s: open(t)}
		defer func() { err = errors.Join(err, x.s.Close()) }()
		if x.format, err = x.s.Configure(stereo); err != nil {
			return fmt.Errorf("Configure: %w", err)
		}
		if x.format.Rate <= 0 || x.format.Channels <= 0 {
			return fmt.Errorf("Configure returned %d Hz in %d channels", x.format.Rate, x.format.Channels)
		}
		return check(x)
	}
}

// quiet is a quiet tone: two seconds of up to 8 channels of 48 kHz.
var quiet = sync.OnceValue(func() []byte {
	b := make([]byte, 2*8*48000*2)
	for at := 0; at < len(b); at += 2 {
		binary.NativeEndian.PutUint16(b[at:], uint16(at%100))
	}
	return b
})

// sound is d of it.
func (x *soundExam) sound(d time.Duration) []byte {
	return quiet()[:min(x.format.Bytes(d), len(quiet()))]
}

// write writes d, all of which must be taken.
func (x *soundExam) write(d time.Duration) error {
	b := x.sound(d)
	n, err := x.s.Write(b)
	x.written += x.format.Duration(n)
	if err != nil {
		return fmt.Errorf("Write: %w", err)
	}
	if n != len(b) {
		return fmt.Errorf("Write took %d bytes of %d into a queue that held less than %v", n, len(b), leastQueue)
	}
	return nil
}

// top fills the queue.
func (x *soundExam) top() error {
	n, err := x.s.Write(x.sound(largestQueue))
	x.written += x.format.Duration(n)
	return err
}

// begin fills the queue and lets it play, and waits until it does.
func (x *soundExam) begin() error {
	if err := errors.Join(x.top(), x.s.Pause(false)); err != nil {
		return err
	}
	full := x.s.Delay()
	if full < leastQueue {
		return fmt.Errorf("Delay is %v with a full queue", full)
	}
	return x.poll("Delay does not fall after Pause(false)", func() bool { return x.s.Delay() < full })
}

// dry waits until all was heard.
func (x *soundExam) dry() error {
	return x.poll("Delay does not become 0", func() bool { return x.s.Delay() == 0 })
}

func (x *soundExam) poll(otherwise string, done func() bool) error {
	limit := time.Now().Add(x.s.Delay() + patience)
	for !done() {
		if time.Now().After(limit) {
			return fmt.Errorf("%s: it is %v", otherwise, x.s.Delay())
		}
		time.Sleep(2 * time.Millisecond)
	}
	return nil
}

// stands checks that Delay does not move.
func (x *soundExam) stands(when string) error {
	first := x.s.Delay()
	time.Sleep(60 * time.Millisecond)
	if d := x.s.Delay(); apart(d, first) > time.Millisecond {
		return fmt.Errorf("Delay was %v, and 60ms later %v, %s", first, d, when)
	}
	return nil
}

// moves keeps the queue filled for a while and checks that what is heard goes
// on as time does, also while Write is called.
func (x *soundExam) moves(length time.Duration) error {
	type point struct{ at, heard time.Duration }
	var points []point
	begin := time.Now()
	for n := 0; time.Since(begin) < length; n++ {
		if n%5 == 0 {
			if err := x.top(); err != nil {
				return err
			}
		}
		before := time.Since(begin)
		d := x.s.Delay()
		after := time.Since(begin)
		if d < 0 {
			return fmt.Errorf("Delay is %v", d)
		}
		if after-before < time.Millisecond { // else this machine was busy
			points = append(points, point{before, x.written - d})
		}
		time.Sleep(4 * time.Millisecond)
	}
	if len(points) < 5 {
		return unexamined("this machine is too busy to tell")
	}
	var rough []time.Duration
	for i, p := range points[1:] {
		last := points[i]
		if off := (p.heard - last.heard) - (p.at - last.at); off > step || off < -step {
			rough = append(rough, off)
		}
	}
	if len(rough) > len(points)/10 {
		return fmt.Errorf("%d of %d steps of Delay are off by more than %v, as by %v", len(rough), len(points)-1, step, slices.Max(rough))
	}
	first, last := points[0], points[len(points)-1]
	if off := apart(last.heard-first.heard, last.at-first.at); off > drift {
		return fmt.Errorf("in %v Delay says that %v were heard", last.at-first.at, last.heard-first.heard)
	}
	return nil
}

func apart(a, b time.Duration) time.Duration { return max(a-b, b-a) }
