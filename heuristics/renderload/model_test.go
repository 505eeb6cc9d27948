package renderload

import (
	"math"
	"math/rand/v2"
	"testing"
)

func fitted(points ...point) model {
	var s sums
	for _, p := range points {
		s.add(p)
	}
	return s.fit()
}

// TestOneLevelIsEnough: the prior says the rest.
func TestOneLevelIsEnough(t *testing.T) {
	w := workOf(ladder[1], 25)
	m := fitted(point{w, .2, 1})
	if got := m.load(w); math.Abs(got-.2) > 1e-9 {
		t.Errorf("the level seen is expected to make %v, not 0.2", got)
	}
	if ratio := m.bit / m.pixel; math.Abs(ratio-pixelsPerBit) > 1e-6 {
		t.Errorf("a bit is expected to cost %v pixels, the prior is %v", ratio, float64(pixelsPerBit))
	}
	top := workOf(ladder[3], 25)
	if got, want := m.load(top), .2*top.cost()/w.cost(); math.Abs(got-want) > 1e-9 {
		t.Errorf("the top level is expected to make %v, want %v", got, want)
	}
}

// TestLevelsSeenOverruleThePrior.
func TestLevelsSeenOverruleThePrior(t *testing.T) {
	for _, pixelsPerBit := range []float64{.5, 3, 12, 60} {
		truth := model{pixel: 1e-8, bit: pixelsPerBit * 1e-8}
		var seen []point
		for _, l := range ladder[:3] {
			w := workOf(l, 50)
			seen = append(seen, point{w, truth.load(w), 1})
		}
		top := workOf(ladder[3], 50)
		got, want := fitted(seen...).load(top), truth.load(top)
		blind := fitted(seen[0]).load(top)
		if math.Abs(got-want) > .12*want || math.Abs(got-want) > math.Abs(blind-want)+1e-9 {
			t.Errorf("a bit costs %v pixels: %.3f is expected of the top level, with one level seen %.3f, true is %.3f", pixelsPerBit, got, blind, want)
		}
	}
}

func TestModelIsNeverNegative(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	if m := fitted(); m != (model{}) {
		t.Errorf("of nothing: %+v", m)
	}
	for range 10_000 {
		var points []point
		for range 1 + random.IntN(6) {
			points = append(points, point{work{between(random, 1, 1e12), between(random, 1, 1e12)}, between(random, 1e-6, 1e3), random.Float64() + 1e-3})
		}
		m := fitted(points...)
		if !(m.pixel >= 0 && m.bit >= 0 && m.pixel+m.bit > 0) || math.IsInf(m.pixel+m.bit, 0) {
			t.Fatalf("%+v of %+v", m, points)
		}
	}
}

// TestUnknownSizesHaveOne: a manifest may leave it out.
func TestUnknownSizesHaveOne(t *testing.T) {
	l := ladder[2]
	l.Width = 0
	if got, want := workOf(l, 25).cost(), workOf(ladder[2], 25).cost(); got < want/2 || got > 2*want {
		t.Errorf("%v of unknown size, %v of known", got, want)
	}
}
