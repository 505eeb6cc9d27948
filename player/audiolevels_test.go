package player_test

import (
	"slices"
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// severalSounds is a presentation with sound of four bitrates.
func severalSounds(length time.Duration) *playertest.Presentation {
	p := playertest.Default()
	p.Length, p.AudioLevels = length, []int64{32_000, 64_000, 128_000, 256_000}
	return p
}

// soundLevels are the levels of sound by chunk, as received.
func soundLevels(r *playertest.Result) (levels []int) {
	for _, f := range event.Bodies[event.Fragment](r.Events) {
		if f.Track == "audio" && f.Outcome == event.Received {
			levels = append(levels, f.Level)
		}
	}
	return levels
}

func TestSoundGivesWayBeforeItStalls(t *testing.T) {
	r := playertest.RunThrice(t, func() playertest.Scenario {
		return playertest.Scenario{
			Handler: severalSounds(150 * time.Second), Link: "6M:40s,500k:40s,6M",
			Config: func(c *player.Config) { c.BufferAhead = 16 * time.Second },
		}
	})
	whole(t, r, 0, 150*time.Second)
	unbroken(t, r, 150*time.Second)
	inSync(t, r, 5*time.Millisecond)
	if r.Summary.Stalls != 0 {
		t.Errorf("%d stalls", r.Summary.Stalls)
	}
	for _, d := range event.Bodies[event.LevelDecided](r.Events) {
		if d.Track == "audio" && d.Policy != "audio" {
			t.Fatalf("the policy of audio is %s", d.Policy)
		}
	}
	levels := soundLevels(r)
	low := slices.Index(levels[15:], 0) + 15
	if low < 20 || low > 35 || slices.Max(levels[:20]) < 3 || slices.Max(levels[low:]) < 3 {
		t.Errorf("levels of sound: %v, want the best, the lowest while the link is slow, and the best again", levels)
	}
	changes := 0
	for i := range levels[1:] {
		if levels[i+1] != levels[i] {
			changes++
		}
	}
	if changes > 6 {
		t.Errorf("%d changes of the level of sound: %v", changes, levels)
	}
	playertest.Golden(t, "sound_gives_way", r.Events)
}

// TestSoundLeavesTheLinkToPictures: on a slow link the lowest pictures and the
// lowest sound go together, on a fast one the best.
func TestSoundLeavesTheLinkToPictures(t *testing.T) {
	for link, want := range map[string]int{"550k": 0, "1M": 1, "30M": 3} {
		r := playertest.Run(t, playertest.Scenario{Handler: severalSounds(3 * time.Minute), Link: link})
		whole(t, r, 0, 3*time.Minute)
		levels := soundLevels(r)
		if got := levels[len(levels)-1]; got != want || r.Summary.Stalls != 0 {
			t.Errorf("%s: levels %v, want %d in the end; %d stalls", link, levels, want, r.Summary.Stalls)
		}
	}
}

// TestSoundAloneOfSeveralLevels has the whole link to itself.
func TestSoundAloneOfSeveralLevels(t *testing.T) {
	r := playertest.Run(t, playertest.Scenario{
		Handler: severalSounds(60 * time.Second), Link: "4M",
		Config: func(c *player.Config) { c.NoVideo = true },
	})
	unbroken(t, r, 60*time.Second)
	if levels := soundLevels(r); levels[len(levels)-1] != 3 {
		t.Errorf("levels %v", levels)
	}
}

func TestAudioPolicyByName(t *testing.T) {
	r := playertest.Run(t, playertest.Scenario{
		Handler: severalSounds(20 * time.Second),
		Config:  func(c *player.Config) { c.AudioPolicy = "fixed" },
	})
	if levels := used(soundLevels(r)); !slices.Equal(levels, []int{0}) {
		t.Errorf("the fixed policy played the levels %v of sound", levels)
	}
	if _, err := player.New(player.Device{}, player.Config{URL: "http://host/a.ism", AudioPolicy: "loud"}); err == nil {
		t.Error("a policy of audio that does not exist was accepted")
	}
}
