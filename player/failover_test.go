package player_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// moves are the failovers of a session, as "to because of".
func moves(r *playertest.Result) (list []string) {
	for _, f := range event.Bodies[event.Failover](r.Events) {
		text := f.To
		if f.Cause != "" {
			text += " " + string(f.Cause)
		}
		list = append(list, text)
	}
	return list
}

// silence is an origin that takes requests from from to to and never answers.
func silence(from, to time.Duration) func(http.Handler) http.Handler {
	return func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if now := time.Since(bubbleBegan); now >= from && now < to {
				<-r.Context().Done()
				return
			}
			h.ServeHTTP(w, r)
		})
	}
}

// Where an origin fails, the session goes on with the next at the same position,
// without a stall, and returns when the first is well again.
func TestFailover(t *testing.T) {
	for _, c := range []struct {
		scene
		moves []string
	}{
		{scene{name: "failover from an origin that dies", fault: "die@20s-50s"},
			[]string{"backup connection_lost", "test"}},
		{scene{name: "failover from an origin that answers 500", fault: "500@20s-50s"},
			[]string{"backup server_error", "test"}},
		{scene{name: "failover from an origin that answers 503 for ever", fault: "503@20s"},
			[]string{"backup server_error"}},
		{scene{name: "failover from an edge that stands still", fault: "encoder-gap@20s-50s"},
			[]string{"backup live_stalled", "test"}},
		{scene{name: "failover from an origin that never answers", wrap: silence(20*sec, 50*sec)},
			[]string{"backup timeout", "test"}},
		{scene{name: "failover at the start", fault: "die@0s-40s"},
			[]string{"backup connection_lost", "test"}},
		{scene{name: "failover at the start from an origin that never answers", loose: true, wrap: silence(0, 43*sec)},
			[]string{"backup timeout", "test"}},
		{scene{name: "failover and back again", fault: "die@20s-25s,die@60s-65s"},
			[]string{"backup connection_lost", "test", "backup connection_lost", "test"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.span, c.backup = 110*sec, "none"
			r := c.play(t)
			flowed(t, r)
			if got := stretches(r); len(got) != 1 {
				t.Errorf("the pictures shown are those of %v", got)
			}
			if !slices.Equal(moves(r), c.moves) {
				t.Errorf("moved to %v, want %v", moves(r), c.moves)
			}
			for _, f := range event.Bodies[event.Failover](r.Events) {
				if f.From == "" || f.From == f.To {
					t.Errorf("from %q to %q", f.From, f.To)
				}
			}
		})
	}
}

// leftWithin is how long after the first sign the origin was left, and for how
// long the failing origin kept the session.
func leftWithin(r *playertest.Result, since time.Duration) time.Duration {
	for _, e := range r.Events {
		if _, ok := e.Body.(event.Failover); ok {
			return e.At - since
		}
	}
	return time.Hour
}

// An origin that dies is left within the duration of a fragment, and with ten
// seconds of buffer, or the usual distance from the edge, nobody notices.
func TestFailoverIsQuick(t *testing.T) {
	for _, c := range []scene{
		{name: "origin dies quickly left", fault: "die@20s"},
		{name: "origin dies far from the edge", fault: "die@20s", config: func(c *player.Config) { c.Live.Start.Offset = -time.Minute; c.BufferAhead = 10 * sec }},
		{name: "origin dies in the middle of an answer", fault: "die@20200ms"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.span, c.backup = 40*sec, "none"
			r := c.play(t)
			flowed(t, r)
			if got := leftWithin(r, 20*sec); got > fragmentOf+100*time.Millisecond {
				t.Errorf("left after %v", got)
			}
		})
	}
}

