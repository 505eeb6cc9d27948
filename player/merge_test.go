package player_test

import (
	"net/http"
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

// Markers that are merged into a live presentation stay over its refreshes, and are
// told once each.
func TestMergeLive(t *testing.T) {
	const marks = `<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="0"><StreamIndex Type="text" Name="MARKERS" Subtype="CHAPTER" ParentStreamIndex="video" ManifestOutput="TRUE">` +
		`<c t="72100000000"><f>b25l</f></c><c t="72600000000"><f>dHdv</f></c></StreamIndex></SmoothStreamingMedia>`
	s := scene{
		span: 90 * time.Second,
		wrap: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/marks.ism/Manifest" {
					_, _ = w.Write([]byte(marks))
					return
				}
				next.ServeHTTP(w, r)
			})
		},
		config: func(c *player.Config) { c.Merge = []string{"http://test/marks.ism"} },
	}
	r := playertest.Run(t, s.scenario(t))
	if list, late := markersOf(r); r.Err != nil || len(list) != 2 || list[0] != "one" || list[1] != "two" || late > 50*time.Millisecond {
		t.Errorf("told of %v, %v late; %v", list, late, r.Err)
	}
	if n := r.Summary.Stalls; n != 0 {
		t.Errorf("%d stalls", n)
	}
}
