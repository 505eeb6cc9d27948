//go:build cgo

package ffmpeg

import (
	"encoding/hex"
	"testing"

	"smoothplay/platform"
)

// Codecs that no free encoder makes are configured from what manifests say of
// them. Samples that are noise are lost, one by one, and do no harm.
func TestConfigurations(t *testing.T) {
	for _, c := range []struct {
		name, config string
		format       platform.Format
	}{
		{"WMA Pro, stereo", "1000030000000000000000000000E00042C0", platform.Format{Codec: platform.WMAPro, SampleRate: 44100, Channels: 2, BitsPerSample: 16, BlockAlign: 4459, BitrateBPS: 192000}},
		{"WMA Pro, 7.1", "10003F0600000000000000000000E0000000", platform.Format{Codec: platform.WMAPro, SampleRate: 48000, Channels: 8, BitsPerSample: 16, BlockAlign: 8192, BitrateBPS: 384000}},
		{"WMA 2", "008800000F0000000000", platform.Format{Codec: platform.WMA2, SampleRate: 44100, Channels: 2, BitsPerSample: 16, BlockAlign: 2973, BitrateBPS: 128000}},
		{"HE-AAC, explicit", "2B118800", platform.Format{Codec: platform.AAC, SampleRate: 24000, Channels: 2}},
		{"HE-AAC v2, explicit", "EB098800", platform.Format{Codec: platform.AAC, SampleRate: 24000, Channels: 1}},
		{"HE-AAC, announced behind the core", "131056E598", platform.Format{Codec: platform.AAC, SampleRate: 24000, Channels: 2}},
		{"HE-AAC, implicit", "1310", platform.Format{Codec: platform.AAC, SampleRate: 24000, Channels: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := c.format
			f.Kind = platform.Audio
			var err error
			if f.Config, err = hex.DecodeString(c.config); err != nil {
				t.Fatal(err)
			}
			if err := (Decoders{}).Supports(f); err != nil {
				t.Error(err)
			}
			d, err := (Decoders{}).OpenAudio(f, platform.PCMFormat{Rate: 48000, Channels: 2})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			noise := make([]byte, max(f.BlockAlign, 600))
			for i := range noise {
				noise[i] = byte(i*i*7 + i>>3)
			}
			for range 20 {
				_ = d.Decode(&platform.Sample{Data: noise}, func(*platform.PCM) error { return nil })
			}
			if err := d.Flush(); err != nil {
				t.Error(err)
			}
		})
	}
}
