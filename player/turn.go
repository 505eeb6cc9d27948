package player

import (
	"slices"
	"time"

	"smoothplay/heuristics"
	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/schedule"
)

// turn is a change of the angle under way: to decodes beside the track that is
// shown until it takes over.
type turn struct {
	to    *track
	asked time.Duration // since the session began
	ahead bool          // it was there at once
	begun bool          // it is being decoded
}

// selectAngle begins a change of the angle.
func (l *loop) selectAngle(name string) error {
	main := l.of(platform.Video)
	if main == nil {
		return fail(event.BadArgument, l.base, "there is no video, and no camera angle to select")
	}
	i, err := l.findAngle(name, l.position())
	if err != nil {
		return err
	}
	if l.angles.turn != nil && l.angles.turn.to.angle == l.angles.list[i].name {
		return nil
	}
	l.abandonTurn()
	if i == l.angles.shown {
		return nil
	}
	pos := l.position()
	t := l.angleTrack(i)
	l.angles.turn = &turn{to: t, asked: l.now(), ahead: t.queue.Holds(pos) && l.lasts(t, pos)}
	switch {
	case l.state == event.Ended, l.wind != nil:
		l.moveTo(pos, Exact, "angle", nil)
	case !l.prepared || l.seek != nil:
		if before, turned := l.settleAngle(pos); turned { // nothing is shown yet that could go on
			l.moveTrack(t, pos, pos)
			l.startVideo(t, before)
		}
	default:
		l.beginTurn(main, t, pos)
	}
	l.again = true
	return nil
}

// beginTurn gets what is needed for t, which is aside, to take over from main.
func (l *loop) beginTurn(main, t *track, pos time.Duration) {
	if l.angles.turn.ahead {
		l.advanceTurn()
		return
	}
	if !t.queue.Holds(pos) {
		l.aimTurn(t, pos)
	}
	for _, o := range l.angles.aside {
		if o != t {
			l.cancelJob(o) // the link is for what is waited for
		}
	}
	if main.job != nil && l.yieldsToTurn(main) {
		l.cancelJob(main)
	}
}

// advanceTurn lets the angle that is wanted take over when it has decoded the place
// that is shown, once there is enough of it to go on.
func (l *loop) advanceTurn() {
	turn, pos := l.angles.turn, l.position()
	if turn == nil || turn.begun || l.presenter == nil || !l.lasts(turn.to, pos) {
		return
	}
	turn.begun = true
	t := turn.to
	if t.video != nil && l.held {
		l.stopVideo(t) // as an inset it has shown that place already
	}
	if t.video == nil {
		t.queue.Seek(l.epoch, pos)
		l.startBeside(t, l.of(platform.Video).video)
	}
	l.presenter.Splice(t.video)
}

// lasts reports whether what is held of t at pos lasts until its next fragment is
// there.
func (l *loop) lasts(t *track, pos time.Duration) bool {
	ahead, ended := t.buffered(pos)
	if ahead <= 0 {
		return false
	}
	if l.held || ended || t.next >= t.stream.Limit() || l.notYet(t, t.next) > 0 {
		return true
	}
	chunk := t.stream.Chunk(t.next).Duration
	return ahead >= min(l.turnTime(t)+turnMargin, chunk*3/2)
}

// heedTurn notes that the angle wanted has taken over the screen.
func (l *loop) heedTurn() {
	turn := l.angles.turn
	if turn == nil || turn.to.videoID == 0 || l.report.Turned != turn.to.videoID {
		return
	}
	l.angles.turn = nil
	elapsed := l.report.TurnedAt.Sub(l.began) - turn.asked
	old := l.swapVideo(turn.to)
	l.stopVideo(old)
	turn.to.video.SetEffort(platform.EffortLevel(l.render.effort))
	l.tellTurn(old, turn.to, elapsed, turn.ahead, "command")
}

func (l *loop) tellTurn(from, to *track, elapsed time.Duration, ahead bool, cause string) {
	l.emit(event.Angle{From: from.angle, To: to.angle, Elapsed: elapsed, Ahead: ahead, Cause: cause})
	l.tellTracks()
}

// swapVideo makes t, which is aside, the video track that is played, and puts the
// one that was aside.
func (l *loop) swapVideo(t *track) (old *track) {
	a := &l.angles
	old = l.of(platform.Video)
	l.tracks[slices.Index(l.tracks, old)] = t
	a.aside[slices.Index(a.aside, t)] = old
	t.aside, old.aside = false, true
	a.shown = a.index(t.angle)
	l.streams[old.index].Selected, l.streams[t.index].Selected = false, true
	l.cancelJob(old)
	t.since, t.attempt = max(old.since, 1), 0
	l.level = -1
	if slices.EqualFunc(t.rates, old.rates, alikeLevels) {
		t.transfers = slices.Clone(old.transfers)
	} else {
		most := old.rates[max(0, min(l.render.cap, len(old.rates)-1))]
		l.watchLoad(t)
		l.render.monitor.Wish(highest(t.rates, most)) // which is known to be rendered
		l.render.cap = l.render.monitor.Cap()
	}
	if a.insets {
		l.figures.DiscardedBytes += old.queue.Truncate(l.position()) // it goes on at a low level
		l.aimBehind(old)
	}
	return old
}

// alikeLevels reports whether levels of two angles are alike.
func alikeLevels(a, b heuristics.Level) bool {
	return a.BitrateBPS == b.BitrateBPS && (a.Width*a.Height-b.Width*b.Height)*10 < a.Width*a.Height &&
		(b.Width*b.Height-a.Width*a.Height)*10 < a.Width*a.Height
}

