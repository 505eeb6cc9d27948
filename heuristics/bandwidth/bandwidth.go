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

	// A cache that does not say so is suspected where the rate is this many times
	// the estimate and the first byte came at once: within this time and this part
	// of the usual wait, which must be long enough to tell. It is the link after
	// all when this many sizeable transfers in a row are like that.
	cacheFactor  = 5
	cacheWait    = 10 * time.Millisecond
	cacheShare   = 0.25
	cacheUsual   = 5 * time.Millisecond
	believeCount = 5

	// unknownWait is what a first byte at the live edge is supposed to take where
	// nothing is known.
	unknownWait = 200 * time.Millisecond
	// measuredCount is from how many samples on an estimate is worth remembering.
	measuredCount = 3
)

// Estimator estimates the bandwidth of a session's link over all its tracks.
// The zero Estimator knows nothing and is ready. It belongs to one goroutine.
type Estimator struct {
	fast, slow average
	// errors is the decaying sum of |ln(sample/estimate before it)|.
	errors, errorWeight float64
	prior               float64 // in place of priorError; 0: that
	samples             int
	latencyFast         average // of the time to the first byte, in seconds
	latencySlow         average
	// risen counts the latest sizeable transfers in a row that were quicker than
	// the estimate, risenTo is the slowest of them.
	risen   int
	risenTo float64
	// suspects counts the latest sizeable transfers in a row that seemed to come
	// from a cache, suspectsTo is the slowest of them.
	suspects   int
	suspectsTo float64
}

// Estimate is what is known of a link.
type Estimate struct {
	BPS int64 // bits per second; 0: nothing known
	// Error is the relative uncertainty, 0 to 1: 0.2 is plus or minus a fifth. Of
	// the transfers to come about two thirds see a rate within it; at 1, which is
	// as far as it goes, somewhat fewer.
	Error float64
	TTFB  time.Duration // to be expected between a request and its first byte
}

// Add takes a transfer into account that has ended: complete, or abandoned and
// cut with what it has of bytes and time. Answers with an error status are not
// added.
func (e *Estimator) Add(t heuristics.Transfer) {
	if t.AtEdge {
		t.FirstByte = min(t.FirstByte, e.usualWait())
	}
	rate, seconds, ok := sample(t)
	if ok && e.suspect(&t, rate) && !e.believe(&t, rate) {
		return
	}
	if !t.FromStore && t.FirstByte > 0 {
		e.latencyFast.add(1, t.FirstByte.Seconds(), fastHalfLife)
		e.latencySlow.add(1, t.FirstByte.Seconds(), slowHalfLife)
	}
	if !ok {
		return
	}
	if before := e.bps(); before > 0 {
		e.errors = e.errors*errorDecay + math.Abs(math.Log(rate/before))
		e.errorWeight = e.errorWeight*errorDecay + 1
	}
	e.samples++
	e.fast.add(seconds, rate, fastHalfLife)
	e.slow.add(seconds, rate, slowHalfLife)
	if t.Bytes >= bodyMinBytes {
		e.suspects = 0
		e.rise(rate)
	}
}

// usualWait is the longest that a first byte at the live edge may have taken on
// the way: the rest of its time the server waited for the fragment.
func (e *Estimator) usualWait() time.Duration {
	if e.latencyFast.total == 0 {
		return unknownWait
	}
	return e.ttfb()
}

// suspect reports whether t looks as if a cache near by had answered.
func (e *Estimator) suspect(t *heuristics.Transfer, rate float64) bool {
	usual := e.ttfb()
	return usual >= cacheUsual && rate > cacheFactor*e.bps() && e.bps() > 0 && t.StackBPS == 0 && !t.AtEdge &&
		t.FirstByte <= cacheWait && float64(t.FirstByte) < cacheShare*float64(usual)
}

// believe counts a suspect, and reports whether they were so many that the link
// itself has become another one. Then it is begun with anew.
func (e *Estimator) believe(t *heuristics.Transfer, rate float64) bool {
	if t.Bytes < bodyMinBytes {
		return false
	}
	if e.suspects == 0 || rate < e.suspectsTo {
		e.suspectsTo = rate
	}
	if e.suspects++; e.suspects < believeCount {
		return false
	}
	e.fast.set(e.suspectsTo, fastHalfLife)
	e.slow.set(e.suspectsTo, slowHalfLife)
	e.latencyFast, e.latencySlow = average{}, average{}
	return true
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

// Seed tells what an earlier session measured, and how far that may be off by
// now. It counts for little: the first transfers outweigh it. It has no effect
// after them.
func (e *Estimator) Seed(was Estimate) {
	if was.BPS <= 0 || e.slow.total > 0 {
		return
	}
	e.fast.add(seedWeight, float64(was.BPS), fastHalfLife)
	e.slow.add(seedWeight, float64(was.BPS), slowHalfLife)
	e.prior = math.Log1p(min(max(was.Error, 0), 1))
	if was.TTFB > 0 && e.latencyFast.total == 0 {
		e.latencyFast.add(1, was.TTFB.Seconds(), fastHalfLife)
		e.latencySlow.add(1, was.TTFB.Seconds(), slowHalfLife)
	}
}

// Measured reports whether enough was measured, a seed apart, for the estimate to
// be worth remembering.
func (e *Estimator) Measured() bool { return e.samples >= measuredCount }

// Estimate returns what the transfers added so far say.
func (e *Estimator) Estimate() Estimate {
	bps := e.bps()
	if bps == 0 {
		return Estimate{TTFB: e.ttfb()}
	}
	prior := priorError
	if e.prior > 0 {
		prior = e.prior
	}
	off := (e.errors + prior*priorWeight) / (e.errorWeight + priorWeight)
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
	others := float64(max(t.OtherBytes, 0))
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