// All origins that fail are tried in turn; a circuit breaker leaves those alone
// that failed, for longer each time.
func TestFailoverBreaksTheCircuit(t *testing.T) {
	asked := 0
	s := scene{name: "circuit breaker", span: 4 * time.Minute, fault: "500@20s", backup: "none",
		wrap: func(h http.Handler) http.Handler {
			asked = 0
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if time.Since(bubbleBegan) > 30*sec {
					asked++
				}
				h.ServeHTTP(w, r)
			})
		}}
	r := s.play(t)
	flowed(t, r)
	if asked > 8 || asked < 3 {
		t.Errorf("the origin that fails was asked %d times in three and a half minutes", asked)
	}
	if !slices.Equal(moves(r), []string{"backup server_error"}) {
		t.Errorf("moved to %v", moves(r))
	}
}

// Where both origins fail for a while, the session waits, and goes on with the
// one that is back first.
func TestFailoverOfAllOrigins(t *testing.T) {
	s := scene{name: "all origins fail", span: 100 * sec, fault: "die@20s-80s", backup: "die@15s-45s"}
	r := s.play(t)
	if r.Summary.Stalls != 1 || r.Summary.Stalled > 32*sec {
		t.Errorf("%d stalls of %v", r.Summary.Stalls, r.Summary.Stalled)
	}
	list := moves(r)
	if len(list) == 0 || !strings.HasPrefix(list[0], "backup") {
		t.Errorf("moved to %v", list)
	}
	if now := stretches(r); now[len(now)-1].to < windowOf+100*sec-14*sec {
		t.Errorf("the pictures shown are those of %v", now)
	}
}

// A viewer in the DVR window is not touched by an edge that is offline.
func TestFailoverLeavesTheWindowAlone(t *testing.T) {
	for _, backup := range []string{"", "none"} {
		s := scene{name: "offline edge seen from the window " + backup, span: 90 * sec, fault: "encoder-gap@20s-60s", backup: backup,
			config: func(c *player.Config) { c.Live.Start.Offset = -5 * time.Minute }}
		t.Run(s.name, func(t *testing.T) {
			r := s.play(t)
			flowed(t, r)
			showed(t, r, stretch{from: 300 * sec})
			if len(moves(r)) != 0 || len(causes(r)) != 0 {
				t.Errorf("moved to %v, by %v", moves(r), causes(r))
			}
		})
	}
}

// Encoders fail as servers show it: what can be had is played, and what cannot
// is skipped without losing more.
func TestEncodersFail(t *testing.T) {
	gap := func(stream string, from, to time.Duration) func(*origin.Live) {
		return func(e *origin.Live) {
			e.Gaps = []origin.Gap{{Stream: stream, From: into(from), To: into(to)}}
		}
	}
	promise := func(change func(*origin.Live)) func(*origin.Live) {
		return func(e *origin.Live) { change(e); e.Mode = origin.Promise }
	}
	for _, c := range []struct {
		scene
		want   []stretch
		stalls int
	}{
		{scene{name: "one bitrate is missing", fault: "level-gone@20s-60s", span: 130 * sec}, []stretch{{from: 594 * sec}}, 0},
		{scene{name: "the lowest bitrate is missing", fault: "level-gone@250k"}, []stretch{{from: 594 * sec}}, 0},
		{scene{name: "all bitrates are missing for a while", live: gap("", 20*sec, 30*sec)}, []stretch{{594 * sec, 624 * sec}, {from: 634 * sec}}, 1},
		{scene{name: "all bitrates are missing of a promise", live: promise(gap("", 20*sec, 30*sec))}, []stretch{{594 * sec, 620 * sec}, {from: 630 * sec}}, 1},
		{scene{name: "all bitrates are missing for a moment", live: gap("", 20*sec, 21*sec)}, []stretch{{594 * sec, 624 * sec}, {from: 626 * sec}}, 1},
		{scene{name: "gap in the sound", live: gap("audio", 20*sec, 26*sec)}, []stretch{{from: 594 * sec}}, 1},
		{scene{name: "gap in the pictures", live: gap("video", 20*sec, 26*sec)}, []stretch{{594 * sec, 624 * sec}, {from: 630 * sec}}, 1},
		{scene{name: "gap in the window", live: gap("", -100*sec, -90*sec), config: func(c *player.Config) { c.Live.Start.Offset = -110 * sec }},
			[]stretch{{490 * sec, 504 * sec}, {from: 514 * sec}}, 0},
		{scene{name: "gap in the sound of the window", live: gap("audio", -100*sec, -94*sec), config: func(c *player.Config) { c.Live.Start.Offset = -110 * sec }},
			[]stretch{{from: 490 * sec}}, 0},
		{scene{name: "redundant encoders", fault: "bad-tfrf@duplicates", live: func(e *origin.Live) { e.Mode = origin.Promise }}, []stretch{{from: 594 * sec}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.span == 0 {
				c.span = 80 * sec
			}
			r := c.play(t)
			showed(t, r, c.want...)
			if r.Summary.Stalls > c.stalls || r.Summary.PicturesDropped != 0 {
				t.Errorf("%d stalls, %d pictures dropped", r.Summary.Stalls, r.Summary.PicturesDropped)
			}
			if worst := r.Summary.AVOffset.Quantile(0.95); worst > 20*time.Millisecond {
				t.Errorf("pictures and sound are %v apart", worst)
			}
			if c.name == "one bitrate is missing" {
				back := slices.ContainsFunc(asked(r, "video"), func(f event.Fragment) bool {
					return f.Level == 3 && f.Outcome == event.Received && f.Asked > 60*sec
				})
				if !back || len(refused(r)) > 20 {
					t.Errorf("the level is asked for again: %v; %d requests failed", back, len(refused(r)))
				}
			}
		})
	}
}

