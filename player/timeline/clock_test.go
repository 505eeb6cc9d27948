package timeline

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"
)

// exact is floor(t * 1e9 / scale) without any bound.
func exact(t, scale uint64) *big.Int {
	n := new(big.Int).Mul(new(big.Int).SetUint64(t), big.NewInt(1e9))
	return n.Div(n, new(big.Int).SetUint64(scale))
}

func (a instant) big() *big.Int {
	n := new(big.Int).Mul(new(big.Int).SetUint64(a.sec), big.NewInt(1e9))
	return n.Add(n, new(big.Int).SetUint64(a.ns))
}

var scales = []uint64{1, 3, 25, 1000, 11025, 44100, 48000, 90000, 10_000_000, 12_800_000, 27_000_000, 999_999_937, 1e9, 1e9 + 7, 1 << 40, math.MaxUint64}

// anyTime is a random number of a random length, so that all magnitudes occur.
func anyTime(r *rand.Rand) uint64 { return r.Uint64() >> r.IntN(64) }

// TestConversionsAreExact compares with arithmetic of any precision.
func TestConversionsAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	most := new(big.Int).SetUint64(math.MaxUint64)
	for range 50_000 {
		scale := scales[r.IntN(len(scales))]
		if r.IntN(4) == 0 {
			scale = max(anyTime(r), 1)
		}
		tick := anyTime(r)
		a := at(tick, scale)
		if want := exact(tick, scale); a.big().Cmp(want) != 0 || a.ns >= second {
			t.Fatalf("tick %d of %d a second is %v, want %v ns", tick, scale, a, want)
		}
		// ticks is the last tick that is not after a: check it and the next one.
		last := a.ticks(scale)
		if exact(last, scale).Cmp(a.big()) > 0 {
			t.Fatalf("tick %d of %d a second is after %v", last, scale, a)
		}
		if last < math.MaxUint64 && exact(last+1, scale).Cmp(a.big()) <= 0 {
			t.Fatalf("tick %d of %d a second is not the last up to %v", last, scale, a)
		}
		if scale <= second && last != tick {
			t.Fatalf("tick %d of %d a second comes back as %d", tick, scale, last)
		}
		b := at(anyTime(r), scales[r.IntN(len(scales))])
		want := new(big.Int).Sub(a.big(), b.big())
		got := a.sub(b)
		if limit := big.NewInt(math.MaxInt64); want.CmpAbs(limit) > 0 {
			if want.Sign() > 0 && got != math.MaxInt64 || want.Sign() < 0 && got != -math.MaxInt64 {
				t.Fatalf("%v - %v is %d, want the limit", a, b, got)
			}
		} else if want.Int64() != int64(got) {
			t.Fatalf("%v - %v is %d, want %v", a, b, got, want)
		}
		d := time.Duration(anyTime(r))
		if r.IntN(2) == 0 {
			d = -d
		}
		sum, ok := a.add(d)
		want = want.Add(a.big(), big.NewInt(int64(d)))
		switch {
		case want.Sign() < 0:
			if ok {
				t.Fatalf("%v + %d is %v, want none", a, d, sum)
			}
		case new(big.Int).Div(want, big.NewInt(1e9)).Cmp(most) > 0:
			if !ok || sum.sec != math.MaxUint64 {
				t.Fatalf("%v + %d is %v, want the limit", a, d, sum)
			}
		case !ok || sum.big().Cmp(want) != 0 || sum.ns >= second:
			t.Fatalf("%v + %d is %v, want %v ns", a, d, sum, want)
		}
	}
}

func TestTicksOfFarInstants(t *testing.T) {
	far := instant{math.MaxUint64, second - 1}
	if got := far.ticks(1); got != math.MaxUint64 {
		t.Errorf("in seconds %d", got)
	}
	if got := far.ticks(10_000_000); got != math.MaxUint64 {
		t.Errorf("in 100 ns %d, want the limit", got)
	}
	if _, ok := (instant{}).add(math.MinInt64); ok {
		t.Error("292 years before the origin is a time")
	}
}
