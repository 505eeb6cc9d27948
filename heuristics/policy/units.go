package policy

import (
	"time"

	"smoothplay/heuristics"
)

// usualChunk is how long a chunk plays where the manifest does not say.
const usualChunk = 2 * time.Second

func inMS(d time.Duration) float64 { return float64(d) / 1e6 }

// kbps is the nominal rate of level q in kbit/s.
func kbps(in *heuristics.Input, q int) float64 { return float64(in.Levels[q].BitrateBPS) / 1000 }

// chunkMS is how long the chunk plays in ms; never 0.
func chunkMS(in *heuristics.Input) float64 {
	if in.ChunkDuration <= 0 {
		return inMS(usualChunk)
	}
	return inMS(in.ChunkDuration)
}

// forever is longer than any session.
const forever = time.Duration(1 << 62)

// seconds is s as a time, at most forever.
func seconds(s float64) time.Duration {
	if s >= forever.Seconds() {
		return forever
	}
	return time.Duration(s * float64(time.Second))
}

// scale is a share of d.
func scale(d time.Duration, share float64) time.Duration {
	return time.Duration(float64(d) * share)
}
