package policy

import (
	"math"
	"time"

	"smoothplay/heuristics"
)

// sabre is what the rules of Sabre know of a link: two averages of its rate,
// weighed by the time of transfers, and two of the time to the first byte. Their
// units are milliseconds and kbit/s, as there.
type sabre struct {
	rate, rateWeight       [2]float64
	latency, latencyWeight [2]float64
	tput, lat              float64 // the lower rate and the higher latency
	known                  bool
}

// sabreHalfLife are the half-lives of both averages in ms: of transfer time for
// rates, of media for latencies.
var sabreHalfLife = [2]float64{8000, 3000}

// add takes a finished transfer into account.
func (e *sabre) add(t *heuristics.Transfer, chunk float64) {
	spent := inMS(t.Body)
	if t.FromStore || spent <= 0 || t.Bytes <= 0 {
		return
	}
	rate := 8 * float64(t.Bytes+t.OtherBytes) / spent
	if t.StackBPS > 0 {
		rate = float64(t.StackBPS) / 1000
	}
	e.tput, e.lat = math.Inf(1), 0
	for i, half := range sabreHalfLife {
		keep := math.Pow(0.5, spent/half)
		e.rate[i] = keep*e.rate[i] + (1-keep)*rate
		e.rateWeight[i] += spent
		e.tput = min(e.tput, e.rate[i]/(1-math.Pow(0.5, e.rateWeight[i]/half)))

		half /= chunk
		keep = math.Pow(0.5, 1/half)
		e.latency[i] = keep*e.latency[i] + (1-keep)*inMS(t.FirstByte)
		e.latencyWeight[i]++
		e.lat = max(e.lat, e.latency[i]/(1-math.Pow(0.5, e.latencyWeight[i]/half)))
	}
	e.known = true
}

// sustainable is the highest level that comes within its own duration at tput.
func (e *sabre) sustainable(in *heuristics.Input, chunk, tput float64) int {
	q := 0
	for q+1 < len(in.Levels) && e.lat+chunk*kbps(in, q+1)/tput <= chunk {
		q++
	}
	return q
}

// insufficient is the insufficient-buffer rule: the highest level up to q of
// which each lower one's next still fits into a part of what the buffer lasts.
// safety shrinks with each decision.
func (e *sabre) insufficient(in *heuristics.Input, q int, chunk float64, safety *float64) int {
	safe := *safety * (inMS(in.Buffered) - e.lat) * e.tput
	*safety = max(*safety*safetyInitial, safetyLeast)
	for i := range q {
		if kbps(in, i+1)*chunk > safe {
			return i
		}
	}
	return q
}

const (
	safetyInitial = 0.9
	safetyLeast   = 0.5
)

// fresh finds the transfers that ended since it was asked last.
type fresh struct {
	last time.Duration // start of the latest transfer seen
	some bool
}

// after returns the transfers of in that were not seen yet, oldest first.
func (f *fresh) after(in *heuristics.Input) []heuristics.Transfer {
	i := len(in.Transfers)
	for i > 0 && (!f.some || in.Transfers[i-1].Start > f.last) {
		i--
	}
	if n := len(in.Transfers); n > 0 {
		f.last, f.some = in.Transfers[n-1].Start, true
	}
	return in.Transfers[i:]
}

// skip makes a transfer known that will not be listed among the finished.
func (f *fresh) skip(t *heuristics.Transfer) { f.last, f.some = t.Start, true }
