//go:build cgo

package ffmpeg

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
)

// Two levels, a second of each.
func TestExamOfVideoDecoder(t *testing.T) {
	low, high := video(t, "320x180", 2), video(t, "640x360", 2)
	samples := slices.Concat(low.until(time.Second), high.from(time.Second))
	for _, threads := range []int{1, 2} {
		t.Run(fmt.Sprintf("threads=%d", threads), func(t *testing.T) {
			platformtest.TestVideoDecoder(t, func(t *testing.T) (platform.VideoDecoder, []platform.Sample) {
				return openVideo(t, threads, low.format), samples
			})
		})
	}
}

func TestExamOfAudioDecoder(t *testing.T) {
	for _, rate := range []string{"48000", "44100"} {
		t.Run(rate, func(t *testing.T) {
			low, high := sound(t, rate, "1"), sound(t, rate, "1", "-ac", "1")
			samples := slices.Concat(low.samples[:20], high.samples[20:])
			samples[20].Format = high.format
			for i := range samples {
				samples[i].Key = true
			}
			platformtest.TestAudioDecoder(t, func(t *testing.T, out platform.PCMFormat) (platform.AudioDecoder, []platform.Sample) {
				return openAudio(t, low.format, out), samples
			})
		})
	}
}

func TestExamOfDecoders(t *testing.T) {
	v, a := video(t, "320x180", 1), sound(t, "48000", "1")
	platformtest.TestDecoders(t, func(t *testing.T) (platform.Decoders, []platform.Format) {
		return Decoders{}, []platform.Format{*v.format, *a.format}
	})
}
