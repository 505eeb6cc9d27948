package player_test

import (
	"fmt"
	"testing"
	"time"

	"smoothplay/heuristics"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// decidedAfter are the decisions about video after a time from which a transfer
// followed.
func decidedAfter(r *playertest.Result, at time.Duration) (list []event.LevelDecided) {
	for _, d := range event.Bodies[event.LevelDecided](r.Events) {
		if d.Track == "video" && d.Input.Now > at && d.Decision.Reason != heuristics.ReasonReplace {
			list = append(list, d)
		}
	}
	return list
}

// TestLevelAfterASeekOutOfTheBuffer: the first fragment is the one that shows
// soonest, and the third at the latest is of the level before, where the link
// carries it.
func TestLevelAfterASeekOutOfTheBuffer(t *testing.T) {
	for _, link := range []string{"4500k", "6M", "20M", "100M"} {
		for _, fragment := range []time.Duration{time.Second, 2 * time.Second, 5 * time.Second} {
			t.Run(fmt.Sprint(link, " ", fragment), func(t *testing.T) {
				const at = 40 * time.Second
				p := playertest.Default()
				p.Length, p.Fragment = 10*time.Minute, fragment
				r := playertest.Run(t, playertest.Scenario{
					Handler: p, Link: link,
					Script: []playertest.Step{playertest.Seek(at, 5*time.Minute+800*ms)},
					For:    70 * time.Second,
				})
				former := -1
				for _, l := range event.Bodies[event.LevelShown](r.Events) {
					if l.Shown < at {
						former = l.Level
					}
				}
				after := decidedAfter(r, at)
				if former < 2 || len(after) < 4 {
					t.Fatalf("level %d before, %d decisions after", former, len(after))
				}
				first := after[0]
				if first.Decision.Reason != heuristics.ReasonSeek {
					t.Errorf("the first fragment was chosen for the reason %s", first.Decision.Reason)
				}
				back := 0
				for back < len(after) && after[back].Decision.Level < former {
					back++
				}
				if back > 3 {
					t.Errorf("level %d was back with fragment %d after the first", former, back)
				}
				// The one that shows soonest: the lowest, or as good as that.
				done := event.Bodies[event.SeekDone](r.Events)[0].Elapsed
				lowest := seekTime(t, p, link, at)
				if done > lowest+40*ms {
					t.Errorf("the seek took %v, at the lowest level it takes %v", done, lowest)
				}
			})
		}
	}
}

// seekTime is how long the same seek takes at the lowest level.
func seekTime(t *testing.T, p *playertest.Presentation, link string, at time.Duration) time.Duration {
	r := playertest.Run(t, playertest.Scenario{
		Handler: p, Link: link,
		Config: func(c *player.Config) { c.Limits.Levels = player.LevelSet{{}} },
		Script: []playertest.Step{playertest.Seek(at, 5*time.Minute+800*ms)},
		For:    at + 10*time.Second,
	})
	return event.Bodies[event.SeekDone](r.Events)[0].Elapsed
}

// TestLevelAfterASeekInTheBuffer: nothing has to show soon, so nothing changes.
func TestLevelAfterASeekInTheBuffer(t *testing.T) {
	const at = 20 * time.Second
	for _, to := range []time.Duration{-6 * time.Second, 7 * time.Second} {
		p := playertest.Default()
		p.Length = 2 * time.Minute
		r := playertest.Run(t, playertest.Scenario{
			Handler: p,
			Script: []playertest.Step{{At: at, Do: func(s *playertest.Session) {
				s.Must(s.Player.Seek(s.Ctx, s.Player.Status().Position+to, player.Exact))
			}}},
			For: 50 * time.Second,
		})
		if s := event.Bodies[event.Seek](r.Events); len(s) != 1 || !s[0].InBuffer {
			t.Fatalf("seeks: %+v", s)
		}
		after := decidedAfter(r, at)
		if len(after) < 3 {
			t.Fatalf("%d decisions after the seek", len(after))
		}
		for _, d := range after {
			if d.Decision.Level != 3 || d.Decision.Reason == heuristics.ReasonSeek {
				t.Errorf("by %v: level %d for the reason %s at %v", to, d.Decision.Level, d.Decision.Reason, d.Start)
			}
		}
	}
}
