package player_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// steps are the steps of clips, with the time in the presentation or the clip.
func clipSteps(r *playertest.Result) (list []string) {
	for _, c := range event.Bodies[event.Clip](r.Events) {
		list = append(list, c.ID+" "+c.Step)
	}
	return list
}

// run is a stretch of pictures of one presentation; those of a clip are told by
// the width of its lowest level.
func runsOf(r *playertest.Result) (list []string) {
	type stretchOf struct {
		clip     bool
		from, to time.Duration
	}
	var runs []stretchOf
	for _, s := range r.Shown {
		clip := s.Source != nil && s.Source.Width == 1600
		if n := len(runs); n > 0 && runs[n-1].clip == clip && runs[n-1].to == s.PTS {
			runs[n-1].to += period
			continue
		}
		runs = append(runs, stretchOf{clip, s.PTS, s.PTS + period})
	}
	for _, s := range runs {
		name := "main"
		if s.clip {
			name = "clip"
		}
		list = append(list, fmt.Sprintf("%s %.2f-%.2f", name, s.from.Seconds(), s.to.Seconds()))
	}
	return list
}

// clipHosts serve a presentation of 20 s, and a clip of 6 s whose pictures are
// 1600 wide.
func clipHosts() http.Handler {
	show := playertest.Default()
	show.Length = 20 * sec
	ad := &playertest.Presentation{Length: 6 * sec, Levels: []int64{1, 2, 3, 4, 400_000}, Languages: []string{"eng"}}
	ad.Levels = []int64{400_000}
	wide := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "Manifest") {
			rec := &rewriter{ResponseWriter: w}
			ad.ServeHTTP(rec, r)
			return
		}
		ad.ServeHTTP(w, r)
	})
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "Manifest") {
			wait(r, time.Now().Add(time.Minute))
		}
		wide.ServeHTTP(w, r)
	})
	locked := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := &locker{w}
		ad.ServeHTTP(rec, r)
	})
	silent := &playertest.Presentation{Length: 6 * sec, Levels: []int64{400_000}}
	return hosts{
		"test": show, "ads": wide, "none": http.NotFoundHandler(), "slow": slow, "locked": locked,
		"silent": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "Manifest") {
				w = &rewriter{w}
			}
			silent.ServeHTTP(w, r)
		}),
	}
}

// rewriter makes the pictures of a manifest 1600 wide.
type rewriter struct{ http.ResponseWriter }

func (w *rewriter) Write(b []byte) (int, error) {
	_, err := w.ResponseWriter.Write([]byte(strings.ReplaceAll(string(b), `MaxWidth="320" MaxHeight="180"`, `MaxWidth="1600" MaxHeight="900"`)))
	return len(b), err
}

// locker makes a manifest that of something protected.
type locker struct{ http.ResponseWriter }

func (w *locker) Write(b []byte) (int, error) {
	const end = "</SmoothStreamingMedia>"
	_, err := w.ResponseWriter.Write([]byte(strings.Replace(string(b), end,
		`<Protection><ProtectionHeader SystemID="9a04f079-9840-4286-ab92-e65be0885f95">AAAA</ProtectionHeader></Protection>`+end, 1)))
	return len(b), err
}

const adURL = "http://ads/show.ism/Manifest"

