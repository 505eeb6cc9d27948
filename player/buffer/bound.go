package buffer

import (
	"math"
	"time"

	"smoothplay/platform"
)

// Unbounded is the bound of a Queue that has none.
const Unbounded = time.Duration(math.MaxInt64)

// Bound ends the track at pos, wherever what is held ends: Next delivers what is
// needed to show all that begins before, then the end. A bound that is taken away
// after the end was delivered takes effect with the next epoch.
func (q *Queue) Bound(pos time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.until != pos {
		q.until = pos
		q.signal()
	}
}

// Rewind begins an epoch with the first sample held.
func (q *Queue) Rewind(epoch uint64, pos time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.frag, q.sample = 0, 0
	q.begin(epoch, pos)
}

// beyond reports whether all samples, of which there is one, begin at pos or later.
func beyond(samples []platform.Sample, pos time.Duration) bool {
	for i := range samples {
		if samples[i].PTS < pos {
			return false
		}
	}
	return true
}
