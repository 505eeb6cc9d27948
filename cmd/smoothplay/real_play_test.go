//go:build cgo

package main

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"smoothplay/heuristics"
	"smoothplay/player"
	"smoothplay/player/playertest"
	"smoothplay/testdata/demo"
)

// Over links of all shapes every picture is seen once, in order, and sound and
// pictures stay together.
func TestRealLinks(t *testing.T) {
	for _, c := range []struct {
		name, link string
		latency    time.Duration
		all        bool // the link takes the player through all levels
	}{
		{"fast", "50M", 0, false},
		{"as the demo", "4M:8s,500k:6s", 0, false},
		{"up and down", "1M:4s,5M:8s,420k:6s,5M:100s", 0, true},
		{"slow", "450k", 0, false},
		{"far", "8M", 300 * time.Millisecond, false},
		{"sawtooth", "3M:1s,400k:1s", 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := watch(t, func(*camera) playertest.Scenario {
				return playertest.Scenario{Link: c.link, Latency: c.latency, Config: little}
			})
			w.completed()
			w.showed(frames(0, demo.Frames))
			w.inSync(0.9)
			levels := w.levels()
			t.Logf("levels %v, %d stalls", levels, w.Summary.Stalls)
			if c.all {
				up, down := false, false
				for i := 1; i < len(levels); i++ {
					up, down = up || levels[i] > levels[i-1], down || levels[i] < levels[i-1]
				}
				if shown := slices.Compact(slices.Sorted(slices.Values(levels))); len(shown) != demo.Levels || !up || !down {
					t.Errorf("the levels shown are %v", levels)
				}
			}
		})
	}
}

// sequence is a policy that takes one level after the other.
type sequence struct{ levels []int }

func (s sequence) Name() string { return "sequence" }

func (s sequence) Decide(in *heuristics.Input) heuristics.Decision {
	if in.Running != nil {
		return heuristics.Decision{Level: in.Running.Level}
	}
	return heuristics.Decision{Level: min(s.levels[in.ChunkIndex%len(s.levels)], len(in.Levels)-1), Reason: heuristics.ReasonHold}
}

// every is a sequence of levels in which each follows each other one; the demo
// has 12 fragments.
var every = []int{0, 3, 0, 2, 0, 1, 3, 2, 3, 1, 2, 1}

func following(levels []int) func() heuristics.Policy {
	return func() heuristics.Policy { return sequence{levels} }
}

// A switch from any level to any other is seamless: no picture is lost and none
// is seen twice, and the sound does not notice.
func TestRealSwitches(t *testing.T) {
	w := watch(t, func(*camera) playertest.Scenario {
		return playertest.Scenario{Link: "40M", Config: func(c *player.Config) { c.NewPolicy = following(every) }}
	})
	w.completed()
	w.showed(frames(0, demo.Frames))
	if got := w.levels(); !slices.Equal(got, every) {
		t.Errorf("the levels shown are %v, want %v", got, every)
	}
	if !slices.Equal(w.onePiece(24*time.Second), referenceOf(t, "eng")) {
		t.Error("the sound is not that of the demo, sample by sample")
	}
	for i := 1; i < len(w.pictures); i++ {
		if gap := w.pictures[i].at.Sub(w.pictures[i-1].at); i > 1 && (gap-period).Abs() > 5*time.Millisecond {
			t.Errorf("picture %d follows the one before by %v", w.pictures[i].frame, gap)
		}
	}
	w.inSync(0.99)
}

// covering is the number of the picture that covers a place.
func covering(pos time.Duration) int { return min(int(pos/period), demo.Frames-1) }

