package player_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// setRate is a step that changes the rate.
func setRate(at time.Duration, rate float64) playertest.Step {
	return playertest.Step{At: at, Do: func(s *playertest.Session) { s.Must(s.Player.SetRate(s.Ctx, rate)) }}
}

// long is a presentation of ten minutes.
func long() *playertest.Presentation {
	p := playertest.Default()
	p.Length = 10 * time.Minute
	p.Levels = []int64{250_000, 500_000, 900_000, 1_700_000}
	return p
}

// wound are the pictures of a session that were shown from an instant on for as
// long as the rate held.
func wound(r *playertest.Result, rate float64) (shown []null.Shown, from time.Time) {
	var to time.Time
	for _, e := range r.Events {
		if b, ok := e.Body.(event.Rate); ok {
			switch {
			case b.To == rate:
				from = r.Began.Add(e.At)
			case b.From == rate:
				to = r.Began.Add(e.At)
			}
		}
	}
	for _, s := range r.Shown {
		if s.At.After(from) && (to.IsZero() || !s.At.After(to)) {
			shown = append(shown, s)
		}
	}
	return shown, from
}

// even asserts that pictures follow each other in the direction of the rate, at
// least so many a second and evenly in time as in media, and that media goes by at
// the rate.
func even(t *testing.T, shown []null.Shown, from time.Time, rate, atLeast float64, first time.Duration) {
	t.Helper()
	if len(shown) < 6 {
		t.Fatalf("%d pictures were shown", len(shown))
	}
	if soon := shown[0].At.Sub(from); soon > first {
		t.Errorf("the first picture came after %v, want %v", soon, first)
	}
	n := len(shown) - 1
	took := shown[n].At.Sub(shown[0].At)
	mean := took / time.Duration(n)
	perSecond := float64(n) / took.Seconds()
	passed := (shown[n].PTS - shown[0].PTS).Seconds() / took.Seconds()
	var least, most time.Duration = math.MaxInt64, 0
	for i := 1; i <= n; i++ {
		gap := shown[i].At.Sub(shown[i-1].At)
		least, most = min(least, gap), max(most, gap)
		if media := shown[i].PTS - shown[i-1].PTS; media == 0 || (media < 0) != (rate < 0) {
			t.Errorf("%v is shown after %v", shown[i].PTS, shown[i-1].PTS)
		}
	}
	t.Logf("%v x: %.1f pictures a second, %v to %v apart, first after %v, media at %.2f x", rate, perSecond, least, most,
		shown[0].At.Sub(from), passed)
	if perSecond < atLeast {
		t.Errorf("%.1f pictures a second, want %v", perSecond, atLeast)
	}
	if float64(least) < .7*float64(mean) || float64(most) > 1.3*float64(mean) {
		t.Errorf("pictures are %v to %v apart, %v on average", least, most, mean)
	}
	if math.Abs(passed-rate) > .04*math.Abs(rate) {
		t.Errorf("media went by at %.2f x, want %v", passed, rate)
	}
}

// TestWinding goes through the rates without sound, each way, over a link of
// 4 Mbit/s.
func TestWinding(t *testing.T) {
	for _, rate := range []float64{-64, -32, -16, -8, -4, -2, -1, -0.5, 3, 4, 8, 16, 32, 64} {
		name := strings.NewReplacer("-", "back_", ".", "_").Replace(fmt.Sprint(rate))
		t.Run(name, func(t *testing.T) {
			start, lasts := 4*time.Minute, 5*time.Second
			if rate < -32 {
				start = 8 * time.Minute
			}
			r := playertest.RunThrice(t, func() playertest.Scenario {
				return playertest.Scenario{
					Handler: long(), Link: "4M", For: 16 * time.Second,
					Config: func(c *player.Config) { c.Start = start },
					Script: []playertest.Step{setRate(5*time.Second, rate), setRate(5*time.Second+lasts, 1)},
				}
			})
			if r.Err != nil {
				t.Error(r.Err)
			}
			shown, from := wound(r, rate)
			even(t, shown, from, rate, 7.99, 300*time.Millisecond)
			if r.Summary.Stalls > 0 {
				t.Errorf("%d stalls", r.Summary.Stalls)
			}
			playertest.Golden(t, "rate/"+name, r.Events)
		})
	}
}

