package player_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// screenLog notes every frame, the empty ones too, by which a picture would
// leave the screen.
type screenLog struct {
	null.VideoSink
	mu    sync.Mutex
	empty []time.Time
}

// Show implements [platform.VideoSink].
func (s *screenLog) Show(f *platform.Frame) (time.Time, error) {
	if f.Picture == nil {
		s.mu.Lock()
		s.empty = append(s.empty, time.Now())
		s.mu.Unlock()
	}
	return s.VideoSink.Show(f)
}

// decoderLog counts what is done to the decoders of a device.
type decoderLog struct {
	null.Decoders
	mu                   sync.Mutex
	video, audio, closed int // opened, opened, closed
}

// OpenVideo implements [platform.Decoders].
func (d *decoderLog) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	inner, err := d.Decoders.OpenVideo(f)
	d.count(&d.video)
	return videoLog{inner, d}, err
}

// OpenAudio implements [platform.Decoders].
func (d *decoderLog) OpenAudio(f platform.Format, out platform.PCMFormat) (platform.AudioDecoder, error) {
	inner, err := d.Decoders.OpenAudio(f, out)
	d.count(&d.audio)
	return audioLog{inner, d}, err
}

func (d *decoderLog) count(n *int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*n++
}

type videoLog struct {
	platform.VideoDecoder
	log *decoderLog
}

// Close implements [platform.VideoDecoder].
func (v videoLog) Close() error {
	v.log.count(&v.log.closed)
	return v.VideoDecoder.Close()
}

type audioLog struct {
	platform.AudioDecoder
	log *decoderLog
}

// Close implements [platform.AudioDecoder].
func (a audioLog) Close() error {
	a.log.count(&a.log.closed)
	return a.AudioDecoder.Close()
}

// A change of channel keeps the old picture until the new one is there, which is
// within half a second, and keeps decoders, connections and what is known of the
// link. (The sound device: TestOpenKeepsTheDevice.)
func TestLiveChannelChange(t *testing.T) {
	var last *screenLog
	var decoders *decoderLog
	var conns map[string]bool
	var changedAt []time.Duration
	mk := func() playertest.Scenario {
		last, conns, changedAt = &screenLog{VideoSink: null.VideoSink{Record: true}}, map[string]bool{}, nil
		decoders = &decoderLog{Decoders: null.Decoders{Cost: func(*platform.Sample) time.Duration { return 11 * time.Microsecond }}}
		one, two := broadcast(t, nil, ""), broadcast(t, func(e *origin.Live) { e.Epoch = into(-3 * time.Hour) }, "")
		var mu sync.Mutex
		to := func(at time.Duration, url string) playertest.Step {
			return playertest.Step{At: at, Do: func(s *playertest.Session) {
				changedAt = append(changedAt, time.Since(bubbleBegan))
				s.Must(s.Player.Open(s.Ctx, url))
			}}
		}
		return playertest.Scenario{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(7 * time.Microsecond) // see hosts
				mu.Lock()
				conns[r.RemoteAddr] = true
				mu.Unlock()
				if r.URL.Query().Has("two") {
					two.ServeHTTP(w, r)
					return
				}
				one.ServeHTTP(w, r)
			}),
			Path: livePath, Link: "20M", Video: last, Decoders: decoders, For: 60 * sec,
			Config: func(c *player.Config) { c.AppendQuery = true },
			Script: []playertest.Step{to(20*sec, "http://test"+livePath+"?two"), to(40*sec, "http://test"+livePath)},
		}
	}
	r := playLive(t, "channel change", false, mk)
	if r.Err != nil || r.Summary.Stalls != 0 || r.Summary.AudioGaps != 0 {
		t.Errorf("%v, %d stalls, %d gaps", r.Err, r.Summary.Stalls, r.Summary.AudioGaps)
	}
	shown := last.Shown()
	pictures := slices.DeleteFunc(shown, func(s null.Shown) bool { return s.Source == nil })
	if len(last.empty) != 1 {
		t.Errorf("the screen was cleared %d times, want once, at the end", len(last.empty))
	}
	var after []time.Duration
	for _, at := range changedAt {
		i := slices.IndexFunc(pictures, func(s null.Shown) bool { return s.At.After(into(at)) })
		// The first of another stretch.
		for ; i < len(pictures) && pictures[i].PTS == pictures[i-1].PTS+period; i++ {
		}
		took := pictures[i].At.Sub(into(at))
		after = append(after, took)
		if took > 500*time.Millisecond {
			t.Errorf("the channel changed %v after it was asked for", took)
		}
	}
	t.Logf("channels changed after %v", after)
	// What is known of the link is known to the first decision of each channel.
	opened := 0
	fresh := false
	for _, e := range r.Events {
		switch b := e.Body.(type) {
		case event.Manifest:
			if !b.Refresh {
				opened, fresh = opened+1, true
			}
		case event.LevelDecided:
			if fresh && opened > 1 && b.Input.BandwidthBPS < 10_000_000 {
				t.Errorf("channel %d was begun with %d bit/s for what the link carries", opened, b.Input.BandwidthBPS)
			}
			fresh = false
		}
	}
	if opened != 3 {
		t.Errorf("%d channels were opened", opened)
	}
	if decoders.video != 1 || decoders.audio != 1 || decoders.closed != 2 || decoders.Held() != 0 {
		t.Errorf("%d decoders for video and %d for audio were opened, %d closed, with %d pictures out: want one of each, for all channels",
			decoders.video, decoders.audio, decoders.closed, decoders.Held())
	}
	if len(conns) > 4 {
		t.Errorf("%d connections were used", len(conns))
	}
}

