package player_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/httpclient"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

const ms = time.Millisecond

// house is a network with a server, for sessions that a Scenario is too narrow
// for.
type house struct {
	t       *testing.T
	network *playertest.Network
	link    *httpclient.Link
	client  *httpclient.Client
	stop    func()
	work    sync.WaitGroup
}

// inHouse runs do in a bubble.
func inHouse(t *testing.T, handler http.Handler, shape string, latency time.Duration, do func(*house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, handler, shape, latency)
		do(h)
		h.close()
	})
}

func newHouse(t *testing.T, handler http.Handler, shape string, latency time.Duration) *house {
	t.Helper()
	h := &house{t: t, network: playertest.NewNetwork()}
	h.stop = h.network.Serve(handler)
	parsed, err := httpclient.ParseShape(shape)
	if err != nil {
		t.Fatal(err)
	}
	if h.link, err = httpclient.NewLink(parsed, latency); err != nil {
		t.Fatal(err)
	}
	if h.client, err = httpclient.New(httpclient.Config{Dial: h.network.Dial, Link: h.link}); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) close() {
	h.work.Wait()
	h.client.Close()
	h.stop()
}

// guest is a session in a house.
type guest struct {
	*player.Player
	log    event.Recorder
	video  *null.VideoSink
	audio  *null.AudioSink
	cancel context.CancelFunc
	ended  chan struct{}
	err    error // of Run, once ended is closed
}

// start runs a session on null sinks that record; change may replace what it is
// made of.
func (h *house) start(change func(*player.Device, *player.Config)) *guest {
	h.t.Helper()
	g := &guest{video: &null.VideoSink{Record: true}, audio: &null.AudioSink{Record: true, Latency: 11 * ms}, ended: make(chan struct{})}
	dev := player.Device{HTTP: h.client, Decoders: &null.Decoders{}, Video: g.video, Audio: g.audio}
	cfg := player.Config{URL: "http://test/show.ism/Manifest", Events: &g.log, Random: rand.New(rand.NewPCG(1, 2))}
	if change != nil {
		change(&dev, &cfg)
	}
	var err error
	if g.Player, err = player.New(dev, cfg); err != nil {
		h.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(h.t.Context())
	g.cancel = cancel
	h.work.Go(func() {
		defer close(g.ended)
		defer cancel()
		g.err = g.Run(ctx)
	})
	return g
}

// over waits for the end and returns what came of it.
func (g *guest) over() *playertest.Result {
	<-g.ended
	return &playertest.Result{
		Events: g.log.Events(), Summary: *g.Summary(), Err: g.err, Shown: g.video.Shown(), Heard: g.audio.Heard(),
		Video: g.video.Counts(), Sound: g.audio.Counts(),
	}
}

// must fails the test where a command failed.
func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Error(err)
	}
}

func TestVolumeReachesTheSound(t *testing.T) {
	const loud = 10000
	sink := &null.AudioSink{Record: true, Capture: true}
	r := playertest.Run(t, playertest.Scenario{
		Audio:    sink,
		Decoders: &null.Decoders{Signal: func(int64, int) int16 { return loud }},
		Config:   func(c *player.Config) { c.Start = 0 },
		Script: []playertest.Step{
			{At: 3 * time.Second, Do: func(s *playertest.Session) { s.Must(s.Player.SetVolume(s.Ctx, 0.5)) }},
			{At: 6 * time.Second, Do: func(s *playertest.Session) { s.Must(s.Player.Mute(s.Ctx, true)) }},
			{At: 7 * time.Second, Do: func(s *playertest.Session) { s.Must(s.Player.SetVolume(s.Ctx, 0.25)) }},
			{At: 9 * time.Second, Do: func(s *playertest.Session) { s.Must(s.Player.Mute(s.Ctx, false)) }},
			{At: 12 * time.Second, Do: func(s *playertest.Session) { s.Must(s.Player.SetVolume(s.Ctx, 7)) }}, // as much as there is
			{At: 15 * time.Second, Do: func(s *playertest.Session) { s.Must(s.Player.SetVolume(s.Ctx, -1)) }},
			playertest.Stop(18 * time.Second),
		},
	})
	if r.Err != nil || len(r.Heard) != 1 {
		t.Fatalf("%d pieces of sound, error %v", len(r.Heard), r.Err)
	}
	var got []int
	for data := r.Heard[0].Data; len(data) > 0; data = data[4:] {
		got = append(got, int(int16(binary.NativeEndian.Uint16(data))))
	}
	for i := 1; i < len(got); i++ {
		if d := got[i] - got[i-1]; d > loud/960+1 || d < -loud/960-1 {
			t.Fatalf("a click at %v: %d after %d", time.Duration(i)*time.Second/48000, got[i], got[i-1])
		}
	}
	for at, want := range map[time.Duration]int{2: loud, 5: loud / 2, 8: 0, 11: loud / 4, 14: loud, 17: 0} {
		if v := got[at*48000]; v != want {
			t.Errorf("after %d s the sound is %d, want %d", at, v, want)
		}
	}
}

// levelsAfter are the levels of video asked for after a time.
func levelsAfter(events []event.Event, at time.Duration) []int {
	var levels []int
	for _, f := range event.Bodies[event.Fragment](events) {
		if f.Track == "video" && f.Asked > at {
			levels = append(levels, f.Level)
		}
	}
	return levels
}

func TestLimitsHoldForEveryLaterFragment(t *testing.T) {
	// The levels of playertest.Default are 350k, 800k, 1.5M and 3M, of 320x180 to
	// 1280x720.
	for _, c := range []struct {
		name      string
		limits    player.Limits
		low, high int
	}{
		{"none", player.Limits{}, 0, 3},
		{"highest rate", player.Limits{MaxBPS: 1_499_999}, 0, 1},
		{"lowest rate", player.Limits{MinBPS: 800_000}, 1, 3},
		{"both", player.Limits{MinBPS: 700_000, MaxBPS: 1_000_000}, 1, 1},
		{"none is left", player.Limits{MinBPS: 900_000, MaxBPS: 1_000_000}, 0, 0},
		{"width", player.Limits{MaxWidth: 960}, 0, 2},
		{"height", player.Limits{MaxHeight: 359}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, at := range []time.Duration{0, 5 * time.Second} {
				scenario := playertest.Scenario{Link: "4M:8s,900k:6s,20M", Config: func(cfg *player.Config) {
					cfg.BufferAhead = 6 * time.Second
					if at == 0 {
						cfg.Limits = c.limits
					}
				}}
				if at > 0 {
					scenario.Script = []playertest.Step{{At: at, Do: func(s *playertest.Session) {
						s.Must(s.Player.SetLimits(s.Ctx, c.limits))
					}}}
				}
				r := playertest.Run(t, scenario)
				levels := levelsAfter(r.Events, at)
				if len(levels) < 5 || slices.Min(levels) < c.low || slices.Max(levels) > c.high {
					t.Errorf("set at %v: levels %v were fetched, want %d to %d", at, levels, c.low, c.high)
				}
			}
		})
	}
}

