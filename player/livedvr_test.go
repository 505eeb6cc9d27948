package player_test

import (
	"slices"
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// seeksTo are the places where seeks arrived, in order.
func seeksTo(r *playertest.Result) (list []time.Duration) {
	for _, s := range event.Bodies[event.SeekDone](r.Events) {
		list = append(list, s.Shown)
	}
	return list
}

// The window moves on with the edge, and what has left it leaves the timeline.
func TestLiveWindowMoves(t *testing.T) {
	var g glimpses
	s := scene{name: "window moves", span: 100 * sec, live: func(e *origin.Live) { e.Window = time.Minute }, script: g.every(10*sec, 5*sec, 99*sec)}
	r := s.play(t)
	flowed(t, r)
	showed(t, r, stretch{from: 54 * sec})
	for _, now := range g.list {
		edge := time.Minute + now.at
		if now.Edge > edge || now.Edge < edge-2*fragmentOf-sec || now.WindowStart > now.at+fragmentOf || now.WindowStart < now.at-2*fragmentOf-sec {
			t.Errorf("at %v the window is from %v to %v", now.at, now.WindowStart, now.Edge)
		}
	}
}

// A pause ends where it began, if that is still in the window: else at the start
// of the window, which is an event.
func TestLivePauses(t *testing.T) {
	short := func(e *origin.Live) { e.Window = time.Minute }
	for _, c := range []struct {
		scene
		until   time.Duration
		outside bool
	}{
		{scene{name: "pause within the window"}, 50 * sec, false},
		{scene{name: "pause longer than the window", live: short}, 190 * sec, true},
		{scene{name: "pause much longer than the window", live: short}, 2 * time.Hour, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.script = []playertest.Step{playertest.Pause(10 * sec), playertest.Play(c.until)}
			c.span = c.until + 20*sec
			r := c.play(t)
			outside := event.Bodies[event.Window](r.Events)
			if !c.outside {
				flowed(t, r)
				showed(t, r, stretch{from: 594 * sec})
				if len(outside) != 0 {
					t.Errorf("the window was told: %v", outside)
				}
				return
			}
			if r.Summary.Stalls != 0 || len(outside) != 1 || outside[0].Cause != "outside" {
				t.Errorf("%d stalls, the window was told: %v", r.Summary.Stalls, outside)
			}
			got := stretches(r)
			if len(got) != 2 || got[0].from != 54*sec {
				t.Fatalf("the pictures shown are those of %v", got)
			}
			// It begins with the window of then, but for a margin.
			if begin := c.until; got[1].from < begin || got[1].from > begin+3*fragmentOf {
				t.Errorf("goes on from %v, the window began at %v", got[1].from, begin)
			}
			for _, f := range refused(r) {
				if f.Code != event.NotYetThere {
					t.Errorf("%s %d: %s", f.Track, f.Chunk, f.Code)
				}
			}
		})
	}
}

// Seeks lead anywhere in the window, exactly; outside of it to its ends, which
// is told, and is no error.
func TestLiveSeeks(t *testing.T) {
	for _, c := range []struct {
		name    string
		to      time.Duration
		want    time.Duration // of the first picture
		outside bool
		atEdge  bool
	}{
		{"seek to the middle of the window", 300*sec + 500*time.Millisecond, 300*sec + 480*time.Millisecond, false, false},
		{"seek back a little", 597 * sec, 597 * sec, false, false},
		{"seek ahead a little", 604 * sec, 603880 * time.Millisecond, false, true},
		{"seek before the window", -100 * sec, 13920 * time.Millisecond, true, false},
		{"seek beyond the edge", 10 * time.Hour, 603880 * time.Millisecond, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var g glimpses
			s := scene{name: c.name, span: 30 * sec, script: append(g.at(20*sec), playertest.Seek(10*sec, c.to))}
			r := s.play(t)
			flowed(t, r)
			showed(t, r, stretch{from: 594 * sec}, stretch{from: c.want})
			if at := seeksTo(r); len(at) != 1 || at[0] != c.want {
				t.Errorf("seeks arrived at %v", at)
			}
			if got := len(event.Bodies[event.Window](r.Events)); (got == 1) != c.outside {
				t.Errorf("%d times told that a place is outside", got)
			}
			if got := codes(r); len(got) != 0 {
				t.Errorf("errors: %v", got)
			}
			if g.list[0].AtEdge != c.atEdge {
				t.Errorf("at the edge: %v", g.list[0].AtEdge)
			}
		})
	}
}

// Going live leads to the edge from anywhere, and ends a pause; an instant
// replay goes back five seconds, or as many as are configured.
func TestLiveGoesLiveAndReplays(t *testing.T) {
	var g glimpses
	s := scene{
		name: "go live and replay", span: 100 * sec,
		script: append(g.at(29*sec, 49*sec, 59*sec, 89*sec),
			playertest.Seek(10*sec, 200*sec), goLive(30*sec), // from far back
			playertest.Pause(40*sec), goLive(50*sec), // from a pause
			replay(52*sec), replay(60*sec), goLive(80*sec)),
	}
	r := s.play(t)
	if r.Summary.Stalls != 0 || r.Summary.PicturesDropped != 0 {
		t.Errorf("%d stalls, %d pictures dropped", r.Summary.Stalls, r.Summary.PicturesDropped)
	}
	if want := []string{"command", "live", "live", "replay", "replay", "live"}; !slices.Equal(causes(r), want) {
		t.Errorf("the playhead was moved by %v, want %v", causes(r), want)
	}
	seeks := event.Bodies[event.Seek](r.Events)
	for _, e := range r.Events {
		if b, ok := e.Body.(event.Seek); ok && b.Cause == "replay" && (e.Pos-b.To-5*sec).Abs() > 20*time.Millisecond {
			t.Errorf("a replay at %v leads to %v", e.Pos, b.To)
		}
	}
	if !seeks[3].InBuffer || !seeks[4].InBuffer {
		t.Error("an instant replay asked the network")
	}
	for i, want := range []bool{false, false, false, true} {
		if g.list[i].AtEdge != want {
			t.Errorf("at %v at the edge: %v", g.list[i].at, g.list[i].AtEdge)
		}
	}
	if late := g.list[3].latency(); late > 12*sec {
		t.Errorf("after going live the latency is %v", late)
	}
}

