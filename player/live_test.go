package player_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// A session joins where it is told to, shows each picture from there on once,
// and says where it is.
func TestLiveJoins(t *testing.T) {
	start := func(from player.LiveFrom, offset time.Duration) func(*player.Config) {
		return func(c *player.Config) { c.Live.Start = player.LiveStart{From: from, Offset: offset} }
	}
	for _, c := range []struct {
		name   string
		config func(*player.Config)
		from   time.Duration
		atEdge bool
	}{
		{"join at the edge", nil, 594 * sec, true},
		{"join at the start", start(player.FromWindow, 0), 4 * sec, false},
		{"join after the start", start(player.FromWindow, 100*sec), 100 * sec, false},
		{"join before the edge", start(player.FromEdge, -30*sec), 570 * sec, false},
		{"join where a session paused", start(player.FromEncoder, 2*time.Hour-5*time.Minute), 304 * sec, false},
		{"join where a session paused long ago", start(player.FromEncoder, 90*time.Minute), 4 * sec, false},
		{"join in the future", start(player.FromEncoder, 10*time.Hour), 594 * sec, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var g glimpses
			s := scene{name: c.name, config: c.config, span: 20 * sec, script: g.at(5*sec, 15*sec)}
			r := s.play(t)
			flowed(t, r)
			showed(t, r, stretch{from: c.from})
			for _, now := range g.list {
				if now.AtEdge != c.atEdge || !now.Live || now.State != event.Playing || now.Speed != 1 {
					t.Errorf("at %v: live %v at the edge %v, %s at speed %v", now.at, now.Live, now.AtEdge, now.State, now.Speed)
				}
				checkStatus(t, now, windowOf)
			}
		})
	}
}

// checkStatus holds what the Status says against the clock of the encoder.
func checkStatus(t *testing.T, g glimpse, window time.Duration) {
	t.Helper()
	// What can be asked for by now ends here. A fragment tells of it when it comes, of
	// which the next two are heard at once.
	edge := windowOf + g.at
	if g.Edge > edge || g.Edge < edge-2*fragmentOf-sec {
		t.Errorf("at %v the edge is said to be %v, it is %v", g.at, g.Edge, edge)
	}
	if begin := edge - window; g.WindowStart > begin+fragmentOf || g.WindowStart < begin-2*fragmentOf-sec {
		t.Errorf("at %v the window is said to begin at %v, it begins at %v", g.at, g.WindowStart, begin)
	}
	if off := g.Latency - g.latency(); off.Abs() > fragmentOf {
		t.Errorf("at %v the latency is said to be %v, it is %v", g.at, g.Latency, g.latency())
	}
}

// The timeline grows from whatever fragments announce, or do not.
func TestLiveTimelineGrows(t *testing.T) {
	for _, s := range []scene{
		{name: "tfrf of version 0", live: func(e *origin.Live) {
			e.Version0, e.Epoch = true, into(-70*sec)
			e.Start = into(-65 * sec)
			e.Window = 0
		}},
		{name: "tfrf of five fragments", live: func(e *origin.Live) { e.LookAhead = 5 }},
		{name: "tfrf of one fragment", live: func(e *origin.Live) { e.LookAhead = 1 }},
		{name: "tfrf promised before it is there", live: func(e *origin.Live) { e.Mode = origin.Promise }},
		{name: "tfrf out of order", fault: "bad-tfrf@order"},
		{name: "tfrf twice", fault: "bad-tfrf@duplicates"},
		{name: "tfrf of wrong durations", fault: "bad-tfrf@durations"},
		{name: "tfrf of wrong times", fault: "bad-tfrf@times"},
		{name: "tfrf of all faults by turns", fault: "bad-tfrf"},
		{name: "no tfrf", fault: "no-tfrf"},
		{name: "no look-ahead", live: func(e *origin.Live) { e.LookAhead = -1 }},
		{name: "tfrf of the sound only", fault: "no-tfrf@video"},
		{name: "tfrf missing at times", fault: "no-tfrf@30%"},
		{name: "look-ahead by its other name", live: func(e *origin.Live) { e.LookAheadName = "LookaheadCount" }},
		{name: "look-ahead by no name", live: func(e *origin.Live) { e.LookAheadName = "-" }},
		{name: "manifest from a cache", fault: "stale-manifest@-20s@50%"},
		{name: "manifest never renewed", fault: "stale-manifest"},
		{name: "chunks written by repetition", live: func(e *origin.Live) { e.Repeat = true }},
		{name: "streams that begin at other times", live: func(e *origin.Live) {
			e.Gaps = []origin.Gap{{Stream: "audio", From: into(-time.Hour), To: into(-20 * sec)}}
		}},
	} {
		t.Run(s.name, func(t *testing.T) {
			s.span = 70 * sec
			r := s.play(t)
			list, least := stretches(r), 69*sec
			if s.name == "tfrf of wrong times" {
				least -= 4 * sec // which takes questions, and more distance
			} else {
				flowed(t, r)
			}
			if len(list) != 1 || list[0].to-list[0].from < least {
				t.Errorf("the pictures shown are those of %v", list)
			}
			edge := time.Duration(0)
			for _, e := range event.Bodies[event.LiveEdge](r.Events) {
				if e.Edge < edge-time.Microsecond {
					t.Errorf("the edge moved back from %v to %v", edge, e.Edge)
				}
				edge = e.Edge
			}
			if edge < list[0].from+66*sec {
				t.Errorf("the edge is %v after 70 s from %v on", edge, list[0].from)
			}
			for _, f := range refused(r) {
				if f.Code != event.NotYetThere {
					t.Errorf("%s %d: %s, %d", f.Track, f.Chunk, f.Code, f.Status)
				}
			}
		})
	}
}

