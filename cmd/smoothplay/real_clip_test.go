//go:build cgo

package main

import (
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// A clip, here a part of the demo within the demo, begins and ends to the picture
// with real decoding: the counter of each goes on where the schedule says, no
// picture is missing or shown twice, and there is no stall.
func TestRealClips(t *testing.T) {
	const whole = 24 * demoRate
	for name, c := range map[string]struct {
		clip player.Clip
		want []int
	}{
		"inserted":          {player.Clip{At: 8 * time.Second, Length: 3 * time.Second}, frames(0, 200, 0, 75, 200, whole)},
		"within a fragment": {player.Clip{At: 8520 * time.Millisecond, Length: 3 * time.Second}, frames(0, 213, 0, 75, 213, whole)},
		"replacing":         {player.Clip{At: 8 * time.Second, Length: 3 * time.Second, Main: player.MainReplaced}, frames(0, 200, 0, 75, 275, whole)},
		"before":            {player.Clip{Place: player.PreRoll, Length: time.Second}, frames(0, 25, 0, whole)},
		"after":             {player.Clip{Place: player.PostRoll, Length: time.Second}, frames(0, whole, 0, 25)},
	} {
		t.Run(name, func(t *testing.T) {
			c.clip.ID, c.clip.URL = "ad", "http://test/demo.ism/Manifest"
			w := watch(t, func(*camera) playertest.Scenario {
				return playertest.Scenario{Config: func(cfg *player.Config) { cfg.Clips = []player.Clip{c.clip} }}
			})
			w.completed()
			w.showed(c.want)
			if s := w.Summary; s.Stalls != 0 || s.PicturesDropped != 0 {
				t.Errorf("%d stalls, %d pictures dropped", s.Stalls, s.PicturesDropped)
			}
			// From the last picture before a change to the first one after it.
			var longest time.Duration
			for i := 1; i < len(w.pictures); i++ {
				if w.pictures[i].frame != w.pictures[i-1].frame+1 {
					longest = max(longest, w.pictures[i].at.Sub(w.pictures[i-1].at))
				}
			}
			t.Logf("a change takes %v at most, steps %d", longest, len(event.Bodies[event.Clip](w.Events)))
			if longest > 150*time.Millisecond {
				t.Errorf("a change takes %v", longest)
			}
		})
	}
}

// demoRate is how many pictures a second the demo has.
const demoRate = 25
