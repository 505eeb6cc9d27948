package player

import (
	"context"
	"net/url"
	"time"

	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/manifest"
	"smoothplay/player/schedule"
	"smoothplay/player/timeline"
)

const (
	// breakFirst is how long an origin that failed is left alone; it doubles with
	// each failure that follows, up to breakLongest.
	breakFirst   = 10 * time.Second
	breakLongest = 5 * time.Minute
	// healed is for how long an origin must work until its failures are forgotten.
	healed = time.Minute
	// failoverFirstByte is how long an origin may say nothing, where there are
	// others.
	failoverFirstByte = 2 * time.Second
	// standsStill is for how many chunks nothing new may come until another origin
	// is asked whether it knows more.
	standsStill = 2
)

// origins are the servers that have the same presentation, in the order of
// preference.
type origins struct {
	list    []origin
	current int
	probing bool
	since   time.Duration // that the current one is asked
}

// origin is one of them. It is a circuit breaker: after failures it is not asked
// for a while, then it is tried once.
type origin struct {
	url      string        // of the manifest
	base     string        // the same after redirects; "": not asked yet
	failures int           // in a row
	trips    int           // times that it was left in a row
	until    time.Duration // left alone until then
}

// newOrigins are the origins of a presentation, none of which was asked yet.
func newOrigins(first string, others []string) origins {
	s := origins{list: []origin{{url: first}}}
	for _, raw := range others {
		if full, err := address(raw); err == nil {
			s.list = append(s.list, origin{url: full})
		}
	}
	return s
}

// url is the address of the manifest at the current origin.
func (s *origins) url() string { return s.list[s.current].url }

// fallbacks are the other origins of the presentation at url: those of the
// configuration for what that names, and none for another presentation.
func (l *loop) fallbacks(url string) []string {
	if configured, err := address(l.cfg.URL); err == nil && configured == url {
		return l.cfg.Fallbacks
	}
	return nil
}

// originWorked notes an answer of the current origin.
func (l *loop) originWorked() {
	o := &l.origins.list[l.origins.current]
	o.failures = 0
	if l.now()-l.origins.since >= healed {
		o.trips = 0
	}
}

// patience is how many failures in a row make an origin be left: the first one
// where it does not answer at all.
func patience(class fetch.Class) int {
	if class == fetch.Offline || class == fetch.Timeout {
		return 1
	}
	return 2
}

// blamesOrigin reports whether a failure says something of the whole origin.
func blamesOrigin(class fetch.Class, status int) bool {
	switch class {
	case fetch.Offline, fetch.Timeout, fetch.Truncated:
		return true
	case fetch.Status:
		return status >= 500
	}
	return false
}

// failed notes a failure of the current origin at now, and moves on to another
// where there is one that is not left alone itself.
func (s *origins) failed(now time.Duration, class fetch.Class, status int) (moved bool) {
	if len(s.list) < 2 || !blamesOrigin(class, status) {
		return false
	}
	o := &s.list[s.current]
	if o.failures++; o.failures < patience(class) {
		return false
	}
	for i := range s.list {
		if i != s.current && s.list[i].until <= now {
			s.leave(s.current, now)
			s.current, s.since = i, now
			return true
		}
	}
	return false
}

// leave leaves origin i alone for a while.
func (s *origins) leave(i int, now time.Duration) {
	o := &s.list[i]
	o.until = now + min(breakFirst<<min(o.trips, 10), breakLongest)
	o.trips++
	o.failures = 0
}

// originFailed notes a failure of the current origin, and lets all requests go to
// another where there is one that is not left alone itself.
func (l *loop) originFailed(class fetch.Class, status int, code event.Code) (moved bool) {
	from := host(l.origins.url())
	if moved = l.origins.failed(l.now(), class, status); moved {
		l.moved(from, code)
	}
	return moved
}

// moveOrigin lets all requests go to origin i from now on.
func (l *loop) moveOrigin(i int, cause event.Code) {
	from := host(l.origins.url())
	l.origins.current, l.origins.since = i, l.now()
	l.moved(from, cause)
}

// moved begins anew with another origin.
func (l *loop) moved(from string, cause event.Code) {
	o := &l.origins.list[l.origins.current]
	l.url, l.base = o.url, o.base
	if l.base == "" {
		l.base = o.url
	}
	l.live.refresh.failed, l.live.refresh.gone = 0, 0
	l.live.refresh.urgent = l.snap.Live()
	for t := range l.all() {
		t.info.failed = 0
		if t.job == nil {
			t.begun()
		}
	}
	l.emit(event.Failover{From: from, To: host(o.url), Cause: cause})
}