func TestLimitsHoldWhenAFragmentIsAskedForAgain(t *testing.T) {
	r := playertest.Run(t, playertest.Scenario{
		Config: func(c *player.Config) { c.BufferAhead = 6 * time.Second },
		Script: []playertest.Step{
			{At: 8 * time.Second, Do: func(s *playertest.Session) { s.Network.Close() }},
			{At: 12 * time.Second, Do: func(s *playertest.Session) {
				s.Must(s.Player.SetLimits(s.Ctx, player.Limits{MaxBPS: 800_000}))
			}},
			{At: 16 * time.Second, Do: func(s *playertest.Session) { s.Network.Reopen() }},
		},
	})
	levels := levelsAfter(r.Events, 12*time.Second+ms)
	if len(levels) < 5 || slices.Max(levels) > 1 {
		t.Errorf("levels %v were fetched after the limit of level 1 was set", levels)
	}
}

func TestStartLevel(t *testing.T) {
	for bps, want := range map[int64]int{1: 0, 799_999: 0, 800_000: 1, 2_000_000: 2, 99_000_000: 3} {
		r := playertest.Run(t, playertest.Scenario{
			Config: func(c *player.Config) { c.Limits.StartBPS = bps },
			For:    time.Second,
		})
		if levels := levelsAfter(r.Events, 0); len(levels) == 0 || levels[0] != want {
			t.Errorf("start level up to %d: %v, want %d first", bps, levels, want)
		}
	}
}

// onceSink counts how often it is configured and closed.
type onceSink struct {
	null.AudioSink
	configured, calls atomic.Int64
}

func (s *onceSink) Configure(f platform.PCMFormat) (platform.PCMFormat, error) {
	s.configured.Add(1)
	return s.AudioSink.Configure(f)
}

func (s *onceSink) Write(b []byte) (int, error)  { s.calls.Add(1); return s.AudioSink.Write(b) }
func (s *onceSink) Delay() time.Duration         { s.calls.Add(1); return s.AudioSink.Delay() }
func (s *onceSink) Pause(on bool) error          { s.calls.Add(1); return s.AudioSink.Pause(on) }
func (s *onceSink) SetVolume(gain float64) error { return nil }

