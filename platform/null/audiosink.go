package null

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"smoothplay/platform"
)

// DefaultQueue is how much sound an AudioSink takes ahead where Queue is 0.
const DefaultQueue = 200 * time.Millisecond

// AudioSink is a loudspeaker that nobody hears: it plays what is written in
// real time (in a bubble: in the bubble's), to the nanosecond. It has no
// goroutine: every method computes from time.Now what happened since the last
// call. All methods may be called from any goroutine.
//
// Its device has a time of its own, which stands still while it is paused. A
// run is sound without a gap; a run that is followed by another ran dry or was
// flushed.
//
//	device time  0 ---------------- now ------------------->
//	runs           [heard][ heard ]  gap  [heard|queued   ]
//	                                            |<-Delay->|
type AudioSink struct {
	// Queue is how much sound is taken ahead of what is heard; 0: DefaultQueue.
	Queue time.Duration
	// Latency is the time from the head of the queue to the ear.
	Latency time.Duration
	// Format is the only one that the device plays; zero: any.
	Format platform.PCMFormat
	// Bitstreams are the codecs that the device decodes itself; nil: none.
	Bitstreams []platform.Codec
	// VanishAfter is the time of playing, pauses left out, after which the
	// device is gone; 0: never.
	VanishAfter time.Duration
	// Record keeps what was heard when, for tests; Capture keeps the sound
	// itself too. Both grow without bound.
	Record, Capture bool

	mu     sync.Mutex
	format platform.PCMFormat // zero: not configured
	at     time.Duration      // device time when it last started or stopped
	since  time.Time          // when it last started; zero: it stands still
	closed bool
	gone   bool
	run    run     // the last run; frames 0: there is none
	runs   []run   // those before it, where Record is set
	starts []start // where Record is set
	counts AudioCounts
}

// AudioCounts is what happened to the sound so far, in frames.
type AudioCounts struct {
	Written   int64 // taken by Write
	Heard     int64
	Flushed   int64         // taken, and forgotten before it was heard
	Underruns int64         // times that sound followed a silence in which the queue was dry
	Silence   time.Duration // of these silences
}

// Heard is a piece of sound without a pause or gap, as the ear got it.
type Heard struct {
	At     time.Time // when its first frame was heard
	Frames int64
	Data   []byte // the sound, where Capture is set
}

// run is sound without a gap in device time.
type run struct {
	from   time.Duration
	frames int64
	format platform.PCMFormat
	data   []byte // where Capture is set
}

// start is an instant at which the device began, or went on, to play.
type start struct {
	device time.Duration
	wall   time.Time
}

// Configure implements [platform.AudioSink]. Calling it again begins anew with
// an empty queue; counts and records go on.
func (a *AudioSink) Configure(want platform.PCMFormat) (platform.PCMFormat, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.lost("configure"); err != nil {
		return platform.PCMFormat{}, err
	}
	got := want
	if a.Format != (platform.PCMFormat{}) {
		got = a.Format
	}
	if got.Rate <= 0 || got.Channels <= 0 {
		return platform.PCMFormat{}, fmt.Errorf("null: configure: sound of %d Hz in %d channels cannot be played", want.Rate, want.Channels)
	}
	a.flush()
	a.stop()
	a.format = got
	return got, nil
}

// Takes implements [platform.Passthrough].
func (a *AudioSink) Takes(f platform.Format) error {
	if f.Kind != platform.Audio || !slices.Contains(a.Bitstreams, f.Codec) {
		return fmt.Errorf("null: the device decodes no %s: %w", f.Codec, platform.ErrUnsupported)
	}
	return nil
}

// ConfigureBitstream implements [platform.Passthrough].
func (a *AudioSink) ConfigureBitstream(f platform.Format, carrier platform.PCMFormat) error {
	if err := a.Takes(f); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.lost("configure"); err != nil {
		return err
	}
	if carrier.Rate <= 0 || carrier.Channels != 2 {
		return fmt.Errorf("null: configure: a bitstream does not travel in sound of %d Hz in %d channels", carrier.Rate, carrier.Channels)
	}
	a.flush()
	a.stop()
	a.format = carrier
	return nil
}

// Write implements [platform.AudioSink].
func (a *AudioSink) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.ready("write"); err != nil {
		return 0, err
	}
	now := a.now()
	queued := a.end() - a.Latency - now
	room := frameAt(a.queue(), a.format.Rate) - framesUp(max(queued, 0), a.format.Rate)
	frames := min(int64(len(b)/a.format.FrameBytes()), room)
	if frames <= 0 {
		return 0, nil
	}
	n := int(frames) * a.format.FrameBytes()
	if earliest := now + a.Latency; a.run.frames == 0 {
		a.run = run{from: earliest, format: a.format}
	} else if silence := earliest - a.end(); silence > 0 {
		a.counts.Underruns++
		a.counts.Silence += silence
		a.endRun()
		a.run = run{from: earliest, format: a.format}
	}
	a.run.frames += frames
	if a.Capture {
		a.run.data = append(a.run.data, b[:n]...)
	}
	a.counts.Written += frames
	return n, nil
}

