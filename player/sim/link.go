package sim

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Period is a span of constant capacity.
type Period struct {
	Duration time.Duration // above 0
	BPS      float64       // bits per second; 0: nothing comes through
	Latency  time.Duration // from a request to the first byte
}

// Link is a recorded network: its periods one after the other, and again from
// the first after the last. It is not changed by a session, any number of them
// may share it.
type Link struct {
	Name    string
	Group   string // of links of the same kind; may be ""
	Periods []Period
}

// ErrTrace marks a link or movie that cannot be simulated.
var ErrTrace = errors.New("not a usable trace")

// Mean is the capacity on average, in bits per second.
func (l *Link) Mean() float64 {
	var bits, span float64
	for _, p := range l.Periods {
		bits += p.BPS * p.Duration.Seconds()
		span += p.Duration.Seconds()
	}
	return bits / span
}

// leastPeriod is how long periods must be on average, lest a session walks
// through them for ever.
const leastPeriod = time.Millisecond

// check returns an error where a session over l would never end.
func (l *Link) check() error {
	carries := false
	var length time.Duration
	for i, p := range l.Periods {
		if p.Duration <= 0 || p.Latency < 0 || p.BPS < 0 || math.IsNaN(p.BPS) || math.IsInf(p.BPS, 0) {
			return fmt.Errorf("%w: period %d of %s has a duration, rate or latency out of range", ErrTrace, i+1, l.Name)
		}
		carries = carries || p.BPS > 0
		length = min(length+p.Duration, 1<<60)
	}
	if length < time.Duration(len(l.Periods))*leastPeriod {
		return fmt.Errorf("%w: the periods of %s are shorter than %v", ErrTrace, l.Name, leastPeriod)
	}
	if !carries {
		return fmt.Errorf("%w: %s carries nothing at all", ErrTrace, l.Name)
	}
	return nil
}

// network is a Link at a moment of a session. Times are milliseconds and rates
// bits per millisecond, as in the traces, so that nothing is rounded on the way.
type network struct {
	periods []Period
	index   int
	rest    float64 // of the present period
	rate    float64
	latency float64
	now     float64
	end     float64 // nothing is received after this
}

func newNetwork(l *Link) network {
	n := network{periods: l.Periods, index: -1, end: math.Inf(1)}
	n.next()
	return n
}

func ms(d time.Duration) float64        { return float64(d) / 1e6 }
func duration(ms float64) time.Duration { return time.Duration(math.Round(ms * 1e6)) }

func (n *network) next() {
	if n.index++; n.index == len(n.periods) {
		n.index = 0
	}
	p := &n.periods[n.index]
	n.rest, n.rate, n.latency = ms(p.Duration), p.BPS/1000, ms(p.Latency)
}

// pass lets a part of the present period go by.
func (n *network) pass(t float64) {
	n.rest -= t
	n.now += t
}

// skip lets the rest of the present period go by and returns it.
func (n *network) skip() float64 {
	t := n.rest
	n.now += t
	n.next()
	return t
}

// idle lets time go by without a transfer.
func (n *network) idle(t float64) {
	for t > n.rest {
		t -= n.skip()
	}
	n.pass(t)
}

// wait lets the latency of a request go by and returns it: one whole latency,
// of which each period gives 1/latency a millisecond.
func (n *network) wait() float64 {
	var total float64
	for units := 1.0; units > 0 && n.now < n.end; {
		t := units * n.latency
		if t <= n.rest {
			n.pass(t)
			return total + t
		}
		units -= n.rest / n.latency
		total += n.skip()
	}
	return total
}

// receive drains at most size bits, until there is news: minBits came in and
// minTime went by. It returns the bits and the time.
func (n *network) receive(size, minBits, minTime float64) (bits, spent float64) {
	for size > 0 && (minBits > 0 || minTime > 0) && n.now < n.end {
		var b, t float64
		if n.rate > 0 {
			want, left := max(minBits, minTime*n.rate), n.rest*n.rate
			switch {
			case size <= want && size <= left:
				b, t = size, size/n.rate
				n.pass(t)
			case want <= left:
				b, t = want, want/n.rate
				n.pass(t)
				return bits + b, spent + t
			default:
				b, t = left, n.skip()
			}
		} else if minBits > 0 || minTime > n.rest {
			t = n.skip()
		} else {
			t = minTime
			n.pass(t)
		}
		bits += b
		spent += t
		size -= b
		minBits -= b
		minTime -= t
	}
	return bits, spent
}
