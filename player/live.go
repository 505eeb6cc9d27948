package player

import (
	"time"

	"smoothplay/player/event"
	"smoothplay/player/schedule"
	"smoothplay/player/timeline"
)

// Live says how live presentations are played. The zero Live is right for most.
type Live struct {
	// Start is where to join.
	Start LiveStart `json:"start,omitzero"`
	// Distance is how far behind the newest end that can be asked for the playhead
	// is kept; 0: three fragments, and 6 s at least.
	Distance time.Duration `json:"distance_ns,omitempty"`
	// BackOff and PlaybackOffset are the names that Microsoft's clients have for
	// parts of the distance (6 s and 7 s there): where one is set, their sum is the
	// distance.
	BackOff        time.Duration `json:"back_off_ns,omitempty"`
	PlaybackOffset time.Duration `json:"playback_offset_ns,omitempty"`
	// Window is how far back seeks go; 0: what the server says.
	Window time.Duration `json:"window_ns,omitempty"`
	// Replay is how far Player.Replay goes back; 0: 5 s.
	Replay time.Duration `json:"replay_ns,omitempty"`
	// Steady keeps the speed of playing at 1, whatever becomes of the latency.
	Steady bool `json:"steady,omitempty"`
}

// LiveStart is where a live presentation is joined.
type LiveStart struct {
	From LiveFrom `json:"from"`
	// Offset is added: to the edge (negative: before it), to the start of the
	// window, or to the origin of the encoder's time.
	Offset time.Duration `json:"offset_ns,omitempty"`
}

// LiveFrom is what a LiveStart counts from.
type LiveFrom uint8

// The places.
const (
	FromEdge    LiveFrom = iota
	FromWindow           // the start of the DVR window
	FromEncoder          // the origin of the encoder's time: Status.MediaTime of an earlier session
)

// String is the name of the place.
func (f LiveFrom) String() string {
	return [...]string{"edge", "window", "encoder"}[min(f, FromEncoder)]
}

// MarshalText implements [encoding.TextMarshaler].
func (f LiveFrom) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

const (
	leastDistance = 6 * time.Second
	usualReplay   = 5 * time.Second
	// farOff is how far from where it should be a playhead that follows the edge
	// is moved at once, instead of by playing faster.
	farOff = 10 * time.Second
	// outsideMargin is how far inside its start a window is entered, two chunks at
	// least: where it starts is known by what was heard last, and it moves on.
	outsideMargin = 2 * time.Second
)

// margin is how far inside its start a window is entered.
func (l *loop) margin() time.Duration { return max(outsideMargin, 2*l.chunkDuration()) }

// live is what the control loop keeps of a presentation that goes on.
type live struct {
	follow   bool            // the viewer wants to be at the edge
	distance time.Duration   // behind the end of what can be asked for
	target   time.Duration   // the same, as begun with; 0: not yet
	behind   []time.Duration // latest samples of it, the oldest first
	outage   bool            // one has left the playhead behind

	refresh refresh
	grownAt time.Duration // when the timeline grew last, or what it announced came
	// answeredAt is when a server answered last with anything of a fragment.
	answeredAt time.Duration
	silentFrom time.Duration // when the first request after that failed for want of an answer
	told       time.Duration // when the edge was told last
	gauged     time.Duration // when the latency was sampled last
	asked      time.Duration // until then, no other origin is asked where the edge is
	stuck      bool          // that nothing comes any more was told
	others     time.Duration // when one stream stayed away and others went on first; 0: that is not so
	forgets    bool          // the server has nothing of what is outside its own window
	ended      bool
}

// beginLive prepares for a presentation that has just been opened.
func (l *loop) beginLive() {
	l.live = live{follow: true, grownAt: l.now(), answeredAt: l.now(), told: l.now()}
	if !l.snap.Live() {
		return
	}
	for _, t := range l.tracks {
		l.listed(t)
		t.info.next = l.now() + l.chunkDuration() // fragments may tell sooner
	}
	l.live.distance = l.distance()
	l.live.refresh.last = l.now()
}