// highest is the highest of levels that is no more than most.
func highest(levels []heuristics.Level, most heuristics.Level) int {
	best := 0
	for q, v := range levels {
		if v.BitrateBPS <= most.BitrateBPS && v.Width*v.Height <= most.Width*most.Height {
			best = q
		}
	}
	return best
}

// settleAngle makes another angle the one that is played at once, before pos is
// gone to: the one that a change was under way to, or one that is there where the
// one played is not. turned is false where none is; else its video is to be started
// After before.
func (l *loop) settleAngle(pos time.Duration) (before videoBefore, turned bool) {
	turn, main := l.angles.turn, l.of(platform.Video)
	if main == nil || len(l.angles.list) < 2 {
		return nil, false
	}
	i, cause := l.angles.told(), "command"
	if !l.there(i, pos) {
		cause = "not_there"
		i = slices.IndexFunc(l.angles.list, func(a angle) bool {
			return a.leftOut == "" && l.there(l.angles.index(a.name), pos)
		})
		if i < 0 {
			i = l.angles.told()
		}
	}
	if i == l.angles.shown {
		l.abandonTurn()
		return nil, false
	}
	asked, ahead := l.now(), false
	if turn != nil {
		asked = turn.asked
	}
	t := l.angleTrack(i)
	ahead = t.queue.Holds(pos)
	if turn != nil && turn.to != t {
		l.abandonTurn()
	}
	l.angles.turn = nil
	before = main.video
	l.stopPresenter()
	l.stopVideo(main)
	l.stopVideo(t)
	l.swapVideo(t)
	l.tellTurn(main, t, l.now()-asked, ahead, cause)
	return before, true
}

// abandonTurn gives up a change of the angle under way: what is shown goes on.
func (l *loop) abandonTurn() {
	turn := l.angles.turn
	if turn == nil {
		return
	}
	l.angles.turn = nil
	l.presenter.Splice(nil)
	l.stopVideo(turn.to)
	if main := l.of(platform.Video); main.video != nil && main.video.Ended() {
		// Its decoder was needed.
		l.stopPresenter()
		before := main.video
		l.stopVideo(main)
		l.moveTrack(main, l.position(), l.position())
		l.startVideo(main, before)
	}
}

// aimTurn makes t, of which nothing is held, begin with the chunk that is played
// now, or with the next one where that is played before both can be there.
func (l *loop) aimTurn(t *track, pos time.Duration) {
	to := pos
	if i := t.stream.At(pos); !l.held && i+1 < t.stream.Limit() {
		c := t.stream.Chunk(i)
		if left := c.End() - pos; left < 2*l.turnTime(t)+turnMargin {
			to = c.End() + time.Microsecond
		}
	}
	if at := t.stream.At(to); t.job != nil && t.job.chunk.Index != at {
		l.cancelJob(t)
	}
	t.queue.Restart(l.epoch, pos)
	l.aim(t, to)
}

// transferTime is how long a fragment of t at level q is expected to take that lasts
// d; 0: nothing is known of the link.
func (l *loop) transferTime(t *track, q int, d time.Duration) time.Duration {
	bps := l.bandwidth.Estimate().BPS
	if bps <= 0 {
		return 0
	}
	return time.Duration(float64(t.expected(q, d)) * 8 / float64(bps) * float64(time.Second))
}

// turnLevel is the level of the next chunk of an angle that is waited for: one like
// that which is shown, but so that it comes within a time; the lowest where none
// does.
func (l *loop) turnLevel(t *track, within time.Duration) int {
	main := l.of(platform.Video)
	most := main.rates[max(main.current, 0)].BitrateBPS
	d := l.chunkDuration()
	best := -1
	for q := range t.levels {
		fits := t.rates[q].BitrateBPS <= most && l.transferTime(t, q, d) <= within
		if l.allowed(t, q) && !t.tried[q] && (best < 0 || fits) {
			best = q
		}
	}
	return max(best, 0)
}

// turnTime is how long the shortest transfer of a chunk of t is expected to take.
func (l *loop) turnTime(t *track) time.Duration {
	return l.transferTime(t, l.turnLevel(t, 0), l.chunkDuration())
}

// fetchTurn fetches what the change to t needs, before anything else.
func (l *loop) fetchTurn(t *track) time.Duration {
	if t.job != nil {
		return schedule.Forever
	}
	if t.next >= t.stream.Limit() && l.snap.Live() {
		l.wantRefresh()
	}
	wait := max(l.asideDue(t), t.notBefore-l.now())
	if wait > 0 {
		return wait
	}
	chunk := t.stream.Chunk(t.next)
	within := chunk.Duration / turnShare
	if ahead, _ := t.buffered(l.position()); ahead > 0 {
		within = min(within, ahead-turnMargin)
	} else if left := chunk.End() - l.position(); !l.held {
		within = min(within, (left-turnMargin)/2) // it is to last until the next one is there
	}
	l.fetchAt(t, l.turnLevel(t, within))
	return schedule.Forever
}

// yieldsToTurn reports whether t is the video that is shown, and leaves the link to
// the angle that is to take over.
func (l *loop) yieldsToTurn(t *track) bool {
	turn := l.angles.turn
	if turn == nil || turn.ahead || t.kind != platform.Video {
		return false
	}
	ahead, ended := t.buffered(l.position())
	return ended || ahead > 2*l.chunkDuration()
}
