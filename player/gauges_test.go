package player_test

import (
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// TestGauges reads buffer and pictures over time from a session with a stall, a
// pause and a seek, and none where nobody asked.
func TestGauges(t *testing.T) {
	scenario := func(every time.Duration) playertest.Scenario {
		return playertest.Scenario{
			Link:   "20M:4s,0:25s,20M",
			Config: func(c *player.Config) { c.GaugesEvery = every; c.BufferAhead = 10 * time.Second },
			Script: []playertest.Step{playertest.Pause(2 * time.Second), playertest.Play(5 * time.Second), playertest.Seek(32*time.Second, 24*time.Second)},
		}
	}
	r := playertest.RunThrice(t, func() playertest.Scenario { return scenario(1003 * ms) })
	var last event.Gauges
	var at time.Duration
	empty, paused := 0, 0
	state := event.Opening
	for _, e := range r.Events {
		switch b := e.Body.(type) {
		case event.StateChanged:
			state = b.To
		case event.Gauges:
			if at > 0 && (e.At-at < 1003*ms || e.At-at > 1010*ms) {
				t.Errorf("gauges at %v and then at %v", at, e.At)
			}
			if b.Shown < last.Shown || b.Decoded < b.Shown {
				t.Errorf("%d pictures shown after %d, of %d decoded", b.Shown, last.Shown, b.Decoded)
			}
			if len(b.Buffers) != 2 || b.Buffers[0].Track != "video" || b.Buffers[1].Track != "audio" {
				t.Fatalf("buffers %+v", b.Buffers)
			}
			if state == event.Buffering && at > 0 && b.Buffers[0].Ahead < 2*time.Second {
				empty++
			}
			if state == event.Paused {
				paused++
			}
			last, at = b, e.At
		}
	}
	if last.Period != 40*ms || last.BandwidthBPS == 0 || last.Cap != 3 {
		t.Errorf("last: %+v", last)
	}
	if empty < 10 || paused != 3 {
		t.Errorf("%d gauges while the buffer was empty, %d while paused", empty, paused)
	}
	if r.Summary.Stalls != 1 || last.Shown < r.Summary.PicturesShown-30 {
		t.Errorf("%d stalls; %d pictures of %d", r.Summary.Stalls, last.Shown, r.Summary.PicturesShown)
	}
	if n := len(event.Bodies[event.Gauges](playertest.Run(t, scenario(0)).Events)); n != 0 {
		t.Errorf("%d gauges that nobody asked for", n)
	}
}
