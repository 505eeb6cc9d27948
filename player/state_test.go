package player_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// gate is a presentation whose manifest, or whose fragments from a place on, are
// not answered before a time.
type gate struct {
	playertest.Presentation
	began     time.Time
	manifest  time.Duration // answered from then on, since began
	fragments time.Duration
	from      int // the video chunk from which fragments wait
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(strings.ToLower(r.URL.Path), "/manifest") {
		wait(r, g.began.Add(g.manifest))
	} else if chunkOf(r) >= g.from {
		wait(r, g.began.Add(g.fragments))
	}
	g.Presentation.ServeHTTP(w, r)
}

// wait holds an answer back.
func wait(r *http.Request, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

// inState says how to bring a session into a state for at least a second.
type inState struct {
	state  event.State
	handle func(*gate)
	config func(*player.Config)
	before []playertest.Step
	at     time.Duration // when it is in that state
	free   time.Duration // when nothing is held back any more
}

var states = []inState{
	{state: event.Opening, handle: func(g *gate) { g.manifest = 3 * time.Second }, at: time.Second, free: 3 * time.Second},
	{state: event.Buffering, handle: func(g *gate) { g.fragments = 3 * time.Second }, at: time.Second, free: 3 * time.Second},
	{state: event.Playing, at: 2 * time.Second},
	{state: event.Paused, before: []playertest.Step{playertest.Pause(time.Second)}, at: 2 * time.Second},
	{
		state:  event.Seeking,
		handle: func(g *gate) { g.from, g.fragments = 15, 4*time.Second },
		before: []playertest.Step{{At: time.Second, Do: func(s *playertest.Session) {
			go s.Player.Seek(s.Ctx, 30*time.Second, player.Exact)
		}}},
		at: 2 * time.Second, free: 4 * time.Second,
	},
	{
		state:  event.Ended,
		config: func(c *player.Config) { c.KeepOpen, c.Start = true, 57*time.Second },
		at:     5 * time.Second,
	},
}

// aCommand is a command and how to see that it was carried out, ten seconds
// later.
type aCommand struct {
	name  string
	do    func(*playertest.Session) error
	check func(s *playertest.Session, log []event.Event, asked time.Duration) string
}

var allCommands = []aCommand{
	{
		"Open", func(s *playertest.Session) error { return s.Player.Open(s.Ctx, "http://test/show.ism/manifest") },
		func(s *playertest.Session, log []event.Event, _ time.Duration) string {
			opened := event.Bodies[event.Manifest](log)
			if last := opened[len(opened)-1].URL; last != "http://test/show.ism/manifest" || s.Player.Status().State != event.Playing {
				return "the presentation opened last is " + last + ", the state " + string(s.Player.Status().State)
			}
			return ""
		},
	},
	{"Play", func(s *playertest.Session) error { return s.Player.Play(s.Ctx) }, isIn(event.Playing)},
	{"Pause", func(s *playertest.Session) error { return s.Player.Pause(s.Ctx) }, isIn(event.Paused)},
	{"Stop", func(s *playertest.Session) error { return s.Player.Stop(s.Ctx) }, isIn(event.Stopped)},
	{
		"Seek", func(s *playertest.Session) error { return s.Player.Seek(s.Ctx, 40*time.Second, player.Exact) },
		func(s *playertest.Session, log []event.Event, _ time.Duration) string {
			done := event.Bodies[event.SeekDone](log)
			if len(done) == 0 || done[len(done)-1].To != 40*time.Second || done[len(done)-1].Shown != 40*time.Second {
				return "the seek was not done"
			}
			return ""
		},
	},
	{
		"SelectAudio", func(s *playertest.Session) error { return s.Player.SelectAudio(s.Ctx, 1) },
		func(s *playertest.Session, log []event.Event, _ time.Duration) string {
			if n := s.Player.Status().SelectedAudio; n != 1 {
				return "the other language was not selected"
			}
			return ""
		},
	},
	{
		"SelectText", func(s *playertest.Session) error { return s.Player.SelectText(s.Ctx, 1) },
		func(s *playertest.Session, log []event.Event, _ time.Duration) string {
			if n := s.Player.Status().SelectedText; n != 1 {
				return "the other captions were not selected"
			}
			return ""
		},
	},
	{
		"SetLimits", func(s *playertest.Session) error {
			return s.Player.SetLimits(s.Ctx, player.Limits{MaxBPS: 400_000})
		},
		func(s *playertest.Session, log []event.Event, asked time.Duration) string {
			n := 0
			for _, f := range event.Bodies[event.Fragment](log) {
				if f.Track == "video" && f.Asked > asked {
					if n++; f.Level != 0 {
						return "a fragment above the limit was fetched"
					}
				}
			}
			if n == 0 {
				return "nothing was fetched that could show it"
			}
			return ""
		},
	},
	{
		"SetRate", func(s *playertest.Session) error { return s.Player.SetRate(s.Ctx, 0.5) },
		func(s *playertest.Session, _ []event.Event, _ time.Duration) string {
			if s.Player.Status().Rate != 0.5 {
				return "the rate was not set"
			}
			return ""
		},
	},
	{
		"Step", func(s *playertest.Session) error { return s.Player.Step(s.Ctx, -1) },
		func(s *playertest.Session, log []event.Event, _ time.Duration) string {
			if seeks := event.Bodies[event.Seek](log); len(seeks) == 0 || seeks[len(seeks)-1].Cause != "step" {
				return "there was no step"
			}
			return isIn(event.Paused)(s, log, 0)
		},
	},
	{
		"SetVolume", func(s *playertest.Session) error { return s.Player.SetVolume(s.Ctx, 0.25) },
		func(s *playertest.Session, _ []event.Event, _ time.Duration) string {
			if s.Player.Status().Volume != 0.25 {
				return "the volume was not set"
			}
			return ""
		},
	},
	{
		"Mute", func(s *playertest.Session) error { return s.Player.Mute(s.Ctx, true) },
		func(s *playertest.Session, _ []event.Event, _ time.Duration) string {
			if !s.Player.Status().Muted {
				return "it was not muted"
			}
			return ""
		},
	},
}

func isIn(want event.State) func(*playertest.Session, []event.Event, time.Duration) string {
	return func(s *playertest.Session, _ []event.Event, _ time.Duration) string {
		if got := s.Player.Status().State; got != want {
			return "ten seconds later the state is " + string(got) + ", want " + string(want)
		}
		return ""
	}
}

// TestEveryCommandInEveryState goes through the table of states cell by cell.
func TestEveryCommandInEveryState(t *testing.T) {
	for _, in := range states {
		for _, c := range allCommands {
			t.Run(string(in.state)+"/"+c.name, func(t *testing.T) { tryCell(t, in, c) })
		}
	}
}

func tryCell(t *testing.T, in inState, c aCommand) {
	verdict := player.Verdict(in.state, c.name)
	g := &gate{Presentation: *playertest.Default()}
	g.Length = 60 * time.Second
	g.Texts = []playertest.Text{{Language: "eng"}, {Language: "ara"}}
	if in.handle != nil {
		in.handle(g)
	}
	var log event.Recorder
	tried := false
	began := time.Time{}
	try := func(s *playertest.Session) {
		tried = true
		synctest.Wait()
		if got := s.Player.Status().State; got != in.state {
			t.Fatalf("the state is %s, want %s", got, in.state)
		}
		asked, events := time.Since(began), len(log.Events())
		err := c.do(s)
		took := time.Since(began) - asked
		if err != nil {
			t.Errorf("%s: %v", verdict, err)
		}
		switch verdict {
		case "refuse":
			t.Errorf("a session that runs refuses")
		case "ignore":
			time.Sleep(10 * time.Millisecond)
			for _, e := range log.Events()[events:] {
				switch e.Body.(type) {
				case event.StateChanged, event.Seek, event.Manifest:
					t.Errorf("what is to be ignored led to %s", e.Body.Type())
				}
			}
			if got := s.Player.Status().State; got != in.state {
				t.Errorf("what is to be ignored led to the state %s", got)
			}
			return
		case "later":
			if asked+took < in.free {
				t.Errorf("carried out after %v, before the presentation was open", took)
			}
		case "accept":
			if c.name != "Seek" && c.name != "Step" && c.name != "Open" && took != 0 {
				t.Errorf("it took %v", took)
			}
		}
		switch {
		case c.name == "SetLimits" && (in.state == event.Paused || in.state == event.Ended),
			c.name == "SelectAudio" && in.state == event.Paused: // sound is spliced when it moves
			s.Must(s.Player.Play(s.Ctx))
		}
		time.Sleep(10 * time.Second)
		if trouble := c.check(s, log.Events(), asked); trouble != "" {
			t.Error(trouble)
		}
	}
	playertest.Run(t, playertest.Scenario{
		Handler: g,
		Config: func(cfg *player.Config) {
			began = time.Now()
			g.began = began
			cfg.Events = &log
			cfg.BufferAhead, cfg.BufferBehind = 6*time.Second, time.Second
			if in.config != nil {
				in.config(cfg)
			}
		},
		Script: append(in.before[:len(in.before):len(in.before)], playertest.Step{At: in.at, Do: try}),
		For:    20 * time.Second,
	})
	if !tried {
		t.Error("the command was not given")
	}
}

// TestCommandsAfterTheEnd: the rows of stopped and failed, in which no loop is
// left that could answer.
func TestCommandsAfterTheEnd(t *testing.T) {
	for _, state := range []event.State{event.Stopped, event.Failed} {
		playertest.Run(t, playertest.Scenario{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if state == event.Failed {
					http.NotFound(w, r)
					return
				}
				playertest.Default().ServeHTTP(w, r)
			}),
			Script: []playertest.Step{{At: 0, Do: func(s *playertest.Session) {
				if state == event.Stopped {
					s.Must(s.Player.Stop(s.Ctx))
				}
				for s.Player.Summary() == nil {
					time.Sleep(time.Millisecond)
				}
				synctest.Wait()
				if got := s.Player.Status().State; got != state {
					t.Errorf("the state is %s, want %s", got, state)
				}
				s.Ctx = context.WithoutCancel(s.Ctx)
				for _, c := range allCommands {
					if v := player.Verdict(state, c.name); v != "refuse" && c.name != "Stop" {
						t.Errorf("%s in %s: the table says %s", c.name, state, v)
					}
					if err := c.do(s); !errors.Is(err, player.ErrNotRunning) {
						t.Errorf("%s in %s: %v", c.name, state, err)
					}
				}
			}}},
		})
	}
}
