package pipeline

import (
	"context"
	"sync"
	"time"

	"smoothplay/platform"
)

const (
	// lateAfter bounds how late a picture may be and still be shown; within it,
	// the limit is the time that the picture itself lasts.
	lateMin, lateMax = 10 * time.Millisecond, 40 * time.Millisecond
	// showAtLeast is the longest time without a picture while late ones are
	// dropped: a slow device shows something rather than nothing.
	showAtLeast = 250 * time.Millisecond
	// early is how long before its time a picture is handed to the sink.
	early = time.Millisecond
)

// Presenter shows the pictures of a video track when the clock says so. Another
// track can take over: see Splice. Small pictures of others can stand in them:
// see SetInsets.
type Presenter struct {
	clock   *Clock
	screen  *Screen
	monitor *Monitor
	wake    chan struct{} // holds a token: something was asked for, or a video beside has a picture

	mu     sync.Mutex
	wishes wishes // guarded by mu

	// The following belong to the goroutine of Run.
	video   *Video
	pending *picture // of video, to be shown next; nil: none was taken
	next    *Video   // is to take over; nil: none
	waiting *picture // of next, to be shown first; nil: none was taken
	insets  []*inset
	retired []*platform.Picture // to be released when the screen shows others
	turned  int                 // video that took over and shows nothing yet, by its id; 0: none

	// They tell of the last picture shown.
	epoch    uint64
	source   *platform.Format
	pts, end time.Duration
	shownAt  time.Time
}

// NewPresenter returns the presenter of v.
func NewPresenter(v *Video, clock *Clock, screen *Screen, monitor *Monitor) *Presenter {
	return &Presenter{video: v, clock: clock, screen: screen, monitor: monitor, wake: make(chan struct{}, 1)}
}

// Run shows pictures until ctx is done.
func (p *Presenter) Run(ctx context.Context) error {
	defer p.letGo()
	for {
		p.hear()
		p.takeOver()
		p.renewInsets()
		due, changed, again := p.step()
		if again {
			continue
		}
		if err := p.rest(ctx, due, changed); err != nil {
			return err
		}
	}
}

// letGo releases what was not shown. Whoever of a decode loop and the presenter
// ends last finds what is left.
func (p *Presenter) letGo() {
	p.pending.release()
	p.waiting.release()
	p.video.discard()
	if p.next != nil {
		p.next.discard()
	}
	p.arrangeInsets(nil)
}

// rest waits for a picture, for due (zero: no time), or until something changes.
func (p *Presenter) rest(ctx context.Context, due time.Time, changed <-chan struct{}) error {
	pictures := p.video.pictures
	if p.pending != nil {
		pictures = nil
	}
	var fire <-chan time.Time
	if !due.IsZero() {
		timer := time.NewTimer(time.Until(due))
		defer timer.Stop()
		fire = timer.C
	}
	select {
	case pic := <-pictures:
		p.pending = &pic
	case <-fire:
	case <-changed:
	case <-p.wake:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// step shows or drops the pending picture when it is due, and reports that there
// may be more to do. Else it returns when that will be, zero while the clock
// stands, and what is closed when the clock changes.
func (p *Presenter) step() (due time.Time, changed <-chan struct{}, again bool) {
	if p.pending == nil {
		return p.waitingDue()
	}
	pic := *p.pending
	first := pic.epoch != p.epoch
	at := p.end
	switch {
	case pic.wound:
		at = pic.PTS
	case pic.Picture != nil:
		at = pic.PTS - early
	}
	due, running, changed := p.clock.Due(at)
	late := time.Since(due)
	switch {
	case p.stale(pic.epoch):
		pic.Release()
	case !first && !(running && late >= 0):
		if !running {
			due = time.Time{}
		}
		return due, changed, false
	case pic.Picture == nil:
		p.monitor.tell(func(r *Report) { r.VideoEnded = pic.epoch })
	case !first && p.tooLate(pic, late) && time.Since(p.shownAt) < showAtLeast:
		p.count(pic, func(r *Report) { r.Dropped++ })
		pic.Release()
	default:
		p.show(pic, first)
	}
	p.pending = nil
	return due, nil, true
}

// tooLate reports whether pic is not shown any more. Of a shot the rate says how far
// apart pictures are, and one that is late is shown unless the next one is there.
func (p *Presenter) tooLate(pic picture, late time.Duration) bool {
	switch {
	case pic.wound:
		return late > lateMax && len(p.video.pictures) > 0
	case pic.Duration <= 0:
		return late > lateMax+early
	}
	return late > min(max(pic.Duration, lateMin), lateMax)+early
}

func (p *Presenter) stale(epoch uint64) bool { return p.video.queue.Epoch() != epoch }

// await returns how late it is when the clock has reached pos; ok is false when
// stale said meanwhile that the epoch ended.
func await(ctx context.Context, clock *Clock, stale func() bool, pos time.Duration) (late time.Duration, ok bool, err error) {
	for {
		due, running, changed := clock.Due(pos)
		if stale() {
			return 0, false, nil
		}
		var timer *time.Timer
		var fire <-chan time.Time
		if running {
			late = time.Since(due)
			if late >= 0 {
				return late, true, nil
			}
			timer = time.NewTimer(-late)
			fire = timer.C
		}
		select {
		case <-fire:
		case <-changed:
		case <-ctx.Done():
			err = ctx.Err()
		}
		if timer != nil {
			timer.Stop()
		}
		if err != nil {
			return 0, false, err
		}
	}
}

// show puts pic on the screen and reports it.
func (p *Presenter) show(pic picture, first bool) {
	pts, end, source := pic.PTS, pic.PTS+pic.Duration, pic.Source
	lasts := pic.Duration // the picture may be gone when it was shown
	p.advanceInsets(pic.epoch, pts)
	began := time.Now()
	shown := p.screen.show(pic.Picture, p.drawn(pic.Picture), max(pts, p.clock.Position(began)), first)
	took := time.Since(began)
	p.releaseRetired()
	running := p.clock.Running()
	offset := p.clock.Position(shown) - pts
	period := end - pts
	if pic.wound {
		period, end = 0, pts // how far apart pictures are is the affair of the rate
	}
	repeated := !first && running && period > 0 && offset > period+lateMin
	turned := p.turned
	news := first || source != p.source || turned != 0
	record := func(r *Report) {
		if pic.quiet {
			r.Decoded++
		}
		r.Shown++
		r.Began, r.OnScreen = pic.epoch, OnScreen{pic.epoch, pts, pts + lasts}
		if !pic.wound {
			r.Period = period
		}
		r.ShowTime += took
		if repeated {
			r.Repeated++
		}
		if running && !first && !pic.wound {
			r.Offsets = appendBounded(r.Offsets, offset)
		}
		if news {
			r.Firsts = appendBounded(r.Firsts, Shown{pic.epoch, source, pts, shown, first})
		}
		if turned != 0 {
			r.Turned, r.TurnedAt = turned, shown
		}
	}
	if news {
		p.monitor.tell(record)
	} else {
		p.monitor.count(record)
	}
	p.epoch, p.source, p.pts, p.end, p.shownAt, p.turned = pic.epoch, source, pts, end, shown, 0
}

// count changes the report for pic, which its decode loop may not have counted.
func (p *Presenter) count(pic picture, change func(*Report)) {
	p.monitor.count(func(r *Report) {
		if pic.quiet {
			r.Decoded++
		}
		change(r)
	})
}
