package player_test

import (
	"net/http"
	"testing"
	"time"

	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// Captions of an encrypted presentation are there at their time, although they are
// clear: over rotations of the keys, a seek, a pause and a change of the language.
func TestCaptionsProtected(t *testing.T) {
	english, arabic := playertest.Text{Language: "eng"}, playertest.Text{Language: "ara", Subtype: "SUBT"}
	var b *playertest.Board
	r := playertest.RunThrice(t, func() playertest.Scenario {
		b = &playertest.Board{Cost: 20 * time.Millisecond}
		o, err := origin.New(origin.Config{
			Handlers: map[string]http.Handler{"show.ism": captioned(english, arabic)}, NoDemo: true,
			Protect: &origin.Protect{Keys: lockKeys[:1], Rotate: 7 * sec, LicenseURL: "http://test" + origin.PlayReadyPath},
		})
		if err != nil {
			t.Fatal(err)
		}
		return playertest.Scenario{
			Handler: o, Keys: toyKeys(), Decoders: clearOnly(), Video: b, Text: b, Config: wantText("en"),
			Script: []playertest.Step{
				playertest.Pause(5*sec + 137*time.Microsecond), playertest.Play(7*sec + 137*time.Microsecond),
				playertest.Seek(9*sec+137*time.Microsecond, 20*sec),
				playertest.SelectText(14*sec+137*time.Microsecond, 1),
			},
		}
	})
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	noTrouble(t, r)
	keys, turned := 0, time.Duration(0)
	for _, e := range r.Events {
		switch body := e.Body.(type) {
		case event.Key:
			if body.Result == "obtained" {
				keys++
			}
		case event.TextSelected:
			if body.Language == "ara" {
				turned = e.Pos
			}
		}
	}
	if keys < 3 || turned == 0 {
		t.Errorf("%d keys were obtained; the language changed at %v", keys, turned)
	}
	want := append(clip(english, 0, turned), clip(arabic, turned, 30*sec)...)
	checkSeen(t, b.Seen(), want, 300*ms, 20*sec, turned)
	if last := b.Seen()[len(b.Seen())-1].PTS; last != 30*sec-period {
		t.Errorf("the last picture is that of %v", last)
	}
	texts := map[string]bool{}
	for _, s := range b.Seen() {
		texts[s.Text] = true
	}
	if len(texts) < 5 {
		t.Errorf("only %d captions were seen", len(texts))
	}
	playertest.Golden(t, "captions_protected", r.Events)
}
