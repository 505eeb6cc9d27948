package pipeline

import (
	"encoding/binary"
	"time"

	"smoothplay/platform"
)

// gainRamp is how long the volume takes from silent to full, so that a change
// makes no click.
const gainRamp = 20 * time.Millisecond

// gain scales samples by a volume that moves smoothly to the one wanted.
type gain struct{ now, want float64 }

// apply scales data in place.
func (g *gain) apply(f platform.PCMFormat, data []byte) {
	if g.now == 1 && g.want == 1 {
		return
	}
	if g.now == 0 && g.want == 0 {
		clear(data)
		return
	}
	step := 1 / (float64(f.Rate) * gainRamp.Seconds())
	for i := 0; i+f.FrameBytes() <= len(data); i += f.FrameBytes() {
		switch {
		case g.now < g.want:
			g.now = min(g.now+step, g.want)
		case g.now > g.want:
			g.now = max(g.now-step, g.want)
		}
		for c := i; c < i+f.FrameBytes(); c += 2 {
			v := float64(sample(data[c:])) * g.now
			setSample(data[c:], v)
		}
	}
}

func sample(b []byte) int16 { return int16(binary.NativeEndian.Uint16(b)) }

func setSample(b []byte, v float64) {
	binary.NativeEndian.PutUint16(b, uint16(int16(max(-32768, min(32767, v)))))
}