func TestOpenChangesThePresentation(t *testing.T) {
	short := playertest.Default()
	short.Length = 6 * time.Second
	sink := &onceSink{}
	decoders := &null.Decoders{}
	inHouse(t, short, "20M", 20*ms, func(h *house) {
		g := h.start(func(d *player.Device, c *player.Config) {
			d.Audio, d.Decoders = sink, decoders
			c.KeepOpen = true
		})
		goroutines := 0
		for i := range 8 {
			time.Sleep(2 * time.Second)
			if i == 1 {
				synctest.Wait()
				goroutines = runtime.NumGoroutine()
			}
			if s := g.Status(); s.State != event.Playing || s.Position > 2*time.Second {
				t.Errorf("presentation %d: %s at %v", i, s.State, s.Position)
			}
			h.must(g.Open(h.t.Context(), "http://test/show.ism/Manifest"))
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := runtime.NumGoroutine(); n > goroutines+3 { // of seven presentations between them
			t.Errorf("%d goroutines play the last presentation, %d the second", n, goroutines)
		}
		time.Sleep(6 * time.Second)
		if s := g.Status(); s.State != event.Ended {
			t.Errorf("in the end: %s", s.State)
		}
		h.must(g.Stop(h.t.Context()))
		r := g.over()
		if n := sink.configured.Load(); n != 1 {
			t.Errorf("the sound device was configured %d times", n)
		}
		if n := len(event.Bodies[event.Manifest](r.Events)); n != 9 {
			t.Errorf("%d presentations were opened, want 9", n)
		}
		var last []time.Duration
		for _, s := range r.Shown {
			if s.PTS == 0 {
				last = nil
			}
			last = append(last, s.PTS)
		}
		if len(last) != 150 {
			t.Errorf("%d pictures of the last presentation were shown, want 150", len(last))
		}
	})
}

func TestOpenEndsASeek(t *testing.T) {
	g := &gate{Presentation: *playertest.Default(), from: 12, fragments: time.Hour}
	inHouse(t, g, "20M", 20*ms, func(h *house) {
		g.began = time.Now()
		p := h.start(nil)
		time.Sleep(2 * time.Second)
		sought := make(chan error, 1)
		go func() { sought <- p.Seek(h.t.Context(), 26*time.Second, player.Exact) }()
		time.Sleep(time.Second)
		h.must(p.Open(h.t.Context(), "http://test/show.ism/Manifest"))
		synctest.Wait()
		select {
		case err := <-sought:
			if !errors.Is(err, player.ErrSuperseded) {
				t.Errorf("the seek returned %v", err)
			}
		default:
			t.Error("the seek in the presentation before is still under way")
		}
		time.Sleep(2 * time.Second)
		if n := len(event.Bodies[event.SeekDone](p.log.Events())); n != 0 {
			t.Error("a seek in the presentation before was done in the next one")
		}
		h.must(p.Stop(h.t.Context()))
	})
}

func TestOpenTellsTheLevelShown(t *testing.T) {
	inHouse(t, playertest.Default(), "20M", 20*ms, func(h *house) {
		p := h.start(func(_ *player.Device, c *player.Config) { c.Limits.MaxBPS = 400_000 })
		time.Sleep(2 * time.Second)
		h.must(p.Open(h.t.Context(), "http://test/show.ism/Manifest"))
		time.Sleep(2 * time.Second)
		if n := len(event.Bodies[event.LevelShown](p.log.Events())); n != 2 {
			t.Errorf("level_shown came %d times for two presentations", n)
		}
		h.must(p.Stop(h.t.Context()))
	})
}

func TestOpenOfNoURLIsRefused(t *testing.T) {
	inHouse(t, playertest.Default(), "20M", 20*ms, func(h *house) {
		p := h.start(nil)
		time.Sleep(2 * time.Second)
		for _, url := range []string{"", "http://", "http://user:secret@host:port/a"} {
			if err := p.Open(h.t.Context(), url); err == nil {
				t.Errorf("Open(%q) returns no error", url)
			}
		}
		if s := p.Status().State; s != event.Playing {
			t.Errorf("the state is %s: what plays is to go on", s)
		}
		p.cancel()
	})
}

func TestTwoPlayersDoNotTouchEachOther(t *testing.T) {
	long := playertest.Default()
	short := playertest.Default()
	short.Length, short.Levels = 12*time.Second, []int64{500_000, 2_000_000}
	// Decoding that takes some time keeps pictures from coming at the instants at
	// which the loop decides: then either could be first.
	apart := func(d *player.Device, _ *player.Config) {
		d.Decoders = &null.Decoders{Cost: func(*platform.Sample) time.Duration { return 13 * time.Microsecond }}
	}
	alone := func(p *playertest.Presentation, shape string) []string {
		var digest []string
		inHouse(t, p, shape, 20137*time.Microsecond, func(h *house) {
			digest = playertest.Digest(h.start(apart).over().Events)
		})
		return digest
	}
	wantLong, wantShort := alone(long, "3M"), alone(short, "20M")
	synctest.Test(t, func(t *testing.T) {
		one, other, third := newHouse(t, long, "3M", 20137*time.Microsecond), newHouse(t, short, "20M", 20137*time.Microsecond), newHouse(t, http.NotFoundHandler(), "20M", 20137*time.Microsecond)
		a, b, c := one.start(apart), other.start(apart), third.start(apart)
		if r := c.over(); r.Summary.End != event.HasFailed {
			t.Errorf("the third ended as %s", r.Summary.End)
		}
		gotShort := playertest.Digest(b.over().Events)
		gotLong := playertest.Digest(a.over().Events)
		for name, pair := range map[string][2][]string{"the long one": {gotLong, wantLong}, "the short one": {gotShort, wantShort}} {
			if diff := playertest.FirstDifference(pair[1], pair[0]); diff != "" {
				t.Errorf("%s took another course than alone: %s", name, diff)
			}
		}
		one.close()
		other.close()
		third.close()
	})
}

func TestTwoPlayersOnOneClient(t *testing.T) {
	inHouse(t, playertest.Default(), "20M", 20*ms, func(h *house) {
		a, b := h.start(nil), h.start(nil)
		for _, g := range []*guest{a, b} {
			whole(t, g.over(), 0, 30*time.Second)
		}
	})
}

func TestPositionMoves(t *testing.T) {
	inHouse(t, playertest.Default(), "20M", 20*ms, func(h *house) {
		p := h.start(nil)
		time.Sleep(5 * time.Second)
		first, began := p.Status().Position, time.Now()
		last := first
		for range 1000 {
			time.Sleep(3 * ms)
			now := p.Status().Position
			if off := now - first - time.Since(began); now <= last || off.Abs() > 5*ms {
				t.Fatalf("after %v the position is %v, %v before", time.Since(began), now, last)
			}
			last = now
		}
		if s := p.Status(); s.Duration < 30*time.Second || s.BufferedFrom != 0 || s.BufferedTo < s.Position+4*time.Second || s.BufferBytes == 0 ||
			s.Shown == 0 || s.Decoded < s.Shown || len(s.Levels) != 4 || len(s.Audio) != 2 || s.SelectedAudio != 0 || s.BandwidthBPS == 0 {
			t.Errorf("%+v", s)
		}
		h.must(p.Pause(h.t.Context()))
		paused := p.Status().Position
		time.Sleep(time.Hour)
		if now := p.Status().Position; now != paused {
			t.Errorf("paused at %v, an hour later at %v", paused, now)
		}
		p.cancel()
	})
}

func TestStopAnswersWhoWaits(t *testing.T) {
	g := &gate{Presentation: *playertest.Default()}
	for name, hold := range map[string]func(){
		"opening":   func() { g.manifest, g.fragments, g.from = time.Hour, 0, 0 },
		"buffering": func() { g.manifest, g.fragments, g.from = 0, time.Hour, 0 },
		"seeking":   func() { g.manifest, g.fragments, g.from = 0, time.Hour, 10 },
	} {
		t.Run(name, func(t *testing.T) {
			hold()
			inHouse(t, g, "20M", 20*ms, func(h *house) {
				g.began = time.Now()
				p := h.start(nil)
				time.Sleep(2 * time.Second)
				sought := make(chan error, 1)
				go func() { sought <- p.Seek(h.t.Context(), 28*time.Second, player.Exact) }()
				time.Sleep(100 * ms)
				began := time.Now()
				h.must(p.Stop(h.t.Context()))
				r := p.over()
				if took := time.Since(began); took > 10*ms || r.Err != nil || r.Summary.End != event.WasStopped {
					t.Errorf("Run returned after %v: %v, ended as %s", took, r.Err, r.Summary.End)
				}
				if err := <-sought; !errors.Is(err, player.ErrNotRunning) {
					t.Errorf("the seek returned %v", err)
				}
				if _, ok := r.Events[len(r.Events)-1].Body.(event.SessionEnded); !ok {
					t.Errorf("the last event is %s", r.Events[len(r.Events)-1].Body.Type())
				}
			})
		})
	}
}

func TestGivingUpACommand(t *testing.T) {
	g := &gate{Presentation: *playertest.Default(), from: 10, fragments: 8 * time.Second}
	inHouse(t, g, "20M", 20*ms, func(h *house) {
		g.began = time.Now()
		p := h.start(nil)
		time.Sleep(2 * time.Second)
		ctx, cancel := context.WithTimeout(h.t.Context(), 300*ms)
		defer cancel()
		if err := p.Seek(ctx, 22*time.Second, player.Exact); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the seek returned %v", err)
		}
		// It goes on all the same, and nobody is hurt by its end.
		time.Sleep(8 * time.Second)
		if s := p.Status(); s.State != event.Playing || s.Position < 22*time.Second {
			t.Errorf("%s at %v", s.State, s.Position)
		}
		p.cancel()
	})
}

// bodies counts the bodies of answers that were handed out and not closed.
type bodies struct {
	platform.Doer
	open atomic.Int64
}

func (b *bodies) Do(r *http.Request) (*http.Response, error) {
	resp, err := b.Doer.Do(r)
	if err == nil {
		b.open.Add(1)
		resp.Body = &counted{ReadCloser: resp.Body, open: &b.open}
	}
	return resp, err
}

type counted struct {
	io.ReadCloser
	open   *atomic.Int64
	closed atomic.Bool
}

func (c *counted) Close() error {
	if !c.closed.Swap(true) {
		c.open.Add(-1)
	}
	return c.ReadCloser.Close()
}