// An exact seek shows the picture that covers the place sought, and those that
// follow it, wherever it leads.
func TestRealSeeks(t *testing.T) {
	const sec, ms = time.Second, time.Millisecond
	places := []time.Duration{ // to go to one after the other
		7*sec + 500*ms,            // ahead, out of the buffer
		8*sec + 700*ms,            // in the buffer
		7 * sec,                   // back, in the buffer
		12*sec - 1,                // the last instant of a fragment
		16 * sec,                  // the first of one
		4*sec + period - 1,        // the last of its first picture
		4 * sec,                   // the same picture
		20*sec + 33*ms,            // within a picture
		0,                         // the beginning
		23*sec - 1*ms,             // close to the end
		13*sec + 979*ms,           // the last picture of a fragment
		11*sec + 40*ms,            // the first instant of a picture
		11*sec + 40*ms - 1,        // the last of the one before
		2 * sec, 6 * sec, 1 * sec, // fragments before and behind
	}
	for _, c := range []struct {
		name   string
		policy []int
		every  time.Duration
	}{
		{"of one level", []int{2}, 900 * time.Millisecond},
		{"across levels", every, 700 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := watch(t, func(cam *camera) playertest.Scenario {
				s := playertest.Scenario{Link: "20M", Config: func(p *player.Config) { little(p); p.NewPolicy = following(c.policy) }}
				for i, to := range places {
					s.Script = append(s.Script, playertest.Step{At: 1300*time.Millisecond + time.Duration(i)*c.every, Do: func(s *playertest.Session) {
						s.Must(s.Player.Seek(s.Ctx, to, player.Exact))
						if now := cam.all(); now[len(now)-1].frame != covering(to) {
							t.Errorf("sought %v and the picture shown is %d, want %d", to, now[len(now)-1].frame, covering(to))
						}
					}})
				}
				return s
			})
			w.completed()
			checkRuns(t, w, places)
			w.inSync(0.7)
		})
	}
}

// checkRuns asserts that the pictures are one stretch for each place sought,
// after the one from the beginning, and lead to the end.
func checkRuns(t *testing.T, w *watched, places []time.Duration) {
	t.Helper()
	runs := w.runs()
	if len(runs) != len(places)+1 {
		t.Errorf("%d stretches of pictures, want %d: %v", len(runs), len(places)+1, runs)
		return
	}
	for i, r := range runs[1:] {
		if want := covering(places[i]); r[0] != want {
			t.Errorf("sought %v: the first picture is %d, want %d", places[i], r[0], want)
		}
	}
	if runs[0][0] != 0 || runs[len(runs)-1][1] != demo.Frames-1 {
		t.Errorf("the first picture is %d, the last %d", runs[0][0], runs[len(runs)-1][1])
	}
}

// A seek to a key frame shows the first picture of a fragment.
func TestRealKeySeeks(t *testing.T) {
	w := watch(t, func(*camera) playertest.Scenario {
		s := playertest.Scenario{Config: func(c *player.Config) { little(c); c.NewPolicy = following(every) }}
		for i, to := range []time.Duration{17, 3, 20, 5} {
			s.Script = append(s.Script, playertest.Step{At: time.Duration(i+1) * 800 * time.Millisecond, Do: func(s *playertest.Session) {
				s.Must(s.Player.Seek(s.Ctx, to*time.Second+500*time.Millisecond, player.Key))
			}})
		}
		return s
	})
	w.completed()
	checkRuns(t, w, []time.Duration{16 * time.Second, 2 * time.Second, 20 * time.Second, 4 * time.Second})
	w.inSync(0.7)
}

// A seek while paused shows one picture; a seek to the end shows the last.
func TestRealSeeksWhilePaused(t *testing.T) {
	places := []time.Duration{9*time.Second + 130*time.Millisecond, 9*time.Second + 170*time.Millisecond, 24 * time.Second, time.Hour, 3 * time.Second, 22 * time.Second}
	w := watch(t, func(*camera) playertest.Scenario {
		s := playertest.Scenario{Config: little, Script: []playertest.Step{playertest.Pause(700 * time.Millisecond)}}
		for i, to := range places {
			s.Script = append(s.Script, playertest.Seek(time.Second+time.Duration(i)*time.Second, to))
		}
		s.Script = append(s.Script, playertest.Play(time.Second+time.Duration(len(places))*time.Second))
		return s
	})
	w.completed()
	got := w.counters()
	paused := slices.IndexFunc(w.pictures, func(p seen) bool { return p.frame > 200 })
	want := append(frames(0, paused), 228, 229, 599, 599, 75)
	want = append(want, frames(550, 600)...)
	if !slices.Equal(got, want) {
		t.Errorf("the stretches shown are %v, from picture %d on want 228, 229, 599, 599, 75 and 550 to 599", w.runs(), paused)
	}
}

