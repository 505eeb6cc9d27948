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

// setOrigins begins anew with the origins of a presentation.
func (l *loop) setOrigins(first string, others []string) {
	l.origins = origins{list: []origin{{url: first}}}
	for _, raw := range others {
		if full, err := address(raw); err == nil {
			l.origins.list = append(l.origins.list, origin{url: full})
		}
	}
}

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

// originFailed notes a failure of the current origin, and moves on to another
// where there is one that is not left alone itself.
func (l *loop) originFailed(class fetch.Class, status int, code event.Code) (moved bool) {
	if len(l.origins.list) < 2 || !blamesOrigin(class, status) {
		return false
	}
	o := &l.origins.list[l.origins.current]
	if o.failures++; o.failures < patience(class) {
		return false
	}
	return l.leaveOrigin(code)
}

// leaveOrigin leaves the current origin alone for a while.
func (l *loop) leaveOrigin(code event.Code) bool {
	s := &l.origins
	next := -1
	for i := range s.list {
		if i != s.current && s.list[i].until <= l.now() {
			next = i
			break
		}
	}
	if next < 0 {
		return false
	}
	l.breakOrigin(s.current)
	l.moveOrigin(next, code)
	return true
}

func (l *loop) breakOrigin(i int) {
	o := &l.origins.list[i]
	o.until = l.now() + min(breakFirst<<min(o.trips, 10), breakLongest)
	o.trips++
	o.failures = 0
}

// moveOrigin lets all requests go to origin i from now on.
func (l *loop) moveOrigin(i int, cause event.Code) {
	s := &l.origins
	from := host(s.list[s.current].url)
	s.current, s.since = i, l.now()
	o := &s.list[i]
	l.url, l.base = o.url, o.base
	if l.base == "" {
		l.base = o.url
	}
	l.live.refresh.failed, l.live.refresh.gone = 0, 0
	l.live.refresh.urgent = l.snap != nil && l.snap.Live()
	for _, t := range l.tracks {
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

// returnOrigin tries a better origin again once it was left alone for long
// enough: its manifest tells whether it is there.
func (l *loop) returnOrigin() {
	s := &l.origins
	if i := l.better(); i >= 0 && !s.probing && l.now() >= s.list[i].until {
		s.probing = true
		l.probeOrigin(i)
	}
}

// better is the origin that is preferred to the current one; -1: none.
func (l *loop) better() int {
	if l.origins.current == 0 || l.snap == nil {
		return -1
	}
	return 0
}

// untilReturn is how long no better origin is to be tried.
func (l *loop) untilReturn() time.Duration {
	if i := l.better(); i >= 0 && !l.origins.probing {
		return max(l.origins.list[i].until-l.now(), 0)
	}
	return schedule.Forever
}

// probeOrigin asks origin i for the manifest.
func (l *loop) probeOrigin(i int) {
	opening, url, extra, after := l.opening, l.origins.list[i].url, l.manifestExtra(), l.turnOf()
	l.spawn(func(ctx context.Context) {
		sleep(ctx, after)
		a := probeAnswer{opening: opening, origin: i}
		got, err := l.client.ManifestWith(ctx, url, extra)
		if err == nil {
			a.base = got.URL
			a.snap, err = parseManifest(got)
		}
		if err == nil {
			err = l.probeFragment(ctx, a.base, a.snap)
		}
		a.err = err
		l.p.post(ctx, message{probe: &a})
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
			level := &source.Levels[0]
			for q := range source.Levels {
				if source.Levels[q].BitrateBPS < level.BitrateBPS {
					level = &source.Levels[q]
				}
			}
			c := stream.Chunk(stream.Limit() - 1)
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
		l.breakOrigin(a.origin)
	default:
		cause := event.Code("")
		if l.stands() {
			cause = event.LiveStalled
			l.breakOrigin(l.origins.current)
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
			s.probing = true
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
