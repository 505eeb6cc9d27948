package player

import (
	"time"

	"smoothplay/player/buffer"
	"smoothplay/player/event"
)

// atClip deals with the end of what is in front where clips have a say in it,
// and reports whether they had.
func (l *loop) atClip() bool {
	k := &l.clips
	if k.air != nil {
		if e := l.cutShort(); e != nil {
			l.endClip("failed", e)
		} else {
			l.endClip("end", nil)
		}
		return true
	}
	c := k.next
	if c == nil || k.bound == buffer.Unbounded {
		for _, o := range k.list {
			if o.Place == PostRoll && !o.over && l.cutShort() == nil && !l.paused {
				c = o
				break
			}
		}
		if c == nil {
			return false
		}
	}
	if k.since == 0 {
		k.since = l.now()
		l.hold()
		l.clock.Set(min(l.position(), max(c.at, 0)))
	}
	switch {
	case c.over:
		l.goOn(c)
	case c.ready && !l.paused:
		l.beginClip(c)
	case l.paused:
		l.become(event.Paused, "command")
	case l.now()-k.since > l.patience():
		l.dropClip(c, "failed", fail(event.Timeout, c.URL, "clip %q did not come in time", c.ID))
		l.goOn(c)
	default:
		l.become(event.Buffering, "clip")
	}
	return true
}

// patience is how long a clip may keep the presentation waiting: a fragment.
func (l *loop) patience() time.Duration {
	s := l.snap
	if l.clips.main != nil {
		s = l.clips.main.snap
	}
	for i := range s.NumStreams() {
		if st := s.Stream(i); st.Len() > 0 && s.Presentation().Streams[i].Type == "video" {
			return min(max(st.Chunk(st.First()).Duration, time.Second), 4*time.Second)
		}
	}
	return 2 * time.Second
}

// goOn goes on with a presentation that stopped for a clip which does not come.
func (l *loop) goOn(c *clip) {
	if c.Place == PostRoll {
		l.clips.since = 0
		l.again = true
		return
	}
	to := c.at
	if c.to >= 0 {
		to = c.to
	}
	l.setBound(nil)
	l.moveTo(to, Exact, "clip", nil)
}

// beginClip puts a clip in front.
func (l *loop) beginClip(c *clip) {
	l.abandonSwitch()
	l.endText()
	l.hold()
	s := c.show
	c.show = nil
	l.swap(s)
	s.behind, l.behind = true, false
	l.clips.main, l.clips.air, l.clips.since = s, c, 0
	c.began = l.now()
	if s.snap.Live() || c.Main != MainWaits {
		s.target = c.resume(c.length())
	}
	l.epoch++
	l.target, l.need, l.prepared = 0, l.cfg.BufferStart, false
	l.clock.Set(0)
	sound := false
	for _, t := range l.tracks {
		t.queue.Rewind(l.epoch, 0)
		l.startTrack(t)
		sound = sound || t.branch != nil
	}
	if !sound {
		l.silence()
	}
	l.tellClip(c, "begin", nil)
	l.become(event.Buffering, "clip")
	l.again = true
}

// silence ends the goroutine of the feeder: what is in front has no sound.
func (l *loop) silence() {
	if l.feeding != nil {
		l.feeding()
		l.feeding = nil
		l.feeder.Flush(l.epoch, l.target)
	}
}

// resume is where the presentation goes on after elapsed of c was played.
func (c *clip) resume(elapsed time.Duration) time.Duration {
	switch {
	case c.to >= 0:
		return c.to
	case c.Main == MainReplaced:
		return c.at + c.length()
	case c.Main == MainRuns:
		return c.at + elapsed
	}
	return c.at
}

// endClip returns to the presentation of the session.
func (l *loop) endClip(step string, e *Error) {
	c := l.clips.air
	if step == "end" {
		l.tellQuarters(c, c.length())
	}
	l.tellClip(c, step, e)
	back := c.resume(l.now() - c.began)
	if step == "end" {
		back = c.resume(c.length())
	}
	l.leaveClip()
	if c.Place == PostRoll {
		l.clips.ended = true // still
		l.clock.Set(l.snap.Duration())
		l.hearMain()
		l.again = true
		return
	}
	l.moveTo(back, Exact, "clip", nil)
	l.hearMain()
	l.beginText()
	l.tellTracks()
}

// hearMain lets the feeder play the sound of what is in front again.
func (l *loop) hearMain() {
	for _, t := range l.tracks {
		if t.branch != nil {
			l.startFeeder(t)
			return
		}
	}
	l.silence()
}

// leaveClip takes the clip that plays out of front.
func (l *loop) leaveClip() {
	c, s := l.clips.air, l.clips.main
	c.over = true
	if l.seek != nil {
		l.seekOver(ErrSuperseded)
	}
	l.endStall()
	l.hold()
	l.endText()
	for _, t := range l.tracks {
		l.departed += t.received
		l.closeTrack(t)
	}
	l.swap(s)
	l.behind = false
	l.clips.main, l.clips.air = nil, nil
	l.setBound(nil)
}

// airTurn watches over the clip that plays.
func (l *loop) airTurn() {
	c := l.clips.air
	switch {
	case l.fatal != nil:
		l.endClip("failed", l.fatal)
	case l.prepared && l.state != event.Buffering:
		l.clips.since = 0
		l.tellQuarters(c, l.position())
	case l.paused:
	case l.clips.since == 0:
		l.clips.since = l.now()
	case l.now()-l.clips.since > l.patience():
		l.endClip("failed", fail(event.Timeout, c.URL, "clip %q does not go on", c.ID))
	}
}

// quarters are the steps that tell how far a clip was played.
var quarters = [...]string{"first_quartile", "midpoint", "third_quartile"}

func (l *loop) tellQuarters(c *clip, pos time.Duration) {
	for c.told < len(quarters) && pos >= c.length()*time.Duration(c.told+1)/4 {
		l.tellClip(c, quarters[c.told], nil)
		c.told++
	}
}

// endClips forgets all clips, of a presentation that goes away.
func (l *loop) endClips() {
	if l.clips.air != nil {
		l.leaveClip()
	}
	for _, c := range l.clips.list {
		if c.show != nil {
			l.inFrontOf(c.show, func() {
				for _, t := range l.tracks {
					l.closeTrack(t)
				}
			})
		}
	}
	l.clips = clips{bound: buffer.Unbounded, items: l.clips.items}
}
