package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"smoothplay/platform"
)

const (
	// refill is how often a full sound device is offered more, and the clock
	// drawn to what is heard.
	refill = 20 * time.Millisecond
	// tolerance is how far sound may be from its place before silence is put in
	// or sound cut off.
	tolerance = 5 * time.Millisecond
	// readyAt is how much sound is enough to begin where the device takes more.
	readyAt = 500 * time.Millisecond
	// silencePiece is how much silence is written at once.
	silencePiece = 20 * time.Millisecond
)

// Feeder writes the sound of the audio track being played to the sink, without
// gaps and overlaps, and lets the clock follow what is heard.
type Feeder struct {
	clock   *Clock
	monitor *Monitor
	format  platform.PCMFormat
	// replace makes the sink that takes over when the device is gone.
	replace func() platform.AudioSink
	splices chan *Audio
	silence []byte
	coded   bool // the sound is a bitstream

	// The following belong to the goroutine of Run.
	stretch *stretch
	strung  uint64 // epoch of what stretch holds
	out     []byte // room for what stretch puts out

	mu      sync.Mutex
	sink    platform.AudioSink // guarded by mu, as all below
	kick    chan struct{}      // closed and replaced when the state below changes
	epoch   uint64
	end     time.Duration // media time at which the sound taken so far ends
	written written
	rate    float64 // wanted
	playing bool
	queued  time.Duration // written since the flush
	ready   bool          // AudioReady was told in this epoch
	ended   uint64        // the epoch of which all sound was written
	gain    gain
}

// NewFeeder returns a feeder that writes to sink, which was configured for
// format; replace makes a sink that keeps time when the device vanishes.
func NewFeeder(clock *Clock, sink platform.AudioSink, format platform.PCMFormat, replace func() platform.AudioSink, monitor *Monitor) *Feeder {
	f := &Feeder{
		clock: clock, monitor: monitor, format: format, replace: replace,
		splices: make(chan *Audio, 1),
		silence: make([]byte, format.Bytes(silencePiece)),
		stretch: newStretch(format), rate: 1,
		sink: sink, kick: make(chan struct{}), gain: gain{now: 1, want: 1},
	}
	f.written.reset(0)
	return f
}

// Bitstream says that the sound is a bitstream in the place of PCM: each piece is
// written whole or not at all, at its own rate, and is only muted, never scaled or
// mixed. To be called before Run.
func (f *Feeder) Bitstream() { f.coded = true }

// Retire lets go of the sink: nothing more is written to it, and what it holds is
// forgotten.
func (f *Feeder) Retire() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.playing = false
	f.keep(f.sink.Pause(true))
	f.keep(f.sink.Flush())
	f.sink = f.replace()
	_, _ = f.sink.Configure(f.format)
	f.epoch = 0
	f.signal()
}

// Flush forgets what is queued and waits, silent, for sound from pos in epoch.
func (f *Feeder) Flush(epoch uint64, pos time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.playing = false
	f.keep(f.sink.Pause(true))
	f.keep(f.sink.Flush())
	f.epoch, f.end, f.queued, f.ready = epoch, pos, 0, false
	f.written.reset(pos)
	f.signal()
}

// Play lets the sound go on, and the clock with it. ok is false where there is
// no sound to follow: the caller starts the clock itself.
func (f *Feeder) Play(now time.Time) (ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.playing {
		return true
	}
	f.playing = true
	f.keep(f.sink.Pause(false))
	f.signal()
	delay := f.sink.Delay()
	if delay == 0 {
		return false
	}
	pos, _ := f.written.heard(delay)
	f.clock.Start(pos, now)
	return true
}

// SetRate plays faster or slower from what is taken next on, with the pitch
// kept: from 0.25 to 2. What is queued is heard at its own rate, and the clock
// follows.
func (f *Feeder) SetRate(rate float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rate = rate
}

// Hold pauses the sound; what is queued is kept.
func (f *Feeder) Hold() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.playing = false
	f.keep(f.sink.Pause(true))
	f.signal()
}

// SetGain sets the volume, from 0 to 1.
func (f *Feeder) SetGain(g float64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if v, ok := f.sink.(platform.Volume); ok && !f.coded {
		f.keep(v.SetVolume(g))
		return
	}
	f.gain.want = g
}