// Of seeks in a row the last one wins, however fast they come.
func TestRealSeekStorms(t *testing.T) {
	for _, gap := range []time.Duration{time.Millisecond, 17 * time.Millisecond, 90 * time.Millisecond, 250 * time.Millisecond} {
		t.Run(fmt.Sprint(gap), func(t *testing.T) {
			const storm = 24
			var places []time.Duration
			for i := range storm {
				places = append(places, time.Duration(i*7%23)*time.Second+time.Duration(i*130)*time.Millisecond)
			}
			w := watch(t, func(*camera) playertest.Scenario {
				s := playertest.Scenario{Latency: 40 * time.Millisecond, Config: func(c *player.Config) { little(c); c.NewPolicy = following(every) }}
				for i, to := range places {
					s.Script = append(s.Script, playertest.Step{At: 1500*time.Millisecond + time.Duration(i)*gap, Do: func(s *playertest.Session) {
						go s.Player.Seek(s.Ctx, to, player.Exact) // those overtaken fail
					}})
				}
				return s
			})
			w.completed()
			runs := w.runs()
			next := 0 // the places are visited in order, or not at all
			for _, r := range runs[1:] {
				for next < len(places) && covering(places[next]) != r[0] {
					next++
				}
				if next == len(places) {
					t.Fatalf("nobody sought picture %d, or others later: %v", r[0], runs)
				}
				next++
			}
			if last := runs[len(runs)-1]; last != [2]int{covering(places[storm-1]), demo.Frames - 1} {
				t.Errorf("the last stretch is %v", last)
			}
			w.inSync(0.3)
		})
	}
}

// A pause close to a level switch loses no picture and repeats none, and nothing
// moves while it lasts.
func TestRealPauseAcrossSwitches(t *testing.T) {
	w := watch(t, func(cam *camera) playertest.Scenario {
		s := playertest.Scenario{Config: func(c *player.Config) { little(c); c.NewPolicy = following(every) }}
		at := time.Duration(0)
		for i, into := range []time.Duration{1900, 1960, 1990, 2000, 2010, 2040, 2100} { // the session, without the pauses
			began := time.Duration(2*i)*time.Second + into*time.Millisecond + at
			var before int
			s.Script = append(s.Script, playertest.Pause(began),
				playertest.Step{At: began + 100*time.Millisecond, Do: func(*playertest.Session) { before = cam.count() }},
				playertest.Step{At: began + 3*time.Second, Do: func(*playertest.Session) {
					if now := cam.count(); now != before {
						t.Errorf("%d pictures were shown during a pause", now-before)
					}
				}},
				playertest.Play(began+3010*time.Millisecond))
			at += 3010 * time.Millisecond
		}
		return s
	})
	w.completed()
	w.showed(frames(0, demo.Frames))
	if got := w.levels(); !slices.Equal(got, every) {
		t.Errorf("the levels shown are %v, want %v", got, every)
	}
	if len(w.Heard) != 8 {
		t.Errorf("the sound has %d pieces", len(w.Heard))
	}
	w.inSync(0.9)
}

// A loop begins again with the first picture after the last.
func TestRealLoop(t *testing.T) {
	w := watch(t, func(*camera) playertest.Scenario {
		return playertest.Scenario{For: 31 * time.Second, Config: func(c *player.Config) { c.Loop, c.Start = true, 21*time.Second+10*time.Millisecond }}
	})
	want := append(frames(525, demo.Frames, 0, demo.Frames), frames(0, len(w.pictures)-675)...)
	w.showed(want)
	if len(w.pictures) < 730 {
		t.Errorf("%d pictures in 31 s", len(w.pictures))
	}
	w.inSync(0.9)
}
