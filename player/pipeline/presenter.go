package pipeline

import (
	"context"
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

// Presenter shows the pictures of a video track when the clock says so.
type Presenter struct {
	video   *Video
	clock   *Clock
	screen  *Screen
	monitor *Monitor

	// The following belong to the goroutine of Run. They tell of the last picture
	// shown.
	epoch   uint64
	source  *platform.Format
	end     time.Duration
	shownAt time.Time
}

// NewPresenter returns the presenter of v.
func NewPresenter(v *Video, clock *Clock, screen *Screen, monitor *Monitor) *Presenter {
	return &Presenter{video: v, clock: clock, screen: screen, monitor: monitor}
}

// Run shows pictures until ctx is done.
func (p *Presenter) Run(ctx context.Context) error {
	// Whoever of the decode loop and the presenter ends last finds what is left.
	defer p.video.discard()
	for {
		select {
		case pic := <-p.video.pictures:
			if err := p.present(ctx, pic); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// present shows pic when it is due, or drops it.
func (p *Presenter) present(ctx context.Context, pic picture) error {
	if pic.Picture == nil {
		return p.finish(ctx, pic.epoch)
	}
	first := pic.epoch != p.epoch
	if pic.wound {
		return p.presentWound(ctx, pic, first)
	}
	if !first {
		late, ok, err := p.wait(ctx, pic.epoch, pic.PTS-early)
		if err != nil || !ok {
			pic.Release()
			return err
		}
		limit := lateMax
		if pic.Duration > 0 {
			limit = min(max(pic.Duration, lateMin), lateMax)
		}
		if late > limit+early && time.Since(p.shownAt) < showAtLeast {
			p.monitor.count(func(r *Report) { r.Dropped++ })
			pic.Release()
			return nil
		}
	} else if p.stale(pic.epoch) {
		pic.Release()
		return nil
	}
	p.show(pic, first)
	return nil
}

// presentWound shows a picture of a shot when it is due: its rate says how far apart
// pictures are, and one that is late is shown unless the next one is there.
func (p *Presenter) presentWound(ctx context.Context, pic picture, first bool) error {
	if !first {
		late, ok, err := p.wait(ctx, pic.epoch, pic.PTS)
		if err != nil || !ok {
			pic.Release()
			return err
		}
		if late > lateMax && len(p.video.pictures) > 0 && time.Since(p.shownAt) < showAtLeast {
			p.monitor.count(func(r *Report) { r.Dropped++ })
			pic.Release()
			return nil
		}
	} else if p.stale(pic.epoch) {
		pic.Release()
		return nil
	}
	p.show(pic, first)
	return nil
}

func (p *Presenter) stale(epoch uint64) bool { return p.video.queue.Epoch() != epoch }

// wait returns how late it is when the clock has reached pos; ok is false when
// the epoch ended meanwhile.
func (p *Presenter) wait(ctx context.Context, epoch uint64, pos time.Duration) (late time.Duration, ok bool, err error) {
	return await(ctx, p.clock, func() bool { return p.stale(epoch) }, pos)
}

// await is wait with any clock, until stale says that the epoch ended.
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
	began := time.Now()
	shown := p.screen.show(pic.Picture, max(pts, p.clock.Position(began)), first)
	took := time.Since(began)
	running := p.clock.Running()
	offset := p.clock.Position(shown) - pts
	period := end - pts
	if pic.wound {
		period, end = 0, pts // how far apart pictures are is the affair of the rate
	}
	repeated := !first && running && period > 0 && offset > period+lateMin
	news := first || source != p.source
	record := func(r *Report) {
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
	}
	if news {
		p.monitor.tell(record)
	} else {
		p.monitor.count(record)
	}
	p.epoch, p.source, p.end, p.shownAt = pic.epoch, source, end, shown
}

// finish waits until the last picture was on the screen for its whole time.
func (p *Presenter) finish(ctx context.Context, epoch uint64) error {
	if p.epoch == epoch {
		if _, ok, err := p.wait(ctx, epoch, p.end); err != nil || !ok {
			return err
		}
	}
	p.monitor.tell(func(r *Report) { r.VideoEnded = epoch })
	return nil
}
