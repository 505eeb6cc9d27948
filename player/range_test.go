package player_test

import (
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// A range begins and ends to the picture, and so does its sound, though both lie
// within fragments. No fragment beyond it is asked for.
func TestRange(t *testing.T) {
	const from, to = 7*time.Second + 400*time.Millisecond, 12*time.Second + 600*time.Millisecond
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{Config: func(c *player.Config) { c.Start, c.End = from, to }}
	})
	whole(t, r, from, to)
	unbroken(t, r, to-from)
	for _, f := range event.Bodies[event.Fragment](r.Events) {
		if f.Start >= to || f.Start+f.Duration <= from {
			t.Errorf("a fragment at %v was asked for", f.Start)
		}
	}
	playertest.Golden(t, "range", r.Events)
}

// Seeks, both ends of trick play and the loop stay within a range.
func TestRangeBoundsAll(t *testing.T) {
	const from, to = 7 * time.Second, 13 * time.Second
	for _, c := range []struct {
		name string
		loop bool
		do   func(*playertest.Session) error
		pos  func(time.Duration) bool // where that leads
	}{
		{"back", false, func(s *playertest.Session) error { return s.Player.Seek(s.Ctx, time.Second, player.Exact) }, near(from)},
		{"ahead", false, func(s *playertest.Session) error {
			s.Must(s.Player.Pause(s.Ctx))
			return s.Player.Seek(s.Ctx, 20*time.Second, player.Exact)
		}, near(to)},
		{"rewind", false, func(s *playertest.Session) error {
			err := s.Player.SetRate(s.Ctx, -8)
			time.Sleep(1500 * time.Millisecond)
			return err
		}, func(pos time.Duration) bool { return pos >= from && pos < from+2*time.Second }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := playertest.Run(t, playertest.Scenario{
				Config: func(cfg *player.Config) { cfg.Start, cfg.End, cfg.Loop = from, to, c.loop },
				Script: []playertest.Step{{At: 3 * time.Second, Do: func(s *playertest.Session) {
					s.Must(c.do(s))
					st := s.Player.Status()
					if st.Start != from || st.Duration != to || !c.pos(st.Position) {
						t.Errorf("at %v of %v to %v", st.Position, st.Start, st.Duration)
					}
				}}},
				For: 20 * time.Second,
			})
			for _, s := range r.Shown {
				if s.PTS < from || s.PTS >= to {
					t.Errorf("the picture at %v was shown", s.PTS)
				}
			}
		})
	}
}

// TestRangeLoops holds that a loop goes from the end of the range to its start.
func TestRangeLoops(t *testing.T) {
	const from, to = 7 * time.Second, 9 * time.Second
	r := playertest.Run(t, playertest.Scenario{
		Config: func(c *player.Config) { c.Start, c.End, c.Loop = from, to, true },
		For:    7 * time.Second,
	})
	begun := 0
	for i, s := range r.Shown {
		if s.PTS == from {
			begun++
		} else if i > 0 && s.PTS != r.Shown[i-1].PTS+period {
			t.Fatalf("%v follows %v", s.PTS, r.Shown[i-1].PTS)
		}
	}
	if begun != 4 && begun != 3 {
		t.Errorf("begun %d times", begun)
	}
}

// TestBadRange holds what is refused.
func TestBadRange(t *testing.T) {
	for _, c := range []player.Config{
		{URL: "http://h/a.ism", Start: 2 * time.Second, End: 2 * time.Second},
		{URL: "http://h/a.ism", End: -1},
	} {
		if _, err := player.New(player.Device{}, c); err == nil {
			t.Errorf("%v to %v is taken", c.Start, c.End)
		}
	}
}

func near(want time.Duration) func(time.Duration) bool {
	return func(got time.Duration) bool { return (got - want).Abs() < 100*time.Millisecond }
}

// Of an archived event, whose clock is the encoder's, a range counts from its begin.
func TestRangeOfArchive(t *testing.T) {
	const from, to = 9*time.Second + 120*time.Millisecond, 20*time.Second + 40*time.Millisecond
	p := playertest.Default()
	p.Offset = 17443164950000000
	p.Chapters = []time.Duration{time.Second, 10 * time.Second, 25 * time.Second}
	r := playertest.Run(t, playertest.Scenario{Handler: p, Config: func(c *player.Config) { c.Start, c.End = from, to }})
	whole(t, r, from, to)
	unbroken(t, r, to-from)
	if list, _ := markersOf(r); len(list) != 1 || list[0] != "2" {
		t.Errorf("told of chapters %v", list)
	}
}
