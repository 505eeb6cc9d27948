//go:build cgo

package ffmpeg

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"smoothplay/platform"
)

func TestHardwareNames(t *testing.T) {
	if names := HardwareNames(); !slices.Equal(names, []string{"auto", "vaapi", "cuda", "drm", "v4l2m2m"}) {
		t.Errorf("%q", names)
	}
	if _, err := NewHardware("abacus"); err == nil || !strings.Contains(err.Error(), "vaapi") {
		t.Errorf("an unknown name: %v", err)
	}
	for _, name := range HardwareNames() {
		h, err := NewHardware(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Supports(platform.Format{Codec: "jpeg"}); !errors.Is(err, platform.ErrUnsupported) {
			t.Errorf("%s: jpeg: %v", name, err)
		}
		if _, err := h.OpenVideo(platform.Format{Kind: platform.Audio, Codec: platform.AAC}); !errors.Is(err, platform.ErrUnsupported) {
			t.Errorf("%s: sound as video: %v", name, err)
		}
		if _, err := h.OpenAudio(platform.Format{Kind: platform.Audio, Codec: platform.AAC}, platform.PCMFormat{Rate: 48000, Channels: 2}); !errors.Is(err, platform.ErrUnsupported) {
			t.Errorf("%s: sound: %v", name, err)
		}
	}
}

// A build of FFmpeg that has an accelerator offers its codecs; where the device
// is missing, opening a decoder says so, and where it is there it decodes.
func TestHardwareThatMayBeMissing(t *testing.T) {
	c := video(t, "640x360", 2)
	for _, name := range []string{"vaapi", "cuda", "v4l2m2m"} {
		h, err := NewHardware(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Supports(*c.format); err != nil {
			t.Logf("%s: %v", name, err)
			continue
		}
		d, err := h.OpenVideo(*c.format)
		if err != nil {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("the error does not name %s: %v", name, err)
			}
			continue
		}
		if got := decodeAll(t, d, c.samples); len(got) != len(c.samples) {
			t.Errorf("%s: %d of %d pictures", name, len(got), len(c.samples))
		}
		d.Close()
	}
}