// canceled ends sessions at 40 instants and hands what is left to check.
func canceled(t *testing.T, cost time.Duration, check func(at time.Duration, b *bodies, d *null.Decoders, r *playertest.Result)) {
	rnd := rand.New(rand.NewPCG(9, 9))
	for i := range 40 {
		at := time.Duration(rnd.Int64N(int64(8 * time.Second)))
		if i%2 == 0 {
			at = time.Duration(rnd.Int64N(int64(500 * ms))) // while it begins
		}
		inHouse(t, playertest.Default(), "3M", 30*ms, func(h *house) {
			b := &bodies{Doer: h.client}
			d := &null.Decoders{Cost: func(*platform.Sample) time.Duration { return cost }}
			g := h.start(func(dev *player.Device, c *player.Config) { dev.HTTP, dev.Decoders = b, d })
			if i%3 == 0 {
				go g.Seek(h.t.Context(), 20*time.Second, player.Exact)
			}
			if i%4 == 0 {
				go g.SelectAudio(h.t.Context(), 1)
			}
			time.Sleep(at)
			began := time.Now()
			g.cancel()
			r := g.over()
			if took := time.Since(began); took > 2*cost {
				t.Errorf("canceled after %v, Run took %v to return", at, took)
			}
			if !errors.Is(r.Err, context.Canceled) {
				t.Errorf("canceled after %v: %v", at, r.Err)
			}
			check(at, b, d, r)
		}) // a bubble fails where a goroutine is left
	}
}

func TestCanceledAtAnyTime(t *testing.T) {
	canceled(t, 0, func(at time.Duration, b *bodies, _ *null.Decoders, r *playertest.Result) {
		if n := b.open.Load(); n != 0 {
			t.Errorf("canceled after %v: %d bodies were not closed", at, n)
		}
		for i, e := range r.Events {
			if e.Seq != uint64(i+1) || i > 0 && e.At < r.Events[i-1].At {
				t.Errorf("canceled after %v: event %d has the number %d", at, i+1, e.Seq)
			}
		}
	})
}

func TestCanceledAtAnyTimeReleasesThePictures(t *testing.T) {
	canceled(t, 7*ms, func(at time.Duration, _ *bodies, d *null.Decoders, _ *playertest.Result) {
		if n := d.Held(); n != 0 {
			t.Errorf("canceled after %v: %d pictures were never released", at, n)
		}
	})
}

func TestAnyLatency(t *testing.T) {
	for _, latency := range []time.Duration{0, ms, 5 * ms, 50 * ms, 200 * ms, 500 * ms} {
		inHouse(t, playertest.Default(), "8M", latency, func(h *house) {
			r := h.start(nil).over()
			whole(t, r, 0, 30*time.Second)
			unbroken(t, r, 30*time.Second)
			inSync(t, r, 20*ms)
			if r.Summary.Stalls != 0 {
				t.Errorf("latency %v: %d stalls", latency, r.Summary.Stalls)
			}
		})
	}
}

// both serves the video of one presentation and the audio of another.
type both struct{ video, audio *playertest.Presentation }

var audioStreams = regexp.MustCompile(`(?s)<StreamIndex Type="audio".*</StreamIndex>`)

func (b both) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/Manifest"):
		var video, audio recorder
		b.video.ServeHTTP(&video, r)
		b.audio.ServeHTTP(&audio, r)
		root := []byte("</SmoothStreamingMedia>")
		_, _ = w.Write(bytes.Replace(video.body, root, append(audioStreams.Find(audio.body), root...), 1))
	case strings.Contains(r.URL.Path, "Fragments(audio"):
		b.audio.ServeHTTP(w, r)
	default:
		b.video.ServeHTTP(w, r)
	}
}

// joined is a presentation of video and audio that differ.
func joined(change func(video, audio *playertest.Presentation)) http.Handler {
	b := both{playertest.Default(), playertest.Default()}
	b.video.Languages, b.audio.Levels = nil, nil
	change(b.video, b.audio)
	return b
}

func TestPresentationsOfAnyShape(t *testing.T) {
	single := func(change func(*playertest.Presentation)) http.Handler {
		p := playertest.Default()
		change(p)
		return p
	}
	var ladder []int64
	for i := range int64(20) {
		ladder = append(ladder, 200_000+i*i*20_000)
	}
	for _, c := range []struct {
		name         string
		handler      http.Handler
		video, audio time.Duration // how long they are
		silent       time.Duration // before the sound begins
	}{
		{"one fragment", single(func(p *playertest.Presentation) { p.Length = 2 * time.Second }), 2 * time.Second, 2 * time.Second, 0},
		{"less than is wanted to begin with", single(func(p *playertest.Presentation) { p.Length = 400 * ms }), 400 * ms, 400 * ms, 0},
		{"one picture", single(func(p *playertest.Presentation) { p.Length = 40 * ms }), 40 * ms, 40 * ms, 0},
		{"fragments of ten seconds", single(func(p *playertest.Presentation) { p.Fragment = 10 * time.Second }), 30 * time.Second, 30 * time.Second, 0},
		{"fragments longer than the goal", single(func(p *playertest.Presentation) {
			p.Fragment, p.Length = 40*time.Second, 120*time.Second
		}), 120 * time.Second, 120 * time.Second, 0},
		{"fragments of 200 ms", single(func(p *playertest.Presentation) { p.Fragment, p.Length = 200*ms, 10*time.Second }), 10 * time.Second, 10 * time.Second, 0},
		{"twenty levels", single(func(p *playertest.Presentation) { p.Levels = ladder }), 30 * time.Second, 30 * time.Second, 0},
		{"one level", single(func(p *playertest.Presentation) { p.Levels = []int64{900_000} }), 30 * time.Second, 30 * time.Second, 0},
		{"levels of the same rate", single(func(p *playertest.Presentation) { p.Levels = []int64{900_000, 900_000} }), 30 * time.Second, 30 * time.Second, 0},
		{"longer fragments of audio", joined(func(_, a *playertest.Presentation) { a.Fragment = 7 * time.Second }), 30 * time.Second, 30 * time.Second, 0},
		{"shorter fragments of audio", joined(func(_, a *playertest.Presentation) { a.Fragment = 500 * ms }), 30 * time.Second, 30 * time.Second, 0},
		{"audio that begins later", joined(func(_, a *playertest.Presentation) {
			a.Offset, a.Length = 50_000_000, 25*time.Second
		}), 30 * time.Second, 25 * time.Second, 5 * time.Second},
		{"audio that begins a little later", joined(func(_, a *playertest.Presentation) {
			a.Offset = 400_000
		}), 30 * time.Second, 30 * time.Second, 40 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			inHouse(t, c.handler, "20M", 20*ms, func(h *house) {
				r := h.start(nil).over()
				whole(t, r, 0, c.video)
				if r.Summary.Stalls != 0 {
					t.Errorf("%d stalls", r.Summary.Stalls)
				}
				inSync(t, r, 20*ms)
				if len(r.Heard) != 1 || r.Sound.Underruns != 0 {
					t.Fatalf("%d pieces of sound, %d underruns", len(r.Heard), r.Sound.Underruns)
				}
				heard := time.Duration(r.Heard[0].Frames) * time.Second / 48000
				if (heard - c.silent - c.audio).Abs() > 30*ms {
					t.Errorf("%v of sound were heard, want %v", heard, c.silent+c.audio)
				}
			})
		})
	}
}

