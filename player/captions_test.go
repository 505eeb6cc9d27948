package player_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// captioned is the usual presentation with text streams: English, Arabic.
func captioned(texts ...playertest.Text) *playertest.Presentation {
	p := playertest.Default()
	if texts == nil {
		texts = []playertest.Text{{Language: "eng"}, {Language: "ara", Subtype: "SUBT"}}
	}
	p.Texts = texts
	return p
}

func wantText(languages ...string) func(*player.Config) {
	return func(c *player.Config) { c.TextLanguages = languages }
}

// checkSeen holds a board against the captions: each picture has those of its time,
// but for the time of grace behind each of the moments at which something changed.
func checkSeen(t *testing.T, seen []playertest.Seen, want []platform.Cue, grace time.Duration, changes ...time.Duration) {
	t.Helper()
	wrong := 0
	for _, s := range seen {
		if !s.Changed {
			continue // a plane changes between pictures
		}
		text := ""
		for _, q := range want {
			if q.Begin <= s.PTS && s.PTS < q.End {
				text = q.Text
			}
		}
		excused := false
		for _, c := range changes {
			excused = excused || s.PTS >= c && s.PTS < c+grace
		}
		if s.Text != text && !excused {
			if wrong++; wrong <= 3 {
				t.Errorf("the picture at %v has the caption %q, not %q", s.PTS, s.Text, text)
			}
		}
	}
	if wrong > 3 {
		t.Errorf("and %d more", wrong-3)
	}
}

// Captions reach the device in three ways, whatever form they have: each picture
// has those of its very time.
func TestCaptionsInThreeWays(t *testing.T) {
	forms := map[string]playertest.Text{
		"ttml":            {Language: "eng"},
		"dfxp":            {Language: "eng", FourCC: "DFXP", Subtype: "SUBT"},
		"wvtt":            {Language: "eng", FourCC: "WVTT"},
		"inline":          {Language: "eng", Inline: true},
		"ticks of 1/1000": {Language: "eng", Scale: 1000},
		"begins late":     {Language: "eng", From: 6 * time.Second},
	}
	for name, text := range forms {
		want := text.Captions(0, 30*time.Second)
		run := func(t *testing.T, s playertest.Scenario) *playertest.Result {
			p := captioned(text)
			p.Offset = 7 * 10_000_000
			s.Handler, s.Config = p, wantText("en")
			r := playertest.Run(t, s)
			if trouble := playertest.CheckText(r.Events, want, 0); trouble != "" {
				t.Error(trouble)
			}
			if r.Summary.Stalls > 0 || r.Summary.PicturesShown != 750 || r.Summary.PicturesDropped > 0 {
				t.Errorf("%d stalls, %d pictures shown, %d dropped", r.Summary.Stalls, r.Summary.PicturesShown, r.Summary.PicturesDropped)
			}
			return r
		}
		t.Run(name+"/drawn onto the picture", func(t *testing.T) {
			b := &playertest.Board{Cost: 20 * time.Millisecond}
			run(t, playertest.Scenario{Video: b, Text: b})
			checkSeen(t, b.Seen(), want, 0)
			if b.Draws() > len(want)+2 {
				t.Errorf("%d captions were drawn %d times", len(want), b.Draws())
			}
		})
		t.Run(name+"/on a plane of its own", func(t *testing.T) {
			b := &playertest.BoardWithPlane{}
			run(t, playertest.Scenario{Video: b, Text: b})
			checkSeen(t, b.Seen(), want, 0)
			if b.Frames > 0 {
				t.Errorf("%d frames have captions, too", b.Frames)
			}
		})
		t.Run(name+"/as events", func(t *testing.T) {
			b := &playertest.Board{}
			run(t, playertest.Scenario{Video: b})
			checkSeen(t, b.Seen(), nil, 0)
		})
	}
}

// clip are the captions of a stream between two times.
func clip(x playertest.Text, from, to time.Duration) []platform.Cue {
	var list []platform.Cue
	for _, q := range x.Captions(0, to) {
		if q.Begin, q.End = max(q.Begin, from), min(q.End, to); q.End > q.Begin {
			list = append(list, q)
		}
	}
	return list
}