// Delay implements [platform.AudioSink]. It stands still when the device has
// vanished, and is 0 after Close.
func (a *AudioSink) Delay() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || a.run.frames == 0 {
		return 0
	}
	return max(a.end()-a.now(), 0)
}

// Pause implements [platform.AudioSink].
func (a *AudioSink) Pause(on bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.ready("pause"); err != nil {
		return err
	}
	switch {
	case on:
		a.stop()
	case a.since.IsZero():
		a.since = time.Now()
		if a.Record {
			a.starts = append(a.starts, start{a.at, a.since})
		}
	}
	return nil
}

// Flush implements [platform.AudioSink].
func (a *AudioSink) Flush() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.ready("flush"); err != nil {
		return err
	}
	a.flush()
	return nil
}

// Close implements [platform.AudioSink].
func (a *AudioSink) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.flush()
		a.stop()
		a.closed = true
	}
	return nil
}

// Vanish takes the device away, as when a sound card is unplugged.
func (a *AudioSink) Vanish() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stop()
	a.gone = true
}

// Counts tells what happened so far.
func (a *AudioSink) Counts() AudioCounts {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.counts
	c.Heard += a.run.heard(a.now())
	return c
}

// Heard is all that was heard so far, in order, where Record is set: a new
// piece begins after every silence, Flush and pause.
func (a *AudioSink) Heard() []Heard {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []Heard
	now := a.now()
	for _, r := range append(a.runs[:len(a.runs):len(a.runs)], a.run) {
		for i, s := range a.starts {
			until := now
			if i+1 < len(a.starts) {
				until = a.starts[i+1].device
			}
			first, last := r.heard(s.device), r.heard(until)
			if first >= last {
				continue
			}
			h := Heard{
				At:     s.wall.Add(r.from + timeOf(first, r.format.Rate) - s.device),
				Frames: last - first,
			}
			if bytes := int64(r.format.FrameBytes()); r.data != nil {
				h.Data = r.data[first*bytes : last*bytes : last*bytes]
			}
			all = append(all, h)
		}
	}
	return all
}

// The methods below are called with mu held.

// now is the device's time, in which it vanishes when it is time to.
func (a *AudioSink) now() time.Duration {
	now := a.at
	if !a.since.IsZero() {
		now += time.Since(a.since)
	}
	if a.VanishAfter > 0 && now >= a.VanishAfter && !a.closed {
		now = a.VanishAfter
		a.at, a.since, a.gone = now, time.Time{}, true
	}
	return now
}

func (a *AudioSink) stop() {
	a.at, a.since = a.now(), time.Time{}
}

// end is the device time at which the last frame written has been heard.
func (a *AudioSink) end() time.Duration {
	if a.run.frames == 0 {
		return 0
	}
	return a.run.from + timeOf(a.run.frames, a.run.format.Rate)
}

func (a *AudioSink) flush() {
	heard := a.run.heard(a.now())
	a.counts.Flushed += a.run.frames - heard
	a.run.frames = heard
	if a.run.data != nil {
		a.run.data = a.run.data[:int(heard)*a.run.format.FrameBytes()]
	}
	a.endRun()
}

// endRun files the last run, all of which was heard.
func (a *AudioSink) endRun() {
	a.counts.Heard += a.run.frames
	if a.Record && a.run.frames > 0 {
		a.runs = append(a.runs, a.run)
	}
	a.run = run{}
}

// heard is how many frames of the run were heard to their end at a device time.
func (r run) heard(at time.Duration) int64 {
	if r.frames == 0 || at <= r.from {
		return 0
	}
	return min(r.frames, framesUp(at-r.from+1, r.format.Rate)-1)
}

func (a *AudioSink) queue() time.Duration {
	if a.Queue > 0 {
		return a.Queue
	}
	return DefaultQueue
}

func (a *AudioSink) ready(doing string) error {
	if err := a.lost(doing); err != nil {
		return err
	}
	if a.format == (platform.PCMFormat{}) {
		return fmt.Errorf("null: %s: %w", doing, errNotConfigured)
	}
	return nil
}

var errNotConfigured = errors.New("the sound device was not configured: call Configure first")

func (a *AudioSink) lost(doing string) error {
	a.now()
	switch {
	case a.closed:
		return fmt.Errorf("null: %s: %w", doing, platform.ErrClosed)
	case a.gone:
		return fmt.Errorf("null: %s: the sound device vanished: %w", doing, platform.ErrClosed)
	}
	return nil
}

// framesUp is the number of frames that begin before t.
func framesUp(t time.Duration, rate int) int64 {
	n := frameAt(t, rate)
	if timeOf(n, rate) < t {
		n++
	}
	return n
}
