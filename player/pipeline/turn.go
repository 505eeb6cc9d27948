package pipeline

import "time"

// aligned is how far apart the times of pictures may be that show the same
// instant: time scales differ, and are rounded.
const aligned = 2 * time.Millisecond

// wishes are what the control loop asks of a Presenter.
type wishes struct {
	next    *Video   // to take over; nil: none
	insets  []*Video // beside it
	changed bool     // not heard yet
}

// Splice lets v, which runs and was made Beside p, take over the screen as soon as
// it has decoded the place that is shown: the next picture is that of v. Until
// then what is shown goes on. While the clock stands, the picture of the same
// instant is shown at once. Report.Turned tells when that was; the caller ends the
// decode loop of the former video then. Only the latest wish counts, nil takes it
// back. It may be called from any goroutine.
func (p *Presenter) Splice(v *Video) {
	p.ask(func(w *wishes) { w.next = v })
}

func (p *Presenter) ask(change func(*wishes)) {
	p.mu.Lock()
	change(&p.wishes)
	p.wishes.changed = true
	p.mu.Unlock()
	p.rouse()
}

// rouse makes the presenter look what there is.
func (p *Presenter) rouse() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// hear takes what was asked for.
func (p *Presenter) hear() {
	p.mu.Lock()
	w := p.wishes
	p.wishes.changed = false
	p.mu.Unlock()
	if !w.changed {
		return
	}
	if w.next != p.next && w.next != p.video {
		p.waiting.release()
		p.waiting, p.next = nil, w.next
	}
	p.arrangeInsets(w.insets)
}

// takeOver lets the next video take over when its picture is the one to be shown.
func (p *Presenter) takeOver() {
	for p.next != nil {
		if p.waiting == nil {
			select {
			case pic := <-p.next.pictures:
				p.waiting = &pic
			default:
				return
			}
		}
		pic := p.waiting
		switch {
		case p.next.queue.Epoch() != pic.epoch, pic.Picture != nil && p.passed(pic):
			pic.release()
			p.waiting = nil
		case pic.Picture == nil || !p.isNext(pic):
			return
		default:
			p.turn(pic)
			return
		}
	}
}

// passed reports whether the instant of pic was shown already. While the clock
// stands that instant is to be shown again.
func (p *Presenter) passed(pic *picture) bool {
	if pic.epoch != p.epoch {
		return false
	}
	if p.clock.Running() {
		return pic.PTS <= p.pts+aligned
	}
	return pic.PTS+pic.Duration <= p.pts+aligned
}

// isNext reports whether pic, of the video that is to take over, comes before what
// the other one has.
func (p *Presenter) isNext(pic *picture) bool {
	now := time.Now()
	switch {
	case pic.epoch != p.epoch:
		return true
	case !p.clock.Running():
		return pic.PTS <= max(p.clock.Position(now), p.pts)+aligned
	case p.pending != nil && p.pending.Picture != nil && p.pending.epoch == p.epoch:
		return pic.PTS <= p.pending.PTS+aligned
	}
	return pic.PTS <= p.end+aligned || p.clock.Position(now) >= pic.PTS-early
}

// waitingDue is when the waiting picture is shown although the other video has
// none.
func (p *Presenter) waitingDue() (due time.Time, changed <-chan struct{}, again bool) {
	if p.waiting == nil || p.waiting.Picture == nil {
		return due, nil, false
	}
	due, running, changed := p.clock.Due(p.waiting.PTS - early)
	if !running {
		due = time.Time{}
	}
	return due, changed, false
}

// turn makes the next video the one that is shown, from pic on. What the former one
// has decoded is left to the end of its decode loop.
func (p *Presenter) turn(pic *picture) {
	p.pending.release()
	p.video, p.next, p.pending, p.waiting = p.next, nil, pic, nil
	p.video.beside.Store(nil)
	p.turned = p.video.id
	if !p.clock.Running() && pic.epoch == p.epoch {
		p.show(*pic, false)
		p.pending = nil
	}
}
