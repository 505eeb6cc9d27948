package trick

import "time"

// Span is a chunk on the timeline.
type Span struct{ Start, End time.Duration }

// Points are the places of chunk c that are shown, in the order of travel, given
// the place that is to be shown next; next is that of the chunk after it. Where key
// pictures alone are had the places are those of keys, as far as is known where
// these are. There may be none.
func (p Plan) Points(c Span, from time.Duration, back bool) (points []time.Duration, next time.Duration) {
	step := max(p.Step, 1)
	if back {
		step = -step
	}
	interval := max((c.End-c.Start)/time.Duration(max(p.Keys, 1)), 1)
	at := min(max(from, c.Start), c.End-1)
	for at >= c.Start && at < c.End && len(points) < maxPoints {
		if !p.Whole {
			at = c.Start + (at-c.Start+slack)/interval*interval
		}
		points = append(points, at)
		at += step
	}
	return points, at
}

// maxPoints bounds what is shown of a chunk, whatever its length is said to be.
const maxPoints = 1000

// slack is by how much a place may miss the key that it is meant to be.
const slack = time.Millisecond
