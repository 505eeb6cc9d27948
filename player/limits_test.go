package player_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/heuristics"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// setLimits is a step that sets limits.
func setLimits(at time.Duration, l player.Limits) playertest.Step {
	return playertest.Step{At: at, Do: func(s *playertest.Session) { s.Must(s.Player.SetLimits(s.Ctx, l)) }}
}

func levelSet(t *testing.T, text string) player.LevelSet {
	t.Helper()
	set, err := player.ParseLevels(text)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// used are the levels of a list, each once, ascending.
func used(levels []int) []int {
	levels = slices.Clone(levels)
	slices.Sort(levels)
	return slices.Compact(levels)
}

func TestLevelsAreOfTheSetWanted(t *testing.T) {
	for text, want := range map[string][]int{"0,2": {0, 2}, "2": {2}, "1M-2M": {2}, "-360p": {0, 1}, "1-": {1, 2, 3}} {
		r := playertest.Run(t, playertest.Scenario{
			Link:   "6M:10s,700k:5s,20M",
			Config: func(c *player.Config) { c.Limits.Levels, c.BufferAhead = levelSet(t, text), 8*time.Second },
		})
		if got := used(levelsAfter(r.Events, 0)); r.Err != nil || len(got) == 0 || !slices.Equal(got, want) && len(want) < 3 ||
			got[0] < want[0] || got[len(got)-1] > want[len(want)-1] {
			t.Errorf("%s: levels %v were fetched, want %v; %v", text, got, want, r.Err)
		}
	}
}

func TestLevelsThatAreNotThere(t *testing.T) {
	r := playertest.Run(t, playertest.Scenario{
		Config: func(c *player.Config) { c.Limits.Levels = levelSet(t, "0,9") },
	})
	var e *player.Error
	if !errors.As(r.Err, &e) || e.Code != event.BadArgument || e.Stage != event.StageUsage || !strings.Contains(e.Error(), "3: 3000k 1280x720") {
		t.Errorf("Run: %v, want an error of usage that names the levels", r.Err)
	}
	if n := len(event.Bodies[event.Fragment](r.Events)); n > 0 {
		t.Errorf("%d fragments were fetched", n)
	}
	playertest.Run(t, playertest.Scenario{
		Config: func(c *player.Config) { c.Limits.MaxBPS = 1_500_000 },
		Script: []playertest.Step{{At: 3 * time.Second, Do: func(s *playertest.Session) {
			err := s.Player.SetLimits(s.Ctx, player.Limits{Levels: levelSet(t, "9")})
			if !errors.As(err, &e) || e.Code != event.BadArgument {
				t.Errorf("SetLimits: %v", err)
			}
			if l := s.Player.Status().Limits; l.MaxBPS != 1_500_000 || l.Levels != nil {
				t.Errorf("what was refused changed the limits to %+v", l)
			}
		}}},
	})
}

// TestAnotherPresentationHasOtherLevels: a set that made sense for one does not
// end the next.
func TestAnotherPresentationHasOtherLevels(t *testing.T) {
	fewer := playertest.Default()
	fewer.Levels = fewer.Levels[:2]
	inHouse(t, twoShows{playertest.Default(), fewer}, "20M", 20*ms, func(h *house) {
		g := h.start(func(_ *player.Device, c *player.Config) { c.Limits.Levels = levelSet(t, "3") })
		time.Sleep(2 * time.Second)
		h.must(g.Open(h.t.Context(), "http://test/other/show.ism/Manifest"))
		time.Sleep(2 * time.Second)
		s := g.Status()
		if s.State != event.Playing || !strings.Contains(s.Trouble, "1: 800k") || !slices.Equal(s.Allowed, []bool{true, true}) {
			t.Errorf("%s, %v are allowed, trouble %q", s.State, s.Allowed, s.Trouble)
		}
		g.cancel()
		g.over()
	})
}

// twoShows serves two presentations, the second below /other.
type twoShows [2]http.Handler

func (s twoShows) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/other/") {
		http.StripPrefix("/other", s[1]).ServeHTTP(w, r)
		return
	}
	s[0].ServeHTTP(w, r)
}

