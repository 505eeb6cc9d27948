//go:build cgo

package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
	"smoothplay/render/ffmpeg"
	"smoothplay/testdata/demo"
)

// Servers fail in many ways. What can be had is played, once and in order, and
// sound and pictures are together again behind each hole.
func TestRealFailingServers(t *testing.T) {
	whole := frames(0, demo.Frames)
	without := func(chunk int) []int { return frames(0, chunk*50, chunk*50+50, demo.Frames) }
	for _, c := range []struct {
		fault   string
		want    []int
		skipped int  // fragments of all tracks
		sound   bool // is whole
	}{
		// The five: no other client survives them all.
		{"404@every:7", whole, 0, true},
		{"500@every:7", whole, 0, true},
		{"404@fragment:7", without(6), 2, false},
		{"cut@every:7", whole, 0, true},
		{"level-gone@900000", whole, 0, true},

		{"level-gone@250000", whole, 0, true},
		{"404@video:4@level:1700000", whole, 0, true},
		{"truncated@video:4", without(4), 1, true},
		{"truncated@5%@video:4@level:1700000,truncated@70%@video:5@level:900000", whole, 0, true},
		{"garbage@video:3", without(3), 1, true},
		{"other-time@video:4", without(4), 1, true},
		{"other-time@video:11", without(11), 1, true},
		{"404@video:0", without(0), 1, true},
		{"404@video:3-4", frames(0, 150, 250, demo.Frames), 2, true},
		{"404@audio:5", whole, 1, false},
		{"truncated@audio:5", whole, 1, false},
		{"die@4s:9s", whole, 0, true},
		{"late@2s@every:5", whole, 0, true},
		{"500@manifest@0s:200ms", whole, 0, true},
	} {
		t.Run(c.fault, func(t *testing.T) {
			w := watch(t, func(*camera) playertest.Scenario {
				return playertest.Scenario{Handler: demoWith(t, c.fault), Config: func(p *player.Config) {
					p.BufferAhead = 10 * time.Second
					if !strings.Contains(c.fault, "1700000") {
						p.Limits.MaxBPS = 900_000 // decoding the highest level takes long
					}
				}}
			})
			w.completed()
			w.showed(c.want)
			w.inSync(0.8)
			skipped := 0
			for _, e := range event.Bodies[event.Error](w.Events) {
				if e.Code == event.FragmentSkipped {
					skipped++
				}
				if e.Fatal {
					t.Errorf("fatal: %s", e.Message)
				}
			}
			if skipped != c.skipped {
				t.Errorf("%d fragments were skipped, want %d", skipped, c.skipped)
			}
			if w.Summary.Stalls != 0 {
				t.Errorf("%d stalls, of %v", w.Summary.Stalls, w.Summary.Stalled)
			}
			if c.sound {
				checkSplices(t, w.onePiece(24*time.Second), 0)
			}
		})
	}
}

// A hole in the sound is silence of exactly its length.
func TestRealHoleInTheSound(t *testing.T) {
	w := watch(t, func(*camera) playertest.Scenario {
		return playertest.Scenario{Handler: demoWith(t, "404@audio:5"), Config: func(c *player.Config) { c.NewPolicy = following([]int{0}) }}
	})
	w.completed()
	if len(w.Heard) != 1 || w.Sound.Underruns != 0 {
		t.Fatalf("the sound has %d pieces and %d underruns", len(w.Heard), w.Sound.Underruns)
	}
	pcm, want := left(w.Heard[0].Data), referenceOf(t, "eng")
	if len(pcm) != len(want) {
		t.Errorf("%d samples were heard, want %d", len(pcm), len(want))
	}
	const from, to = 100053333 * rate / 10_000_000, 120106667 * rate / 10_000_000
	const frame = 1024 // one that overlaps with a missing one is not whole
	for at := 0; at+likeness <= min(len(pcm), len(want)); at += likeness {
		part := pcm[at : at+likeness]
		switch {
		case at+likeness <= from-frame || at >= to+frame:
			if !alike(part, want[at:at+likeness]) {
				t.Errorf("sample %d: not the sound of the demo", at)
			}
		case at >= from+frame && at+likeness <= to-frame:
			if loudness(part) > 0 {
				t.Errorf("sample %d: not silent", at)
			}
		}
	}
}