func TestVideoThatBeginsLater(t *testing.T) {
	handler := joined(func(v, _ *playertest.Presentation) { v.Offset, v.Length = 30_000_000, 27*time.Second })
	inHouse(t, handler, "20M", 20*ms, func(h *house) {
		r := h.start(nil).over()
		whole(t, r, 3*time.Second, 30*time.Second)
		unbroken(t, r, 30*time.Second)
	})
}

// Secrets, in every place in which a user can put one.
const (
	userSecret   = "hunter2pw"
	querySecret  = "tok3nInQuery"
	headerSecret = "b3arerSecret"
	cookieSecret = "c00kieSecret"
	movedSecret  = "s1gnedElsewhere"
)

func TestSecretsAreToldNowhere(t *testing.T) {
	p := playertest.Default()
	p.Length = 20 * time.Second
	n := 0
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n++
		http.SetCookie(w, &http.Cookie{Name: "session", Value: cookieSecret})
		switch {
		case strings.HasPrefix(r.URL.Path, "/moved"):
			http.Redirect(w, r, "http://u:"+movedSecret+"@test/show.ism/Manifest?sig="+movedSecret, http.StatusFound)
		case strings.HasPrefix(r.URL.Path, "/gone"), n%5 == 4:
			http.NotFound(w, r)
		case n%7 == 6:
			panic(http.ErrAbortHandler)
		default:
			p.ServeHTTP(w, r)
		}
	})
	for _, url := range []string{
		"http://user:" + userSecret + "@test/show.ism/Manifest?token=" + querySecret,
		"http://user:" + userSecret + "@test/moved.ism/Manifest?token=" + querySecret,
		"http://user:" + userSecret + "@test/gone.ism/Manifest?token=" + querySecret,
		"http://user:" + userSecret + "@test/moved.ism/Manifest?" + querySecret, // a query that is nothing else
		"http://user:" + userSecret + "@test:port/show.ism/Manifest?token=" + querySecret,
		"http://user:" + userSecret + "@test/show.ism/%zz?token=" + querySecret,
		"ftp://user:" + userSecret + "@test/show.ism/Manifest?token=" + querySecret,
	} {
		inHouse(t, handler, "20M", 20*ms, func(h *house) {
			n = 0
			var log bytes.Buffer
			g := h.start(func(_ *player.Device, c *player.Config) {
				c.URL, c.AppendQuery = url, true
				c.Header = http.Header{"Authorization": {"Bearer " + headerSecret}, "Cookie": {"id=" + cookieSecret}}
				c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			})
			time.Sleep(3 * time.Second)
			_ = g.Open(h.t.Context(), strings.Replace(url, "Manifest", "gone/Manifest", 1))
			time.Sleep(3 * time.Second)
			status := g.Status()
			r := g.over()
			var told bytes.Buffer
			for _, e := range r.Events {
				line, err := json.Marshal(e)
				if err != nil {
					t.Fatal(err)
				}
				told.Write(line)
			}
			fmt.Fprintf(&told, "%v %+v %s", r.Err, status, log.String())
			for _, secret := range []string{userSecret, querySecret, headerSecret, cookieSecret, movedSecret} {
				if i := bytes.Index(told.Bytes(), []byte(secret)); i >= 0 {
					t.Errorf("%s: %s is told in …%s…", url, secret, told.Bytes()[max(i-200, 0):min(i+50, told.Len())])
				}
			}
		})
	}
}