// ratesOf are the changes of the rate, as "to cause", but for corrections at the live
// edge.
func ratesOf(r *playertest.Result) (list []string) {
	for _, b := range event.Bodies[event.Rate](r.Events) {
		if b.Cause != "" {
			list = append(list, fmt.Sprint(b.To, " ", b.Cause))
		}
	}
	return list
}

// TestWindingHasNothingBuffered begins to wind where the buffer does not help.
func TestWindingHasNothingBuffered(t *testing.T) {
	for _, rate := range []float64{-8, 8, 64, -64} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario {
				return playertest.Scenario{
					Handler: long(), Link: "4M", For: 12 * time.Second,
					Config: func(c *player.Config) { c.BufferAhead, c.BufferBehind = 2*time.Second, time.Second },
					Script: []playertest.Step{
						playertest.Seek(4*time.Second, 8*time.Minute), setRate(5*time.Second, rate), setRate(9*time.Second, 1),
					},
				}
			})
			shown, from := wound(r, rate)
			// The first stretch may be had in pieces: media is to go by as it should.
			if soon := shown[0].At.Sub(from); soon > 300*time.Millisecond {
				t.Errorf("the first picture came after %v", soon)
			}
			even(t, shown[6:], from, rate, 7.99, 3*time.Second)
		})
	}
}

// TestWindingEnds: the rate returns to 1 where the way ends.
func TestWindingEnds(t *testing.T) {
	for _, c := range []struct {
		name        string
		rate        float64
		start       time.Duration
		cause       string
		first, last time.Duration // pictures after the change of the rate
	}{
		{"to_the_end", 8, 9 * time.Minute, "end", 10*time.Minute - period, 10*time.Minute - period},
		{"fast_to_the_end", 64, 9 * time.Minute, "end", 10*time.Minute - period, 10*time.Minute - period},
		{"to_the_start", -8, 20 * time.Second, "start", 0, 0},
		{"fast_to_the_start", -64, time.Minute, "start", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := playertest.RunThrice(t, func() playertest.Scenario {
				return playertest.Scenario{
					Handler: long(), Link: "4M", For: 20 * time.Second,
					Config: func(cfg *player.Config) { cfg.Start = c.start },
					Script: []playertest.Step{setRate(5*time.Second, c.rate)},
				}
			})
			if r.Err != nil {
				t.Error(r.Err)
			}
			if got, want := strings.Join(ratesOf(r), ", "), fmt.Sprintf("%v command, 1 %s", c.rate, c.cause); got != want {
				t.Errorf("the rates were %s, want %s", got, want)
			}
			shown, from := wound(r, c.rate)
			even(t, shown[:len(shown)-1], from, c.rate, 7.99, 300*time.Millisecond)
			after := r.Shown[len(wound0(r, c.rate)):]
			if len(after) == 0 || after[0].PTS != c.first {
				t.Fatalf("%d pictures after that, the first: %+v", len(after), after[:min(len(after), 1)])
			}
			if c.cause == "start" && len(after) < 100 {
				t.Errorf("%d pictures were shown from the start on", len(after))
			}
			if c.cause == "end" && r.Summary.End != event.Completed {
				t.Errorf("it ended as %s", r.Summary.End)
			}
			playertest.Golden(t, "rate/"+c.name, r.Events)
		})
	}
}

// wound0 are all pictures up to the end of winding.
func wound0(r *playertest.Result, rate float64) []null.Shown {
	shown, _ := wound(r, rate)
	last := shown[len(shown)-1].At
	for i, s := range r.Shown {
		if s.At.After(last) {
			return r.Shown[:i]
		}
	}
	return r.Shown
}