// listed notes that the chunks which a manifest lists are there.
func (l *loop) listed(t *track) {
	if c, ok := t.stream.Newest(); ok {
		t.pace.Exists(l.now(), c.End(), c.Duration)
	}
}

// distance is how far behind the edge to play.
func (l *loop) distance() time.Duration {
	c := l.cfg.Live
	switch {
	case c.BackOff+c.PlaybackOffset > 0:
		return c.BackOff + c.PlaybackOffset
	case c.Distance > 0:
		return c.Distance
	}
	return max(leastDistance, 3*l.chunkDuration())
}

// chunkDuration is that of the latest chunks.
func (l *loop) chunkDuration() time.Duration {
	var d time.Duration
	for _, t := range l.tracks {
		if n := t.stream.Len(); n > 0 {
			d = max(d, t.stream.Chunk(t.stream.First()+n-1).Duration)
		}
	}
	return d
}

// edge is the end of what can be asked for on every track, as far as is known.
func (l *loop) edge() time.Duration {
	edge, some := time.Duration(0), false
	for _, t := range l.tracks {
		if t.lost || t.absent || t == l.switching || t.stream.Len() == 0 {
			continue
		}
		end := t.stream.End()
		if c, ok := t.stream.Newest(); ok && l.snap.Live() {
			end = c.End()
		}
		if !some || end < edge {
			edge, some = end, true
		}
	}
	return edge
}

// edgeNow is the edge as it moves on between two chunks: ok is false where
// nothing is known of when chunks come.
func (l *loop) edgeNow() (edge time.Duration, ok bool) {
	for _, t := range l.tracks {
		if t.lost || t.absent || t == l.switching {
			continue
		}
		e, known := t.pace.Edge(l.now())
		if c, some := t.stream.Newest(); known && some {
			e = min(e, max(c.Start+2*c.Duration, t.stream.End())) // it stands still when the encoder does
			if !ok || e < edge {
				edge, ok = e, true
			}
		}
	}
	return edge, ok
}

// window is the range in which a live presentation can be played; on demand, all
// of it.
func (l *loop) window() (start, end time.Duration) {
	end = l.edge()
	if !l.snap.Live() {
		return l.from, l.snap.Duration()
	}
	first := true
	for _, t := range l.tracks {
		if t == l.switching || t.stream.Len() == 0 {
			continue
		}
		if s := t.stream.Start(); first || s > start {
			start, first = s, false
		}
	}
	if w := l.windowLength(); w > 0 {
		newest := end
		if now, ok := l.edgeNow(); ok {
			newest = max(end, now)
		}
		start = max(start, newest-w)
	}
	return start, end
}

// windowLength is that of the DVR window; 0: unlimited.
func (l *loop) windowLength() time.Duration {
	if l.cfg.Live.Window > 0 && !l.live.forgets {
		return l.cfg.Live.Window
	}
	return l.snap.Window()
}

// livePosition is where a playhead begins to follow the edge: at the beginning of
// a chunk, which is shown soonest, at the wanted distance or a part of a chunk
// farther.
func (l *loop) livePosition() time.Duration {
	start, end := l.window()
	pos := max(end-l.live.distance, start)
	if t := l.leadingTrack(); t != nil {
		// Tracks do not end together: a little nearer is near enough.
		if i := t.stream.At(pos + l.chunkDuration()/8); i < t.stream.Limit() {
			if s := t.stream.Chunk(i).Start; s >= start {
				pos = s // in a gap, where it ends
			}
		}
	}
	return pos
}

