package pipeline

import (
	"context"
	"errors"
	"fmt"
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
	sink    platform.VideoSink
	monitor *Monitor

	// The following belong to the goroutine of Run.
	epoch   uint64 // of the picture on the screen
	onAir   *platform.Picture
	source  *platform.Format // of the picture on the screen
	shownAt time.Time
	lost    bool // the sink is gone: pictures are timed and released
}

// NewPresenter returns the presenter of v.
func NewPresenter(v *Video, clock *Clock, sink platform.VideoSink, monitor *Monitor) *Presenter {
	return &Presenter{video: v, clock: clock, sink: sink, monitor: monitor}
}

// Run shows pictures until ctx is done.
func (p *Presenter) Run(ctx context.Context) error {
	defer func() {
		p.onAir.Release()
		for {
			select {
			case pic := <-p.video.pictures:
				pic.Release()
			default:
				return
			}
		}
	}()
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

func (p *Presenter) stale(epoch uint64) bool { return p.video.queue.Epoch() != epoch }

// wait returns how late it is when the clock has reached pos; ok is false when
// the epoch ended meanwhile.
func (p *Presenter) wait(ctx context.Context, epoch uint64, pos time.Duration) (late time.Duration, ok bool, err error) {
	for {
		due, running, changed := p.clock.Due(pos)
		if p.stale(epoch) {
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

// show hands pic to the sink and reports it.
func (p *Presenter) show(pic picture, first bool) {
	began := time.Now()
	shown := began
	if !p.lost {
		at, err := p.sink.Show(&platform.Frame{Picture: pic.Picture})
		switch {
		case err == nil:
			shown = at
		case errors.Is(err, platform.ErrClosed):
			p.lost = true
			p.monitor.tell(func(r *Report) { r.VideoLost = fmt.Errorf("showing a picture: %w", err) })
		default:
			p.monitor.fail(platform.Video, pic.PTS, fmt.Errorf("showing a picture: %w", err))
		}
	}
	took := time.Since(began)
	p.onAir.Release()
	p.onAir = pic.Picture

	running := p.clock.Running()
	offset := p.clock.Position(shown) - pic.PTS
	repeated := !first && running && pic.Duration > 0 && shown.Sub(p.shownAt) > 2*pic.Duration+lateMin
	news := first || pic.Source != p.source
	record := func(r *Report) {
		r.Shown++
		r.Began, r.Period = pic.epoch, pic.Duration
		r.ShowTime += took
		if repeated {
			r.Repeated++
		}
		if running && !first {
			r.Offsets = appendBounded(r.Offsets, offset)
		}
		if news {
			r.Firsts = appendBounded(r.Firsts, Shown{pic.epoch, pic.Source, pic.PTS, shown, first})
		}
	}
	if news {
		p.monitor.tell(record)
	} else {
		p.monitor.count(record)
	}
	p.epoch, p.source, p.shownAt = pic.epoch, pic.Source, shown
}

// finish waits until the last picture was on the screen for its whole time.
func (p *Presenter) finish(ctx context.Context, epoch uint64) error {
	if p.onAir != nil && p.epoch == epoch {
		if _, ok, err := p.wait(ctx, epoch, p.onAir.PTS+p.onAir.Duration); err != nil || !ok {
			return err
		}
	}
	p.monitor.tell(func(r *Report) { r.VideoEnded = epoch })
	return nil
}