// TestHeardRates: with sound the rate is kept to by both, and neither is broken.
func TestHeardRates(t *testing.T) {
	for _, rate := range []float64{0.25, 0.5, 1.25, 1.5, 2} {
		name := strings.ReplaceAll(fmt.Sprint(rate), ".", "_")
		t.Run(name, func(t *testing.T) {
			var last player.Status
			r := playertest.RunThrice(t, func() playertest.Scenario {
				return playertest.Scenario{
					Handler: long(), Link: "6M", For: 40 * time.Second,
					Script: []playertest.Step{
						setRate(5*time.Second, rate),
						{At: 20 * time.Second, Do: func(s *playertest.Session) { last = s.Player.Status() }},
						setRate(25*time.Second, 1),
					},
				}
			})
			if r.Err != nil {
				t.Error(r.Err)
			}
			if last.Rate != rate || last.Speed != rate || last.State != event.Playing {
				t.Errorf("the status says rate %v, speed %v, %s", last.Rate, last.Speed, last.State)
			}
			flowed(t, r)
			if got := stretches(r); len(got) != 1 {
				t.Errorf("the pictures shown are those of %v", got)
			}
			if len(r.Heard) != 1 {
				t.Errorf("the sound has %d pieces", len(r.Heard))
			}
			var from, to time.Duration
			for _, s := range r.Shown {
				switch at := s.At.Sub(r.Began); {
				case at < 10*time.Second:
					from = s.PTS
				case at < 20*time.Second:
					to = s.PTS
				}
			}
			if got := (to - from).Seconds() / 10; math.Abs(got-rate) > .01*rate {
				t.Errorf("media went by at %.3f x", got)
			}
			inSync(t, r, 25*time.Millisecond)
			playertest.Golden(t, "rate/"+name, r.Events)
		})
	}
}

// TestHigherRatesTakeLowerLevels: what the link carries at a rate is played.
func TestHigherRatesTakeLowerLevels(t *testing.T) {
	level := func(rate float64) int {
		r := playertest.Run(t, playertest.Scenario{
			Handler: long(), Link: "2500k", For: 60 * time.Second,
			Script: []playertest.Step{setRate(time.Second, rate)},
		})
		if r.Summary.Stalls > 0 {
			t.Errorf("at %v: %d stalls", rate, r.Summary.Stalls)
		}
		shown := event.Bodies[event.LevelShown](r.Events)
		return shown[len(shown)-1].Level
	}
	if slow, usual, fast := level(0.5), level(1), level(2); slow != 3 || fast >= usual {
		t.Errorf("the levels are %d at 0.5, %d at 1, %d at 2", slow, usual, fast)
	}
}

// TestWindingWithoutKeyFrames: a server that knows no such requests is asked for
// whole fragments.
func TestWindingWithoutKeyFrames(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		p := long()
		p.NoKeyFrames = true
		return playertest.Scenario{
			Handler: p, Link: "8M", For: 12 * time.Second,
			Script: []playertest.Step{setRate(5*time.Second, 32), setRate(9*time.Second, 1)},
		}
	})
	nouns := map[string]int{}
	for _, f := range event.Bodies[event.Fragment](r.Events) {
		if f.Outcome == event.Faulty {
			nouns[f.Noun]++
		}
	}
	if nouns["KeyFrames"] == 0 || nouns["KeyFrames"] > 4 || len(nouns) != 1 {
		t.Errorf("failures: %v", nouns)
	}
	shown, from := wound(r, 32)
	even(t, shown[16:], from, 32, 6, 3*time.Second)
	playertest.Golden(t, "rate/no_key_frames", r.Events)
}

