package bitstream

import (
	"testing"

	"smoothplay/platform"
)

// FuzzPacker: whatever the samples hold, bursts have their size and there are no
// more of them than samples.
func FuzzPacker(f *testing.F) {
	f.Add(frame(768, false, 0), frame(100, true, 1), false)
	f.Add(frame(512, true, 3), frame(24568, true, 0), true)
	f.Add([]byte{0x0b, 0x77}, []byte(nil), true)
	f.Fuzz(func(t *testing.T, a, b []byte, enhanced bool) {
		codec, size := platform.AC3, ac3Burst
		if enhanced {
			codec, size = platform.EAC3, eac3Burst
		}
		p := &packer{codec: codec}
		bursts := 0
		for range 3 {
			for _, data := range [][]byte{a, b} {
				_ = p.Decode(&platform.Sample{Data: data}, func(pcm *platform.PCM) error {
					bursts++
					if len(pcm.Data) != size {
						t.Errorf("a burst of %d bytes", len(pcm.Data))
					}
					return nil
				})
			}
		}
		if bursts > 6 {
			t.Errorf("%d bursts of 6 samples", bursts)
		}
	})
}