// A change to what is not there, or cannot be played, is an error of the change
// alone: what was played goes on, and an event says why.
func TestLiveChannelThatIsNotThere(t *testing.T) {
	for _, c := range []struct {
		name string
		url  string
		code event.Code
		away error // why the host cannot be reached
	}{
		{"404", "http://test/none.isml/Manifest", event.NotFound, nil},
		{"403", "http://test/forbidden.isml/Manifest", event.AccessDenied, nil},
		{"web page", "http://test/page.isml/Manifest", event.NotAManifest, nil},
		{"nothing in it", "http://test/empty.isml/Manifest", event.NothingToPlay, nil},
		{"other codec", "http://test/codec.isml/Manifest", event.CodecUnsupported, nil},
		{"connection refused", "http://away" + livePath, event.Refused, syscall.ECONNREFUSED},
		{"no such host", "http://away" + livePath, event.HostUnknown, &net.DNSError{Err: "no such host", Name: "away", IsNotFound: true}},
		{"no answer", "http://test/silent.isml/Manifest", event.Timeout, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := scene{name: "channel that is not there, " + c.name, span: 70 * sec,
				wrap: func(h http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						answer, ok := strangeChannels[r.URL.Path]
						if !ok {
							h.ServeHTTP(w, r)
							return
						}
						answer(w, r)
					})
				},
				script: []playertest.Step{{At: 10*sec + 3*time.Millisecond, Do: func(s *playertest.Session) {
					if c.away != nil {
						s.Network.Remove("away", c.away)
					}
					err := s.Player.Open(s.Ctx, c.url)
					var e *player.Error
					if !errors.As(err, &e) || e.Code != c.code {
						t.Errorf("Open returned %v", err)
					}
				}}}}
			r := s.play(t)
			flowed(t, r)
			showed(t, r, stretch{from: 594 * sec})
			if now := stretches(r)[0]; now.to-now.from < 69*sec {
				t.Errorf("%v were shown", now.to-now.from)
			}
			last := ""
			for _, e := range event.Bodies[event.Error](r.Events) {
				if last = e.Message; e.Code != c.code || e.Fatal {
					t.Errorf("%s, fatal %v: %s", e.Code, e.Fatal, e.Message)
				}
			}
			if !strings.HasPrefix(last, "it cannot be changed to, what was played goes on: ") {
				t.Errorf("the last error is %q", last)
			}
		})
	}
}

