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

	mu      sync.Mutex
	sink    platform.AudioSink // guarded by mu, as all below
	kick    chan struct{}      // closed and replaced when the state below changes
	epoch   uint64
	end     time.Duration // media time at which the last frame written ends
	playing bool
	queued  time.Duration // written since the flush
	ready   bool          // AudioReady was told in this epoch
	ended   uint64        // the epoch of which all sound was written
	gain    gain
}

// NewFeeder returns a feeder that writes to sink, which was configured for
// format; replace makes a sink that keeps time when the device vanishes.
func NewFeeder(clock *Clock, sink platform.AudioSink, format platform.PCMFormat, replace func() platform.AudioSink, monitor *Monitor) *Feeder {
	return &Feeder{
		clock: clock, monitor: monitor, format: format, replace: replace,
		splices: make(chan *Audio, 1),
		silence: make([]byte, format.Bytes(silencePiece)),
		sink:    sink, kick: make(chan struct{}), gain: gain{now: 1, want: 1},
	}
}

// Flush forgets what is queued and waits, silent, for sound from pos in epoch.
func (f *Feeder) Flush(epoch uint64, pos time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.playing = false
	f.keep(f.sink.Pause(true))
	f.keep(f.sink.Flush())
	f.epoch, f.end, f.queued, f.ready = epoch, pos, 0, false
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
	f.clock.Start(f.end-delay, now)
	return true
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
	if v, ok := f.sink.(platform.Volume); ok {
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
	_, err = f.write(ctx, s.epoch, data)
	return err
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
			if ok, err = f.write(ctx, s.epoch, f.silence[:n]); err != nil || !ok {
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
		data, _ = trimFront(f.format, s.data, s.pts, f.end)
	} else {
		f.end = s.pts
	}
	return data, len(data) > 0, nil
}

// anchor moves the end of what is written to where the clock is, when the
// device ran dry while media time went on. guarded by mu.
func (f *Feeder) anchor() {
	if f.playing && f.sink.Delay() == 0 && f.clock.Running() {
		f.end = max(f.end, f.clock.Position(time.Now()))
	}
}

// write hands data to the sink, waiting for room; ok is false when the epoch
// ended before all was taken.
func (f *Feeder) write(ctx context.Context, epoch uint64, data []byte) (ok bool, err error) {
	var timer *time.Timer
	defer func() {
		if timer != nil {
			timer.Stop()
		}
	}()
	f.mu.Lock()
	f.gain.apply(f.format, data)
	for {
		if epoch != f.epoch {
			f.mu.Unlock()
			return false, nil
		}
		n, werr := f.sink.Write(data)
		f.keep(werr)
		data = data[n:]
		took := f.format.Duration(n)
		f.end += took
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
		f.clock.Follow(f.end-delay, time.Now())
	}
}

// finish waits until the last sound of the epoch was heard.
func (f *Feeder) finish(ctx context.Context, epoch uint64) error {
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
