package sim

import (
	"math"
	"time"
)

// Result is what came of a session.
type Result struct {
	Policy, Movie, Link, Group string
	Buffer                     time.Duration // gathered at most
	Levels                     []int         // by chunk, as played

	MeanBPS   float64       // nominal, of what was played
	Startup   time.Duration // until the first fragment was there
	Stalled   time.Duration // after that
	Stalls    int
	Switches  int
	Reversals int           // switches back within reversalSpan fragments
	Length    time.Duration // from the first request to the end of the last fragment

	Abandoned   int   // transfers given up
	Replaced    int   // buffered fragments that were fetched again
	WastedBytes int64 // received and never played

	// With a Device: pictures that were due, those of them that were lost, and
	// how long was played under a cap.
	Pictures, Lost int64
	Capped         time.Duration

	// QoE is the linear quality of experience of Pensieve: per fragment, the mean
	// of Mbit/s played, less the change of Mbit/s, less 4.3 for each second
	// without a picture, start-up included. The 4.3 belongs to a ladder that ends
	// at 6 Mbit/s and grows with the top of the ladder.
	QoE float64
}

const (
	// reversalSpan is within how many fragments a switch back counts as a
	// reversal.
	reversalSpan = 5
	stallWeight  = 4.3 // Mbit/s for a second of stall,
	stallTop     = 6.0 // with a ladder that ends at this many Mbit/s
)

// StallShare is the part of the time since playing began that was stalled.
func (r *Result) StallShare() float64 {
	played := r.Length - r.Startup
	if played <= 0 {
		return 0
	}
	return float64(r.Stalled) / float64(played)
}

// finish computes the figures from the levels played, the time stalled and the
// time it all took, in ms.
func (r *Result) finish(m *Movie, stalled, length float64) {
	r.Stalled, r.Length = duration(stalled), duration(length)
	mbps := func(q int) float64 { return float64(m.Levels[q].BitrateBPS) / 1e6 }
	var sum, change float64
	last, lastUp := -math.MaxInt32, false
	for i, q := range r.Levels {
		sum += mbps(q)
		if i == 0 || q == r.Levels[i-1] {
			continue
		}
		change += math.Abs(mbps(q) - mbps(r.Levels[i-1]))
		up := q > r.Levels[i-1]
		if r.Switches > 0 && up != lastUp && i-last <= reversalSpan {
			r.Reversals++
		}
		r.Switches++
		last, lastUp = i, up
	}
	n := float64(len(r.Levels))
	r.MeanBPS = sum / n * 1e6
	weight := stallWeight * mbps(len(m.Levels)-1) / stallTop
	r.QoE = (sum - change - weight*(stalled+ms(r.Startup))/1000) / n
}
