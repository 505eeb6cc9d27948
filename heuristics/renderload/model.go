package renderload

import (
	"math"
	"time"

	"smoothplay/heuristics"
)

const (
	// pixelsPerBit is how many pixels a coded bit is as much work as, until the
	// levels seen say otherwise. FFmpeg's H.264 decoder: 13 to 21 with wide vector
	// units; less where pixels are slow.
	pixelsPerBit = 12
	// priorWeight is how much that counts, against 1 for a level seen.
	priorWeight = 0.3
	// usualBits is the size of a coded pixel, for levels of unknown size.
	usualBits = 0.1
	// usualRate is in pictures a second, until one was seen.
	usualRate = 25
	// threadGain is what each thread after the first adds.
	threadGain = 0.75
)

// work is what a level asks of a device, by the second.
type work struct{ pixels, bits float64 }

func workOf(l heuristics.Level, rate float64) work {
	w := work{pixels: float64(l.Width) * float64(l.Height) * rate, bits: max(float64(l.BitrateBPS), 1)}
	if w.pixels <= 0 {
		w.pixels = w.bits / usualBits
	}
	return w
}

// cost is the work in pixels, by the prior.
func (w work) cost() float64 { return w.pixels + pixelsPerBit*w.bits }

// point is a level of which the load was measured.
type point struct {
	work
	load   float64 // share of the time, above 0
	weight float64 // from 0 to 1
}

// model says what load a work makes: pixel*pixels + bit*bits.
type model struct{ pixel, bit float64 }

func (m model) load(w work) float64 { return m.pixel*w.pixels + m.bit*w.bits }

// sums are those of the normal equations, for x pixels and y bits (in units of
// pixelsPerBit), each as shares of the load measured.
type sums struct{ xx, xy, yy, x, y, scale, weight float64 }

// add takes a level into account. Errors are relative, so that a small level
// counts like a large one.
func (s *sums) add(p point) {
	x, y := p.pixels/p.load, pixelsPerBit*p.bits/p.load
	s.xx += p.weight * x * x
	s.xy += p.weight * x * y
	s.yy += p.weight * y * y
	s.x += p.weight * x
	s.y += p.weight * y
	s.scale += p.weight * (x + y)
	s.weight += p.weight
}

// fit is the model of least squares with no negative part. The prior, that a bit
// costs as much as pixelsPerBit pixels, is one more equation: one level is enough.
func (s *sums) fit() model {
	if s.weight <= 0 {
		return model{}
	}
	g := s.scale / s.weight
	pull := priorWeight * g * g / 4
	xx, xy, yy := s.xx+pull, s.xy-pull, s.yy+pull
	det := xx*yy - xy*xy
	a, b := 0.0, 0.0
	if det > 0 {
		a, b = (s.x*yy-s.y*xy)/det, (s.y*xx-s.x*xy)/det
	}
	switch {
	case !(a > 0) && !(b > 0):
		a = s.weight / s.scale
		b = a
	case !(a > 0):
		a, b = 0, s.y/s.yy
	case !(b > 0):
		a, b = s.x/s.xx, 0
	}
	return model{pixel: a, bit: b * pixelsPerBit}
}

// speedup is what threads gain over one.
func speedup(threads int) float64 { return 1 + threadGain*float64(max(threads, 1)-1) }

// caution raises a prediction the further it reaches: ratio is the work of the
// level predicted for by that of the nearest level measured.
func caution(ratio float64) float64 { return math.Pow(max(ratio, 1), 0.4) }

// rate is the picture rate of a period.
func rate(period time.Duration) float64 { return float64(time.Second) / float64(period) }
