package player

import (
	"slices"
	"time"
)

// levelName names a level of a presentation.
type levelName struct {
	stream int
	angle  string
	bps    int64
}

// nameOf is the name of level q.
func (t *track) nameOf(q int) levelName {
	return levelName{t.index, t.angle, t.levels[q].source.BitrateBPS}
}

// bar is why a level is left out: its key cannot be used. It is lifted when keys
// rotate, for the next one may be granted.
type bar struct {
	err    *Error
	lifted bool
	times  int           // in a row that it was set up
	until  time.Duration // it is not lifted before
	at     time.Duration // of the media that was to be fetched next
	// Keys have rotated since, at this media time.
	rotated bool
	again   time.Duration
}

// bar notes that a level is left out from now on.
func (k *keys) bar(name levelName, e *Error, at, now time.Duration) {
	b := k.barred[name]
	if b == nil {
		b = &bar{}
		k.barred[name] = b
	}
	b.err, b.at, b.lifted, b.rotated = e, at, false, false
	if b.times++; b.times > 1 { // a try costs a fragment
		b.until = now + min(setAside<<min(b.times-2, 10), time.Hour)
	}
}

func everyLevel(*level) bool { return true }

// barKey leaves out the levels of a key of t. What is buffered of them and was not
// read is dropped, to be fetched again.
func (l *loop) barKey(t *track, kid [16]byte, e *Error, which func(*level) bool) {
	l.bar(t, e, func(v *level) bool { return v.kid == kid && which(v) })
	if l.done || t.lost {
		return
	}
	l.unread = t.queue.Unread(0, l.unread[:0])
	for _, f := range l.unread {
		if f.Key != kid || !which(&t.levels[f.Level]) {
			continue
		}
		if dropped := t.queue.Truncate(f.Start); dropped > 0 {
			l.cancelJob(t)
			l.figures.DiscardedBytes += dropped
			t.next = t.stream.At(f.Start)
			t.begun()
		}
		return
	}
}

// barAll leaves out those of all tracks.
func (l *loop) barAll(kid [16]byte, e *Error, which func(*level) bool) {
	for _, t := range slices.Collect(l.all()) {
		l.barKey(t, kid, e, which)
	}
}

// bar leaves out levels of t; where none is left, the track is given up.
func (l *loop) bar(t *track, e *Error, which func(*level) bool) {
	if l.done {
		return
	}
	some, left := false, false
	for q := range t.levels {
		v := &t.levels[q]
		if v.barred == nil && which(v) {
			v.barred = e
			l.keys.bar(t.nameOf(q), e, t.queue.Range().End, l.now())
			some = true
		}
		left = left || v.barred == nil
	}
	if !some {
		return
	}
	if j := t.job; j != nil && t.levels[j.level].barred != nil {
		l.cancelJob(t)
	}
	if t.forced >= 0 && t.levels[t.forced].barred != nil {
		t.forced = -1
	}
	l.tellBarred(t)
	if left {
		l.survive(e, t.kind.String())
		t.relax()
		return
	}
	if !t.lost {
		l.lose(t, e)
		if l.fatal != nil {
			l.fatal = e // says it best
			if !l.prepared {
				l.giveUp(e) // there is nothing to play before the end
			}
		}
	}
}

// relax lets the lowest level be played whose key can be used, where the user's
// limits leave none of those.
func (t *track) relax() {
	for q := range t.left {
		if t.left[q] && t.levels[q].barred == nil {
			return
		}
	}
	for q := range t.left {
		if t.levels[q].barred == nil {
			t.left = slices.Clone(t.left)
			t.left[q] = true
			return
		}
	}
}

// rotated notes that fragments come to other keys at a media time. That is news for
// levels whose own key could not be used, if it did not come with this rotation.
func (l *loop) rotated(at time.Duration) {
	for _, b := range l.keys.barred {
		if !b.lifted && !b.rotated && (at-b.at).Abs() > 2*l.chunkDuration() {
			b.rotated, b.again = true, at
		}
	}
}

// retry lets levels of t be tried again that keys have rotated for, when a fragment
// of level v comes.
func (l *loop) retry(t *track, v int, c *cipher) {
	if before := t.levels[v].kid; c != nil && before != c.kid && before != [16]byte{} {
		l.rotated(c.start)
	}
	some := false
	for q := range t.levels {
		b := l.keys.barred[t.nameOf(q)]
		if b != nil && !b.lifted && b.rotated && l.now() >= b.until && t.queue.Range().End >= b.again {
			b.lifted, t.levels[q].barred = true, nil
			some = true
		}
	}
	if some {
		l.tellBarred(t)
	}
}

// tellBarred makes the event of what t offers.
func (l *loop) tellBarred(t *track) {
	offer := &l.streams[t.index]
	offer.Levels = slices.Clone(offer.Levels) // the former list is in events and statuses
	left, why := false, ""
	for i := range offer.Levels {
		told := &offer.Levels[i]
		b := l.keys.barred[levelName{t.index, told.Angle, told.BitrateBPS}]
		switch {
		case b == nil, told.Angle != t.angle:
		case b.lifted && told.LeftOut == b.err.Error():
			told.LeftOut = ""
			told.Level = slices.IndexFunc(t.levels, func(v level) bool { return v.source.BitrateBPS == told.BitrateBPS })
		case !b.lifted && told.LeftOut == "":
			told.Level, told.LeftOut, why = -1, b.err.Error(), b.err.Error()
		}
		left = left || told.LeftOut == ""
	}
	if !left {
		offer.LeftOut = why
	}
	l.tellTracks()
}
