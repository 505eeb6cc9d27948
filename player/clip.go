package player

import (
	"context"
	"time"

	"smoothplay/drm"
	"smoothplay/player/buffer"
	"smoothplay/player/event"
	"smoothplay/player/schedule"
	"smoothplay/player/timeline"
)

const (
	// clipLead is how long before its time a clip is fetched.
	clipLead = 20 * time.Second
	// clipNotice is how far ahead of the playhead the pipeline can be stopped: what
	// is decoded and written already lies before.
	clipNotice = 2 * time.Second
)

// clip is a clip that is to be played, or was.
type clip struct {
	Clip
	at    time.Duration // where it begins; -1: not known yet
	show  *show         // once it is asked for; nil while it plays
	snap  *timeline.Snapshot
	ready bool // it can begin
	over  bool // it was played, or will not be
	began time.Duration
	told  int           // quarters of it that were told
	to    time.Duration // where a seek went on to that it stopped; -1: none did
}

// clips is what the control loop keeps of them.
type clips struct {
	list  []*clip
	main  *show         // the presentation of the session, while a clip plays
	air   *clip         // that plays
	next  *clip         // at which the presentation is stopped
	bound time.Duration // where it is stopped; buffer.Unbounded
	since time.Duration // when it came there; 0: it did not
	ended bool          // the presentation had ended before a clip behind it
	items int
}

// clipAnswer is the manifest of a clip.
type clipAnswer struct {
	clip *clip
	got  *manifestAnswer
}

// shows are all presentations but the one in front.
func (c *clips) shows() (list []*show) {
	if c.main != nil {
		list = append(list, c.main)
	}
	for _, o := range c.list {
		if o.show != nil {
			list = append(list, o.show)
		}
	}
	return list
}

// length is how much of c is played.
func (c *clip) length() time.Duration {
	if c.snap == nil {
		return c.Length
	}
	if c.Length > 0 {
		return min(c.Length, c.snap.Duration())
	}
	return c.snap.Duration()
}

func (l *loop) tellClip(c *clip, step string, e *Error) {
	body := event.Clip{
		ID: c.ID, Step: step, URL: event.RedactURL(c.URL), At: c.at, Length: c.length(), Click: c.Click, Data: c.Data,
	}
	if c == l.clips.air {
		body.Offset = l.position()
	}
	if e != nil {
		body.Code, body.Message = e.Code, e.Error()
	}
	l.emit(body)
}

// scheduleClip takes a clip in.
func (l *loop) scheduleClip(want Clip) error {
	for _, c := range l.clips.list {
		if c.ID == want.ID && !c.over {
			return fail(event.BadArgument, "", "there is a clip %q already", want.ID)
		}
	}
	c := &clip{Clip: want, at: -1, to: -1}
	if want.Place == MidRoll && want.On == "" {
		c.at = want.At
	}
	if want.Place == PreRoll {
		c.at = 0
	}
	l.clips.list = append(l.clips.list, c)
	l.tellClip(c, "scheduled", nil)
	return nil
}

// cancelClip takes a clip back that has not begun.
func (l *loop) cancelClip(id string) error {
	for _, c := range l.clips.list {
		if c.ID == id && !c.over && c != l.clips.air {
			l.dropClip(c, "canceled", nil)
			return nil
		}
	}
	return fail(event.BadArgument, "", "there is no clip %q that could be canceled", id)
}

// dropClip gives up a clip that has not begun. Where the presentation was to stop
// for it, it goes on.
func (l *loop) dropClip(c *clip, step string, e *Error) {
	c.over = true
	l.tellClip(c, step, e)
	if s := c.show; s != nil {
		c.show = nil
		l.inFrontOf(s, func() {
			for _, t := range l.tracks {
				l.closeTrack(t)
			}
		})
	}
	if l.clips.next == c && l.clips.air == nil && l.position() < l.clips.bound-clipNotice {
		l.setBound(nil) // else it stops there for a moment
	}
	l.again = true
}

// setBound stops the presentation at the beginning of c; nil: nowhere.
func (l *loop) setBound(c *clip) {
	l.clips.next, l.clips.bound, l.clips.since = c, buffer.Unbounded, 0
	if c != nil {
		l.clips.bound = c.at
	}
	for _, t := range l.tracks {
		t.queue.Bound(l.clips.bound)
	}
}

// following is the clip to be played next from pos on; nil: none is known.
func (l *loop) following(pos time.Duration) (next *clip) {
	for _, c := range l.clips.list {
		if c.over || c.at < pos || c.Place == PostRoll {
			continue
		}
		if next == nil || c.at < next.at {
			next = c
		}
	}
	return next
}

// boundFrom stops a presentation that begins anew at pos before the clip that
// follows.
func (l *loop) boundFrom(pos time.Duration) {
	if l.item > 0 {
		return
	}
	l.clips.ended = false
	for _, c := range l.clips.list {
		if c.Place == PreRoll && !c.over {
			c.at = pos // whatever the session begins with
		}
	}
	c := l.following(pos)
	l.setBound(c)
	l.prefetchClip(c, pos)
}