// A server that lists in its manifest what is not there yet is found out by the
// first answer: who joins begins farther back then, and does not stand still.
func TestLiveListedTooEarly(t *testing.T) {
	notFound := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.ServeHTTP(notYetIs404{w}, r)
		})
	}
	for _, s := range []scene{
		{name: "tfrf listed before it is there"},
		{name: "tfrf listed before it is there, 404", wrap: notFound},
		{name: "tfrf listed before it is there, slow link", link: "3M"},
	} {
		t.Run(s.name, func(t *testing.T) {
			s.span, s.live = 70*sec, func(e *origin.Live) { e.ListAnnounced = true }
			var g glimpses
			s.script = g.at(69*sec + 137*time.Microsecond)
			r := s.play(t)
			flowed(t, r)
			list := stretches(r)
			if last := list[len(list)-1]; last.from != 594*sec || last.to < 662*sec || len(list) > 2 || len(list) == 2 && list[0].to-list[0].from > 10*period {
				t.Errorf("the pictures shown are those of %v", list)
			}
			if now := g.list[0]; now.latency() > 12*sec {
				t.Errorf("latency %v", now.latency())
			}
			for _, f := range refused(r) {
				if f.Code != event.NotYetThere && f.Code != event.NotFound {
					t.Errorf("%s %d: %s, %d", f.Track, f.Chunk, f.Code, f.Status)
				}
			}
		})
	}
}

// notYetIs404 answers 404 for 412.
type notYetIs404 struct{ http.ResponseWriter }

func (w notYetIs404) WriteHeader(status int) {
	if status == http.StatusPreconditionFailed {
		status = http.StatusNotFound
	}
	w.ResponseWriter.WriteHeader(status)
}

// counting counts requests by what they are for.
type counting struct {
	http.Handler
	info, fragments, manifests int
}

func (c *counting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.Contains(r.URL.Path, "FragmentInfo("):
		c.info++
	case strings.Contains(r.URL.Path, "Fragments("):
		c.fragments++
	default:
		c.manifests++
	}
	c.Handler.ServeHTTP(w, r)
}

// While paused, FragmentInfo requests let the timeline grow, one for each
// fragment at most; the manifest is asked for no oftener than usual.
func TestLiveTimelineGrowsWhilePaused(t *testing.T) {
	var g glimpses
	var count *counting
	s := scene{
		name: "timeline grows while paused", span: 140 * sec,
		script: append(g.at(60*sec, 119*sec), playertest.Pause(10*sec), playertest.Play(120*sec)),
		wrap:   func(h http.Handler) http.Handler { count = &counting{Handler: h}; return count },
	}
	r := s.play(t)
	flowed(t, r)
	showed(t, r, stretch{from: 594 * sec})
	for _, now := range g.list {
		checkStatus(t, now, windowOf)
		if now.AtEdge || now.State != event.Paused {
			t.Errorf("%s, at the edge %v", now.State, now.AtEdge)
		}
	}
	// The buffer fills for 30 s, then 80 s are left of 2 s each on two tracks.
	if count.info < 30 || count.info > 85 || count.manifests > 7 {
		t.Errorf("%d FragmentInfo requests and %d manifests", count.info, count.manifests)
	}
}