// host is the host and port of an address.
func host(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}

// returnOrigin tries the preferred origin again once it was left alone for long
// enough: its manifest tells whether it is there.
func (l *loop) returnOrigin() {
	if l.elsewhere() && !l.origins.probing && l.now() >= l.origins.list[0].until {
		l.probeOrigin(0)
	}
}

// elsewhere reports whether another origin than the preferred one, the first, is
// played from.
func (l *loop) elsewhere() bool { return l.origins.current != 0 && l.snap != nil }

// untilReturn is how long the preferred origin is not to be tried.
func (l *loop) untilReturn() time.Duration {
	if l.elsewhere() && !l.origins.probing {
		return max(l.origins.list[0].until-l.now(), 0)
	}
	return schedule.Forever
}

// probeOrigin asks origin i for the manifest and a fragment.
func (l *loop) probeOrigin(i int) {
	l.origins.probing = true
	opening := l.opening
	l.askManifest(l.origins.list[i].url, l.turnOf(), func(ctx context.Context, a manifestAnswer) message {
		p := probeAnswer{opening: opening, origin: i, snap: a.snap, err: a.err}
		if p.err == nil {
			p.base = a.got.URL
			p.err = l.probeFragment(ctx, p.base, p.snap)
		}
		return message{probe: &p}
	})
}

// probeFragment asks for the newest fragment of a manifest at its lowest level, of
// the sound where there is some: a manifest alone is often still served.
func (l *loop) probeFragment(ctx context.Context, base string, s *timeline.Snapshot) error {
	pres := s.Presentation()
	for _, kind := range []string{"audio", "video"} {
		for i := range pres.Streams {
			source, stream := &pres.Streams[i], s.Stream(i)
			if source.Type != kind || stream.Len() == 0 || len(source.Levels) == 0 {
				continue
			}
			c := stream.Chunk(stream.Limit() - 1)
			source, base = inClip(pres, i, c), baseOf(base, pres, c)
			level := &source.Levels[0]
			for q := range source.Levels {
				if source.Levels[q].BitrateBPS < level.BitrateBPS {
					level = &source.Levels[q]
				}
			}
			r := l.client.Fragment(ctx, fetch.Job{URL: manifest.ChunkURL(base, source, level, c.T)}, nil)
			if r.Err == nil {
				r.Body.Release()
			}
			return r.Err
		}
	}
	return nil
}

// probed takes the answer of an origin that was tried.
func (l *loop) probed(a *probeAnswer) {
	if a.opening != l.opening || l.snap == nil || l.done {
		return
	}
	l.origins.probing = false
	if a.origin == l.origins.current {
		return
	}
	o := &l.origins.list[a.origin]
	if a.err == nil {
		o.base = a.base
	}
	switch {
	case a.err != nil, l.snap.Live() && !l.knowsAsMuch(a):
		l.origins.leave(a.origin, l.now())
	default:
		cause := event.Code("")
		if l.stands() {
			cause = event.LiveStalled
			l.origins.leave(l.origins.current, l.now())
		}
		l.moveOrigin(a.origin, cause)
	}
}

// knowsAsMuch reports whether the manifest of another origin reaches as far as
// what is known: farther, where nothing new comes here.
func (l *loop) knowsAsMuch(a *probeAnswer) bool {
	s, change, err := l.snap.Refresh(a.snap.Presentation())
	if err != nil || change.Restarted {
		return false
	}
	if l.stands() {
		return change.Added > 0
	}
	theirs := a.snap.Zero() + a.snap.Duration()
	ours := s.Zero() + s.Duration()
	return ours-theirs <= 2*l.chunkDuration()
}

// stands reports whether the live edge of the current origin stands still.
func (l *loop) stands() bool {
	return l.snap.Live() && l.now()-l.live.grownAt > max(standsStill*l.chunkDuration()+time.Second, 3*time.Second)
}

// watchEdge asks another origin where the edge of the current one stands still,
// if a viewer is there.
func (l *loop) watchEdge() {
	s := &l.origins
	if len(s.list) < 2 || s.probing || l.paused || !l.live.follow || !l.stands() || l.now() < l.live.asked {
		return
	}
	for n := range len(s.list) - 1 {
		if i := (s.current + 1 + n) % len(s.list); s.list[i].until <= l.now() {
			l.live.asked = l.now() + 2*l.chunkDuration()
			l.probeOrigin(i)
			return
		}
	}
}

// probeAnswer is what an origin said that was tried.
type probeAnswer struct {
	opening int
	origin  int
	base    string
	snap    *timeline.Snapshot
	err     error
}