// Splice lets a take over from the branch that plays, as soon as it has decoded
// the place up to which sound is written. Only the latest wish counts.
func (f *Feeder) Splice(a *Audio) {
	select {
	case <-f.splices:
	default:
	}
	f.splices <- a
}

// keep replaces the sink where err says that the device is gone. guarded by mu.
func (f *Feeder) keep(err error) {
	if err == nil {
		return
	}
	if !errors.Is(err, platform.ErrClosed) {
		f.monitor.fail(Failure{Kind: platform.Audio, PTS: f.end, Err: fmt.Errorf("sound device: %w", err)})
		return
	}
	f.monitor.tell(func(r *Report) { r.AudioLost = fmt.Errorf("sound device: %w", err) })
	f.sink.Close()
	sink := f.replace()
	// The replacement keeps time in any format and has no device to lose.
	_, _ = sink.Configure(f.format)
	_ = sink.Pause(!f.playing)
	f.sink = sink
	f.end = f.clock.Position(time.Now())
	f.written.reset(f.end)
}

// signal wakes Run. guarded by mu.
func (f *Feeder) signal() {
	close(f.kick)
	f.kick = make(chan struct{})
}

// Run feeds the sound of a until ctx is done.
func (f *Feeder) Run(ctx context.Context, a *Audio) error {
	tick := time.NewTimer(refill)
	defer tick.Stop()
	for {
		f.mu.Lock()
		kick, playing := f.kick, f.playing
		f.mu.Unlock()
		var follow <-chan time.Time
		if playing {
			tick.Reset(refill)
			follow = tick.C
		}
		pieces := a.pieces
		if len(f.splices) > 0 {
			pieces = nil // a splice goes first
		}
		select {
		case s := <-pieces:
			if err := f.feed(ctx, a, s); err != nil {
				return err
			}
		case next := <-f.splices:
			if next == a {
				continue
			}
			spliced, err := f.splice(ctx, a, next)
			if err != nil {
				return err
			}
			a = spliced
		case <-follow:
			f.mu.Lock()
			f.follow()
			f.mu.Unlock()
		case <-kick:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// feed writes one piece, with silence before it where something is missing.
func (f *Feeder) feed(ctx context.Context, a *Audio, s sound) error {
	if s.data == nil {
		return f.finish(ctx, s.epoch)
	}
	defer a.recycle(s.data)
	data, ok, err := f.place(ctx, s)
	if err != nil || !ok {
		return err
	}
	_, err = f.lay(ctx, s.epoch, data)
	return err
}

// lay writes data, stretched where the rate wants it.
func (f *Feeder) lay(ctx context.Context, epoch uint64, data []byte) (ok bool, err error) {
	f.mu.Lock()
	rate, end := f.rate, f.end
	f.mu.Unlock()
	if f.coded {
		return f.write(ctx, epoch, data, 0)
	}
	if f.strung != epoch || f.stretch.idle() {
		f.stretch.restart(end)
		f.strung = epoch
		if rate == 1 {
			return f.write(ctx, epoch, data, 0)
		}
	}
	f.stretch.setRate(rate)
	f.stretch.push(data)
	f.mu.Lock()
	if epoch == f.epoch {
		f.end += f.format.Duration(len(data))
	}
	f.mu.Unlock()
	return f.release(ctx, epoch, rate, false)
}

// release writes what the stretched sound is ready with; all of it where no
// more follows.
func (f *Feeder) release(ctx context.Context, epoch uint64, rate float64, last bool) (ok bool, err error) {
	f.out = f.stretch.pull(f.out[:0], last)
	if ok, err = f.write(ctx, epoch, f.out, rate); !ok || err != nil {
		return ok, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if epoch == f.epoch {
		f.written.end(f.stretch.end())
	}
	return true, nil
}

// place returns what of s is still to be written, after it filled a gap before
// it with silence.
func (f *Feeder) place(ctx context.Context, s sound) (data []byte, ok bool, err error) {
	f.mu.Lock()
	if s.epoch != f.epoch {
		f.mu.Unlock()
		return nil, false, nil
	}
	f.anchor()
	gap := s.pts - f.end
	f.mu.Unlock()
	if gap > tolerance {
		f.monitor.count(func(r *Report) { r.Gaps++ })
		for left := frames(f.format, gap) * f.format.FrameBytes(); left > 0; {
			n := min(left, len(f.silence))
			clear(f.silence)
			if ok, err = f.lay(ctx, s.epoch, f.silence[:n]); err != nil || !ok {
				return nil, false, err
			}
			left -= n
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.epoch != f.epoch {
		return nil, false, nil
	}
	data = s.data
	if s.pts < f.end-tolerance {
		if f.coded {
			return nil, false, nil
		}
		data, _ = trimFront(f.format, s.data, s.pts, f.end)
	} else if f.end != s.pts {
		f.end = s.pts
		f.written.end(s.pts - f.held(s.epoch))
	}
	return data, len(data) > 0, nil
}

// anchor moves the end of what is written to where the clock is, when the
// device ran dry while media time went on. guarded by mu.
func (f *Feeder) anchor() {
	if f.playing && f.sink.Delay() == 0 && f.clock.Running() {
		if now := f.clock.Position(time.Now()); now > f.end {
			f.end = now
			f.written.reset(now)
		}
	}
}

// held is the media that waits to be stretched.
func (f *Feeder) held(epoch uint64) time.Duration {
	if f.strung != epoch || f.stretch.idle() {
		return 0
	}
	return f.end - f.stretch.end()
}

// write hands data to the sink, waiting for room; ok is false when the epoch
// ended before all was taken. rate is that of stretched sound, 0 for sound as it
// is.
func (f *Feeder) write(ctx context.Context, epoch uint64, data []byte, rate float64) (ok bool, err error) {
	var timer *time.Timer
	defer func() {
		if timer != nil {
			timer.Stop()
		}
	}()
	f.mu.Lock()
	switch {
	case !f.coded:
		f.gain.apply(f.format, data)
	case f.gain.want == 0:
		clear(data)
	}
	for {
		if epoch != f.epoch {
			f.mu.Unlock()
			return false, nil
		}
		n, werr := f.sink.Write(data)
		f.keep(werr)
		data = data[n:]
		took := f.format.Duration(n)
		if rate == 0 {
			f.end += took
			f.written.add(took, 1)
		} else {
			f.written.add(took, rate)
		}
		f.queued += took
		f.follow()
		f.tellReady(len(data) > 0)
		kick, playing := f.kick, f.playing
		f.mu.Unlock()
		if len(data) == 0 {
			return true, nil
		}
		var room <-chan time.Time
		if playing {
			if timer == nil {
				timer = time.NewTimer(refill)
			} else {
				timer.Reset(refill)
			}
			room = timer.C
		}
		select {
		case <-room:
		case <-kick:
		case <-ctx.Done():
			return false, ctx.Err()
		}
		f.mu.Lock()
	}
}

// tellReady reports once an epoch that there is enough sound to begin.
// guarded by mu.
func (f *Feeder) tellReady(full bool) {
	if f.ready || (!full && f.queued < readyAt) {
		return
	}
	f.ready = true
	epoch := f.epoch
	f.monitor.tell(func(r *Report) { r.AudioReady = epoch })
}

// follow draws the clock to what is heard. guarded by mu.
func (f *Feeder) follow() {
	if !f.playing {
		return
	}
	_, err := f.sink.Write(nil) // a device that is gone says so
	f.keep(err)
	if delay := f.sink.Delay(); delay > 0 {
		pos, rate := f.written.heard(delay)
		f.clock.Follow(pos, rate, time.Now())
	}
}

// finish waits until the last sound of the epoch was heard.
func (f *Feeder) finish(ctx context.Context, epoch uint64) error {
	if f.strung == epoch && !f.stretch.idle() {
		if _, err := f.release(ctx, epoch, f.stretch.rate, true); err != nil {
			return err
		}
	}
	timer := time.NewTimer(refill)
	defer timer.Stop()
	for {
		f.mu.Lock()
		if epoch != f.epoch {
			f.mu.Unlock()
			return nil
		}
		f.ended = epoch
		f.tellReady(true)
		f.follow()
		delay := f.sink.Delay()
		kick, playing := f.kick, f.playing
		f.mu.Unlock()
		if delay == 0 {
			f.monitor.tell(func(r *Report) { r.AudioEnded = epoch })
			return nil
		}
		var tick <-chan time.Time
		if playing {
			timer.Reset(min(delay, refill))
			tick = timer.C
		}
		select {
		case <-tick:
		case <-kick:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