// A server that does not know FragmentInfo is asked for the manifest instead.
func TestLiveTimelineGrowsWithoutFragmentInfo(t *testing.T) {
	var g glimpses
	s := scene{
		name: "server that knows no FragmentInfo", span: 100 * sec,
		script: append(g.at(89*sec), playertest.Pause(10*sec), playertest.Play(90*sec)),
		wrap: func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "FragmentInfo(") {
					http.Error(w, "what is that?", http.StatusBadRequest)
					return
				}
				h.ServeHTTP(w, r)
			})
		},
	}
	r := s.play(t)
	flowed(t, r)
	showed(t, r, stretch{from: 594 * sec})
	if edge := g.list[0].Edge; edge < windowOf+89*sec-refreshesEvery-fragmentOf {
		t.Errorf("the edge is said to be %v after 89 s", edge)
	}
}

// refreshesEvery is how often a manifest is asked for at least.
const refreshesEvery = 30 * sec

// What is not there yet is waited for: at no other level, as if nothing had been
// asked, and never as a measure of the link.
func TestLiveNotYetThere(t *testing.T) {
	for _, s := range []scene{
		{name: "412 at the edge", fault: "412@edge:30%"},
		{name: "404 at the edge", fault: "404@edge:30%"},
		{name: "412 at the edge half the time", fault: "412@edge:50%"},
	} {
		t.Run(s.name, func(t *testing.T) {
			s.span, s.link = 80*sec, "8M"
			r := s.play(t)
			flowed(t, r)
			showed(t, r, stretch{from: 594 * sec})
			checkEarly(t, r)
			if len(refused(r)) < 10 {
				t.Errorf("only %d requests were too early", len(refused(r)))
			}
		})
	}
}

// checkEarly asserts that requests which came too early changed no level and
// were no measure of the link.
func checkEarly(t *testing.T, r *playertest.Result) {
	t.Helper()
	top := false
	for _, f := range asked(r, "video") {
		top = top || f.Level == 3
		if top && f.Level != 3 {
			t.Errorf("fragment %d was asked for at level %d", f.Chunk, f.Level)
		}
	}
	type transfer struct {
		track string
		asked time.Duration
	}
	early := map[transfer]bool{}
	gone := 0 // right behind a refresh, what is missing is listed
	for _, f := range refused(r) {
		if f.Code != event.NotYetThere {
			if gone++; gone > 2 || f.Track == "video" {
				t.Errorf("%s %d: %s", f.Track, f.Chunk, f.Code)
			}
		}
		early[transfer{f.Track, f.Asked}] = true
	}
	for _, d := range event.Bodies[event.LevelDecided](r.Events) {
		for _, x := range d.Input.Transfers {
			if early[transfer{d.Track, x.Start}] {
				t.Errorf("the policy was shown a transfer of something that was not there, begun at %v", x.Start)
			}
		}
	}
}

// An event that begins only now can be joined from its first picture on, and one
// that has not begun is waited for, which is told.
func TestLiveYoungEvents(t *testing.T) {
	for _, c := range []struct {
		scene
		first time.Duration // when the first picture is to be seen, at most
	}{
		{scene{name: "event that began a moment ago", live: func(e *origin.Live) { e.Start = into(-7 * sec) }}, sec},
		{scene{name: "event that has not begun", live: func(e *origin.Live) { e.Start = into(9500 * time.Millisecond) }}, 19 * sec},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.span = 40 * sec
			r := c.play(t)
			flowed(t, r)
			if got := stretches(r); len(got) != 1 || got[0].from > period {
				t.Errorf("the pictures shown are those of %v", got)
			}
			if first := event.Bodies[event.FirstPicture](r.Events)[0].SinceRun; first > c.first {
				t.Errorf("the first picture came after %v", first)
			}
			if got := codes(r)[event.LiveNotBegun]; (got == 1) != (c.first > sec) {
				t.Errorf("told %d times that it has not begun", got)
			}
		})
	}
}