// strangeChannels are manifests that cannot be played.
var strangeChannels = map[string]http.HandlerFunc{
	"/none.isml/Manifest":      http.NotFound,
	"/forbidden.isml/Manifest": func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusForbidden) },
	"/page.isml/Manifest": func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "<!DOCTYPE html><html><body>not here</body></html>")
	},
	"/empty.isml/Manifest": func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="0">
<StreamIndex Type="video" Chunks="0" Url="QualityLevels({bitrate})/Fragments(video={start time})">
<QualityLevel Index="0" Bitrate="250000" FourCC="AVC1" MaxWidth="320" MaxHeight="180" CodecPrivateData=""/></StreamIndex></SmoothStreamingMedia>`)
	},
	"/codec.isml/Manifest": func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="20000000">
<StreamIndex Type="video" Chunks="1" Url="QualityLevels({bitrate})/Fragments(video={start time})">
<QualityLevel Index="0" Bitrate="250000" FourCC="VP99" MaxWidth="320" MaxHeight="180" CodecPrivateData="00"/><c d="20000000"/></StreamIndex></SmoothStreamingMedia>`)
	},
	"/silent.isml/Manifest": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
}

// Where the presentation ends before the next one is there, its last picture
// stays; where that never comes, the session ends with the error of it, or stays
// where it is kept open.
func TestChannelChangeAcrossTheEnd(t *testing.T) {
	for _, c := range []struct {
		name     string
		keepOpen bool
		answers  time.Duration // the manifest
	}{{"and it comes", false, 35 * sec}, {"and it never comes", false, time.Hour}, {"and it never comes, kept open", true, time.Hour}} {
		t.Run(c.name, func(t *testing.T) {
			comes := c.answers < time.Hour
			g := &gate{Presentation: *playertest.Default()}
			inHouse(t, g, "20M", 20*time.Millisecond, func(h *house) {
				g.began = time.Now()
				p := h.start(func(_ *player.Device, cfg *player.Config) { cfg.KeepOpen = c.keepOpen })
				time.Sleep(28*sec + 3*time.Millisecond)
				g.manifest = c.answers
				opened := make(chan error, 1)
				go func() { opened <- p.Open(h.t.Context(), "http://test/show.ism/Manifest") }()
				time.Sleep(5 * sec)
				if s := p.Status().State; s != event.Ended {
					t.Errorf("behind its end it is %s", s)
				}
				if err := <-opened; (err == nil) != comes {
					t.Errorf("Open returned %v", err)
				}
				time.Sleep(2 * sec)
				want := event.Playing
				if !comes {
					if want = event.Failed; c.keepOpen {
						want = event.Ended
					}
				}
				if s := p.Status().State; s != want {
					t.Errorf("after it, it is %s, want %s", s, want)
				}
				p.cancel()
				r := p.over()
				if (r.Summary.End == event.HasFailed) != (want == event.Failed) {
					t.Errorf("ended as %s", r.Summary.End)
				}
			})
		})
	}
}

// Of several changes in a row the last one counts.
func TestChannelChangesInARow(t *testing.T) {
	inHouse(t, twoShows{playertest.Default(), playertest.Default()}, "20M", 20*time.Millisecond, func(h *house) {
		p := h.start(nil)
		time.Sleep(2*sec + 3*time.Millisecond)
		first := make(chan error, 1)
		go func() { first <- p.Open(h.t.Context(), "http://test/show.ism/Manifest") }()
		time.Sleep(5 * time.Millisecond)
		h.must(p.Open(h.t.Context(), "http://test/other/show.ism/Manifest"))
		if err := <-first; !errors.Is(err, player.ErrSuperseded) {
			t.Errorf("the first returned %v", err)
		}
		time.Sleep(2 * sec)
		p.cancel()
		opened := event.Bodies[event.Manifest](p.over().Events)
		if last := opened[len(opened)-1].URL; len(opened) != 2 || !strings.Contains(last, "other") {
			t.Errorf("%d presentations were opened, the last one is %s", len(opened), last)
		}
	})
}
