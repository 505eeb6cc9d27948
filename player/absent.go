package player

import (
	"time"

	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/fetch"
)

// How long a stall at the edge must last until a stream that stays away is played
// without: pictures, which are missed more, are waited for longer.
const (
	soundAbsentAfter    = 2 * time.Second
	picturesAbsentAfter = 10 * time.Second
)

// playWithout goes on without a stream of a live presentation that does not come
// where the others do, as when an encoder has lost its sound; it is asked for all
// the same.
func (l *loop) playWithout() {
	if l.state != event.Buffering || l.dryAt == 0 {
		return
	}
	var away *track
	for _, t := range l.tracks {
		if t == l.switching || t.lost || t.absent {
			continue
		}
		ahead, ended := t.buffered(l.position())
		switch {
		case ended || ahead >= l.chunkDuration()/2:
		case away != nil || !l.staysAway(t):
			return
		default:
			away = t
		}
	}
	if away == nil || l.playing() < 2 || !l.othersGoOn(away) {
		l.live.others = 0
		return
	}
	if l.live.others == 0 {
		l.live.others = l.now()
	}
	patience := max(soundAbsentAfter, l.chunkDuration())
	if away.kind == platform.Video {
		patience = picturesAbsentAfter
	}
	if l.now()-l.dryAt < patience || l.now()-l.live.others < l.chunkDuration()/2 {
		return
	}
	away.absent, away.absentFrom = true, away.queue.Range().End
	away.queue.SetEnded(true)
	l.survive(fail(event.LiveStalled, l.base, "no %v comes: playing goes on without", away.kind), away.kind.String())
}

// playing is how many tracks are played.
func (l *loop) playing() (n int) {
	for _, t := range l.tracks {
		if t != l.switching && !t.lost && !t.absent {
			n++
		}
	}
	return n
}

// staysAway reports whether the server answers that what t needs is not there yet.
func (l *loop) staysAway(t *track) bool {
	return l.atEdge(t) && (t.class == fetch.Status || t.classRow == 0) && l.live.refresh.failed == 0
}

// alone reports whether t is at the edge and stays away while others wait: they are
// fetched without regard to it then, which shows whether they go on.
func (l *loop) alone(t *track) bool {
	return t.absent || l.dryAt > 0 && l.snap.Live() && l.staysAway(t)
}

// othersGoOn reports whether the encoder makes more of all tracks but t.
func (l *loop) othersGoOn(t *track) bool {
	for _, o := range l.tracks {
		if o != t && o != l.switching && !o.lost && !o.absent && o.there() < t.there()+2*l.chunkDuration() {
			return false
		}
	}
	return true
}

// there is the end of the last chunk of t that is known to be there.
func (t *track) there() time.Duration {
	if c, ok := t.stream.Newest(); ok {
		return c.End()
	}
	return t.stream.Start()
}

// untilBack is how long t, which is absent, is not back where the playhead is; ok
// is false where not enough came of it yet to go on.
func (l *loop) untilBack(t *track) (wait time.Duration, ok bool) {
	if !t.absent {
		return 0, false
	}
	pos := l.position()
	next, ok := t.queue.After(max(pos, t.absentFrom))
	ok = ok && t.queue.Range().End-max(pos, next) >= l.chunkDuration()*3/2
	return next - pos, ok
}

// passOver leaves out what of an absent stream comes too late.
func (l *loop) passOver(t *track) {
	for t.absent && t.job == nil && t.next+1 < t.stream.Limit() {
		if c := t.stream.Chunk(t.next); c.End() > l.position() {
			return
		}
		t.next++
		t.gap = true
		t.begun()
	}
}

// takeBack plays absent streams again that are back where the playhead is.
func (l *loop) takeBack() {
	back := false
	to := l.position()
	for _, t := range l.tracks {
		if wait, ok := l.untilBack(t); ok && wait <= 0 && l.seek == nil {
			t.absent, back = false, true
			t.queue.SetEnded(false)
			if t.kind == platform.Audio && l.report.OnScreen.Epoch == l.epoch {
				to = max(to, l.report.OnScreen.End) // the picture that is seen is not shown again
			}
		}
	}
	if !back {
		return
	}
	l.moveTo(to, Exact, "stream", nil)
}
