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
	r := playertest.Run(t, scenario(1003*ms))
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

// TestEstimateAcrossLanguages changes the language while pictures are on their
// way: the bytes of the language that goes are not taken off what came beside
// them.
func TestEstimateAcrossLanguages(t *testing.T) {
	handler := &playertest.Presentation{Length: 40 * time.Second, Levels: []int64{3_000_000}, Languages: []string{"eng", "deu"}}
	r := playertest.Run(t, playertest.Scenario{
		Handler: handler, Link: "4M", Config: func(c *player.Config) { c.GaugesEvery = 1003 * ms },
		Script: []playertest.Step{playertest.SelectAudio(10*time.Second, 1), playertest.SelectAudio(20*time.Second, 0)},
	})
	for _, e := range r.Events {
		switch b := e.Body.(type) {
		case event.LevelDecided:
			for _, transfer := range b.Input.Transfers {
				if transfer.OtherBytes < 0 {
					t.Fatalf("at %v: %d bytes came beside a transfer", e.At, transfer.OtherBytes)
				}
			}
		case event.Gauges:
			if b.BandwidthError >= 0 && e.At < 3*time.Second || b.BandwidthBPS > 3_000_000 && b.BandwidthError >= 0 {
				continue
			}
			t.Errorf("at %v: %d bit/s, error %v", e.At, b.BandwidthBPS, b.BandwidthError)
		}
	}
}
