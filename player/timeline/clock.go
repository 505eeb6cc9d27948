package timeline

import (
	"math"
	"math/bits"
	"time"
)

// An instant is a time since the encoder's origin. It covers every tick of
// every TimeScale, which a time.Duration does not.
type instant struct {
	sec uint64
	ns  uint64 // below 1e9
}

const second = uint64(time.Second)

// at is tick t of a clock with scale ticks a second, rounded down to the
// nanosecond. scale is not 0.
func at(t, scale uint64) instant {
	hi, lo := bits.Mul64(t%scale, second)
	ns, _ := bits.Div64(hi, lo, scale)
	return instant{t / scale, ns}
}

func (a instant) before(b instant) bool {
	return a.sec < b.sec || a.sec == b.sec && a.ns < b.ns
}

// sub is a - b, limited to what a time.Duration holds.
func (a instant) sub(b instant) time.Duration {
	if a.before(b) {
		return -b.since(a)
	}
	return a.since(b)
}

// since is a - b, b not being after a, limited to the largest time.Duration.
func (a instant) since(b instant) time.Duration {
	sec, ns := a.sec-b.sec, a.ns
	if ns < b.ns {
		sec, ns = sec-1, ns+second
	}
	hi, lo := bits.Mul64(sec, second)
	sum, carry := bits.Add64(lo, ns-b.ns, 0)
	if hi|carry != 0 || sum > math.MaxInt64 {
		return math.MaxInt64
	}
	return time.Duration(sum)
}

// add is a + d; ok is false where that is before the origin.
func (a instant) add(d time.Duration) (sum instant, ok bool) {
	sec, ns := int64(d/time.Second), int64(d%time.Second)
	ns += int64(a.ns)
	switch {
	case ns < 0:
		sec, ns = sec-1, ns+int64(second)
	case ns >= int64(second):
		sec, ns = sec+1, ns-int64(second)
	}
	if sec < 0 {
		if a.sec < uint64(-sec) {
			return instant{}, false
		}
		return instant{a.sec - uint64(-sec), uint64(ns)}, true
	}
	total, carry := bits.Add64(a.sec, uint64(sec), 0)
	if carry != 0 {
		return instant{math.MaxUint64, second - 1}, true
	}
	return instant{total, uint64(ns)}, true
}

// ticks is the last tick of a clock with scale ticks a second whose instant,
// rounded down as at does, is not after a.
func (a instant) ticks(scale uint64) uint64 {
	// at(t) <= a means t*1e9/scale < a + 1ns, so t is one less than the quotient
	// (a + 1ns) * scale / 1e9 rounded up.
	hi, lo := bits.Mul64(a.ns+1, scale)
	part, rest := bits.Div64(hi, lo, second)
	if rest == 0 {
		part--
	}
	hi, lo = bits.Mul64(a.sec, scale)
	sum, carry := bits.Add64(lo, part, 0)
	if hi|carry != 0 {
		return math.MaxUint64
	}
	return sum
}