func TestWhatIsBufferedIsPlayedAfterADrop(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{
			Config: func(c *player.Config) { c.BufferAhead = 12 * time.Second },
			Script: []playertest.Step{setLimits(6*time.Second, player.Limits{MaxBPS: 800_000})},
		}
	})
	whole(t, r, 0, 30*time.Second)
	shown := event.Bodies[event.LevelShown](r.Events)
	last := shown[len(shown)-1]
	if last.Level != 1 || last.Shown < 16*time.Second || r.Summary.WastedBytes != 0 {
		t.Errorf("level %d is shown from %v on, %d bytes were thrown away: want level 1 when the buffer ends, none",
			last.Level, last.Shown, r.Summary.WastedBytes)
	}
	for _, d := range event.Bodies[event.LevelDecided](r.Events) {
		if d.Track == "video" && d.Input.Now > 6*time.Second && d.Decision.Reason != heuristics.ReasonUserLimit {
			t.Errorf("the level of the chunk at %v was chosen for the reason %s", d.Start, d.Decision.Reason)
		}
	}
	playertest.Golden(t, "limit_at_the_end_of_the_buffer", r.Events)
}

func TestLimitsAtOnce(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{
			Config: func(c *player.Config) { c.BufferAhead = 12 * time.Second },
			Script: []playertest.Step{
				setLimits(6*time.Second, player.Limits{MaxBPS: 800_000, At: player.Now}),
				setLimits(16*time.Second, player.Limits{At: player.Now}), // nothing is to be thrown away
			},
		}
	})
	whole(t, r, 0, 30*time.Second)
	unbroken(t, r, 30*time.Second)
	shown := event.Bodies[event.LevelShown](r.Events)
	i := slices.IndexFunc(shown, func(l event.LevelShown) bool { return l.Shown > 6*time.Second })
	if i < 0 || shown[i].Level > 1 || shown[i].Shown > 10*time.Second+ms {
		t.Fatalf("the levels shown are %+v, want one within the limit 4 s after it was set", shown)
	}
	// From the chunk after the next to the end of the buffer: about 4 of 2 s.
	if n := r.Summary.WastedBytes; n < 4*750_000*9/10 || n > 5*750_000 {
		t.Errorf("%d bytes were thrown away", n)
	}
	asked := map[uint64]int{}
	for _, f := range event.Bodies[event.Fragment](r.Events) {
		if f.Track == "video" {
			asked[f.T]++
		}
	}
	for at, n := range asked {
		if n > 2 {
			t.Errorf("the fragment at %d was fetched %d times", at, n)
		}
	}
	playertest.Golden(t, "limit_at_once", r.Events)
}

func TestLimitsAtOnceGiveUpATransfer(t *testing.T) {
	for _, at := range []player.When{player.BufferEnd, player.Now} {
		r := playertest.Run(t, playertest.Scenario{
			// The transfer of a fragment of the highest level takes 1.5 s.
			Link:   "20M:3s,4M",
			Config: func(c *player.Config) { c.Limits.MinBPS, c.BufferAhead = 3_000_000, 20*time.Second },
			Script: []playertest.Step{setLimits(5*time.Second, player.Limits{MaxBPS: 800_000, At: at})},
		})
		whole(t, r, 0, 30*time.Second)
		var abandoned []event.Fragment
		for _, f := range event.Bodies[event.Fragment](r.Events) {
			if f.Outcome == event.Abandoned {
				abandoned = append(abandoned, f)
			}
		}
		if want := int(at); len(abandoned) != want {
			t.Errorf("%v: %d transfers were given up, want %d", at, len(abandoned), want)
		} else if want == 1 && abandoned[0].Asked+abandoned[0].Elapsed > 5*time.Second+ms {
			t.Errorf("the transfer was given up after %v", abandoned[0].Elapsed)
		}
		if levels := levelsAfter(r.Events, 5*time.Second+ms); slices.Max(levels) > 1 {
			t.Errorf("%v: levels %v", at, levels)
		}
	}
}

