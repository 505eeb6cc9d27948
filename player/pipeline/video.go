package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"smoothplay/platform"
	"smoothplay/player/buffer"
)

const (
	// hopeless is how late a sample must be for a picture that nothing refers to
	// not to be decoded.
	hopeless = 100 * time.Millisecond
	// lagging is how late the decoder must be to go on at the next key sample.
	lagging = 1500 * time.Millisecond
)

// pictureQueue is how many decoded pictures wait for the presenter.
const pictureQueue = 3

// picture is a decoded picture, or the end of the epoch where Picture is nil.
type picture struct {
	epoch uint64
	*platform.Picture
	wound bool // of a shot
	quiet bool // the Monitor does not count it as decoded yet
}

// release gives the memory of p back, which may be nil.
func (p *picture) release() {
	if p != nil {
		p.Release()
	}
}

// errStale ends the delivery of pictures of an epoch that is over.
var errStale = errors.New("epoch is over")

// Video decodes one video track.
type Video struct {
	queue    *buffer.Queue
	decoders platform.Decoders
	clock    *Clock
	monitor  *Monitor
	pictures chan picture

	unlock Unlocker
	id     int
	effort atomic.Uint32             // platform.EffortLevel that is wanted
	beside atomic.Pointer[Presenter] // that shows another video; nil: this one
	// before is the video that may have to close its decoder for this one; nil:
	// none. It belongs to the goroutine of Run.
	before *Video
	stop   atomic.Pointer[context.CancelFunc] // ends Run
	ended  chan struct{}                      // closed when Run has returned

	// The following belong to the goroutine of Run.
	decoder platform.VideoDecoder
	format  *platform.Format     // that decoder was told last
	told    platform.EffortLevel // by SetEffort of decoder
	path    string               // of decoder, as told to the monitor
	epoch   uint64
	until   time.Duration     // what begins there or later is not shown
	start   time.Duration     // where the epoch begins: what ends before is not shown
	cut     buffer.Cut        // bounds what is shown of what decoder was given last
	begun   bool              // a picture of this epoch was delivered
	held    *platform.Picture // the newest picture before start
	quiet   bool              // the last picture delivered is not counted
	failed  int               // samples lost since the last picture
	late    bool              // the last picture delivered was due already
	lags    bool              // samples are left out up to the next key sample
	locked  bool              // samples are left out up to the next key sample: one could not be decrypted
	spared  bool              // samples are left out for the effort up to the next key sample
	waited  time.Duration     // time spent waiting for the presenter in one Decode
	album   album             // of the shot that is decoded
}

// NewVideo returns the decode loop of the track that queue holds, of which all
// samples are clear: see Lock.
func NewVideo(queue *buffer.Queue, decoders platform.Decoders, clock *Clock, monitor *Monitor) *Video {
	return &Video{
		queue: queue, decoders: decoders, clock: clock, monitor: monitor,
		pictures: make(chan picture, pictureQueue), ended: make(chan struct{}),
	}
}

// Name gives v an id that reports name it by, not 0; to be called before Run.
func (v *Video) Name(id int) { v.id = id }

// Beside makes v decode what p, which shows another video, may show later or as
// an inset: until it takes over, it begins where the clock is when it has got
// that far, and what it does is not counted. It is called before Run.
func (v *Video) Beside(p *Presenter) { v.beside.Store(p) }

// After makes v use the decoder that other has where the device has no second one:
// the decode loop of other ends then, and what it has decoded is lost. It is called
// before Run.
func (v *Video) After(other *Video) { v.before = other }

// Ended reports whether Run has returned.
func (v *Video) Ended() bool {
	select {
	case <-v.ended:
		return true
	default:
		return false
	}
}

// Lock makes v have encrypted samples decrypted by u; to be called before Run.
func (v *Video) Lock(u Unlocker) { v.unlock = u }

// Run decodes until ctx is done. What cannot be decoded is reported to the
// Monitor and left out.
func (v *Video) Run(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	v.stop.Store(&end)
	defer func() {
		end()
		v.held.Release()
		v.album.clear()
		v.queue.Stop()
		if v.decoder != nil {
			v.decoder.Close()
		}
		v.discard()
		close(v.ended)
	}()
	for {
		e, err := v.queue.Next(ctx)
		if err != nil {
			return err
		}
		if e.Epoch != v.epoch {
			v.begin(e)
		}
		v.until = e.Until
		switch {
		case e.End:
			err = v.end(ctx)
		case e.Show != nil:
			err = v.decodeShot(ctx, &e)
		default:
			err = v.decode(ctx, &e)
		}
		switch {
		case err == nil || errors.Is(err, errStale):
		case ctx.Err() != nil:
			return ctx.Err()
		default:
			v.failed++
			v.monitor.fail(Failure{Kind: platform.Video, ID: v.id, Row: v.failed, PTS: e.Sample.PTS, Err: err})
		}
	}
}