// A stream that stays away while others go on is played without, and again when
// it is back: pictures go on without sound after a little, sound without pictures
// after a while.
func TestStreamsStayAway(t *testing.T) {
	for _, c := range []struct {
		stream string
		mode   origin.Mode
		stall  time.Duration
		least  int // pictures
	}{
		{"audio", origin.Complete, 4 * sec, 2450},
		{"audio", origin.Promise, 4 * sec, 2450},
		{"video", origin.Complete, 11 * sec, 1350},
		{"video", origin.Promise, 11 * sec, 1350},
	} {
		s := scene{name: fmt.Sprintf("%s that stays away, %s", c.stream, c.mode), span: 110 * sec, live: func(e *origin.Live) {
			e.Mode = c.mode
			e.Gaps = []origin.Gap{{Stream: c.stream, From: into(20 * sec), To: into(60 * sec)}}
		}}
		t.Run(s.name, func(t *testing.T) {
			var g glimpses
			s.script = g.at(45*sec, 105*sec)
			r := s.play(t)
			if r.Summary.Stalls != 1 || r.Summary.Stalled > c.stall || codes(r)[event.LiveStalled] != 1 {
				t.Errorf("%d stalls of %v, %v", r.Summary.Stalls, r.Summary.Stalled, codes(r))
			}
			for _, now := range g.list {
				if now.State != event.Playing {
					t.Errorf("at %v: %s", now.at, now.State)
				}
			}
			if n := len(r.Shown); n < c.least {
				t.Errorf("%d pictures were shown", n)
			}
			got := stretches(r)
			if last := got[len(got)-1]; last.to-last.from < 30*sec {
				t.Errorf("the pictures shown are those of %v", got)
			}
			if c.stream == "audio" && len(got) != 1 {
				t.Errorf("the pictures shown are those of %v", got)
			}
			if c.stream == "audio" {
				inSync(t, r, 60*time.Millisecond)
			}
		})
	}
}