// What is wrong with captions costs neither pictures nor sound: the session is that
// without captions, to the picture.
func TestCaptionsNeverDisturb(t *testing.T) {
	plain := playertest.Run(t, playertest.Scenario{Handler: captioned()})
	isText := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "text_") }
	for name, c := range map[string]struct {
		handle func(w http.ResponseWriter, r *http.Request, next http.Handler)
		lost   func(q platform.Cue) bool // it is not to be had
		errors bool
	}{
		"as they should be": {handle: func(w http.ResponseWriter, r *http.Request, next http.Handler) { next.ServeHTTP(w, r) }},
		"missing": {
			func(w http.ResponseWriter, r *http.Request, next http.Handler) { http.NotFound(w, r) },
			func(platform.Cue) bool { return true }, true,
		},
		"one is missing": {
			func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if strings.HasSuffix(r.URL.Path, "=100000000)") {
					http.NotFound(w, r)
					return
				}
				next.ServeHTTP(w, r)
			},
			nil, true,
		},
		"garbage": {
			func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				w.Write([]byte(strings.Repeat("\x00\x00\x01garbage", 500)))
			},
			func(platform.Cue) bool { return true }, true,
		},
		"a page": {
			func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				fmt.Fprint(w, "<html><body><p>Not here</body></html>")
			},
			func(platform.Cue) bool { return true }, true,
		},
		"another fragment": {
			func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				r.URL.Path = "/show.ism/QualityLevels(1000)/Fragments(text_eng=40000000)"
				next.ServeHTTP(w, r)
			},
			func(q platform.Cue) bool { return q.Begin > 6*time.Second }, true,
		},
		"no answer": {
			func(w http.ResponseWriter, r *http.Request, next http.Handler) { <-r.Context().Done() },
			func(platform.Cue) bool { return true }, true,
		},
		"large": {
			func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				w.Write([]byte("<tt>" + strings.Repeat(" ", 3<<20)))
			},
			func(platform.Cue) bool { return true }, true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := captioned()
			b := &playertest.Board{}
			r := playertest.Run(t, playertest.Scenario{
				Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if isText(r) {
						c.handle(w, r, p)
						return
					}
					p.ServeHTTP(w, r)
				}),
				Video: b, Text: b, Config: wantText("en"),
			})
			if r.Err != nil || r.Summary.Stalls > 0 || r.Summary.PicturesDropped > 0 || r.Summary.AudioGaps > 0 ||
				r.Summary.PicturesShown != plain.Summary.PicturesShown || r.Summary.Startup != plain.Summary.Startup {
				t.Errorf("%v: %d stalls, %d pictures shown (%d), %d dropped, %d gaps, start after %v (%v)", r.Err, r.Summary.Stalls,
					r.Summary.PicturesShown, plain.Summary.PicturesShown, r.Summary.PicturesDropped, r.Summary.AudioGaps,
					r.Summary.Startup, plain.Summary.Startup)
			}
			faults := event.Bodies[event.Error](r.Events)
			for _, f := range faults {
				if f.Track != "text" {
					t.Errorf("an error of the %s: %s", f.Track, f.Message)
				}
			}
			if len(faults) > 0 != c.errors || len(faults) > 4 {
				t.Errorf("%d errors are told", len(faults))
			}
			switch {
			case c.lost != nil:
				for _, e := range event.Bodies[event.Text](r.Events) {
					if c.lost(platform.Cue{Begin: e.Begin, End: e.End, Text: e.Text}) {
						t.Errorf("there is a caption %q", e.Text)
					}
				}
			case name == "as they should be":
				checkSeen(t, b.Seen(), p.Texts[0].Captions(0, 30*time.Second), 0)
			default:
				checkSeen(t, b.Seen(), p.Texts[0].Captions(0, 30*time.Second), 2*time.Second, 10*time.Second)
			}
		})
	}
}