// tight reports whether the playhead is so near the edge that the next fragment
// could not come in time: what is shown first stands a moment then.
func (l *loop) tight() (wait time.Duration) {
	if !l.snap.Live() || !l.live.follow || l.live.ended {
		return 0
	}
	edge, ok := l.edgeNow()
	if !ok {
		return 0
	}
	return max(leastBehind(l.chunkDuration())-(edge-l.position()), 0)
}

// leastBehind is how far behind what can be asked for a playhead can follow: a
// chunk lasts until the next one is there, which takes half as long to come on a
// link of twice its bitrate, and a little for all else.
func leastBehind(chunk time.Duration) time.Duration {
	return chunk*3/2 + 400*time.Millisecond
}

// needed is how much to gather before playing begins: more than usual near the edge
// where the link is hardly faster than what is played, so that a fragment takes
// about as long as it lasts.
func (l *loop) needed() time.Duration {
	if !l.snap.Live() || !l.live.follow {
		return l.need
	}
	var rate int64
	for _, t := range l.tracks {
		if t != l.switching && !t.lost {
			rate += t.rates[max(t.current, 0)].BitrateBPS
		}
	}
	if link := l.bandwidth.Estimate().BPS; link == 0 || link >= 2*rate {
		return l.need
	}
	chunk := l.chunkDuration()
	return max(l.need, min(chunk*3/2, l.live.distance-chunk/2))
}

// resume is how much to gather before playing goes on after a stall: near the
// edge there is not more.
func (l *loop) resume() time.Duration {
	if !l.snap.Live() || !l.live.follow {
		return l.cfg.BufferResume
	}
	chunk := l.chunkDuration()
	return min(l.cfg.BufferResume, max(l.live.distance-chunk, chunk/2))
}

// leadingTrack is the video, or what there is.
func (l *loop) leadingTrack() *track {
	for _, t := range l.tracks {
		if t != l.switching && !t.absent && t.stream.Len() > 0 {
			return t
		}
	}
	return nil
}

// joinAt is where to begin a live presentation.
func (l *loop) joinAt() time.Duration {
	s := l.cfg.Live.Start
	start, _ := l.window()
	at := l.livePosition()
	switch s.From {
	case FromWindow:
		return l.inWindow(start + s.Offset)
	case FromEncoder:
		return l.inWindow(s.Offset - l.snap.Zero())
	}
	if s.Offset < 0 {
		return l.inWindow(l.edge() + s.Offset)
	}
	return at
}

// inWindow bounds pos to what can be played, and notes whether that is the edge.
func (l *loop) inWindow(pos time.Duration) time.Duration {
	start, _ := l.window()
	at := l.livePosition()
	follow := pos >= at
	if follow && l.live.follow && !l.paused {
		at = max(at, min(pos, l.position())) // it is there already
	}
	if l.live.follow = follow; follow {
		return at
	}
	return max(pos, min(start+l.margin(), at))
}

// goLive returns to the edge.
func (l *loop) goLive(cause string, c *command) {
	l.endWind(1, cause)
	l.rate = 1
	l.setSpeed(1, cause)
	l.live.follow = true
	l.live.distance = l.distance()
	l.paused = false
	l.moveTo(l.livePosition(), Exact, cause, c)
}

// replay goes back a little.
func (l *loop) replay(c *command) {
	by := l.cfg.Live.Replay
	if by == 0 {
		by = usualReplay
	}
	l.paused = false
	l.moveTo(l.position()-by, Exact, "replay", c)
}

// tellOutside tells that a place sought is not in the window.
func (l *loop) tellOutside(to time.Duration) {
	if !l.snap.Live() {
		return
	}
	if start, end := l.window(); to < start || to > end {
		l.emit(event.Window{Begin: start, End: end, Cause: "outside"})
	}
}

// goal is how much media can be gathered.
func (l *loop) goal() time.Duration {
	if !l.snap.Live() {
		return l.cfg.BufferAhead
	}
	return min(l.cfg.BufferAhead, max(l.edge()-l.position(), l.live.distance)+l.chunkDuration())
}