func TestClips(t *testing.T) {
	mid := func(change func(*player.Clip)) []player.Clip {
		c := player.Clip{ID: "ad", URL: adURL, At: 8 * sec}
		change(&c)
		return []player.Clip{c}
	}
	whole := []string{"ad scheduled", "ad ready", "ad begin", "ad first_quartile", "ad midpoint", "ad third_quartile", "ad end"}
	for _, c := range []struct {
		name   string
		clips  []player.Clip
		script []playertest.Step
		runs   []string
		steps  []string
	}{
		{"inserted", mid(func(c *player.Clip) {}), nil, []string{"main 0.00-8.00", "clip 0.00-6.00", "main 8.00-20.00"}, whole},
		{"within a fragment", mid(func(c *player.Clip) { c.At = 9 * sec }), nil, []string{"main 0.00-9.00", "clip 0.00-6.00", "main 9.00-20.00"}, whole},
		{"replacing", mid(func(c *player.Clip) { c.Main = player.MainReplaced }), nil, []string{"main 0.00-8.00", "clip 0.00-6.00", "main 14.00-20.00"}, whole},
		{"in part", mid(func(c *player.Clip) { c.Length = 3 * sec; c.Main = player.MainReplaced }), nil, []string{"main 0.00-8.00", "clip 0.00-3.00", "main 11.00-20.00"}, whole},
		{"before", mid(func(c *player.Clip) { c.Place = player.PreRoll }), nil, []string{"clip 0.00-6.00", "main 0.00-20.00"}, whole},
		{"after", mid(func(c *player.Clip) { c.Place = player.PostRoll }), nil, []string{"main 0.00-20.00", "clip 0.00-6.00"}, whole},
		{"missing", mid(func(c *player.Clip) { c.URL = "http://none/x.ism/Manifest" }), nil, []string{"main 0.00-20.00"}, []string{"ad scheduled", "ad failed"}},
		{"canceled", mid(func(c *player.Clip) {}), []playertest.Step{{At: 4 * sec, Do: func(s *playertest.Session) { s.Must(s.Player.CancelClip(s.Ctx, "ad")) }}},
			[]string{"main 0.00-20.00"}, []string{"ad scheduled", "ad ready", "ad canceled"}},
		{"scheduled while playing", nil, []playertest.Step{{At: 3 * sec, Do: func(s *playertest.Session) {
			s.Must(s.Player.ScheduleClip(s.Ctx, player.Clip{ID: "ad", URL: adURL, At: 8 * sec}))
		}}}, []string{"main 0.00-8.00", "clip 0.00-6.00", "main 8.00-20.00"}, whole},
		{"sought across", mid(func(c *player.Clip) {}), []playertest.Step{playertest.Seek(3*sec, 15*sec)},
			[]string{"main 0.00-2.88", "clip 0.00-6.00", "main 15.00-20.00"}, whole},
		{"skipped", mid(func(c *player.Clip) { c.Skippable = true }), []playertest.Step{{At: 10 * sec, Do: func(s *playertest.Session) { s.Must(s.Player.SkipClip(s.Ctx)) }}},
			nil, []string{"ad scheduled", "ad ready", "ad begin", "ad first_quartile", "ad skipped"}},
		{"not to be skipped", mid(func(c *player.Clip) {}), []playertest.Step{{At: 10 * sec, Do: func(s *playertest.Session) {
			if s.Player.SkipClip(s.Ctx) == nil || s.Player.Seek(s.Ctx, 0, player.Exact) == nil {
				t.Error("it was left")
			}
		}}}, []string{"main 0.00-8.00", "clip 0.00-6.00", "main 8.00-20.00"}, whole},
		{"paused in it", mid(func(c *player.Clip) {}), []playertest.Step{playertest.Pause(10 * sec), playertest.Play(13 * sec)},
			[]string{"main 0.00-8.00", "clip 0.00-6.00", "main 8.00-20.00"}, whole},
		{"too slow", mid(func(c *player.Clip) { c.URL = "http://slow/show.ism/Manifest" }), nil, []string{"main 0.00-20.00"}, []string{"ad scheduled", "ad failed"}},
		{"protected", mid(func(c *player.Clip) { c.URL = "http://locked/show.ism/Manifest" }), nil, []string{"main 0.00-20.00"}, []string{"ad scheduled", "ad failed"}},
		{"two in a row", []player.Clip{{ID: "ad", URL: adURL, At: 8 * sec, Length: 2 * sec}, {ID: "b", URL: adURL, At: 8 * sec, Length: sec}}, nil,
			[]string{"main 0.00-8.00", "clip 0.00-2.00", "clip 0.00-1.00", "main 8.00-20.00"}, nil},
		{"without sound", mid(func(c *player.Clip) { c.URL = "http://silent/show.ism/Manifest" }), nil, []string{"main 0.00-8.00", "clip 0.00-6.00", "main 8.00-20.00"}, whole},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := playertest.Run(t, playertest.Scenario{Handler: clipHosts(), Script: c.script, Config: func(cfg *player.Config) { cfg.Clips = c.clips }})
			if r.Err != nil {
				t.Error(r.Err)
			}
			var lines []string
			for _, e := range r.Events {
				if b, ok := e.Body.(event.Clip); ok {
					lines = append(lines, strings.TrimSpace(fmt.Sprintf("%-6.1f item %d at %.2f %s %s %s", e.At.Seconds(), e.Item, e.Pos.Seconds(), b.ID, b.Step, b.Code)))
				}
			}
			if len(c.clips) < 2 { // which of two is ready first is open
				playertest.GoldenLines(t, "clips/"+strings.ReplaceAll(c.name, " ", "_")+".txt", lines)
			}
			if got := clipSteps(r); c.steps != nil && !slices.Equal(got, c.steps) {
				t.Errorf("steps %q\nwant  %q", got, c.steps)
			}
			if got := runsOf(r); c.runs != nil && !slices.Equal(got, c.runs) {
				t.Errorf("shown %q\nwant  %q", got, c.runs)
			} else if c.runs == nil {
				t.Log(got)
			}
			if s := r.Summary; s.Stalls != 0 || s.PicturesDropped != 0 || s.AudioGaps != 0 {
				t.Errorf("%d stalls, %d pictures dropped, %d gaps of sound", s.Stalls, s.PicturesDropped, s.AudioGaps)
			}
		})
	}
}

// Live, a clip is cued by a break that the presentation announces, and the
// playhead is at the edge again after it.
func TestClipLive(t *testing.T) {
	e := origin.Live{Epoch: epochOf, Start: into(-time.Hour), Window: windowOf}
	o, err := origin.New(origin.Config{Live: &e, Breaks: &origin.Breaks{First: 5 * sec, Every: 24 * sec, Length: 6 * sec, Notice: 4 * sec}})
	if err != nil {
		t.Fatal(err)
	}
	all := clipHosts().(hosts)
	all["test"] = o
	r := playertest.Run(t, playertest.Scenario{Handler: all, Path: livePath, For: 60 * sec, Config: func(c *player.Config) {
		c.Clips = []player.Clip{{ID: "ad", URL: adURL, On: "*", Main: player.MainRuns}}
	}})
	t.Log(clipSteps(r), runsOf(r), r.Summary.Stalls, codes(r))
	runs := runsOf(r)
	if len(runs) != 3 || runs[1] != "clip 0.00-6.00" {
		t.Errorf("shown %q", runs)
	}
	if r.Summary.Stalls != 0 {
		t.Errorf("%d stalls", r.Summary.Stalls)
	}
}