// begins fails where the first picture is not on the screen after a round trip
// each for the connection, the manifest and the fragment, the time that those
// two take on the link, and 50 ms.
func begins(t *testing.T, latency time.Duration, bps int64, warm bool) {
	t.Helper()
	shape := "max"
	if bps > 0 {
		shape = fmt.Sprint(bps)
	}
	inHouse(t, playertest.Default(), shape, latency, func(h *house) {
		trips := 3
		if warm {
			trips = 2
			req, _ := http.NewRequestWithContext(h.t.Context(), http.MethodGet, "http://test/nothing", nil)
			resp, err := h.client.Do(req)
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		g := h.start(nil)
		time.Sleep(5 * time.Second)
		g.cancel()
		r := g.over()
		limit := time.Duration(trips)*latency + 50*ms
		if bps > 0 {
			bytes := event.Bodies[event.Manifest](r.Events)[0].Bytes
			for _, f := range event.Bodies[event.Fragment](r.Events) {
				if f.Chunk == 0 {
					bytes += f.Bytes
				}
			}
			limit += time.Duration(bytes * 8 * int64(time.Second) / bps)
		}
		first := event.Bodies[event.FirstPicture](r.Events)
		if len(first) != 1 || first[0].SinceRun > limit {
			t.Errorf("latency %v, link %s, warm %t: the first picture came after %v, want %v", latency, shape, warm, first, limit)
		}
	})
}

func TestFirstPicture(t *testing.T) {
	for _, latency := range []time.Duration{50 * ms, 150 * ms, 400 * ms} {
		for _, bps := range []int64{4e6, 10e6, 0} {
			begins(t, latency, bps, false)
			begins(t, latency, bps, true)
		}
	}
}

func TestFirstPictureGoesBeforeTheSecondSound(t *testing.T) {
	begins(t, 10*ms, 4e6, false)
	begins(t, 10*ms, 4e6, true)
}

func TestFirstPictureOnASlowLink(t *testing.T) {
	p := playertest.Default()
	p.Levels = []int64{350_000, 700_000, 1_500_000, 3_000_000, 6_000_000}
	r := playertest.Run(t, playertest.Scenario{Handler: p, Link: "2M", For: 5 * time.Second})
	first := event.Bodies[event.FirstPicture](r.Events)
	if len(first) != 1 || first[0].SinceRun > 800*ms {
		t.Errorf("the first picture came after %v, want 800ms", first)
	}
}

// TestPausedSessionSleeps: in an hour of pause the control loop makes no turn,
// and nobody calls the sound device.
func TestPausedSessionSleeps(t *testing.T) {
	p := playertest.Default()
	p.Length = 10 * time.Minute // never all of it in the buffer
	sink := &onceSink{}
	inHouse(t, p, "20M", 20*ms, func(h *house) {
		g := h.start(func(d *player.Device, _ *player.Config) { d.Audio = sink })
		time.Sleep(5 * time.Second)
		h.must(g.Pause(h.t.Context()))
		time.Sleep(time.Minute) // until the buffer is full
		synctest.Wait()
		turn, calls, events := player.Turn(g.Player), sink.calls.Load(), len(g.log.Events())
		time.Sleep(time.Hour)
		synctest.Wait()
		if player.Turn(g.Player) != turn {
			t.Error("the control loop made a turn")
		}
		if n := sink.calls.Load() - calls; n != 0 {
			t.Errorf("the sound device was called %d times", n)
		}
		if n := len(g.log.Events()) - events; n != 0 {
			t.Errorf("%d events were made", n)
		}
		h.must(g.Play(h.t.Context()))
		time.Sleep(2 * time.Second)
		if s := g.Status(); s.State != event.Playing {
			t.Errorf("afterwards: %s", s.State)
		}
		g.cancel()
	})
}

// TestPlayingSessionIsCalm: the loop decides when there is something to decide.
func TestPlayingSessionIsCalm(t *testing.T) {
	p := playertest.Default()
	p.Length = 10 * time.Minute
	inHouse(t, p, "20M", 20*ms, func(h *house) {
		g := h.start(nil)
		time.Sleep(60 * time.Second)
		turns := 0
		for last := player.Turn(g.Player); turns < 100_000; {
			time.Sleep(ms)
			if now := player.Turn(g.Player); now != last {
				last = now
				turns++
			}
			if g.Status().Position > 120*time.Second {
				break
			}
		}
		if turns > 60*30 {
			t.Errorf("%d turns in a minute", turns)
		}
		g.cancel()
	})
}

func TestPauseIsNoStall(t *testing.T) {
	g := &gate{Presentation: *playertest.Default(), from: 3, fragments: 20 * time.Second}
	inHouse(t, g, "20M", 20*ms, func(h *house) {
		g.began = time.Now()
		p := h.start(nil)
		time.Sleep(8 * time.Second) // dry since about 6 s
		if s := p.Status(); s.State != event.Buffering || s.Stalls != 1 {
			t.Fatalf("%s after %d stalls", s.State, s.Stalls)
		}
		h.must(p.Pause(h.t.Context()))
		time.Sleep(time.Hour)
		h.must(p.Play(h.t.Context()))
		r := p.over()
		if r.Summary.Stalled > 10*time.Second || r.Summary.Stalls != 1 {
			t.Errorf("%d stalls of %v: an hour of pause is none", r.Summary.Stalls, r.Summary.Stalled)
		}
		whole(t, r, 0, 30*time.Second)
	})
}

// TestSeekAfterATrackWasLost: what could not be had there may be had elsewhere,
// and the session goes on in any case.
func TestSeekAfterATrackWasLost(t *testing.T) {
	p := playertest.Default()
	p.Length = 60 * time.Second
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var at int
		if _, rest, ok := strings.Cut(r.URL.Path, "Fragments(audio_eng="); ok {
			_, _ = fmt.Sscanf(rest, "%d", &at)
		}
		if at > 100_000_000 { // no sound after 10 s
			http.NotFound(w, r)
			return
		}
		p.ServeHTTP(w, r)
	})
	inHouse(t, handler, "20M", 20*ms, func(h *house) {
		g := h.start(func(_ *player.Device, c *player.Config) { c.BufferBehind = time.Second })
		time.Sleep(20 * time.Second)
		for _, to := range []time.Duration{2 * time.Second, 50 * time.Second} {
			ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
			if err := g.Seek(ctx, to, player.Exact); err != nil {
				t.Errorf("seek to %v: %v", to, err)
			}
			cancel()
			time.Sleep(5 * time.Second)
			if s := g.Status(); s.State != event.Playing || s.Position < to+time.Second {
				t.Errorf("after a seek to %v: %s at %v", to, s.State, s.Position)
			}
		}
		g.cancel()
	})
}

// TestNothingCanBeDecoded: such a session ends with an error, as one of which
// nothing can be had.
func TestNothingCanBeDecoded(t *testing.T) {
	inHouse(t, playertest.Default(), "20M", 20*ms, func(h *house) {
		broken := errors.New("no such profile")
		g := h.start(func(d *player.Device, _ *player.Config) {
			d.Decoders = &null.Decoders{Fail: func(s *platform.Sample) error { return broken }}
		})
		time.Sleep(10 * time.Minute)
		select {
		case <-g.ended:
		default:
			t.Errorf("ten minutes later the session is %s at %v", g.Status().State, g.Status().Position)
			g.cancel()
		}
		r := g.over()
		if n := len(event.Bodies[event.Error](r.Events)); n > 100 {
			t.Errorf("%d errors were told", n)
		}
	})
}

// TestEventsDoNotChangeAfterwards: who keeps an event finds it as it was.
func TestEventsDoNotChangeAfterwards(t *testing.T) {
	inHouse(t, playertest.Default(), "20M", 20*ms, func(h *house) {
		var then [][]byte
		var kept []event.Event
		g := h.start(func(_ *player.Device, c *player.Config) {
			c.Events = event.SinkFunc(func(e event.Event) {
				line, _ := json.Marshal(e)
				then, kept = append(then, line), append(kept, e)
			})
		})
		time.Sleep(5 * time.Second)
		h.must(g.SelectAudio(h.t.Context(), 1))
		<-g.ended
		for i, e := range kept {
			if now, _ := json.Marshal(e); !bytes.Equal(now, then[i]) {
				t.Errorf("what was told as\n%s became\n%s", then[i], now)
			}
		}
	})
}

func TestStatusBelongsToTheCaller(t *testing.T) {
	inHouse(t, playertest.Default(), "20M", 20*ms, func(h *house) {
		g := h.start(nil)
		time.Sleep(2 * time.Second)
		s := g.Status()
		s.Levels[0].BitrateBPS, s.Audio[0].Language = 1, "xx"
		time.Sleep(5 * time.Second)
		if s := g.Status(); s.Levels[0].BitrateBPS != 350_000 || s.Audio[0].Language != "eng" {
			t.Errorf("what a caller did to its copy is found in the next one: %+v, %+v", s.Levels[0], s.Audio[0])
		}
		g.cancel()
	})
}

func TestLaterSeekOvertakes(t *testing.T) {
	g := &gate{Presentation: *playertest.Default(), from: 10, fragments: 5 * time.Second}
	inHouse(t, g, "20M", 20*ms, func(h *house) {
		g.began = time.Now()
		p := h.start(nil)
		time.Sleep(2 * time.Second)
		first := make(chan error, 1)
		go func() { first <- p.Seek(h.t.Context(), 22*time.Second, player.Exact) }()
		time.Sleep(ms)
		if err := p.Seek(h.t.Context(), 26*time.Second, player.Exact); err != nil {
			t.Errorf("the later seek returned %v", err)
		}
		if err := <-first; !errors.Is(err, player.ErrSuperseded) {
			t.Errorf("the earlier seek returned %v", err)
		}
		p.cancel()
	})
}