// TestWindingOnASlowLink: there are fewer pictures, and they go by at the rate.
func TestWindingOnASlowLink(t *testing.T) {
	for _, rate := range []float64{-16, 8} {
		r := playertest.RunThrice(t, func() playertest.Scenario {
			return playertest.Scenario{
				Handler: long(), Link: "600k", For: 40 * time.Second,
				Config: func(c *player.Config) { c.Start = 8 * time.Minute },
				Script: []playertest.Step{setRate(10*time.Second, rate), setRate(30*time.Second, 1)},
			}
		})
		shown, from := wound(r, rate)
		t.Logf("%d pictures, %d stalls", len(shown), r.Summary.Stalls)
		even(t, shown[len(shown)/3:], from, rate, 1.5, time.Minute)
	}
}

// TestWindingOnASlowDecoder: what can be decoded in time is shown.
func TestWindingOnASlowDecoder(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{
			Handler: long(), Link: "20M", For: 20 * time.Second,
			Decoders: &null.Decoders{Cost: func(*platform.Sample) time.Duration { return 25*time.Millisecond + 11*time.Microsecond }},
			Config:   func(c *player.Config) { c.Start = 8 * time.Minute },
			Script:   []playertest.Step{setRate(8*time.Second, -8), setRate(15*time.Second, 1)},
		}
	})
	shown, from := wound(r, -8)
	even(t, shown[len(shown)/2:], from, -8, 3.9, 5*time.Second) // as many as there are keys
}

// TestCommandsEndWinding: what else moves the playhead ends winding, at the picture
// on the screen or where it leads.
func TestCommandsEndWinding(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(*playertest.Session) error
		state event.State
		to    time.Duration // 0: where it was
	}{
		{"play", func(s *playertest.Session) error { return s.Player.Play(s.Ctx) }, event.Playing, 0},
		{"pause", func(s *playertest.Session) error { return s.Player.Pause(s.Ctx) }, event.Paused, 0},
		{"seek", func(s *playertest.Session) error { return s.Player.Seek(s.Ctx, time.Minute, player.Exact) }, event.Playing, time.Minute},
		{"sound", func(s *playertest.Session) error { return s.Player.SelectAudio(s.Ctx, 1) }, event.Playing, 0},
		{"rate", func(s *playertest.Session) error { return s.Player.SetRate(s.Ctx, 1) }, event.Playing, 0},
		{"step", func(s *playertest.Session) error { return s.Player.Step(s.Ctx, 1) }, event.Paused, 0},
		{"open", func(s *playertest.Session) error { return s.Player.Open(s.Ctx, "http://test/show.ism/manifest") }, event.Playing, period},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after player.Status
			r := playertest.RunThrice(t, func() playertest.Scenario {
				return playertest.Scenario{
					Handler: long(), For: 15 * time.Second,
					Config: func(c *player.Config) { c.Start = 5 * time.Minute },
					Script: []playertest.Step{
						setRate(5*time.Second, 16),
						{At: 8 * time.Second, Do: func(s *playertest.Session) {
							before = s.Player.Status()
							s.Must(c.do(s))
						}},
						{At: 9 * time.Second, Do: func(s *playertest.Session) { after = s.Player.Status() }},
					},
				}
			})
			if r.Err != nil || before.Rate != 16 || after.Rate != 1 || after.State != c.state {
				t.Errorf("rate %v, then %v, %s: %v", before.Rate, after.Rate, after.State, r.Err)
			}
			from := before.Position - 3*time.Second
			if c.to > 0 {
				from = c.to - period
			}
			if after.Position < from || after.Position > from+5*time.Second {
				t.Errorf("from %v it went to %v", before.Position, after.Position)
			}
		})
	}
}

// TestWindingFails: where nothing can be had the rate returns to 1, and the session
// lives on when the server does.
func TestWindingFails(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{
			Handler: long(), For: 60 * time.Second,
			Script: []playertest.Step{
				setRate(5*time.Second, 16),
				{At: 8 * time.Second, Do: func(s *playertest.Session) { s.Network.Close() }},
				{At: 30 * time.Second, Do: func(s *playertest.Session) { s.Network.Reopen() }},
			},
		}
	})
	if got := strings.Join(ratesOf(r), ", "); got != "16 command, 1 failed" {
		t.Errorf("the rates were %s", got)
	}
	if last := r.Shown[len(r.Shown)-1]; last.At.Sub(r.Began) < 59*time.Second || r.Err != nil {
		t.Errorf("the last picture was shown at %v: %v", last.At.Sub(r.Began), r.Err)
	}
	playertest.Golden(t, "rate/server_gone", r.Events)
}

