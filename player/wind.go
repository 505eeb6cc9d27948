package player

import (
	"time"

	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/schedule"
	"smoothplay/player/trick"
)

// winding is playing faster than sound follows, or backwards: pictures alone, which
// package trick chooses. Queues keep what they hold meanwhile.
type winding struct {
	track *track
	plan  trick.Plan
	jobs  []*job // under way or arrived, in the order of travel

	next      time.Duration // the place that is to be shown next, of those not asked for
	chunk     int           // asked for last; -1: none was
	come      int           // pictures that came
	heard     bool          // an answer came
	done      bool          // nothing more is asked for
	ended     bool          // nothing more will be shown
	failures  int           // in a row
	notBefore time.Duration
}

// back reports whether winding goes backwards.
func (l *loop) back() bool { return l.rate < 0 }

// beginWind plays pictures alone at a rate, from the one on the screen on.
func (l *loop) beginWind(rate float64) {
	pos, _ := l.onScreen()
	l.endStall()
	l.abandonSwitch()
	l.abandonTurn()
	if l.seek != nil {
		pos = l.target
		l.seekOver(ErrSuperseded)
	}
	l.dropWind()
	l.paused, l.live.follow = false, false
	l.hold() // else ordinary pictures would be due at once, backwards
	l.epoch++
	l.target, l.prepared = pos, false
	if l.feeder != nil {
		l.feeder.Flush(l.epoch, pos)
	}
	for t := range l.all() {
		l.cancelJob(t)
		t.queue.Wind(l.epoch, pos)
	}
	l.clock.Set(pos)
	l.passMarkers()
	l.marks.Jump(pos, rate < 0)
	l.rate = rate
	l.setSpeed(rate, "command")
	l.become(event.Buffering, "rate")
	w := &winding{track: l.of(platform.Video), chunk: -1}
	l.abandonTurn()
	l.wind = w
	l.placeInsets()
	w.plan = trick.Choose(l.trickInput(w))
	w.next = pos + w.plan.Step
	if l.back() {
		w.next = pos - w.plan.Step
	}
}

// dropWind forgets what winding fetches.
func (l *loop) dropWind() {
	if l.wind == nil {
		return
	}
	for _, j := range l.wind.jobs {
		if j.shots == nil {
			l.cancelWound(j)
		} else {
			j.let()
		}
	}
	l.wind = nil
}

// endWind goes on at a rate with sound; the caller moves the playhead.
func (l *loop) endWind(rate float64, cause string) {
	if l.wind == nil {
		return
	}
	pos, _ := l.onScreen()
	l.dropWind()
	l.endStall()
	l.hold()
	l.clock.Set(pos)
	l.rate = rate
	l.setSpeed(rate, cause)
	l.render.decodes = l.render.decodes[:0]
}

// leaveWind plays on at a rate with sound from the picture on the screen.
func (l *loop) leaveWind(rate float64, cause string) {
	pos, _ := l.onScreen()
	l.endWind(rate, cause)
	l.moveTo(pos, Exact, "rate", nil)
}

// windTurn is advance while winding.
func (l *loop) windTurn() {
	w := l.wind
	switch {
	case l.report.VideoEnded == l.epoch:
		l.reached()
		return
	case l.held && l.canWind():
		l.goOnWinding()
	case l.held && l.awaitsKey():
		l.become(event.AcquiringKey, "key")
	case l.held:
		l.become(event.Buffering, "buffer_empty")
	case !w.ended && l.windLeft() <= 0:
		l.hold()
		l.dryAt, l.dryTrack = l.now(), w.track.kind.String()
		l.become(event.Buffering, "buffer_empty")
	}
}

// canWind reports whether there is something to go on with.
func (l *loop) canWind() bool {
	w := l.wind
	if l.report.Began != l.epoch {
		return w.ended && w.come == 0 // there is nothing to be seen
	}
	return w.ended || w.come > 0 && l.windLeft() > 0
}

// goOnWinding lets pictures follow each other again.
func (l *loop) goOnWinding() {
	pos := l.position()
	if !l.prepared {
		l.prepared = true
		pos, _ = l.onScreen()
	}
	l.held = false
	l.clock.Start(pos, time.Now())
	if l.stalled {
		l.emit(event.StallEnd{Stalled: l.now() - l.dryAt})
	}
	l.stalled, l.dryAt = false, 0
	l.become(event.Playing, "buffered")
}

// windLeft is how long pictures that came will last.
func (l *loop) windLeft() time.Duration { return l.until(l.wind.due()) }

// due is the place of the first picture that has not come.
func (w *winding) due() time.Duration {
	for _, j := range w.jobs {
		if len(j.points) > 0 {
			return j.points[0]
		}
	}
	return w.next
}

// until is how long it takes to a place, on the way on which playing is.
func (l *loop) until(pos time.Duration) time.Duration {
	return time.Duration(float64(pos-l.position()) / l.rate)
}

// reached returns to the rate 1 at the end of the way.
func (l *loop) reached() {
	cause, to := "end", l.snap.Duration()
	live := l.snap.Live()
	start, _ := l.window()
	switch {
	case l.back() && live:
		cause, to = "window", start
	case l.back():
		cause, to = "start", max(start, l.wind.track.stream.Start())
	case live:
		cause = "edge"
	}
	l.endWind(1, cause)
	if cause == "edge" {
		l.goLive("live", nil)
		return
	}
	l.moveTo(to, Exact, "rate", nil)
}

// untilWound is how long windTurn has nothing to do.
func (l *loop) untilWound() time.Duration {
	if l.held || l.wind.ended {
		return schedule.Forever
	}
	return max(l.windLeft(), 0) + 100*time.Microsecond
}
