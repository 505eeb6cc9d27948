package player_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/policy"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// eager replaces whatever is below the level to, the next to be shown first, as
// soon as it is the time from.
type eager struct {
	heuristics.Policy
	to    int
	from  time.Duration
	asked *[]heuristics.Input
}

func (e *eager) Replace(in *heuristics.Input) (int, heuristics.Decision, bool) {
	if e.asked != nil {
		*e.asked = append(*e.asked, in.Clone())
	}
	for _, h := range in.Held {
		if h.Level < e.to && in.Now >= e.from {
			return h.ChunkIndex, heuristics.Decision{Level: e.to, Reason: heuristics.ReasonReplace}, true
		}
	}
	return 0, heuristics.Decision{}, false
}

// eagerly makes a session use it, with 16 s of buffer.
func eagerly(t *testing.T, to int, from time.Duration, asked *[]heuristics.Input) func(*player.Config) {
	return func(c *player.Config) {
		c.BufferAhead = 16 * time.Second
		replacing(t, to, from, asked)(c)
	}
}

// replacing makes a session use it.
func replacing(t *testing.T, to int, from time.Duration, asked *[]heuristics.Input) func(*player.Config) {
	return func(c *player.Config) {
		c.NewPolicy = func() heuristics.Policy {
			p, err := policy.New(policy.Smooth2009, policy.Config{})
			if err != nil {
				t.Fatal(err)
			}
			return &eager{p, to, from, asked}
		}
	}
}

// recovering is a link that is poor and becomes good.
const recovering = "1M:12s,30M"

// replacements are the transfers of fragments that were to replace others.
func replacements(r *playertest.Result) (list []event.Fragment) {
	for _, f := range event.Bodies[event.Fragment](r.Events) {
		if f.Replaces {
			list = append(list, f)
		}
	}
	return list
}

func TestReplacesLowFragmentsAfterARecovery(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{Link: recovering, Config: eagerly(t, 3, 12*time.Second, nil)}
	})
	whole(t, r, 0, 30*time.Second)
	unbroken(t, r, 30*time.Second)
	inSync(t, r, 5*time.Millisecond)
	list := replacements(r)
	if len(list) < 3 || r.Summary.Stalls != 0 {
		t.Fatalf("%d fragments were replaced, %d stalls", len(list), r.Summary.Stalls)
	}
	// What was thrown away are the fragments in whose place others came.
	var wasted int64
	fetched := map[int]event.Fragment{}
	for _, f := range event.Bodies[event.Fragment](r.Events) {
		if f.Track != "video" {
			continue
		}
		if old, ok := fetched[f.Chunk]; ok {
			if !f.Replaces || old.Level >= f.Level || f.Outcome != event.Received {
				t.Errorf("the chunk %d was fetched at level %d, then at %d", f.Chunk, old.Level, f.Level)
			}
			wasted += old.Bytes
		}
		fetched[f.Chunk] = f
	}
	if r.Summary.WastedBytes != wasted {
		t.Errorf("%d bytes were thrown away, the Summary says %d", wasted, r.Summary.WastedBytes)
	}
	// What is shown is what was fetched last.
	shown := event.Bodies[event.LevelShown](r.Events)
	level := func(at time.Duration) int {
		l := -1
		for _, s := range shown {
			if s.Shown <= at {
				l = s.Level
			}
		}
		return l
	}
	for _, s := range r.Shown {
		chunk := int(s.PTS / (2 * time.Second))
		if got := level(s.At.Sub(r.Began)); got != fetched[chunk].Level {
			t.Fatalf("the picture of %v is told to be of level %d, it was fetched at %d", s.PTS, got, fetched[chunk].Level)
		}
	}
	for _, s := range shown {
		if s.SinceDecided <= 0 || s.SinceDecided > 20*time.Second {
			t.Errorf("level %d was shown %v after it was decided", s.Level, s.SinceDecided)
		}
	}
	decided := 0
	for _, d := range event.Bodies[event.LevelDecided](r.Events) {
		if d.Decision.Reason == heuristics.ReasonReplace {
			decided++
			if len(d.Input.Held) == 0 || d.Start < 4*time.Second {
				t.Errorf("the decision to replace the chunk at %v: %+v", d.Start, d.Input)
			}
		}
	}
	if decided != len(list) {
		t.Errorf("%d decisions to replace, %d transfers", decided, len(list))
	}
	playertest.Golden(t, "replaces_after_a_recovery", r.Events)
}

