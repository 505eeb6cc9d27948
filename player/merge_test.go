package player_test

import (
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// besides are a presentation of pictures and English sound, and another of captions,
// French sound and chapters on the same clock.
func besides(extra *playertest.Presentation) *playertest.Composite {
	main := playertest.Default()
	main.Languages = []string{"eng"}
	main.Offset = 7 * 10_000_000
	extra.Length, extra.Offset = 30*time.Second, main.Offset
	return &playertest.Composite{Of: []*playertest.Presentation{main, extra}}
}

func merging(urls ...string) func(*player.Config) {
	return func(c *player.Config) {
		c.Merge = urls
		c.TextLanguages, c.AudioLanguages = []string{"deu"}, []string{"fra"}
	}
}

// What is merged is played as if it had been there: captions in fragments and in the
// manifest, sound and chapters.
func TestMerge(t *testing.T) {
	for _, inline := range []bool{false, true} {
		text := playertest.Text{Language: "deu", Inline: inline}
		mk := func() playertest.Scenario {
			return playertest.Scenario{
				Handler: besides(&playertest.Presentation{Languages: []string{"fra"}, Texts: []playertest.Text{text}, Chapters: []time.Duration{5 * time.Second, 20 * time.Second}}),
				Path:    "/0/show.ism/Manifest", Config: merging("http://test/1/show.ism/Manifest"),
			}
		}
		r := playertest.RunThrice(t, mk)
		whole(t, r, 0, 30*time.Second)
		unbroken(t, r, 30*time.Second)
		if trouble := playertest.CheckText(r.Events, text.Captions(0, 30*time.Second), 0); trouble != "" {
			t.Error(trouble)
		}
		if list, _ := markersOf(r); len(list) != 2 {
			t.Errorf("told of chapters %v", list)
		}
		for _, f := range event.Bodies[event.Fragment](r.Events) {
			if f.Track == "audio" && f.Language != "fra" || f.Outcome != event.Received {
				t.Errorf("%+v", f)
			}
		}
		if !inline {
			playertest.Golden(t, "merge", r.Events)
		}
	}
}

// A manifest of text alone, as those to be merged are, is one to be merged.
func TestMergeTextAlone(t *testing.T) {
	text := playertest.Text{Language: "deu"}
	r := playertest.Run(t, playertest.Scenario{
		Handler: besides(&playertest.Presentation{Texts: []playertest.Text{text}}),
		Path:    "/0/show.ism/Manifest", Config: merging("http://test/1/show.ism"),
	})
	whole(t, r, 0, 30*time.Second)
	if trouble := playertest.CheckText(r.Events, text.Captions(0, 30*time.Second), 0); trouble != "" {
		t.Error(trouble)
	}
}

// What cannot be merged is told, and harms nothing.
func TestMergeMissing(t *testing.T) {
	r := playertest.Run(t, playertest.Scenario{
		Handler: besides(&playertest.Presentation{}),
		Path:    "/0/show.ism/Manifest", Config: merging("http://test/none.ism/Manifest?token=secret", "ftp://x", "http://test/1/show.ism/Manifest"),
	})
	whole(t, r, 0, 30*time.Second)
	errors := event.Bodies[event.Error](r.Events)
	if len(errors) != 3 || errors[0].Code != event.NotFound || errors[0].Fatal || errors[2].Code != event.NothingToPlay {
		t.Errorf("%+v", errors)
	}
}
