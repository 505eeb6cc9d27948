package sim

import (
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/renderload"
)

// Device is what decodes and shows the pictures of a simulated session. It is
// not changed by a session.
type Device struct {
	// Load is the share of the time that decoding takes, by level; nil: half of
	// it for the highest level, less for the others as they cost less.
	Load []float64
	// Factor is how many times that decoding takes at an instant; nil: once.
	Factor func(at time.Duration) float64
	// Period is how long a picture lasts; 0: 40 ms.
	Period time.Duration
	// Monitor makes what finds the highest level that is rendered in time; nil:
	// renderload.New.
	Monitor func([]heuristics.Level) Monitor
}

// Monitor is what a renderload.Monitor does.
type Monitor interface {
	Cap() int
	Observe(renderload.Observation) (int, renderload.Reason)
}

const (
	usualPeriod = 40 * time.Millisecond
	usualLoad   = 0.5 // of the highest level
	// observeEvery is how often the Monitor is told, and burdenSpan how long the
	// burden of the device is taken to be the same.
	observeEvery = 1000.0 // ms
	burdenSpan   = 100.0  // ms
	// spread is how much longer than the mean the slowest pictures take.
	spread = 1.25
)

// decoding is a Device at a moment of a session. A nil one decodes everything in
// time. A load above 1 loses the pictures that there was no time for.
type decoding struct {
	load    []float64
	factor  func(time.Duration) float64
	period  float64 // ms
	monitor Monitor
	cap     int

	next     float64 // when to look, ms; 0: not playing
	level    int     // on the screen
	restarts bool
	now      second
	due      float64 // pictures over all
	lost     float64
	capped   float64 // ms
}

// second is what happened since the last look.
type second struct{ due, lost, busy, worst, span float64 }

func newDecoding(d *Device, levels []heuristics.Level) *decoding {
	c := &decoding{load: d.Load, factor: d.Factor, period: ms(d.Period), level: -1, restarts: true}
	if c.period <= 0 {
		c.period = ms(usualPeriod)
	}
	if len(c.load) != len(levels) {
		c.load = loads(levels)
	}
	if d.Monitor != nil {
		c.monitor = d.Monitor(levels)
	} else {
		c.monitor = renderload.New(levels)
	}
	c.cap = c.monitor.Cap()
	return c
}

// loads are what levels cost, relative to the highest.
func loads(levels []heuristics.Level) []float64 {
	cost := func(l heuristics.Level) float64 { return float64(l.Width*l.Height) + float64(l.BitrateBPS)/8 }
	all := make([]float64, len(levels))
	for q, l := range levels {
		all[q] = usualLoad * cost(l) / cost(levels[len(levels)-1])
	}
	return all
}

// highest is the highest level that is rendered in time, of all up to top.
func (c *decoding) highest(top int) int {
	if c == nil {
		return top
	}
	return c.cap
}

// pause says that nothing is shown.
func (c *decoding) pause() {
	if c != nil {
		c.next, c.now, c.restarts = 0, second{}, true
	}
}

// show shows level q for t from an instant on.
func (c *decoding) show(s *session, q int, from, t float64) {
	if c == nil {
		return
	}
	if c.next == 0 {
		c.next = from + observeEvery
	}
	c.level = q
	for t > 0 {
		step := min(t, c.next-from, burdenSpan)
		load := c.load[q]
		if c.factor != nil {
			load *= max(c.factor(duration(from)), 0)
		}
		pictures := step / c.period
		c.now.due += pictures
		c.now.span += step
		c.now.busy += load * step
		c.now.worst = max(c.now.worst, load)
		if load > 1 {
			c.now.lost += pictures * (1 - 1/load)
		}
		if c.cap < len(c.load)-1 {
			c.capped += step
		}
		from, t = from+step, t-step
		if c.next-from < 1e-6 {
			c.observe(s, from)
		}
	}
}

// observe tells the monitor what happened since the last look.
func (c *decoding) observe(s *session, at float64) {
	n := c.now
	due, lost := int(n.due+0.5), int(n.lost+0.5)
	mean := n.busy / n.span * c.period
	o := renderload.Observation{
		Now: duration(at), Level: c.level, PicturePeriod: duration(c.period),
		DecodeMean: duration(mean), DecodeP95: duration(max(mean*spread, n.worst*c.period)),
		Decoded: due - lost, Shown: due - lost, Dropped: lost, Ignore: c.restarts,
	}
	c.due += n.due
	c.lost += n.lost
	c.now, c.restarts, c.next = second{}, false, at+observeEvery
	var why renderload.Reason
	c.cap, why = c.monitor.Observe(o)
	s.journal.rendered(s, at, o, c.cap, len(c.load)-1, why)
}

// finish adds the figures to a result.
func (c *decoding) finish(r *Result) {
	if c == nil {
		return
	}
	r.Pictures = int64(c.due + c.now.due + 0.5)
	r.Lost = int64(c.lost + c.now.lost + 0.5)
	r.Capped = duration(c.capped)
}
