package sim

import (
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/renderload"
)

// Device is what decodes and shows the pictures of a simulated session. It is
// not changed by a session.
type Device struct {
	// Loads are the shares of the time that decoding takes, by level; nil: half of
	// it for the highest level, and less for the others as they cost less.
	Loads []float64
	// Trace makes decoding slower, by the time played.
	Trace  renderload.Trace
	Spread float64 // by how much scenes differ, as in renderload.Device
	Seed   uint64
	// Monitor makes what finds the highest level that is rendered in time; nil:
	// renderload.New.
	Monitor func([]heuristics.Level) Monitor
}

// Monitor is what a renderload.Monitor does. Its methods Glance, Effort and
// Avoids are used, too, where there are any.
type Monitor interface {
	Cap() int
	Observe(renderload.Observation) (int, renderload.Reason)
}

const (
	usualPeriod = 40 * time.Millisecond
	usualLoad   = 0.5 // of the highest level
	// observeEvery is how often the Monitor is told.
	observeEvery = 1000.0 // ms
	// glanced is how many pictures are decoded before playing begins.
	glanced = 5
)

// decoding is a Device in a session. A nil one decodes everything in time.
type decoding struct {
	device  renderload.Device
	monitor Monitor
	allowed []bool // levels that are offered
	cap     int
	next    float64 // when to look, ms; 0: not playing
	resumes bool    // playing has begun since the last look
	capped  float64 // ms
}

func newDecoding(d *Device, levels []heuristics.Level) *decoding {
	c := &decoding{
		device:  renderload.Device{Loads: d.Loads, Period: usualPeriod, Trace: d.Trace, Spread: d.Spread, Seed: d.Seed},
		allowed: make([]bool, len(levels)), resumes: true,
	}
	if len(d.Loads) != len(levels) {
		c.device.Loads = loads(levels)
	}
	if d.Monitor != nil {
		c.monitor = d.Monitor(levels)
	} else {
		c.monitor = renderload.New(levels)
	}
	c.cap = c.monitor.Cap()
	return c
}

// loads are what levels cost, relative to the highest: mostly pixels, and bits.
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

// offered are the levels of those allowed that are not better left out; nil: all.
func (c *decoding) offered(limits []bool) []bool {
	if c == nil {
		return limits
	}
	m, ok := c.monitor.(interface{ Avoids(level int) bool })
	if !ok {
		return limits
	}
	some := false
	for q := range c.allowed {
		c.allowed[q] = (limits == nil || limits[q]) && !m.Avoids(q)
		some = some || c.allowed[q]
	}
	if !some {
		return limits
	}
	return c.allowed
}

// glance looks at the first pictures of a level before they are shown.
func (c *decoding) glance(s *session, q int) {
	if c == nil {
		return
	}
	m, ok := c.monitor.(interface {
		Glance(renderload.Observation) (int, renderload.Reason)
	})
	if !ok {
		return
	}
	took := time.Duration(c.device.Loads[q] * c.device.Trace.At(0) * float64(usualPeriod))
	o := renderload.Observation{
		Now: duration(s.net.now), Level: q, PicturePeriod: usualPeriod, DecodeMean: took, DecodeP95: took, Decoded: glanced,
	}
	var why renderload.Reason
	c.cap, why = m.Glance(o)
	s.journal.rendered(s, s.net.now, o, c.cap, len(c.allowed)-1, why)
}

// pause says that nothing is shown.
func (c *decoding) pause() {
	if c != nil {
		c.next, c.resumes = 0, true
		c.device.Take()
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
	effort := renderload.FullEffort
	if m, ok := c.monitor.(interface{ Effort() renderload.Effort }); ok {
		effort = m.Effort()
	}
	for t > 0 {
		step := min(t, c.next-from)
		c.device.Play(q, effort, duration(step))
		if c.cap < len(c.allowed)-1 {
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
	o := c.device.Take()
	o.Now, o.Ignore = duration(at), c.resumes
	c.resumes, c.next = false, at+observeEvery
	var why renderload.Reason
	c.cap, why = c.monitor.Observe(o)
	s.journal.rendered(s, at, o, c.cap, len(c.allowed)-1, why)
}

// pictures are those that were due so far, and those of them that were lost.
func (c *decoding) pictures() (due, lost int64) {
	return int64(c.device.Pictures()), int64(c.device.Bad())
}

// finish adds the figures to a result.
func (c *decoding) finish(r *Result) {
	if c != nil {
		r.Pictures, r.Lost = c.pictures()
		r.Capped = duration(c.capped)
	}
}