// overClip is where a seek goes: to a clip that it would pass over, first.
func (l *loop) overClip(to time.Duration, cause string) time.Duration {
	if cause != "command" || l.cfg.SeekOverClips || l.item > 0 || l.snap == nil {
		return to
	}
	if c := l.following(l.position()); c != nil && c.at < to {
		c.to = to
		return c.at
	}
	return to
}

// clipTurn does what clips ask for in each turn.
func (l *loop) clipTurn() {
	if l.snap == nil || l.done {
		return
	}
	if l.clips.air != nil {
		l.airTurn()
		return
	}
	pos := l.position()
	for _, c := range l.clips.list {
		if c.over {
			continue
		}
		if c.Place == PostRoll && !l.snap.Live() {
			c.at = l.snap.Duration()
		}
		if c.Place == MidRoll && c.On == "" && c.at < pos && l.clips.next != c && l.seek == nil && l.shownOnce {
			if c.At != c.at || pos-c.at < clipLead {
				c.at = pos + clipNotice // the next place possible
			} else {
				l.dropClip(c, "failed", fail(event.BadArgument, "", "its time %v had passed at %v", c.at, pos))
				continue
			}
		}
		l.prefetchClip(c, pos)
	}
	if c := l.following(pos + clipNotice); c != nil && c != l.clips.next && (l.clips.next == nil || c.at < l.clips.bound) && c.at-pos < clipLead {
		l.setBound(c)
	}
}

// prefetchClip asks for a clip whose time is near.
func (l *loop) prefetchClip(c *clip, pos time.Duration) {
	if c == nil || c.at < 0 || c.show != nil || c.over || c == l.clips.air || c.at-pos > clipLead {
		if c != nil && c.show != nil && !c.ready {
			l.inFrontOf(c.show, func() { c.ready = len(l.tracks) > 0 && l.enoughBehind() })
			if c.ready {
				l.tellClip(c, "ready", nil)
			}
		}
		return
	}
	l.clips.items++
	c.show = &show{
		item: l.clips.items, behind: true, level: -1, need: l.cfg.BufferStart,
		keys: keys{ring: l.keys.ring, said: &drm.Protection{}, told: map[[16]byte]drm.State{}, barred: map[levelName]*bar{}},
	}
	url, _ := address(c.URL)
	c.show.url = url
	l.askManifest(url, 0, func(_ context.Context, a manifestAnswer) message {
		return message{clip: &clipAnswer{clip: c, got: &a}}
	})
}

// enoughBehind reports whether what is behind could begin.
func (l *loop) enoughBehind() bool {
	for _, t := range l.tracks {
		if ahead, ended := t.buffered(0); !ended && ahead < l.need && t.next < t.stream.Limit() {
			return false
		}
	}
	return true
}

// clipArrived takes the manifest of a clip.
func (l *loop) clipArrived(a *clipAnswer) {
	c := a.clip
	if c.over || c.show == nil {
		return
	}
	if a.got.err != nil {
		l.dropClip(c, "failed", explain(a.got.err, c.URL))
		return
	}
	switch {
	case a.got.snap.Live():
		l.dropClip(c, "failed", fail(event.ManifestKind, a.got.got.URL, "clip %q is live", c.ID))
		return
	case len(a.got.snap.Presentation().Protections) > 0:
		l.dropClip(c, "failed", fail(event.KeyNotFound, a.got.got.URL, "clip %q is protected", c.ID))
		return
	}
	o, e := l.survey(a.got)
	if e != nil {
		l.dropClip(c, "failed", e)
		return
	}
	c.snap = a.got.snap
	l.inFrontOf(c.show, func() {
		l.base, l.snap = a.got.got.URL, c.snap
		l.origins = newOrigins(l.url, nil)
		l.origins.list[0].base = l.base
		l.choose(o)
		l.tellTracks()
		for _, t := range l.tracks {
			t.queue.Restart(l.epoch, 0)
			t.queue.Bound(endOf(c.Length))
			l.aim(t, 0)
		}
	})
}

// endOf is where a clip of a length ends.
func endOf(length time.Duration) time.Duration {
	if length == 0 {
		return buffer.Unbounded
	}
	return length
}

// untilClips is how long clipTurn has nothing to do.
func (l *loop) untilClips() time.Duration {
	wait := schedule.Forever
	if l.clips.since > 0 {
		wait = min(wait, max(l.clips.since+l.patience()-l.now(), 0)+time.Millisecond)
	}
	if l.state != event.Playing {
		return wait
	}
	pos := l.position()
	if c := l.clips.air; c != nil {
		if c.told < len(quarters) {
			wait = min(wait, max(c.length()*time.Duration(c.told+1)/4-pos, 0)+time.Microsecond)
		}
		return wait
	}
	for _, c := range l.clips.list {
		if !c.over && c.at >= 0 && c.show == nil {
			wait = min(wait, max(c.at-clipLead-pos, 0)+time.Millisecond)
		}
	}
	return wait
}