func (v *Video) begin(e buffer.Entry) {
	v.epoch, v.start, v.begun, v.late, v.lags, v.locked, v.spared = e.Epoch, e.Start, false, false, false, false, false
	v.held.Release()
	v.held = nil
	v.album.clear()
	if e.Fragment != nil {
		v.cut = e.Fragment.Cut
	}
	switch {
	case v.decoder == nil:
	case e.Fragment != nil && v.format != nil && e.Fragment.Format.Codec != v.format.Codec:
		v.reopen() // another presentation
	default:
		if err := v.decoder.Flush(); err != nil {
			v.monitor.fail(Failure{Kind: platform.Video, ID: v.id, PTS: e.Start, Err: fmt.Errorf("flushing the video decoder: %w", err)})
			v.reopen()
		}
	}
}

// reopen gives up a decoder that is of no use any more.
func (v *Video) reopen() {
	v.decoder.Close()
	v.decoder = nil
}

func (v *Video) decode(ctx context.Context, e *buffer.Entry) error {
	if cut := e.Fragment.Cut; cut != v.cut {
		err := v.drain(func(p *platform.Picture) error { return v.deliver(ctx, p) })
		v.cut = cut
		if err != nil {
			return err
		}
	}
	if out, err := v.leavesOut(ctx, &e.Sample); out || err != nil {
		return err
	}
	return v.give(ctx, e, func(p *platform.Picture) error { return v.deliver(ctx, p) })
}

// give has the decoder decode a sample.
func (v *Video) give(ctx context.Context, e *buffer.Entry, out func(*platform.Picture) error) error {
	s := &e.Sample
	if open, err := unlock(ctx, v.unlock, e); !open {
		v.locked = true // what follows refers to it
		return err
	}
	format := e.Fragment.Format
	opened := v.decoder == nil
	if opened {
		if err := v.open(ctx, format); err != nil {
			return err
		}
	}
	if v.format != format { // the sample that said so may have been left out
		v.format, s.Format = format, format
	}
	v.tellEffort()
	err := v.feed(s, format, out)
	if !opened && s.Format != nil && errors.Is(err, platform.ErrUnsupported) {
		// It does not change to that; another one may play it.
		if err := v.drain(out); err != nil {
			return err
		}
		v.reopen()
		return v.give(ctx, e, out)
	}
	if errors.Is(err, errStale) || ctx.Err() != nil {
		return err
	}
	decoded(v.unlock, err)
	if err != nil {
		return fmt.Errorf("decoding %s at %v: %w", format.Codec, s.PTS, err)
	}
	return nil
}

// feed gives a sample to the decoder, and counts what comes of it.
func (v *Video) feed(s *platform.Sample, format *platform.Format, out func(*platform.Picture) error) error {
	v.waited = 0
	n := 0
	began := time.Now()
	quiet := v.beside.Load() != nil
	err := v.decoder.Decode(s, func(p *platform.Picture) error {
		if v.quiet = v.beside.Load() != nil; !v.quiet {
			n++
		}
		return out(p)
	})
	took := time.Since(began) - v.waited
	if path := pathOf(v.decoder); path != v.path {
		v.path = path
		v.monitor.path(Path{Kind: platform.Video, Name: path})
	}
	threads, most := 0, 0
	if d, ok := v.decoder.(platform.Threads); ok {
		threads, most = d.Threads()
	}
	v.monitor.count(func(r *Report) {
		r.Decoded += n
		if !quiet {
			r.Threads, r.MostThreads = threads, most
		}
		r.Decodes = appendBounded(r.Decodes, Decode{took, format})
	})
	return err
}

// open opens the decoder, in the place of another one where there is no room for
// two.
func (v *Video) open(ctx context.Context, format *platform.Format) error {
	d, err := v.decoders.OpenVideo(*format)
	if other := v.before; err != nil && other != nil {
		if end := other.stop.Load(); end != nil {
			(*end)()
			select {
			case <-other.ended:
			case <-ctx.Done():
				return ctx.Err()
			}
			d, err = v.decoders.OpenVideo(*format)
		}
	}
	if err != nil {
		return fmt.Errorf("opening a decoder for %s %dx%d: %w", format.Codec, format.Width, format.Height, err)
	}
	v.decoder, v.told, v.format, v.before = d, platform.EffortFull, nil, nil
	return nil
}

// count changes the report, unless v is beside the video that is shown.
func (v *Video) count(change func(*Report)) {
	if v.beside.Load() == nil {
		v.monitor.count(change)
	}
}

// from is where the pictures begin that are worth showing: where the epoch does;
// of a video that is to take over, where the clock is.
func (v *Video) from() time.Duration {
	if v.beside.Load() != nil && v.clock.Running() {
		return max(v.start, v.clock.Position(time.Now()))
	}
	return v.start
}

