package bandwidth

import (
	"math"
	"time"

	"smoothplay/heuristics"
)

// How a transfer becomes a sample. The body alone is the better measure where
// it is long: the wait for the first byte is the server's, not the link's. Where
// it is short most of it lay in the socket before it was read, and only the
// whole request says something.
const (
	bodyMinTime  = 50 * time.Millisecond
	bodyMinBytes = 64 << 10
	// tinyBytes is what says nothing at all, unless it took tinyTime.
	tinyBytes = 16 << 10
	tinyTime  = 500 * time.Millisecond
	// runningTime is how long the body of a running transfer must have come in
	// before it counts.
	runningTime = 250 * time.Millisecond
)

const (
	fastHalfLife = 3.0 // seconds of transfer
	slowHalfLife = 8.0

	priorError  = 0.35 // of the estimate, before anything is known about it
	priorWeight = 2.0  // samples
	errorDecay  = 0.85 // what the former errors weigh with each new one
	seedWeight  = 1.0  // seconds of transfer that a seed is worth

	// A rise is believed at once when this many sizeable transfers in a row were
	// this much quicker than the estimate.
	riseCount  = 3
	riseFactor = 1.5
)

// Estimator estimates the bandwidth of a session's link over all its tracks.
// The zero Estimator knows nothing and is ready. It belongs to one goroutine.
type Estimator struct {
	fast, slow average
	// errors is the decaying sum of |ln(sample/estimate before it)|.
	errors, errorWeight float64
	latencyFast         average // of the time to the first byte, in seconds
	latencySlow         average
	// risen counts the latest sizeable transfers in a row that were quicker than
	// the estimate, risenTo is the slowest of them.
	risen   int
	risenTo float64
}

// Estimate is what is known of a link.
type Estimate struct {
	BPS   int64         // bits per second; 0: nothing known
	Error float64       // relative uncertainty, 0 to 1: 0.2 is plus or minus a fifth
	TTFB  time.Duration // to be expected between a request and its first byte
}

// Add takes a transfer into account that has ended: complete, or abandoned and
// cut with what it has of bytes and time. Answers with an error status are not
// added.
func (e *Estimator) Add(t heuristics.Transfer) {
	if !t.FromStore && t.FirstByte > 0 {
		e.latencyFast.add(1, t.FirstByte.Seconds(), fastHalfLife)
		e.latencySlow.add(1, t.FirstByte.Seconds(), slowHalfLife)
	}
	rate, seconds, ok := sample(t)
	if !ok {
		return
	}
	if before := e.bps(); before > 0 {
		e.errors = e.errors*errorDecay + math.Abs(math.Log(rate/before))
		e.errorWeight = e.errorWeight*errorDecay + 1
	}
	e.fast.add(seconds, rate, fastHalfLife)
	e.slow.add(seconds, rate, slowHalfLife)
	if t.Bytes >= bodyMinBytes {
		e.rise(rate)
	}
}

// rise notices that the link has become better for good. Weighed by the time
// they take, quick transfers would need minutes to make up for slow ones.
func (e *Estimator) rise(rate float64) {
	if rate < riseFactor*e.bps() {
		e.risen = 0
		return
	}
	if e.risen == 0 || rate < e.risenTo {
		e.risenTo = rate
	}
	if e.risen++; e.risen < riseCount {
		return
	}
	e.fast.set(e.risenTo, fastHalfLife)
	e.slow.set(e.risenTo, slowHalfLife)
	e.risen = 0
}

// Seed tells what an earlier session measured. It counts for little: the first
// transfers outweigh it. It has no effect after them.
func (e *Estimator) Seed(bps int64) {
	if bps > 0 && e.slow.total == 0 {
		e.fast.add(seedWeight, float64(bps), fastHalfLife)
		e.slow.add(seedWeight, float64(bps), slowHalfLife)
	}
}

// Estimate returns what the transfers added so far say.
func (e *Estimator) Estimate() Estimate {
	bps := e.bps()
	if bps == 0 {
		return Estimate{TTFB: e.ttfb()}
	}
	off := (e.errors + priorError*priorWeight) / (e.errorWeight + priorWeight)
	return Estimate{
		BPS:   max(int64(bps), 1),
		Error: min(math.Expm1(off), 1),
		TTFB:  e.ttfb(),
	}
}

// During returns the estimate as it would be if running, a transfer that still
// goes on, ended now: a link that breaks down is seen within the fragment. A
// transfer that has only just begun, or nil, changes nothing. running is not
// remembered.
func (e *Estimator) During(running *heuristics.Transfer) Estimate {
	if running == nil || running.Body < runningTime {
		return e.Estimate()
	}
	as := *e
	as.Add(*running)
	return as.Estimate()
}

// Reset forgets everything: the network is another one.
func (e *Estimator) Reset() { *e = Estimator{} }

func (e *Estimator) bps() float64 {
	return min(e.fast.mean(fastHalfLife), e.slow.mean(slowHalfLife))
}

func (e *Estimator) ttfb() time.Duration {
	seconds := max(e.latencyFast.mean(fastHalfLife), e.latencySlow.mean(slowHalfLife))
	return time.Duration(seconds * float64(time.Second))
}

// sample is the rate in bits per second that t saw, and the seconds that it
// stands for; not ok where t says nothing of the link.
func sample(t heuristics.Transfer) (bps, seconds float64, ok bool) {
	whole := t.FirstByte + t.Body
	if t.FromStore || t.Bytes <= 0 || whole <= 0 {
		return 0, 0, false
	}
	if t.Bytes < tinyBytes && t.Body < tinyTime {
		return 0, 0, false
	}
	over := whole
	others := float64(t.OtherBytes)
	if t.Body >= bodyMinTime && t.Bytes >= bodyMinBytes || t.Body >= tinyTime {
		over = t.Body
		// Others came in all the while; the part that fell into the body counts.
		others *= t.Body.Seconds() / whole.Seconds()
	}
	if t.StackBPS > 0 {
		return float64(t.StackBPS), over.Seconds(), true
	}
	return 8 * (float64(t.Bytes) + others) / over.Seconds(), over.Seconds(), true
}

// average is an exponentially weighted mean, corrected for having begun at 0.
type average struct {
	value float64
	total float64 // weight of all samples
}

// add takes a value into account; weight and halfLife are in the same unit.
func (a *average) add(weight, value, halfLife float64) {
	keep := math.Exp2(-weight / halfLife)
	a.value = value*(1-keep) + keep*a.value
	a.total += weight
}

// set makes the mean value, and keeps the weight.
func (a *average) set(value, halfLife float64) {
	a.value = value * (1 - math.Exp2(-a.total/halfLife))
}

// mean is the average; 0 where there is none.
func (a *average) mean(halfLife float64) float64 {
	if a.total == 0 {
		return 0
	}
	return a.value / (1 - math.Exp2(-a.total/halfLife))
}