func TestWhatMayBeReplaced(t *testing.T) {
	var asked []heuristics.Input
	playertest.Run(t, playertest.Scenario{Link: recovering, Config: eagerly(t, 3, 12*time.Second, &asked)})
	if len(asked) < 5 {
		t.Fatalf("asked %d times", len(asked))
	}
	for _, in := range asked {
		for i, h := range in.Held {
			if h.Due <= 2*h.Duration || h.Duration != 2*time.Second || h.Level < 0 || h.Level >= len(in.Levels) || in.Running != nil {
				t.Errorf("at %v: %+v may be replaced", in.Now, h)
			}
			if i > 0 && (h.ChunkIndex <= in.Held[i-1].ChunkIndex || h.Due <= in.Held[i-1].Due) {
				t.Errorf("at %v: %+v", in.Now, in.Held)
			}
			if h.ChunkIndex >= in.ChunkIndex && in.ChunksLeft > 1 || h.Due > in.Buffered {
				t.Errorf("at %v: %+v is not buffered", in.Now, h)
			}
		}
	}
}

// visits remembers which chunks were asked for, at any level.
type visits struct{ chunks sync.Map }

// again reports whether the chunk of r was asked for before.
func (v *visits) again(r *http.Request) bool {
	_, chunk, _ := strings.Cut(r.URL.Path, "Fragments(")
	_, was := v.chunks.LoadOrStore(chunk, true)
	return was
}

// TestReplacementFails: it is no harm, and no storm.
func TestReplacementFails(t *testing.T) {
	for name, spoil := range map[string]func(w http.ResponseWriter, r *http.Request){
		"missing": func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) },
		"denied":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"cut":     cutInHalf,
		"garbage": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 5000)) },
	} {
		t.Run(name, func(t *testing.T) {
			var seen visits
			handler := faulty(func(_ int64, w http.ResponseWriter, r *http.Request) bool {
				again := seen.again(r)
				if again {
					spoil(w, r)
				}
				return again
			})
			r := playertest.Run(t, playertest.Scenario{Handler: handler, Link: recovering, Config: eagerly(t, 3, 12*time.Second, nil)})
			whole(t, r, 0, 30*time.Second)
			unbroken(t, r, 30*time.Second)
			list := replacements(r)
			chunks := map[int]int{}
			for _, f := range list {
				if chunks[f.Chunk]++; f.Outcome != event.Faulty || chunks[f.Chunk] > 1 {
					t.Errorf("chunk %d: %s %s", f.Chunk, f.Outcome, f.Code)
				}
			}
			if n := len(list); n == 0 || n > 3 {
				t.Errorf("%d attempts to replace something, want a few", n)
			}
			if r.Summary.Stalls != 0 || len(event.Bodies[event.Error](r.Events)) > 0 {
				t.Errorf("%d stalls, errors %+v", r.Summary.Stalls, event.Bodies[event.Error](r.Events))
			}
		})
	}
}

// TestReplacementComesTooLate: it is given up as soon as that is clear, and what
// is buffered is played.
func TestReplacementComesTooLate(t *testing.T) {
	// A fragment of 750 kB takes 5 s.
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{Link: "1200k", Config: func(c *player.Config) {
			eagerly(t, 3, 0, nil)(c)
			c.Limits.Levels = levelSet(t, "0,3")
		}}
	})
	whole(t, r, 0, 30*time.Second)
	list := replacements(r)
	if len(list) == 0 || r.Summary.Stalls != 0 {
		t.Fatalf("%d replacements, %d stalls", len(list), r.Summary.Stalls)
	}
	for _, f := range list {
		if f.Outcome != event.Canceled || f.Elapsed > time.Second {
			t.Errorf("the replacement of chunk %d is %s after %v", f.Chunk, f.Outcome, f.Elapsed)
		}
	}
}

// TestReplacementHangs: a server that does not answer does not keep the buffer
// from being filled.
func TestReplacementHangs(t *testing.T) {
	var seen visits
	handler := faulty(func(_ int64, w http.ResponseWriter, r *http.Request) bool {
		again := seen.again(r)
		if again {
			select {
			case <-time.After(time.Minute):
			case <-r.Context().Done():
			}
		}
		return again
	})
	r := playertest.Run(t, playertest.Scenario{Handler: handler, Link: recovering, Config: eagerly(t, 3, 12*time.Second, nil)})
	whole(t, r, 0, 30*time.Second)
	for _, f := range replacements(r) {
		if f.Outcome != event.Canceled || f.Elapsed > 4*time.Second+ms {
			t.Errorf("the replacement of chunk %d is %s after %v", f.Chunk, f.Outcome, f.Elapsed)
		}
	}
	if n := len(replacements(r)); n == 0 || r.Summary.Stalls != 0 {
		t.Errorf("%d replacements, %d stalls", n, r.Summary.Stalls)
	}
}