// A clock of the server that jumps ahead brings the edge nearer: the session
// follows. One that jumps back makes it wait.
func TestServerClockJumps(t *testing.T) {
	for _, c := range []struct {
		scene
		stalls int
		behind time.Duration // what the latency must be within at the end
	}{
		{scene{name: "clock of the server jumps ahead", fault: "clock-jump@+30s@20s"}, 0, 14 * sec},
		{scene{name: "clock of the server jumps far ahead", fault: "clock-jump@+2h@20s"}, 0, 14 * sec},
		{scene{name: "clock of the server jumps back", fault: "clock-jump@-15s@20s"}, 1, 18 * sec},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.span = 120 * sec
			var g glimpses
			c.script = g.at(119 * sec)
			r := c.play(t)
			if r.Summary.Stalls > c.stalls || r.Summary.PicturesDropped > 0 {
				t.Errorf("%d stalls", r.Summary.Stalls)
			}
			now := g.list[0]
			jump := map[string]time.Duration{"ahead": 30 * sec, "far ahead": 2 * time.Hour, "back": -15 * sec}[strings.TrimPrefix(c.name, "clock of the server jumps ")]
			if late := now.latency() + jump; late > c.behind || late < 4*sec {
				t.Errorf("after it the latency is %v", late)
			}
			if now.State != event.Playing || !now.AtEdge {
				t.Errorf("%s, at the edge %v", now.State, now.AtEdge)
			}
		})
	}
}

// An encoder that begins to count its time anew is another presentation: it is
// opened again, at the edge, which is told.
func TestEncoderCountsAnew(t *testing.T) {
	var g glimpses
	s := scene{name: "encoder counts its time anew", span: 80 * sec, fault: "clock-jump@-30m@20s", script: g.at(75 * sec)}
	r := s.play(t)
	if got := stretches(r); len(got) != 2 || codes(r)[event.LiveRestarted] != 1 {
		t.Errorf("%v, the pictures shown are those of %v", codes(r), got)
	}
	now := g.list[0]
	if late := now.latency() - 30*time.Minute; now.State != event.Playing || !now.AtEdge || late > 14*sec {
		t.Errorf("%s, at the edge %v, latency %v", now.State, now.AtEdge, late)
	}
}

// A network that is gone for an hour, as of a device that was suspended, or that
// comes back with another address: the session goes on at the edge, or where it
// was while that is still in the window.
func TestNetworkComesBack(t *testing.T) {
	outage := func(from, to time.Duration) []playertest.Step {
		return []playertest.Step{
			{At: from, Do: func(s *playertest.Session) { s.Network.Close() }},
			{At: to, Do: func(s *playertest.Session) { s.Network.Reopen() }},
		}
	}
	for _, c := range []struct {
		scene
		back time.Duration
	}{
		{scene{name: "network comes back with another address", script: outage(20*sec, 21*sec)}, 21 * sec},
		{scene{name: "network is gone for a minute", script: outage(20*sec, 80*sec)}, 80 * sec},
		{scene{name: "network is gone for an hour", script: outage(20*sec, 3620*sec)}, 3620 * sec},
		{scene{name: "network is gone for an hour with two origins", backup: "none", script: outage(20*sec, 3620*sec)}, 3620 * sec},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.span = c.back + 40*sec
			var g glimpses
			c.script = append(c.script, g.at(c.back+30*sec)...)
			r := c.play(t)
			now := g.list[0]
			if late := now.latency(); now.State != event.Playing || !now.AtEdge || late > 15*sec {
				t.Errorf("%s, at the edge %v, latency %v", now.State, now.AtEdge, late)
			}
			got := stretches(r)
			if c.back == 21*sec {
				flowed(t, r)
				showed(t, r, stretch{from: 594 * sec})
			} else if len(got) > 3 || r.Summary.Stalls > 1 {
				t.Errorf("%d stalls, the pictures shown are those of %v", r.Summary.Stalls, got)
			}
			// Who waits asks every now and then, not all the time.
			if n := len(refused(r)); n > 100+int((c.back-20*sec)/(3*time.Second)) {
				t.Errorf("%d requests failed", n)
			}
		})
	}
}