// The server dies and comes back, once shortly and once for long: the session
// stalls and goes on where it was.
func TestRealServerDies(t *testing.T) {
	for _, away := range []time.Duration{20 * time.Second, 10 * time.Minute} {
		t.Run(away.String(), func(t *testing.T) {
			w := watch(t, func(*camera) playertest.Scenario {
				return playertest.Scenario{Config: little, Script: []playertest.Step{
					{At: 3 * time.Second, Do: func(s *playertest.Session) { s.Network.Close() }},
					{At: 3*time.Second + away, Do: func(s *playertest.Session) { s.Network.Reopen() }},
				}}
			})
			w.completed()
			w.showed(frames(0, demo.Frames))
			if w.Summary.Stalls != 1 {
				t.Errorf("%d stalls, want 1", w.Summary.Stalls)
			}
			w.inSync(0.9)
		})
	}
}

// costly are decoders that take a time for each picture, by the width of it.
type costly struct {
	ffmpeg.Decoders
	cost func(width int) time.Duration
}

func (s costly) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	d, err := s.Decoders.OpenVideo(f)
	return &slowDecoder{VideoDecoder: d, width: f.Width, cost: s.cost}, err
}

type slowDecoder struct {
	platform.VideoDecoder
	width int
	cost  func(width int) time.Duration
}

func (d *slowDecoder) Decode(s *platform.Sample, out func(*platform.Picture) error) error {
	if s.Format != nil {
		d.width = s.Format.Width
	}
	time.Sleep(d.cost(d.width))
	return d.VideoDecoder.Decode(s, out)
}

// On a device that is too slow for the higher levels pictures are left out, but
// none comes out of turn, the sound is whole, and what is shown is in time.
func TestRealSlowDecoder(t *testing.T) {
	w := watch(t, func(*camera) playertest.Scenario {
		return playertest.Scenario{Decoders: costly{cost: func(width int) time.Duration {
			return map[int]time.Duration{320: 8, 480: 14, 640: 45, 1280: 110}[width] * time.Millisecond
		}}}
	})
	w.completed()
	got := w.counters()
	for i := 1; i < len(got); i++ {
		if got[i] <= got[i-1] {
			t.Errorf("picture %d follows picture %d", got[i], got[i-1])
		}
	}
	if !slices.Equal(w.onePiece(24*time.Second), referenceOf(t, "eng")) {
		t.Error("the sound is not that of the demo, sample by sample")
	}
	s := w.Summary
	if s.PicturesShown != int64(len(got)) || s.PicturesShown+s.PicturesDropped != demo.Frames {
		t.Errorf("%d pictures shown and %d dropped are not %d", s.PicturesShown, s.PicturesDropped, demo.Frames)
	}
	if len(got) < demo.Frames/2 {
		t.Errorf("%d pictures were shown", len(got))
	}
	levels := w.levels()
	if last := levels[len(levels)-1]; last > 1 {
		t.Errorf("the levels shown are %v: the last is too much for the device", levels)
	}
	t.Logf("levels %v, %d pictures dropped", levels, s.PicturesDropped)
}

// spoilt are decoders that fail for some samples, and one that cannot be opened.
type spoilt struct{ ffmpeg.Decoders }

func (s spoilt) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	d, err := s.Decoders.OpenVideo(f)
	return &spoiltDecoder{VideoDecoder: d}, err
}

type spoiltDecoder struct{ platform.VideoDecoder }

var errSpoilt = errors.New("spoilt")

func (d *spoiltDecoder) Decode(s *platform.Sample, out func(*platform.Picture) error) error {
	if s.Disposable && s.PTS > 6*time.Second && s.PTS < 7*time.Second {
		return errSpoilt
	}
	return d.VideoDecoder.Decode(s, out)
}

// Samples that cannot be decoded are told and left out; the rest is shown.
func TestRealSpoiltSamples(t *testing.T) {
	w := watch(t, func(*camera) playertest.Scenario {
		return playertest.Scenario{Decoders: spoilt{}, Config: func(c *player.Config) { c.NewPolicy = following([]int{1}) }}
	})
	w.completed()
	got := w.counters()
	if len(got) >= demo.Frames || len(got) < demo.Frames-25 {
		t.Errorf("%d pictures were shown", len(got))
	}
	for i := 1; i < len(got); i++ {
		if got[i] <= got[i-1] {
			t.Errorf("picture %d follows picture %d", got[i], got[i-1])
		}
	}
	if w.codes() != string(event.SampleLost) {
		t.Errorf("what is told is %q", w.codes())
	}
	w.inSync(0.9)
}
