package player

import (
	"math"
	"slices"
	"time"

	"smoothplay/player/event"
)

const (
	// distanceSamples is of how many looks at the distance the median counts: one
	// fragment that comes late is no drift.
	distanceSamples = 3
	// speedMost is by how much playing is sped up or slowed down to keep it.
	speedMost = 0.05
	// A difference is corrected from tooFar on until it is below nearEnough; one
	// of correctIn or more at full speed.
	tooFar     = 300 * time.Millisecond
	nearEnough = 50 * time.Millisecond
	correctIn  = 2 * time.Second
	// longestUp is for how long playing faster may make up for what was lost; what
	// takes longer is passed over.
	longestUp = time.Minute
	// outageFrom is how many chunks long a stall is an outage, and no sign of how
	// things usually are.
	outageFrom = 3
)

// measureDistance looks, when a fragment of t arrives that was asked for as soon
// as it could be there, how far behind its end the playhead was then.
func (l *loop) measureDistance(t *track, j *job) {
	if t != l.leadingTrack() || !j.timely || l.state != event.Playing {
		return
	}
	since := time.Duration(float64(l.now()-j.asked) * l.speed)
	end := j.chunk.End()
	behind := end - l.holes(end) - (l.position() - since)
	if len(l.live.behind) == distanceSamples {
		l.live.behind = slices.Delete(l.live.behind, 0, 1)
	}
	l.live.behind = append(l.live.behind, behind)
	l.keepDistance()
}

// forgetDistance begins to look anew: the playhead was moved.
func (l *loop) forgetDistance() {
	l.live.behind, l.live.target, l.live.outage = l.live.behind[:0], 0, false
}

// keepNear keeps a playhead that follows the edge from falling far behind.
func (l *loop) keepNear() {
	l.pastEdge()
	if l.rate != 1 || !l.live.follow || l.state != event.Playing || l.seek != nil {
		l.setSpeed(l.rate, "")
		return
	}
	if !l.cfg.Live.Steady {
		l.catchUp()
	}
}

// keepDistance keeps a playhead that follows the edge where it should be, by
// playing faster or slower; it is looked at when there is something new.
func (l *loop) keepDistance() {
	if !l.live.follow || l.rate != 1 || l.seek != nil || l.cfg.Live.Steady {
		return
	}
	off := l.off()
	switch {
	case len(l.live.behind) < distanceSamples:
	case off.Abs() > tooFar, l.speed != 1 && off.Abs() > nearEnough:
		by := max(-speedMost, min(speedMost, speedMost*off.Seconds()/correctIn.Seconds()))
		by = math.Copysign(math.Ceil(math.Abs(by)*100)/100, by)
		if sameWay := (by > 0) == (l.speed > 1); l.speed == 1 || !sameWay || math.Abs(by) > math.Abs(l.speed-1) {
			l.setSpeed(1+by, "")
		}
	default:
		l.live.outage = false
		l.setSpeed(1, "")
	}
}

// off is by how much the playhead is farther from the edge than it should be, by
// the latest looks at it.
func (l *loop) off() time.Duration {
	sorted := slices.Sorted(slices.Values(l.live.behind))
	behind := sorted[len(sorted)/2]
	// Where the session began is as good as any other place near by.
	least, most := l.wanted()
	if l.live.target == 0 {
		l.live.target = min(max(behind, least), most)
	}
	return behind - min(max(l.live.target, least), most)
}

// wanted is within what the distance is as it should be.
func (l *loop) wanted() (least, most time.Duration) {
	chunk := l.chunkDuration()
	least = max(l.live.distance-chunk/8, leastBehind(chunk))
	return least, max(l.live.distance+chunk/4, least)
}

// catchUp moves a playhead that is far behind where it should be, or, after an
// outage, too far to come up soon by playing faster, where that place is buffered.
func (l *loop) catchUp() {
	chunk := l.chunkDuration()
	to := l.livePosition()
	if to <= l.position()+chunk || !l.farBehind() && !(l.slowUp() && l.holds(to)) {
		return
	}
	l.moveTo(to, Exact, "live", nil)
}

// farBehind reports whether the playhead is so far behind the edge that what is
// between is no use. Before, it asks where the edge is, so that once is enough.
func (l *loop) farBehind() bool {
	chunk := l.chunkDuration()
	edge := l.edge()
	if _, most := l.wanted(); edge-l.position()-l.holes(edge) <= most+max(farOff, 2*chunk) {
		return false
	}
	if r := &l.live.refresh; r.failed == 0 && (r.running || l.now()-r.last > chunk) {
		r.urgent = !r.running
		return false
	}
	return true
}

// slowUp reports whether it would take too long to make up for an outage by playing
// faster. A playhead is moved to where a chunk begins, which may be as far off as
// one lasts.
func (l *loop) slowUp() bool {
	most := time.Duration(speedMost * float64(longestUp))
	return l.live.outage && len(l.live.behind) == distanceSamples && l.off() > max(most, l.chunkDuration()*5/4)
}

// holds reports whether pos is buffered on every track, and enough to go on from
// there.
func (l *loop) holds(pos time.Duration) bool {
	for _, t := range l.tracks {
		if t == l.switching || t.lost || t.absent {
			continue
		}
		if !t.queue.Holds(pos) || t.queue.Range().End < pos+leastBehind(l.chunkDuration()) {
			return false
		}
	}
	return true
}

// holes is how much of the time between the playhead and a later place there is
// nothing of, so that playing passes over it.
func (l *loop) holes(until time.Duration) time.Duration {
	t := l.leadingTrack()
	if t == nil {
		return 0
	}
	var sum time.Duration
	end := l.position()
	for i := t.stream.At(end); i < t.stream.Limit() && end < until; i++ {
		c := t.stream.Chunk(i)
		if gap := min(c.Start, until) - end; gap > leastGap {
			sum += gap
		}
		end = c.End()
	}
	return sum
}

// stalledLive keeps more distance after a stall at the edge, unless it lasted so
// long that more distance would not have helped.
func (l *loop) stalledLive(lasted time.Duration) {
	chunk := l.chunkDuration()
	if !l.live.follow || !l.snap.Live() {
		return
	}
	if lasted > outageFrom*chunk {
		l.live.behind, l.live.outage = l.live.behind[:0], true
		return
	}
	l.live.distance = min(l.live.distance+min(lasted, chunk), l.distance()+3*chunk)
	l.forgetDistance()
}

// gaugeLatency samples the latency for the Summary, once a second.
func (l *loop) gaugeLatency() {
	if now := l.now(); l.state == event.Playing && l.live.follow && now >= l.live.gauged+observeEvery {
		l.live.gauged = now
		l.figures.LiveLatency.Add(l.latency())
	}
}

// latency is how far the playhead is behind what the encoder is at now, as far
// as can be told: fragments announce those that are complete already.
func (l *loop) latency() time.Duration {
	edge, ok := l.edgeNow()
	if !ok {
		return max(l.edge()-l.position(), 0)
	}
	ahead := time.Duration(0)
	if t := l.leadingTrack(); t != nil {
		if c, ok := t.stream.Newest(); ok {
			ahead = t.stream.End() - c.End()
		}
	}
	return max(edge+ahead-l.position(), 0)
}