func TestBadRates(t *testing.T) {
	r := playertest.Run(t, playertest.Scenario{
		For: 5 * time.Second,
		Script: []playertest.Step{{At: time.Second, Do: func(s *playertest.Session) {
			for _, rate := range []float64{0, 0.1, -0.1, 65, -65, math.NaN(), math.Inf(1)} {
				if err := s.Player.SetRate(s.Ctx, rate); err == nil {
					t.Errorf("the rate %v was taken", rate)
				}
			}
		}}},
	})
	if len(ratesOf(r)) > 0 {
		t.Errorf("rates: %v", ratesOf(r))
	}
}

// TestSteps goes forward and back over the borders of fragments, one picture at a
// time, and plays on from there.
func TestSteps(t *testing.T) {
	step := func(n int) func(*playertest.Session) {
		return func(s *playertest.Session) { s.Must(s.Player.Step(s.Ctx, n)) }
	}
	r := playertest.RunThrice(t, func() playertest.Scenario {
		s := playertest.Scenario{
			Config: func(c *player.Config) { c.Start, c.Paused = 3900*time.Millisecond, true },
			Script: []playertest.Step{playertest.Play(10 * time.Second)},
		}
		at := 2 * time.Second
		for _, n := range []int{1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, 5, -7, 3} {
			s.Script = append(s.Script, playertest.Step{At: at, Do: step(n)})
			at += 300 * time.Millisecond
		}
		return s
	})
	want := []int{97, 98, 99, 100, 101, 102, 101, 100, 99, 98, 97, 96, 97, 98, 99, 100, 101, 100, 99, 98, 97, 96, 95, 94, 95, 96, 97}
	for i := 98; i < 750; i++ {
		want = append(want, i)
	}
	for i, n := range want {
		if i >= len(r.Shown) || r.Shown[i].PTS != time.Duration(n)*period {
			t.Fatalf("picture %d shown is that of %v, want number %d", i, r.Shown[min(i, len(r.Shown)-1)].PTS, n)
		}
	}
	inSync(t, r, 15*time.Millisecond)
	playertest.Golden(t, "rate/steps", r.Events)
}

// TestStepsPauseAndStopAtTheEnds: a step while playing pauses; there is nothing
// before the first picture and nothing behind the last.
func TestStepsPauseAndStopAtTheEnds(t *testing.T) {
	var states []event.State
	r := playertest.RunThrice(t, func() playertest.Scenario {
		look := func(s *playertest.Session, n int) {
			s.Must(s.Player.Step(s.Ctx, n))
			states = append(states, s.Player.Status().State)
		}
		return playertest.Scenario{
			For: 8 * time.Second,
			Script: []playertest.Step{
				{At: time.Second, Do: func(s *playertest.Session) { look(s, 1) }},
				playertest.Seek(2*time.Second, 0),
				{At: 3 * time.Second, Do: func(s *playertest.Session) { look(s, -1) }},
				playertest.Seek(4*time.Second, time.Hour),
				{At: 5 * time.Second, Do: func(s *playertest.Session) { look(s, 1) }},
				{At: 6 * time.Second, Do: func(s *playertest.Session) { look(s, -1) }},
			},
		}
	})
	n := len(r.Shown)
	if got := r.Shown[n-1].PTS; got != 30*time.Second-2*period {
		t.Errorf("the last picture shown is that of %v", got)
	}
	for _, s := range states {
		if s != event.Paused && s != event.Seeking {
			t.Errorf("after a step it is %s", s)
		}
	}
	if got := r.Shown[n-2].PTS; got != 30*time.Second-period {
		t.Errorf("behind the last picture is that of %v", got)
	}
}
