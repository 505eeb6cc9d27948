//go:build cgo

package main

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/platform/platformtest"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
	"smoothplay/render/ffmpeg"
	"smoothplay/testdata/demo"
)

// The tests named TestRealEvent play the demo as a live event, with real
// decoding, in a bubble. It repeats every 24 s, and so do the numbers that its
// pictures carry.

// eventBegan is when a bubble begins. The demo begins anew two hours before.
var eventBegan = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func atEvent(d time.Duration) time.Time { return eventBegan.Add(d) }

// eventOrigin serves the event, of which ten minutes can be played.
func eventOrigin(t *testing.T, change func(*origin.Live), faults string) http.Handler {
	t.Helper()
	live := origin.Live{Epoch: atEvent(-2 * time.Hour), Start: atEvent(-time.Hour), Window: 10 * time.Minute}
	if change != nil {
		change(&live)
	}
	parsed, err := origin.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	o, err := origin.New(origin.Config{Live: &live, Faults: parsed})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// eventCamera is a screen that reads what the pictures of an event say.
type eventCamera struct {
	null.VideoSink
	t *testing.T

	mu       sync.Mutex
	pictures []seen
	lag      time.Duration // from the time of a picture to that of its number, within a repetition; -1: not known
	cleared  int
}

const repetition = demo.Frames * period

// Show implements [platform.VideoSink].
func (c *eventCamera) Show(f *platform.Frame) (time.Time, error) {
	at, err := c.VideoSink.Show(f)
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.Picture == nil {
		c.cleared++
		return at, err
	}
	m, ok := readMark(f.Picture)
	if !ok {
		c.t.Errorf("the picture of %v has no mark", f.Picture.PTS)
		return at, err
	}
	lag := (time.Duration(m.Frame)*period - f.Picture.PTS%repetition + repetition) % repetition
	if c.lag < 0 {
		c.lag = lag
	}
	if off := (lag - c.lag).Abs(); off > time.Microsecond && off < repetition-time.Microsecond {
		c.t.Errorf("picture %d is said to be that of %v, %v from its place", m.Frame, f.Picture.PTS, lag-c.lag)
	}
	lit := platformtest.ReadFlash(f.Picture.Planes[0], f.Picture.Strides[0], f.Picture.Width, f.Picture.Height)
	if beat := m.Frame % demo.FrameRate; lit != (beat >= demo.BeatFrame && beat < demo.BeatFrame+demo.FlashFrames) {
		c.t.Errorf("picture %d: the flash is %v", m.Frame, lit)
	}
	c.pictures = append(c.pictures, seen{at, m.Frame, m.Level, lit, 0})
	return at, err
}

// watchEvent plays an event and returns what was seen and heard of it.
func watchEvent(t *testing.T, s playertest.Scenario) *watched {
	t.Helper()
	c := &eventCamera{t: t, lag: -1}
	s.Video, s.Decoders = c, ffmpeg.Decoders{}
	s.Audio = &null.AudioSink{Record: true, Capture: true, Latency: 37 * time.Millisecond}
	s.Path = "/demo.isml/Manifest"
	config := s.Config
	s.Config = func(p *player.Config) {
		p.Limits.MaxHeight = 360 // what the small pictures say is enough
		if config != nil {
			config(p)
		}
	}
	r := playertest.Run(t, s)
	if c.cleared > 1 {
		t.Errorf("the screen was cleared %d times", c.cleared)
	}
	return &watched{Result: r, t: t, pictures: c.pictures}
}

// eventRuns are the stretches of pictures that follow each other, by their
// numbers: how many each has, and how many are missing before it (within a
// repetition).
func (w *watched) eventRuns() (lengths, missing []int) {
	for i, p := range w.pictures {
		if i == 0 || p.frame != (w.pictures[i-1].frame+1)%demo.Frames {
			lengths = append(lengths, 0)
			if i > 0 {
				missing = append(missing, (p.frame-w.pictures[i-1].frame-1+demo.Frames)%demo.Frames)
			}
		}
		lengths[len(lengths)-1]++
	}
	return lengths, missing
}

// eventInSync asserts that what was seen and heard belongs together, as far as it
// can be compared.
func (w *watched) eventInSync(share float64) {
	w.t.Helper()
	n, apart := 0, 0
	var worst time.Duration
	limit := 45 * time.Millisecond
	if len(event.Bodies[event.Rate](w.Events)) > 0 {
		limit = 150 * time.Millisecond // sound that was stretched is found less exactly
	}
	for _, p := range w.pictures {
		heard, ok := w.heardAt(p.at)
		if !ok {
			continue
		}
		off := (heard - time.Duration(p.frame)*period).Abs()
		off = min(off, (repetition - off).Abs())
		if n++; off > limit {
			apart++
		}
		worst = max(worst, off)
	}
	if float64(n) < share*float64(len(w.pictures)) || apart > 0 {
		w.t.Errorf("of %d pictures %d can be compared with what was heard, %d of them are apart, by up to %v", len(w.pictures), n, apart, worst)
	}
}

// No picture of an event is lost or seen twice, at joins, jumps, failovers and
// gaps, but for those that a fault destroyed or a jump passes over.
func TestRealEvent(t *testing.T) {
	const sec = time.Second
	gap := func(stream string, from, to time.Duration) func(*origin.Live) {
		return func(e *origin.Live) {
			e.Gaps = []origin.Gap{{Stream: stream, From: atEvent(from), To: atEvent(to)}}
		}
	}
	start := func(s player.LiveStart) func(*player.Config) {
		return func(c *player.Config) { c.Live.Start = s }
	}
	step := func(at time.Duration, do func(s *playertest.Session) error) playertest.Step {
		return playertest.Step{At: at, Do: func(s *playertest.Session) { s.Must(do(s)) }}
	}
	goLive := func(s *playertest.Session) error { return s.Player.GoLive(s.Ctx) }
	replay := func(s *playertest.Session) error { return s.Player.Replay(s.Ctx) }
	for _, c := range []struct {
		name    string
		live    func(*origin.Live)
		faults  string
		backup  bool
		config  func(*player.Config)
		script  []playertest.Step
		link    string
		span    time.Duration
		runs    int   // stretches of pictures
		missing []int // pictures before each but the first; nil: a jump
		stalls  int
		sync    float64 // share of the pictures to be compared with the sound
	}{
		{name: "join at the edge", runs: 1, sync: 0.9},
		{name: "join at the start of the window", config: start(player.LiveStart{From: player.FromWindow}), runs: 1, sync: 0.9},
		{name: "join half a minute back", config: start(player.LiveStart{Offset: -30 * sec}), runs: 1, sync: 0.9},
		{name: "all levels", link: "3M:12s,420k:9s,3M", config: func(c *player.Config) {
			start(player.LiveStart{Offset: -60 * sec})(c)
			c.Limits.MaxHeight, c.BufferAhead = 0, 8*sec
		}, runs: 1, sync: 0.9},
		{name: "far back, live, and again", script: []playertest.Step{
			playertest.Seek(8*sec, 100*sec+330*time.Millisecond), step(13*sec, goLive), step(20*sec, replay)}, runs: 4, sync: 0.7},
		{name: "pause and go on", script: []playertest.Step{playertest.Pause(8 * sec), playertest.Play(20 * sec)}, runs: 1, sync: 0.7},
		{name: "pause longer than the window", live: func(e *origin.Live) { e.Window = time.Minute },
			script: []playertest.Step{playertest.Pause(8 * sec), playertest.Play(150 * sec)}, span: 170 * sec, runs: 2, sync: 0.7},
		{name: "origin that dies", faults: "die@6s-20s", backup: true, span: 40 * sec, runs: 1, sync: 0.9},
		{name: "origin that fails", faults: "500@6s-20s", backup: true, span: 40 * sec, runs: 1, sync: 0.9},
		{name: "edge that stands still", faults: "encoder-gap@10s-30s", backup: true, span: 40 * sec, runs: 1, sync: 0.9},
		{name: "level that is gone", faults: "level-gone@900k@10s-20s", runs: 1, sync: 0.9},
		{name: "wrong announcements", faults: "bad-tfrf", runs: 1, sync: 0.6},
		{name: "no announcements", faults: "no-tfrf", runs: 1, sync: 0.9},
		{name: "early requests", faults: "412@edge:30%", runs: 1, sync: 0.6},
		{name: "some requests that fail", faults: "503@20%,cut@30%@every:7", runs: 1, sync: 0.6},
		{name: "some bodies that are spoilt", faults: "garbage@every:4,truncated@every:5,other-time@every:6", runs: 1, sync: 0.6},
		{name: "nothing for three seconds", faults: "404@8s-11s", runs: 1, sync: 0.6},
		{name: "server that dies for a moment", faults: "die@8s-10s", runs: 1, sync: 0.6},
		{name: "answers that come late", faults: "late@1s@every:2", runs: 1, sync: 0.6},
		{name: "manifest of long ago", faults: "stale-manifest@-20s", runs: 1, sync: 0.6},
		{name: "fragment that is nowhere", faults: "404@video:1803", runs: 2, missing: []int{2 * demo.FrameRate}, sync: 0.6},
		{name: "fragment that is spoilt", faults: "garbage@video:1803", runs: 2, missing: []int{2 * demo.FrameRate}, sync: 0.6},
		{name: "clock that jumps ahead", faults: "clock-jump@+30s@8s", span: 40 * sec, runs: 2, sync: 0.6},
		{name: "encoder a little ahead", faults: "clock-jump@+1500ms@8s", span: 60 * sec, runs: 1, sync: 0.6},
		{name: "event that has not begun", live: func(e *origin.Live) { e.Start = atEvent(9500 * time.Millisecond) }, span: 40 * sec, runs: 1, sync: 0.6},
		{name: "start-over", live: func(e *origin.Live) {
			e.Start, e.Window, e.Duration, e.End = atEvent(-10*sec), 0, time.Minute, atEvent(20*sec)
		}, config: start(player.LiveStart{From: player.FromWindow}), span: 50 * sec, runs: 1, sync: 0.9},
		{name: "end with 404", live: func(e *origin.Live) { e.End, e.Ending = atEvent(10*sec), origin.EndLost }, span: 60 * sec, runs: 1, stalls: 1, sync: 0.6},
		{name: "gap in all streams", live: gap("", 10*sec, 20*sec), span: 40 * sec, runs: 2, missing: []int{250}, stalls: 1, sync: 0.5},
		{name: "gap in the pictures", live: gap("video", 10*sec, 16*sec), span: 40 * sec, runs: 2, missing: []int{150}, stalls: 1, sync: 0.4},
		{name: "gap in the sound", live: gap("audio", 10*sec, 16*sec), span: 40 * sec, runs: 1, stalls: 1, sync: 0.3},
		{name: "gap in the window", live: gap("", -100*sec, -90*sec), config: start(player.LiveStart{Offset: -110 * sec}), span: 40 * sec, runs: 2, missing: []int{250}, sync: 0.7},
		{name: "end", live: func(e *origin.Live) { e.End = atEvent(20 * sec) }, runs: 1, sync: 0.9},
		{name: "silent end", live: func(e *origin.Live) { e.End, e.Ending = atEvent(10*sec), origin.EndSilent }, span: 60 * sec, runs: 1, stalls: 1, sync: 0.6},
	} {
		t.Run(c.name, func(t *testing.T) {
			hosts := map[string]http.Handler{"test": eventOrigin(t, c.live, c.faults)}
			if c.backup {
				hosts["backup"] = eventOrigin(t, c.live, "")
			}
			s := playertest.Scenario{
				Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { hosts[r.Host].ServeHTTP(w, r) }),
				Script:  c.script, Link: c.link, For: c.span,
				Config: func(p *player.Config) {
					if c.backup {
						p.Fallbacks = []string{"http://backup/demo.isml/Manifest"}
					}
					if c.config != nil {
						c.config(p)
					}
				},
			}
			if s.For == 0 {
				s.For = 24 * sec
			}
			w := watchEvent(t, s)
			if w.Err != nil || w.Summary.PicturesDropped > 0 || w.Summary.Stalls > c.stalls {
				t.Errorf("%v, %d pictures dropped, %d stalls", w.Err, w.Summary.PicturesDropped, w.Summary.Stalls)
			}
			lengths, missing := w.eventRuns()
			if len(lengths) != c.runs || c.missing != nil && !slices.Equal(missing, c.missing) {
				t.Errorf("%d stretches of %v pictures with %v missing between, want %d with %v", len(lengths), lengths, missing, c.runs, c.missing)
			}
			w.eventInSync(c.sync)
			for _, f := range event.Bodies[event.Error](w.Events) {
				if f.Code == event.SampleLost {
					t.Error(f.Message)
				}
			}
			if c.name == "all levels" && len(slices.Compact(slices.Sorted(slices.Values(w.levels())))) < 3 {
				t.Errorf("the levels shown are %v", w.levels())
			}
		})
	}
}