// TestRunDoesNotWaitForTheDecoder: the way to a place sought is not decoded to
// its end when nobody wants to see it any more.
func TestRunDoesNotWaitForTheDecoder(t *testing.T) {
	inHouse(t, playertest.Default(), "20M", 20*ms, func(h *house) {
		g := h.start(func(d *player.Device, _ *player.Config) {
			d.Decoders = &null.Decoders{Cost: func(*platform.Sample) time.Duration { return 20 * ms }}
		})
		time.Sleep(2 * time.Second)
		go g.Seek(h.t.Context(), 23900*ms, player.Exact)
		time.Sleep(400 * ms)
		began := time.Now()
		g.cancel()
		g.over()
		if took := time.Since(began); took > 40*ms {
			t.Errorf("Run took %v to return", took)
		}
	})
}

func TestSeekToAKeyPicture(t *testing.T) {
	inHouse(t, playertest.Default(), "20M", 20*ms, func(h *house) {
		g := h.start(nil)
		time.Sleep(2 * time.Second)
		for _, to := range []time.Duration{5500 * ms, 23900 * ms, 0} {
			h.must(g.Seek(h.t.Context(), to, player.Key))
			shown := g.video.Shown()
			if got, want := shown[len(shown)-1].PTS, to.Truncate(2*time.Second); got != want {
				t.Errorf("Seek(%v, Key) shows %v, want %v", to, got, want)
			}
			time.Sleep(500 * ms)
		}
		g.cancel()
	})
}

// picky are decoders that lose every sample of the second language.
type picky struct{ null.Decoders }

func (p *picky) OpenAudio(f platform.Format, out platform.PCMFormat) (platform.AudioDecoder, error) {
	if f.BitrateBPS == 128_000 {
		return p.Decoders.OpenAudio(f, out)
	}
	return (&null.Decoders{Fail: func(*platform.Sample) error { return errors.New("no such profile") }}).OpenAudio(f, out)
}

// TestLanguageThatCannotBeDecoded: the one that plays goes on.
func TestLanguageThatCannotBeDecoded(t *testing.T) {
	inHouse(t, playertest.Default(), "20M", 20*ms, func(h *house) {
		g := h.start(func(d *player.Device, _ *player.Config) { d.Decoders = &picky{} })
		time.Sleep(5 * time.Second)
		h.must(g.SelectAudio(h.t.Context(), 1))
		r := g.over()
		whole(t, r, 0, 30*time.Second)
		unbroken(t, r, 30*time.Second)
		if n := len(event.Bodies[event.AudioSelected](r.Events)); n != 0 {
			t.Error("it was said to be heard")
		}
	})
}

// TestSeekAfterAccessWasDenied: what was missing is not forgotten by a seek back
// into what is there.
func TestSeekAfterAccessWasDenied(t *testing.T) {
	p := playertest.Default()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if chunkOf(r) >= 4 || strings.Contains(r.URL.Path, "audio") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		p.ServeHTTP(w, r)
	})
	inHouse(t, handler, "20M", 20*ms, func(h *house) {
		g := h.start(func(_ *player.Device, c *player.Config) { c.NoAudio = true })
		time.Sleep(4 * time.Second)
		h.must(g.Seek(h.t.Context(), time.Second, player.Exact))
		time.Sleep(time.Minute)
		select {
		case <-g.ended:
		default:
			t.Errorf("a minute later the session is %s at %v", g.Status().State, g.Status().Position)
			g.cancel()
		}
		if r := g.over(); r.Err == nil || r.Summary.End != event.HasFailed {
			t.Errorf("ended as %s: %v: 8 of 30 seconds could be had", r.Summary.End, r.Err)
		}
	})
}

// TestOpenOvertakesWhatWaits: a seek that waits for a presentation to be open
// does not move in another one.
func TestOpenOvertakesWhatWaits(t *testing.T) {
	g := &gate{Presentation: *playertest.Default(), manifest: 5 * time.Second}
	inHouse(t, g, "20M", 20*ms, func(h *house) {
		g.began = time.Now()
		p := h.start(nil)
		time.Sleep(time.Second)
		sought := make(chan error, 1)
		go func() { sought <- p.Seek(h.t.Context(), 20*time.Second, player.Exact) }()
		time.Sleep(time.Second)
		h.must(p.Open(h.t.Context(), "http://test/show.ism/Manifest"))
		if err := <-sought; !errors.Is(err, player.ErrSuperseded) {
			t.Errorf("the seek returned %v", err)
		}
		time.Sleep(5 * time.Second)
		if pos := p.Status().Position; pos > 5*time.Second {
			t.Errorf("the next presentation is at %v", pos)
		}
		p.cancel()
	})
}

// TestLanguageBackAndForth: whichever wish comes last is what is heard, at
// whatever instant it comes.
func TestLanguageBackAndForth(t *testing.T) {
	for i := range 24 {
		inHouse(t, playertest.Default(), "20M", 20*ms, func(h *house) {
			g := h.start(nil)
			time.Sleep(3 * time.Second)
			h.must(g.SelectAudio(h.t.Context(), 1))
			time.Sleep(time.Duration(i) * 7 * ms)
			h.must(g.SelectAudio(h.t.Context(), 0))
			if i%3 == 0 {
				time.Sleep(time.Duration(i) * ms)
				h.must(g.Seek(h.t.Context(), 12*time.Second, player.Exact))
			}
			time.Sleep(time.Second)
			if s := g.Status(); s.SelectedAudio != 0 || s.State != event.Playing {
				t.Errorf("%d: audio stream %d is selected, %s", i, s.SelectedAudio, s.State)
			}
			r := g.over()
			if r.Err != nil || r.Summary.End != event.Completed {
				t.Errorf("%d: ended as %s: %v", i, r.Summary.End, r.Err)
			}
			if pieces := map[bool]int{true: 2, false: 1}[i%3 == 0]; len(r.Heard) != pieces || r.Summary.AudioGaps != 0 {
				t.Errorf("%d: %d pieces of sound, %d gaps", i, len(r.Heard), r.Summary.AudioGaps)
			}
			inSync(t, r, 20*ms)
		})
	}
}