// TestCommandsDuringAReplacement: whatever is done while one is under way, every
// picture after it is shown once.
func TestCommandsDuringAReplacement(t *testing.T) {
	do := func(f func(*playertest.Session) error) func(*playertest.Session) {
		return func(s *playertest.Session) { s.Must(f(s)) }
	}
	for name, command := range map[string]func(*playertest.Session){
		"seek ahead in the buffer": do(func(s *playertest.Session) error {
			return s.Player.Seek(s.Ctx, s.Player.Status().Position+4*time.Second, player.Exact)
		}),
		"seek back": do(func(s *playertest.Session) error { return s.Player.Seek(s.Ctx, 6*time.Second, player.Exact) }),
		"seek away": do(func(s *playertest.Session) error { return s.Player.Seek(s.Ctx, 29*time.Second, player.Exact) }),
		"pause": do(func(s *playertest.Session) error {
			defer time.AfterFunc(3*time.Second, func() { s.Must(s.Player.Play(s.Ctx)) })
			return s.Player.Pause(s.Ctx)
		}),
		"open": do(func(s *playertest.Session) error { return s.Player.Open(s.Ctx, "http://test/show.ism/Manifest") }),
		"stop": do(func(s *playertest.Session) error { return s.Player.Stop(s.Ctx) }),
		"limits at once": do(func(s *playertest.Session) error {
			return s.Player.SetLimits(s.Ctx, player.Limits{MaxBPS: 400_000, At: player.Now})
		}),
		"limits": do(func(s *playertest.Session) error {
			return s.Player.SetLimits(s.Ctx, player.Limits{MaxBPS: 400_000})
		}),
		"language": do(func(s *playertest.Session) error { return s.Player.SelectAudio(s.Ctx, 1) }),
		"the network breaks down": func(s *playertest.Session) {
			s.Network.Close()
			time.AfterFunc(2*time.Second, s.Network.Reopen)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario {
				// A replacement takes 1.2 s; one begins at about 12 s.
				return playertest.Scenario{
					Link: "1M:12s,5M:8s,30M", Config: eagerly(t, 3, 12*time.Second, nil),
					// Not at an instant at which something else happens.
					Script: []playertest.Step{{At: 13*time.Second + 137*time.Microsecond, Do: command}},
				}
			})
			var during *event.Fragment
			for _, f := range replacements(r) {
				if f.Asked < 13*time.Second && f.Asked+f.Elapsed > 13*time.Second {
					during = &f
				}
			}
			if during == nil {
				t.Fatalf("no replacement was under way: %+v", replacements(r))
			}
			if r.Err != nil {
				t.Error(r.Err)
			}
			gave := during.Outcome == event.Canceled || during.Outcome == event.Abandoned
			if stays := slices.Contains([]string{"pause", "limits", "language"}, name); gave == stays && name != "the network breaks down" {
				t.Errorf("the replacement was %s", during.Outcome)
			}
			if name == "stop" {
				return
			}
			last := time.Duration(-1)
			for _, s := range r.Shown {
				if s.PTS != last+period && last >= 0 && !strings.HasPrefix(name, "seek") && name != "open" {
					t.Errorf("the picture of %v is shown after that of %v", s.PTS, last)
				}
				last = s.PTS
			}
			if last != 30*time.Second-period {
				t.Errorf("the last picture is that of %v", last)
			}
			unbrokenAfter := r.Summary.AudioGaps
			if unbrokenAfter != 0 {
				t.Errorf("%d gaps in the sound", unbrokenAfter)
			}
		})
	}
}

// TestAPausedSessionImprovesAndSleeps: with time on its hands it replaces what it
// can, and then does nothing.
func TestAPausedSessionImprovesAndSleeps(t *testing.T) {
	r := playertest.Run(t, playertest.Scenario{
		Link: "1M:8s,30M", Config: eagerly(t, 3, 8*time.Second, nil),
		Script: []playertest.Step{playertest.Pause(8 * time.Second), playertest.Stop(10 * time.Minute)},
	})
	n := 0
	for _, f := range event.Bodies[event.Fragment](r.Events) {
		if f.Asked > 60*time.Second {
			n++
		}
	}
	if len(replacements(r)) == 0 || n > 0 {
		t.Errorf("%d replacements, %d transfers after a minute", len(replacements(r)), n)
	}
}
