package player_test

import (
	"fmt"
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// film is five minutes with the levels of a usual ladder.
func film(length time.Duration) *playertest.Presentation {
	return &playertest.Presentation{
		Length: length, Languages: []string{"eng"},
		Levels: []int64{350_000, 700_000, 1_200_000, 2_000_000, 3_500_000, 6_000_000},
	}
}

// jain is Jain's index of fairness: 1 where all are equal, 1/n where one has all.
func jain(of []float64) float64 {
	var sum, squares float64
	for _, x := range of {
		sum += x
		squares += x * x
	}
	return sum * sum / (float64(len(of)) * squares)
}

// TestSeveralPlayersShareALink: they get about the same of it, and do not make
// each other swing.
func TestSeveralPlayersShareALink(t *testing.T) {
	for _, c := range []struct {
		players int
		link    string
	}{{2, "5M"}, {2, "9M"}, {3, "7M"}, {3, "12M"}, {5, "8M"}, {5, "20M"}} {
		t.Run(fmt.Sprintf("%d over %s", c.players, c.link), func(t *testing.T) {
			play := playertest.Together
			if c.players == 2 {
				play = playertest.TogetherThrice
			}
			var rates []float64
			for i, r := range play(t, c.players, 3*time.Second, playertest.Scenario{Handler: film(5 * time.Minute), Link: c.link}) {
				rates = append(rates, float64(r.Summary.MeanBitrateBPS))
				switches := r.Summary.SwitchesUp + r.Summary.SwitchesDown
				t.Logf("player %d: %d bit/s, %d switches, %d stalls", i, r.Summary.MeanBitrateBPS, switches, r.Summary.Stalls)
				if switches > 15 || r.Summary.Stalls > 0 || r.Err != nil {
					t.Errorf("player %d: %d switches, %d stalls, %v", i, switches, r.Summary.Stalls, r.Err)
				}
			}
			if index := jain(rates); index < .9 {
				t.Errorf("Jain's index %.3f: %.0f", index, rates)
			}
		})
	}
}

// TestDipIsNotSeen: with enough in the buffer, a link that has a fifth of its
// rate for two seconds changes nothing, whenever that is.
func TestDipIsNotSeen(t *testing.T) {
	shown := func(link string) (levels []int, r *playertest.Result) {
		r = playertest.Run(t, playertest.Scenario{
			Handler: film(90 * time.Second), Link: link,
			Config: func(c *player.Config) { c.BufferAhead = 15 * time.Second },
		})
		for _, f := range event.Bodies[event.Fragment](r.Events) {
			if f.Track == "video" {
				levels = append(levels, f.Level)
			}
		}
		return levels, r
	}
	for _, rate := range []int{8000, 5000, 2600} {
		for phase := range 8 {
			at := 60*time.Second + time.Duration(phase)*270*time.Millisecond
			link := fmt.Sprintf("%dk:%dms,%dk:2s,%dk:600s", rate, at.Milliseconds(), rate/5, rate)
			levels, r := shown(link)
			if r.Summary.Stalls > 0 {
				t.Errorf("%s: %d stalls", link, r.Summary.Stalls)
			}
			last := levels[len(levels)/2]
			for i, q := range levels[len(levels)/2:] {
				if q != last {
					t.Errorf("%s: at %d after the middle, of %v", link, i, levels)
					break
				}
			}
		}
	}
}

// TestUpAndDown plays over a link that falls twice, whatever is under way just
// then. The answer to the first fall comes within 3 s where it happens on the
// full second, and soon after that elsewhere: what is as good as there is waited
// for.
func TestUpAndDown(t *testing.T) {
	for phase := range 6 {
		link := fmt.Sprintf("8M:%dms,1M:30s,4M:30s,600k:15s,8M:15s", 30000+phase*300)
		r := playertest.Run(t, playertest.Scenario{Handler: film(2 * time.Minute), Link: link})
		drop := 30*time.Second + time.Duration(phase)*300*time.Millisecond
		reacted := time.Duration(-1)
		for _, e := range r.Events {
			if d, ok := e.Body.(event.LevelDecided); ok && reacted < 0 && d.Track == "video" && e.At > drop && d.Decision.Level < 5 {
				reacted = e.At - drop
			}
		}
		soon := 3 * time.Second
		if phase > 0 {
			soon += 500 * time.Millisecond
		}
		switches := r.Summary.SwitchesUp + r.Summary.SwitchesDown
		t.Logf("%s: mean %d, %d switches, %d stalls, first lower request after %v", link, r.Summary.MeanBitrateBPS, switches, r.Summary.Stalls, reacted)
		if r.Summary.Stalls > 0 || r.Summary.MeanBitrateBPS < 3_000_000 || switches > 10 || reacted < 0 || reacted > soon {
			t.Errorf("%s: mean %d, %d switches, %d stalls, first lower request after %v", link, r.Summary.MeanBitrateBPS, switches, r.Summary.Stalls, reacted)
		}
	}
}