// TestAnyCommandsAtAnyTime: whatever was asked for, in whatever order, while the
// network comes and goes, the session plays when it is told to and lets go of
// everything in the end.
func TestAnyCommandsAtAnyTime(t *testing.T) {
	for seed := range uint64(20) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		p := playertest.Default()
		p.Length = time.Duration(3+rnd.IntN(60)) * time.Second
		if rnd.IntN(3) == 0 {
			p.AudioLength = p.Length / 2
		}
		if rnd.IntN(2) == 0 {
			p.AudioLevels = []int64{48_000, 128_000, 256_000}
		}
		decoders := &null.Decoders{}
		if rnd.IntN(2) == 0 {
			decoders.Cost = func(*platform.Sample) time.Duration { return 3 * ms }
		}
		inHouse(t, p, []string{"20M", "2M", "700k"}[rnd.IntN(3)], time.Duration(rnd.IntN(100))*ms, func(h *house) {
			g := h.start(func(d *player.Device, c *player.Config) {
				d.Decoders = decoders
				c.KeepOpen = true
				c.BufferAhead = time.Duration(1+rnd.IntN(20)) * time.Second
				c.BufferBehind = time.Duration(rnd.IntN(5)) * time.Second
				if rnd.IntN(2) == 0 {
					replacing(t, rnd.IntN(4), 0, nil)(c)
				}
			})
			for seed%2 == 1 && g.Status().State == event.Opening {
				time.Sleep(10 * ms)
			}
			var did []string
			for range 40 {
				time.Sleep(time.Duration(rnd.ExpFloat64() * float64(400*ms)))
				did = append(did, h.anything(g, rnd, seed%2 == 0))
			}
			time.Sleep(ms) // so that the last one was given
			h.network.Reopen()
			h.must(g.SetLimits(h.t.Context(), player.Limits{}))
			h.must(g.Play(h.t.Context()))
			playing := false
			for range 600 {
				time.Sleep(100 * ms)
				s := g.Status()
				playing = playing || s.State == event.Playing
				if s.State == event.Ended {
					playing = true
					break
				}
			}
			if s := g.Status(); !playing {
				t.Errorf("seed %d: a minute after the last command the session is %s at %v: %v", seed, s.State, s.Position, did)
			}
			if s := g.Status(); s.State != event.Playing && s.State != event.Ended && s.State != event.Buffering {
				t.Errorf("seed %d: a minute after the last command the session is %s at %v: %v", seed, s.State, s.Position, did)
			}
			g.cancel()
			r := g.over()
			if n := decoders.Held(); n != 0 {
				t.Errorf("seed %d: %d pictures were never released", seed, n)
			}
			for i, e := range r.Events {
				if e.Seq != uint64(i+1) || i > 0 && e.At < r.Events[i-1].At {
					t.Errorf("seed %d: event %d is number %d at %v", seed, i+1, e.Seq, e.At)
				}
			}
			if r.Summary.PicturesShown > r.Summary.PicturesDecoded {
				t.Errorf("seed %d: %d pictures were decoded and %d shown", seed, r.Summary.PicturesDecoded, r.Summary.PicturesShown)
			}
			inSync(t, r, 45*ms)
		})
		if t.Failed() {
			return
		}
	}
}

// anything gives one command, without waiting for what takes time. Either
// presentations change or the network comes and goes: to open one without a
// network ends a session.
func (h *house) anything(g *guest, rnd *rand.Rand, opens bool) string {
	ctx := h.t.Context()
	ignore := func(do func() error) { go do() }
	switch rnd.IntN(12) {
	case 0, 1, 2:
		to, mode := time.Duration(rnd.Int64N(int64(70*time.Second))), player.SeekMode(rnd.IntN(2))
		ignore(func() error { return g.Seek(ctx, to, mode) })
		return fmt.Sprintf("seek %v %v", to, mode)
	case 3:
		ignore(func() error { return g.Pause(ctx) })
		return "pause"
	case 4, 5:
		ignore(func() error { return g.Play(ctx) })
		return "play"
	case 6, 7:
		n := rnd.IntN(2)
		ignore(func() error { return g.SelectAudio(ctx, n) })
		return fmt.Sprintf("audio %d", n)
	case 8:
		bps := int64(rnd.IntN(4_000_000))
		at := player.When(rnd.IntN(2))
		ignore(func() error { return g.SetLimits(ctx, player.Limits{MaxBPS: bps, At: at}) })
		return fmt.Sprintf("limit %d %v", bps, at)
	case 9, 10, 11:
		if !opens && rnd.IntN(2) == 0 {
			h.network.Close()
			return "network gone"
		}
		h.network.Reopen()
		if opens && rnd.IntN(3) == 0 {
			ignore(func() error { return g.Open(ctx, "http://test/show.ism/Manifest") })
			return "open"
		}
	}
	return "network"
}

// TestReliefWithShortFragments: what is fetched again at a lower level comes in
// place of what was not read yet.
func TestReliefWithShortFragments(t *testing.T) {
	for _, fragment := range []time.Duration{80 * ms, 120 * ms, 200 * ms, 400 * ms, time.Second} {
		t.Run(fragment.String(), func(t *testing.T) {
			p := playertest.Default()
			p.Fragment = fragment
			r := playertest.Run(t, playertest.Scenario{Handler: p, Decoders: &null.Decoders{Cost: func(s *platform.Sample) time.Duration {
				return time.Duration(len(s.Data)) * 5 * time.Microsecond
			}}})
			last := time.Duration(-1)
			for _, s := range r.Shown {
				if s.PTS <= last {
					t.Errorf("the picture of %v is shown after that of %v", s.PTS, last)
				}
				last = s.PTS
			}
			if last != 30*time.Second-period || r.Err != nil {
				t.Errorf("the last picture is that of %v; %v", last, r.Err)
			}
			if len(event.Bodies[event.RenderLoad](r.Events)) == 0 {
				t.Error("the level was not capped")
			}
		})
	}
}

// TestPositionWhileOpening is that at which the presentation will begin; what is
// played goes on until the next one is open.
func TestPositionWhileOpening(t *testing.T) {
	g := &gate{Presentation: *playertest.Default(), manifest: 2 * time.Second}
	inHouse(t, g, "20M", 20*ms, func(h *house) {
		g.began = time.Now()
		p := h.start(func(_ *player.Device, c *player.Config) { c.Start = 10 * time.Second })
		time.Sleep(time.Second)
		if pos := p.Status().Position; pos != 10*time.Second {
			t.Errorf("the first is at %v, want 10s", pos)
		}
		time.Sleep(3 * time.Second)
		g.manifest = 8 * time.Second
		began := time.Now()
		opened := make(chan error, 1)
		go func() { opened <- p.Open(h.t.Context(), "http://test/show.ism/Manifest") }()
		time.Sleep(time.Second)
		if s := p.Status(); s.Position < 12*time.Second || s.State != event.Playing {
			t.Errorf("while the second is opened, the first is %s at %v", s.State, s.Position)
		}
		h.must(<-opened)
		if took := time.Since(began); took < 4*time.Second {
			t.Errorf("it was open after %v", took)
		}
		time.Sleep(time.Second)
		if pos := p.Status().Position; pos > time.Second {
			t.Errorf("the second is at %v after a second", pos)
		}
		p.cancel()
	})
}
