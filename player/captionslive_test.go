package player_test

import (
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// Captions of a live event go on at its edge, with those of its fragments that are
// announced one by one, and are there far back in its window, too.
func TestCaptionsLive(t *testing.T) {
	for _, c := range []struct {
		name string
		live func(*origin.Live)
	}{
		{"announced", nil},
		{"nothing is announced", func(l *origin.Live) { l.LookAhead = -1 }},
		{"another window", func(l *origin.Live) { l.Window = 30 * time.Second }},
	} {
		t.Run(c.name, func(t *testing.T) {
			back := 10 * time.Second
			b := &playertest.Board{}
			s := &scene{
				live: c.live, config: func(p *player.Config) { p.TextLanguages = []string{"ja", "ar"} }, span: 70 * time.Second,
				script: []playertest.Step{
					{At: 40 * time.Second, Do: func(s *playertest.Session) {
						s.Must(s.Player.Seek(s.Ctx, s.Player.Status().Position-back, player.Exact))
					}},
					playertest.SelectText(50*time.Second, 1),
					{At: 60 * time.Second, Do: func(s *playertest.Session) { s.Must(s.Player.GoLive(s.Ctx)) }},
				},
			}
			scenario := s.scenario(t)
			scenario.Video, scenario.Text = b, b
			r := playertest.Run(t, scenario)
			if r.Err != nil || r.Summary.Stalls > 0 || r.Summary.PicturesDropped > 0 {
				t.Errorf("%v: %d stalls, %d pictures dropped", r.Err, r.Summary.Stalls, r.Summary.PicturesDropped)
			}
			for _, e := range event.Bodies[event.Error](r.Events) {
				if e.Track == "text" {
					t.Errorf("trouble: %s", e.Message)
				}
			}
			// They come every 3 s, each at its time; the demo begins anew every 24 s.
			told, languages := 0, map[string]int{}
			var last event.Text
			for _, e := range r.Events {
				switch body := e.Body.(type) {
				case event.Seek, event.TextSelected:
					last = event.Text{}
				case event.Text:
					told++
					languages[body.Language]++
					if step := body.Begin - last.Begin; last.Text != "" && step != 3*time.Second {
						t.Errorf("%q begins %v after %q", body.Text, step, last.Text)
					}
					if late := e.Pos - body.Begin; last.Text != "" && (late < 0 || late > 10*time.Millisecond) {
						t.Errorf("%q is told %v late", body.Text, late)
					}
					// The last one ends with the demo; of one that is told after a seek only
					// a part may be there.
					if d := body.End - body.Begin; d > 2600*time.Millisecond || last.Text != "" && d < 2500*time.Millisecond {
						t.Errorf("%q lasts %v", body.Text, d)
					}
					last = body
				}
			}
			if told < 21 || told > 28 || languages["ara"] < 5 || languages["jpn"] < 12 {
				t.Errorf("%d captions, in %v", told, languages)
			}
			with := 0
			for _, s := range b.Seen() {
				if s.Text != "" {
					with++
				}
			}
			if share := float64(with) / float64(len(b.Seen())); share < 0.8 || share > 0.9 {
				t.Errorf("%.2f of the pictures have a caption", share)
			}
		})
	}
}