func TestLiveReplayLength(t *testing.T) {
	s := scene{name: "replay of ten seconds", span: 30 * sec, script: []playertest.Step{replay(20 * sec)},
		config: func(c *player.Config) { c.Live.Replay = 10 * sec }}
	r := s.play(t)
	flowed(t, r)
	got := stretches(r)
	if len(got) != 2 || (got[0].to-got[1].from-10*sec).Abs() > 100*time.Millisecond {
		t.Errorf("the pictures shown are those of %v", got)
	}
}

// An instant replay ends a pause.
func TestReplayWhilePaused(t *testing.T) {
	r := playertest.Run(t, playertest.Scenario{Script: []playertest.Step{playertest.Pause(10 * sec), replay(12 * sec)}})
	got := stretches(r)
	if r.Err != nil || len(got) != 2 || got[1].to != 30*sec || (got[0].to-got[1].from-5*sec).Abs() > 100*time.Millisecond {
		t.Errorf("%v, the pictures shown are those of %v", r.Err, got)
	}
}

// What is not live has no edge, but can be replayed.
func TestNothingLiveToGoTo(t *testing.T) {
	r := playertest.Run(t, playertest.Scenario{Script: []playertest.Step{
		{At: 10 * sec, Do: func(s *playertest.Session) {
			if err := s.Player.GoLive(s.Ctx); err == nil {
				s.T.Error("it went live")
			}
		}}, replay(12 * sec)}})
	got := stretches(r)
	if r.Err != nil || len(got) != 2 || got[1].to != 30*sec {
		t.Errorf("%v, the pictures shown are those of %v", r.Err, got)
	}
}

// A window longer or shorter than the server's holds where one is set.
func TestLiveWindowIsSet(t *testing.T) {
	start := func(window time.Duration) func(*player.Config) {
		return func(c *player.Config) { c.Live.Window, c.Live.Start.From = window, player.FromWindow }
	}
	for _, c := range []struct {
		name   string
		config func(*player.Config)
		live   func(*origin.Live)
		from   time.Duration
		seek   time.Duration // where a seek to the start arrives after 40 s
	}{
		{"window shorter than the server's", start(time.Minute), nil, 544 * sec, 584 * sec},
		{"window longer than the server's", start(time.Hour), func(e *origin.Live) { e.Window = 2 * time.Minute }, 4 * sec, 4 * sec},
		{"window without a limit", func(c *player.Config) { c.Live.Start.From = player.FromWindow }, func(e *origin.Live) { e.Window = 0 }, 4 * sec, 4 * sec},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := scene{name: c.name, config: c.config, live: c.live, span: 60 * sec, script: []playertest.Step{playertest.Seek(40*sec, -time.Hour)}}
			r := s.play(t)
			got, at := stretches(r), seeksTo(r)
			if r.Summary.Stalls != 0 || len(at) != 1 || got[0].from != c.from {
				t.Fatalf("%d stalls, seeks arrived at %v, the pictures shown are those of %v", r.Summary.Stalls, at, got)
			}
			if c.name == "window longer than the server's" {
				// What the server has forgotten cannot be had: it says where its own begins.
				if at[0] < c.seek || at[0] > 48*sec {
					t.Errorf("a seek to the start led to %v", at[0])
				}
				return
			}
			if (at[0] - c.seek).Abs() > fragmentOf {
				t.Errorf("a seek to the start led to %v, want %v", at[0], c.seek)
			}
		})
	}
}

// A stream that begins later than its siblings delays the start of what can be
// played: the zero point is that of the earliest, and they stay together.
func TestLiveStreamsThatBeginAtOtherTimes(t *testing.T) {
	s := scene{name: "sound that begins later", span: 40 * sec,
		live: func(e *origin.Live) {
			e.Start = into(-time.Minute)
			e.Window = 0
			e.Gaps = []origin.Gap{{Stream: "audio", From: into(-time.Minute), To: into(-30 * sec)}}
		},
		config: func(c *player.Config) { c.Live.Start.From = player.FromWindow }}
	r := s.play(t)
	got := stretches(r)
	if r.Summary.Stalls != 0 || len(got) != 1 || got[0].from < 30*sec || got[0].from > 38*sec {
		t.Errorf("%d stalls, the pictures shown are those of %v", r.Summary.Stalls, got)
	}
	inSync(t, r, 15*time.Millisecond)
}

// A start-over is live and says how long it will be: it is played as far as it
// is there, and from its start where that is wanted.
func TestLiveStartOver(t *testing.T) {
	s := scene{name: "start-over", span: 130 * sec,
		live: func(e *origin.Live) {
			e.Start, e.Window = into(-20*sec), 0
			e.Duration, e.End = 2*time.Minute, into(100*sec)
		},
		config: func(c *player.Config) { c.Live.Start.From = player.FromWindow }}
	r := s.play(t)
	flowed(t, r)
	got := stretches(r)
	if len(got) != 1 || got[0].from > 4*sec || got[0].to < 118*sec || r.Summary.End != event.Completed {
		t.Errorf("%s, the pictures shown are those of %v", r.Summary.End, got)
	}
}
