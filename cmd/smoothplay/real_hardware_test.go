//go:build cgo

package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/fallback"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
	"smoothplay/render/ffmpeg"
	"smoothplay/testdata/demo"
)

// fragile are decoders of a device that fails with a sample, and then for good.
type fragile struct {
	ffmpeg.Decoders
	at int // the sample, in the order in which they are decoded
}

func (f *fragile) Path() string { return "fragile" }

func (f *fragile) OpenVideo(format platform.Format) (platform.VideoDecoder, error) {
	d, err := f.Decoders.OpenVideo(format)
	return &fragileDecoder{d, f}, err
}

type fragileDecoder struct {
	platform.VideoDecoder
	by *fragile
}

func (d *fragileDecoder) Path() string { return "fragile" }

func (d *fragileDecoder) Decode(s *platform.Sample, out func(*platform.Picture) error) error {
	if d.by.at--; d.by.at < 0 {
		return errors.New("the device hangs")
	}
	return d.VideoDecoder.Decode(s, out)
}

// paths are what the tracks said of how video was decoded, in order.
func (w *watched) paths(kind string) (list []string) {
	for _, e := range event.Bodies[event.Tracks](w.Events) {
		for _, s := range e.Streams {
			if s.Kind == kind && s.Selected && s.Path != "" && (len(list) == 0 || list[len(list)-1] != s.Path) {
				list = append(list, s.Path)
			}
		}
	}
	return list
}

// Wherever the hardware fails, within a group of pictures, at a level switch, at
// the first sample, every picture of the demo is seen once and in order.
func TestRealHardwareFails(t *testing.T) {
	for _, at := range []int{0, 1, 26, 49, 50, 51, 137, 599} {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			hardware := &fragile{at: at}
			w := watch(t, func(*camera) playertest.Scenario {
				return playertest.Scenario{
					Decoders: fallback.Decoders{Hardware: hardware, Software: ffmpeg.Decoders{}},
					Config:   func(c *player.Config) { little(c); c.NewPolicy = following(every) },
				}
			})
			w.completed()
			w.showed(frames(0, demo.Frames))
			for _, e := range event.Bodies[event.Error](w.Events) {
				t.Errorf("%s: %s", e.Code, e.Message)
			}
			got := w.paths("video")
			if last := got[len(got)-1]; last != "software (fragile failed: the device hangs)" || at > 0 && got[0] != "fragile" {
				t.Errorf("the paths are %q", got)
			}
			if sound := w.paths("audio"); len(sound) != 1 || sound[0] != "software" {
				t.Errorf("the sound is decoded by %q", sound)
			}
		})
	}
}

// After a seek the hardware that failed is not tried again, and no picture of
// before comes back.
func TestRealHardwareFailsAroundSeeks(t *testing.T) {
	place := 14*time.Second + 500*time.Millisecond
	for _, at := range []int{60, 74, 76, 80, 100} {
		w := watch(t, func(*camera) playertest.Scenario {
			return playertest.Scenario{
				Decoders: fallback.Decoders{Hardware: &fragile{at: at}, Software: ffmpeg.Decoders{}},
				Config:   little,
				Script:   []playertest.Step{playertest.Seek(3*time.Second+137*time.Microsecond, place)},
			}
		})
		w.completed()
		checkRuns(t, w, []time.Duration{place})
	}
}

// Hardware that this machine has or has not: every picture is seen either way.
func TestRealHardware(t *testing.T) {
	for _, name := range hardwareNames {
		t.Run(name, func(t *testing.T) {
			decoders, err := (&decodeFlags{hardware: name}).decoders(false)
			if err != nil {
				t.Fatal(err)
			}
			w := watch(t, func(*camera) playertest.Scenario {
				return playertest.Scenario{Decoders: decoders, Config: func(c *player.Config) { little(c); c.NewPolicy = following(every) }}
			})
			w.completed()
			w.showed(frames(0, demo.Frames))
			got := w.paths("video")
			if len(got) != 1 || got[0] != name && !strings.HasPrefix(got[0], "software") {
				t.Errorf("the paths are %q", got)
			}
			t.Logf("%s: decoded by %s", name, got)
		})
	}
	if _, err := (&decodeFlags{hardware: "abacus"}).decoders(false); !errors.As(err, new(usageError)) {
		t.Errorf("--hwdec abacus: %v", err)
	}
}