// A change of channel leaves the last picture of the one on the screen until the
// first of the other is there, and keeps the decoders.
func TestRealEventChannels(t *testing.T) {
	one := eventOrigin(t, nil, "")
	two := eventOrigin(t, func(e *origin.Live) { e.Epoch = e.Epoch.Add(-8 * time.Second) }, "")
	c := &eventCamera{t: t, lag: -1}
	changes := []time.Duration{8 * time.Second, 14 * time.Second}
	to := func(at time.Duration, query string) playertest.Step {
		return playertest.Step{At: at, Do: func(s *playertest.Session) {
			s.Must(s.Player.Open(s.Ctx, "http://test/demo.isml/Manifest"+query))
			c.mu.Lock()
			c.lag = -1 // another zero point
			c.mu.Unlock()
		}}
	}
	decoders := &openings{}
	r := playertest.Run(t, playertest.Scenario{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("two") {
				two.ServeHTTP(w, r)
				return
			}
			one.ServeHTTP(w, r)
		}),
		Path: "/demo.isml/Manifest", Video: c, Decoders: decoders, Audio: &null.AudioSink{}, For: 20 * time.Second,
		Config: func(p *player.Config) { p.Limits.MaxHeight, p.AppendQuery = 360, true },
		Script: []playertest.Step{to(changes[0], "?two"), to(changes[1], "")},
	})
	w := &watched{Result: r, t: t, pictures: c.pictures}
	lengths, _ := w.eventRuns()
	if r.Err != nil || r.Summary.Stalls > 0 || len(lengths) != 3 || c.cleared != 1 {
		t.Fatalf("%v, %d stalls, stretches of %v pictures, the screen was cleared %d times", r.Err, r.Summary.Stalls, lengths, c.cleared)
	}
	first := 0
	for i, at := range changes {
		first += lengths[i]
		if took := w.pictures[first].at.Sub(atEvent(at)); took > 500*time.Millisecond {
			t.Errorf("the channel changed after %v", took)
		}
	}
	if decoders.video != 1 || decoders.audio != 1 {
		t.Errorf("%d decoders for video and %d for audio were opened for three channels", decoders.video, decoders.audio)
	}
}

// openings are the decoders of FFmpeg, counted as they are opened.
type openings struct {
	ffmpeg.Decoders
	video, audio int
}

// OpenVideo implements [platform.Decoders].
func (o *openings) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	o.video++
	return o.Decoders.OpenVideo(f)
}

// OpenAudio implements [platform.Decoders].
func (o *openings) OpenAudio(f platform.Format, out platform.PCMFormat) (platform.AudioDecoder, error) {
	o.audio++
	return o.Decoders.OpenAudio(f, out)
}
