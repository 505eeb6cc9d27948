package player_test

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"smoothplay/drm/clearkey"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// Live, every rate works within the window, and returns to 1 at its ends.
func TestLiveRates(t *testing.T) {
	back := func(c *player.Config) { c.Live.Start = player.LiveStart{Offset: -5 * time.Minute} }
	for _, c := range []struct {
		rate  float64
		from  func(*player.Config)
		until time.Duration // when the rate is set to 1; 0: never
		cause string        // of the return to 1
	}{
		{-64, nil, 0, "window"},
		{-8, nil, 30 * sec, "command"},
		{-4, nil, 30 * sec, "command"},
		{-1, back, 30 * sec, "command"},
		{0.25, nil, 30 * sec, "command"},
		{0.5, nil, 30 * sec, "command"},
		{1.25, back, 30 * sec, "command"},
		{2, func(c *player.Config) { c.Live.Start = player.LiveStart{Offset: -20 * time.Second} }, 0, "edge"},
		{4, back, 30 * sec, "command"},
		{8, back, 0, "edge"},
		{64, back, 0, "edge"},
	} {
		name := "rate " + fmt.Sprint(c.rate)
		t.Run(name, func(t *testing.T) {
			var last player.Status
			s := scene{name: name, span: 90 * sec, config: c.from, link: "6M", script: []playertest.Step{
				setRate(10*sec, c.rate),
				{At: 89 * sec, Do: func(s *playertest.Session) { last = s.Player.Status() }},
			}}
			if c.until > 0 {
				s.script = append(s.script, setRate(c.until, 1))
			}
			r := s.play(t)
			if got, want := strings.Join(ratesOf(r), ", "), fmt.Sprintf("%v command, 1 %s", c.rate, c.cause); got != want {
				t.Errorf("the rates were %s, want %s", got, want)
			}
			if r.Summary.Stalls > 0 {
				t.Errorf("%d stalls", r.Summary.Stalls)
			}
			if last.Rate != 1 || last.State != event.Playing || last.AtEdge != (c.cause == "edge") {
				t.Errorf("in the end it is %s at %v x, at the edge: %v", last.State, last.Rate, last.AtEdge)
			}
			shown, from := wound(r, c.rate)
			if c.rate < 0 || c.rate > 2 {
				even(t, shown[:len(shown)-1], from, c.rate, 7.99, 300*time.Millisecond)
				return
			}
			n := len(shown) - 1
			if got := (shown[n].PTS - shown[20].PTS).Seconds() / shown[n].At.Sub(shown[20].At).Seconds(); math.Abs(got-c.rate) > .02 {
				t.Errorf("media went by at %.3f x", got)
			}
		})
	}
}

// A playhead that goes back slowly is overtaken by the start of the window, and
// plays on from there.
func TestLiveWindowOvertakesWinding(t *testing.T) {
	s := scene{name: "rate overtaken by the window", span: 70 * sec, live: func(e *origin.Live) { e.Window = time.Minute },
		script: []playertest.Step{setRate(10*sec, -1)}}
	r := s.play(t)
	if got := strings.Join(ratesOf(r), ", "); got != "-1 command, 1 window" {
		t.Errorf("the rates were %s", got)
	}
	if last := r.Shown[len(r.Shown)-1]; last.At.Sub(r.Began) < 69*sec {
		t.Errorf("the last picture was shown after %v", last.At.Sub(r.Began))
	}
}

// Steps pause a live session where it is.
func TestLiveSteps(t *testing.T) {
	var s scene
	s = scene{name: "steps", span: 30 * sec}
	for i, n := range []int{-1, -1, -1, 1, 1, 1, 1} {
		s.script = append(s.script, playertest.Step{At: 10*sec + time.Duration(i)*500*ms, Do: func(s *playertest.Session) { s.Must(s.Player.Step(s.Ctx, n)) }})
	}
	s.script = append(s.script, goLive(20*sec))
	r := s.play(t)
	var moves []time.Duration
	for i := 1; i < len(r.Shown); i++ {
		if at := r.Shown[i].At.Sub(r.Began); at > 10*sec+200*time.Microsecond && at < 20*sec {
			moves = append(moves, (r.Shown[i].PTS-r.Shown[i-1].PTS)/period)
		}
	}
	if got := fmt.Sprint(moves); got != "[-1ns -1ns -1ns 1ns 1ns 1ns 1ns]" {
		t.Errorf("the pictures went by %s", got)
	}
}

// Encrypted in any scheme, with keys that rotate, every rate has its pictures.
func TestProtectedRates(t *testing.T) {
	for _, scheme := range origin.Schemes {
		for _, rate := range []float64{-64, -8, 8, 64, 0.5} {
			name := fmt.Sprintf("rate/protected_%s_%s", scheme, strings.NewReplacer("-", "back_", ".", "_").Replace(fmt.Sprint(rate)))
			t.Run(name, func(t *testing.T) {
				decoders := clearOnly()
				r := playertest.RunThrice(t, func() playertest.Scenario {
					decoders = clearOnly()
					return playertest.Scenario{
						Handler: lockedLong(t, scheme), Path: "/show.ism/Manifest", Link: "6M", For: 14 * sec, Decoders: decoders,
						Keys:   &clearkey.Server{URL: "http://test" + origin.ClearKeyPath},
						Config: func(c *player.Config) { c.Start = 8 * time.Minute },
						Script: []playertest.Step{setRate(6*sec, rate), setRate(10*sec, 1)},
					}
				})
				if n := len(event.Bodies[event.Error](r.Events)); n > 0 || r.Err != nil {
					t.Errorf("%d errors: %v", n, r.Err)
				}
				if shown, from := wound(r, rate); rate != 0.5 {
					even(t, shown, from, rate, 7.99, 300*time.Millisecond)
				} else if len(shown) < 40 {
					t.Errorf("%d pictures", len(shown))
				}
				playertest.Golden(t, name, r.Events)
			})
		}
	}
}

func lockedLong(t *testing.T, scheme origin.Scheme) *origin.Origin {
	t.Helper()
	o, err := origin.New(origin.Config{
		Handlers: map[string]http.Handler{"show.ism": long()}, NoDemo: true,
		Protect: &origin.Protect{Scheme: scheme, Keys: lockKeys[:1], Rotate: time.Minute},
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}