// liveTurn does what a presentation that goes on asks for in each turn.
func (l *loop) liveTurn() {
	if l.snap == nil || l.done || !l.snap.Live() {
		return
	}
	l.wakeUp()
	l.trimWindow()
	l.askRefresh()
	l.askInfo()
	if l.wind == nil {
		l.playWithout()
		l.takeBack()
		l.jumpGap()
		l.leaveBehind()
		l.keepNear()
	}
	l.watchEdge()
	l.gaugeLatency()
	l.tellOver()
	l.tellStuck()
	l.tellEdge()
}

// untilLive is how long liveTurn has nothing to do.
func (l *loop) untilLive() time.Duration {
	if l.snap == nil || !l.snap.Live() || l.done {
		return schedule.Forever
	}
	wait := min(l.untilRefresh(), l.untilInfo())
	if len(l.origins.list) > 1 {
		wait = min(wait, time.Second)
	}
	for _, t := range l.tracks {
		if until, ok := l.untilBack(t); ok {
			wait = min(wait, max(until, 0))
		}
	}
	if l.state == event.Buffering && l.tight() > 0 {
		wait = min(wait, l.tight())
	}
	return wait
}

// trimWindow forgets what has left the window, and what lies before the playhead
// no longer.
func (l *loop) trimWindow() {
	if l.windowLength() <= 0 {
		return
	}
	start, _ := l.window()
	// A little more is kept, so that rounding and streams that begin at other times
	// do no harm.
	if s := l.snap.Trim(start - l.chunkDuration()); s != l.snap {
		l.grow(s)
	}
}

// grow takes over a new timeline.
func (l *loop) grow(s *timeline.Snapshot) {
	l.snap = s
	for t := range l.all() {
		t.stream = s.Stream(t.index)
		if t.next < t.stream.First() {
			l.cancelJob(t)
			t.next = t.stream.First()
			t.gap = true
			t.begun()
		}
	}
}

// atEdge reports whether what t needs next is not there yet.
func (l *loop) atEdge(t *track) bool {
	if !l.snap.Live() {
		return false
	}
	return t.next >= t.stream.Limit() || l.notYet(t, t.next) > 0 || t.classRow > 0 && t.next >= t.stream.Proven()
}

// leaveBehind moves a playhead into the window that has moved past it.
func (l *loop) leaveBehind() {
	start, end := l.window()
	if l.paused && l.seek == nil || l.position() >= start-l.chunkDuration() {
		return
	}
	var waits *command
	if l.seek != nil { // it goes on from there
		waits, l.seek = l.seek.command, nil
	}
	l.emit(event.Window{Begin: start, End: end, Cause: "outside"})
	if l.live.follow {
		l.moveTo(l.livePosition(), Exact, "live", waits)
		return
	}
	l.moveTo(min(start+l.margin(), max(start, l.livePosition())), Key, "window", waits)
}

// jumpGap passes over a hole of the timeline for which there is nothing on any
// track, as encoders leave them that stood still.
func (l *loop) jumpGap() {
	if l.paused || l.seek != nil || len(l.tracks) == 0 {
		return
	}
	pos := l.position()
	to := schedule.Forever
	for _, t := range l.tracks {
		if t == l.switching || t.absent {
			continue
		}
		next, ok := t.queue.After(pos)
		if !ok || next-pos < leastGap {
			return
		}
		to = min(to, next)
	}
	if to == schedule.Forever {
		return
	}
	l.moveTo(to, Exact, "gap", nil)
}

// leastGap is what is passed over instead of played through.
const leastGap = 300 * time.Millisecond

// tellEdge tells where the edge is, about once a second while something changes.
func (l *loop) tellEdge() {
	if l.now() < l.live.told+observeEvery || l.live.grownAt < l.live.told {
		return
	}
	l.live.told = l.now()
	l.emit(event.LiveEdge{Edge: l.edge(), Latency: l.latency()})
}