// Another language, none, and one again, while playing and while paused: what was
// there goes at once, and what is wanted comes as soon as it is there, on the same
// picture. Pictures and sound are not touched.
func TestCaptionsAreChanged(t *testing.T) {
	p := captioned()
	eng, ara := p.Texts[0], p.Texts[1]
	b := &playertest.Board{}
	var paused []string
	look := func(s *playertest.Session) {
		time.Sleep(200 * time.Millisecond)
		paused = append(paused, b.Last().Text)
	}
	r := playertest.RunThrice(t, func() playertest.Scenario {
		*b, paused = playertest.Board{}, nil
		return playertest.Scenario{
			Handler: p, Video: b, Text: b,
			Script: []playertest.Step{
				playertest.SelectText(4*time.Second, 0),
				playertest.SelectText(10*time.Second, 1),
				playertest.SelectText(14*time.Second, -1),
				playertest.Pause(16 * time.Second),
				{At: 17 * time.Second, Do: func(s *playertest.Session) {
					look(s)
					s.Must(s.Player.Seek(s.Ctx, 16*time.Second, player.Exact))
					look(s)
					s.Must(s.Player.SelectText(s.Ctx, 0))
					look(s)
					s.Must(s.Player.SelectText(s.Ctx, 1))
					look(s)
					s.Must(s.Player.Seek(s.Ctx, 3100*time.Millisecond, player.Exact)) // nothing is said there
					look(s)
					s.Must(s.Player.Seek(s.Ctx, 3600*time.Millisecond, player.Exact))
					look(s)
					s.Must(s.Player.SelectText(s.Ctx, -1))
					look(s)
					s.Must(s.Player.SelectText(s.Ctx, 0))
					s.Must(s.Player.Play(s.Ctx))
				}},
			},
		}
	})
	want := fmt.Sprintf("%q", []string{"", "", "eng 5", "ara 5", "", "ara 1", ""})
	if got := fmt.Sprintf("%q", paused); got != want {
		t.Errorf("while paused there was %s, not %s", got, want)
	}
	if r.Summary.Stalls > 0 || r.Summary.PicturesDropped > 0 {
		t.Errorf("%d stalls, %d pictures dropped", r.Summary.Stalls, r.Summary.PicturesDropped)
	}
	names := ""
	for _, s := range event.Bodies[event.TextSelected](r.Events) {
		names += s.Name + "/" + s.Language + " "
	}
	if names != "text_eng/eng text_ara/ara / text_eng/eng text_ara/ara / text_eng/eng " {
		t.Errorf("selected: %s", names)
	}
	// Before the pause, in session time less the 0.2 s of the start.
	before := b.Seen()[:375]
	checkSeen(t, before, append(clip(eng, 3900*time.Millisecond, 9900*time.Millisecond), clip(ara, 9900*time.Millisecond, 13900*time.Millisecond)...),
		300*time.Millisecond, 3700*time.Millisecond, 9700*time.Millisecond, 13700*time.Millisecond)
	told := map[string]bool{}
	for _, e := range r.Events {
		switch body := e.Body.(type) {
		case event.TextSelected, event.Seek:
			clear(told)
		case event.Text:
			if told[body.Text] {
				t.Errorf("%q is told twice", body.Text)
			}
			told[body.Text] = true
		}
	}
	playertest.Golden(t, "captions_changed", r.Events)
}

// The captions of where a seek goes are there with its picture or soon after, also
// where they were before, and are told once.
func TestCaptionsAfterSeeks(t *testing.T) {
	p := captioned()
	p.Length = 2 * time.Minute
	b := &playertest.Board{}
	r := playertest.RunThrice(t, func() playertest.Scenario {
		*b = playertest.Board{}
		return playertest.Scenario{
			Handler: p, Video: b, Text: b, Config: wantText("ar", "en"),
			Script: []playertest.Step{
				playertest.Seek(5*time.Second, 100*time.Second),
				playertest.Seek(10*time.Second, 40*time.Second),
				playertest.Seek(15*time.Second, 39*time.Second), // in the buffer
				playertest.Seek(18*time.Second, 70*time.Second+700*time.Millisecond),
				playertest.Stop(24 * time.Second),
			},
		}
	})
	checkSeen(t, b.Seen(), p.Texts[1].Captions(0, p.Length), 200*time.Millisecond, 100*time.Second, 40*time.Second, 39*time.Second,
		70*time.Second+680*time.Millisecond)
	playertest.Golden(t, "captions_after_seeks", r.Events)
}