// TestLimitsAtOnceWithAnyFragments: nothing is shown twice or left out, whatever
// the fragments, and playing does not stop.
func TestLimitsAtOnceWithAnyFragments(t *testing.T) {
	for _, fragment := range []time.Duration{80 * ms, 400 * ms, time.Second, 5 * time.Second, 10 * time.Second} {
		p := playertest.Default()
		p.Fragment = fragment
		var script []playertest.Step
		for i := range 8 {
			l := player.Limits{At: player.Now}
			if i%2 == 0 {
				l.MaxBPS = 800_000
			}
			script = append(script, setLimits(time.Duration(3*i+2)*time.Second, l))
		}
		r := playertest.Run(t, playertest.Scenario{Handler: p, Script: script})
		whole(t, r, 0, 30*time.Second)
		unbroken(t, r, 30*time.Second)
		if r.Summary.Stalls > 0 || r.Summary.WastedBytes == 0 {
			t.Errorf("%v: %d stalls, %d bytes thrown away", fragment, r.Summary.Stalls, r.Summary.WastedBytes)
		}
	}
}

func TestLevelsFitTheWindow(t *testing.T) {
	r := playertest.Run(t, playertest.Scenario{
		Config: func(c *player.Config) {
			c.Limits.FitWidth, c.Limits.FitHeight, c.BufferAhead = 600, 340, 6*time.Second
		},
		Script: []playertest.Step{
			setLimits(8*time.Second, player.Limits{FitWidth: 1920, FitHeight: 1080}),
			setLimits(18*time.Second, player.Limits{FitWidth: 320, FitHeight: 180}),
		},
	})
	whole(t, r, 0, 30*time.Second)
	var first, second, third []int
	for _, f := range event.Bodies[event.Fragment](r.Events) {
		switch {
		case f.Track != "video":
		case f.Asked < 8*time.Second:
			first = append(first, f.Level)
		case f.Asked < 18*time.Second:
			second = append(second, f.Level)
		default:
			third = append(third, f.Level)
		}
	}
	if slices.Max(first) != 1 || slices.Max(second) != 3 || slices.Max(third) != 0 {
		t.Errorf("levels %v in a small window, %v in a large one, %v in a tiny one", first, second, third)
	}
}

// stubborn is a policy that wants what it may not have.
type stubborn struct{ level int }

func (stubborn) Name() string { return "stubborn" }
func (s stubborn) Decide(in *heuristics.Input) heuristics.Decision {
	return heuristics.Decision{Level: s.level, Reason: heuristics.ReasonHold, Abandon: in.Running != nil && in.Running.Level != s.level}
}

func TestLimitsHoldWhateverAPolicySays(t *testing.T) {
	for want, got := range map[int]int{-5: 1, 0: 1, 2: 2, 3: 2, 99: 2} {
		r := playertest.Run(t, playertest.Scenario{Config: func(c *player.Config) {
			c.NewPolicy = func() heuristics.Policy { return stubborn{want} }
			c.Limits.MinBPS, c.Limits.MaxBPS = 800_000, 1_500_000
		}, For: 5 * time.Second})
		if levels := used(levelsAfter(r.Events, 0)); !slices.Equal(levels, []int{got}) {
			t.Errorf("a policy that wants level %d got %v, want %d", want, levels, got)
		}
		for _, d := range event.Bodies[event.LevelDecided](r.Events) {
			if d.Track == "video" && want != got && d.Decision.Reason != heuristics.ReasonUserLimit {
				t.Errorf("the reason is %s", d.Decision.Reason)
			}
		}
	}
}

func TestStatusTellsTheLimits(t *testing.T) {
	playertest.Run(t, playertest.Scenario{
		Script: []playertest.Step{
			setLimits(2*time.Second, player.Limits{MaxBPS: 1_500_000, Levels: levelSet(t, "1-")}),
			{At: 2 * time.Second, Do: func(s *playertest.Session) {
				st := s.Player.Status()
				if !slices.Equal(st.Allowed, []bool{false, true, true, false}) || st.Limits.MaxBPS != 1_500_000 || st.Limits.Levels.String() != "1-" {
					t.Errorf("%v %+v", st.Allowed, st.Limits)
				}
				st.Allowed[0] = true
				if s.Player.Status().Allowed[0] {
					t.Error("the status does not belong to the caller")
				}
			}},
		},
		For: 3 * time.Second,
	})
}