// leavesOut reports whether s is not decoded, and why in the Monitor.
func (v *Video) leavesOut(ctx context.Context, s *platform.Sample) (bool, error) {
	spared := v.spared
	v.locked = v.locked && !s.Key
	switch {
	case v.locked:
		return true, nil
	case !v.begun && s.Disposable && s.Format == nil && s.PTS+s.Duration <= v.from():
		v.count(func(r *Report) { r.Skipped++ })
		return true, nil
	case v.spares(s):
		v.count(func(r *Report) { r.Spared++ })
		if v.spared && !spared {
			// The next sample given is a key: what is held must not wait for it.
			if err := v.drain(func(p *platform.Picture) error { return v.deliver(ctx, p) }); err != nil {
				return true, err
			}
		}
		return true, v.keepPace(ctx, s)
	case v.tooLate(s):
		v.count(func(r *Report) { r.Omitted++ })
		return true, nil
	}
	return false, nil
}

// tooLate reports whether s is not worth decoding any more: a device that is too
// slow leaves out first what nothing refers to, then whole stretches up to a key
// sample.
func (v *Video) tooLate(s *platform.Sample) bool {
	if s.Key {
		v.lags = false
		return false
	}
	if v.lags {
		return true
	}
	if !v.begun || !v.clock.Running() {
		return false
	}
	late := v.clock.Position(time.Now()) - max(s.PTS, v.cut.From)
	v.lags = late > lagging
	return v.lags || s.Disposable && (v.late || late > hopeless)
}

// end drains the decoder and delivers the end of the epoch. A place sought
// beyond the last picture shows the last picture.
func (v *Video) end(ctx context.Context) error {
	if !v.spared { // else the decoder was drained already
		if err := v.drain(func(p *platform.Picture) error { return v.deliver(ctx, p) }); err != nil {
			return err
		}
	}
	if v.held != nil && !v.begun {
		p := v.held
		v.held = nil
		if err := v.send(ctx, picture{epoch: v.epoch, Picture: p}); err != nil {
			return err
		}
	}
	return v.send(ctx, picture{epoch: v.epoch})
}

// drain gives out every picture that the decoder holds.
func (v *Video) drain(out func(*platform.Picture) error) error {
	if v.decoder == nil {
		return nil
	}
	n := 0
	err := v.decoder.Drain(func(p *platform.Picture) error {
		if v.quiet = v.beside.Load() != nil; !v.quiet {
			n++
		}
		return out(p)
	})
	v.monitor.count(func(r *Report) { r.Decoded += n })
	return err
}

// deliver passes p on, or keeps it back where it ends before the place sought.
func (v *Video) deliver(ctx context.Context, p *platform.Picture) error {
	v.failed = 0
	if p.PTS >= v.until || !v.trim(p) {
		p.Release() // it was needed by what is shown
		v.monitor.count(func(r *Report) { r.Preroll++ })
		return nil
	}
	if !v.begun && p.PTS+p.Duration <= v.from() {
		v.held.Release()
		v.held = p
		v.count(func(r *Report) { r.Preroll++ })
		return nil
	}
	v.late = v.begun && v.clock.Running() && v.clock.Position(time.Now())-p.PTS > lateMin
	if v.late {
		v.count(func(r *Report) { r.Late++ })
	}
	v.begun = true
	v.held.Release()
	v.held = nil
	return v.send(ctx, picture{epoch: v.epoch, Picture: p})
}

// trim bounds the time of p to what is shown; false: nothing of it is.
func (v *Video) trim(p *platform.Picture) bool {
	if !v.cut.Shows(p.PTS, p.Duration) {
		return false
	}
	if v.cut != (buffer.Cut{}) {
		end := min(p.PTS+p.Duration, v.cut.To)
		p.PTS = max(p.PTS, v.cut.From)
		p.Duration = end - p.PTS
	}
	return true
}

// discard releases the pictures that nobody takes any more.
func (v *Video) discard() {
	for {
		select {
		case p := <-v.pictures:
			p.Release()
		default:
			return
		}
	}
}

// send hands p to the presenter, who takes it or lets it go.
func (v *Video) send(ctx context.Context, p picture) error {
	if v.queue.Epoch() != v.epoch {
		p.Release()
		return errStale
	}
	if beside := v.beside.Load(); beside != nil {
		defer beside.rouse()
	}
	p.quiet = v.quiet
	select {
	case v.pictures <- p:
		return nil
	default:
	}
	began := time.Now()
	defer func() { v.waited += time.Since(began) }()
	select {
	case v.pictures <- p:
		return nil
	case <-ctx.Done():
		p.Release()
		return ctx.Err()
	}
}
