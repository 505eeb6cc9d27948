package renderload

import (
	"time"

	"smoothplay/heuristics"
)

// Thresholds. Loads are the time that work takes as a share of the time there
// is; shares are of the pictures that were due.
const (
	// settle is how long nothing is concluded after whatever disturbs.
	settle = 1500 * time.Millisecond
	// minPictures is how many pictures must have been due to say anything.
	minPictures = 5

	// Emergency: two levels at once, when the load explains it or it lasts.
	manyDropped     = 0.20
	manyDroppedLoad = 0.70
	// Normal: one level, over the last window seconds.
	someDropped     = 0.05
	someDroppedLoad = 0.90
	window          = 3
	// Lead: one level before pictures are lost, after this many seconds.
	slowLoad    = 0.85
	slowSeconds = 2
	// A level not yet tried is offered only where this load is predicted at
	// most; predictions reach one level up.
	offerLoad = 1.0

	// Return: load below the cap now, and predicted above it.
	calmLoad    = 0.60
	returnLoad  = 0.80
	firstHold   = 20 * time.Second
	longestHold = 15 * time.Minute
	// provenAfter at a level without offence halves its next hold.
	provenAfter = 60 * time.Second
)

// Reason says why the cap changed: a stable word of the measurement format.
type Reason string

// The reasons.
const (
	Unchanged   Reason = ""
	ManyDropped Reason = "many_dropped" // a fifth of the pictures and more: two levels down
	SomeDropped Reason = "dropped"      // some, and the load explains them
	DecodeSlow  Reason = "decode_slow"  // none yet, but the time does not suffice for long
	Predicted   Reason = "predicted"    // the next level would be too much
	Probe       Reason = "probe"        // one level up again, on trial
)

// Observation is one second of rendering, or about that.
type Observation struct {
	Now   time.Duration // since the session began
	Level int           // of the pictures that were due
	// PicturePeriod is the time there is for a picture: its duration divided by
	// the rate of playing.
	PicturePeriod time.Duration
	// DecodeMean and DecodeP95 are the time that a picture kept the decode loop
	// and the screen busy, waiting left out.
	DecodeMean, DecodeP95 time.Duration
	Decoded               int // pictures
	Shown                 int
	Dropped               int // too late to be shown
	// Starved: there was nothing to decode for a part of the time; what came
	// late is not the device's fault.
	Starved bool
	// Ignore: the second says nothing (start, seek, resume, another surface, the
	// window is hidden, a rate above 1).
	Ignore bool
	// Device and Process are loads of the whole device and of this process as
	// shares of it; 0, 0: not known.
	Device, Process float64
	Throttled       bool // the clock is held down
}

// levelState is what is known of one level.
type levelState struct {
	cost     float64       // relative to the other levels
	load     float64       // last mean load measured; 0: not yet
	failures int           // offences that were not lived down
	until    time.Duration // not offered before
}

// Monitor watches one video track. It belongs to one goroutine; equal sequences
// of observations give equal caps.
type Monitor struct {
	levels []levelState
	cap    int

	level    int           // of the last observation, -1: none
	quiet    time.Duration // nothing is concluded before
	since    time.Duration // start of the faultless time at level
	recent   [window]observed
	observed int // seconds at level that count
}

// observed is what counts of one second.
type observed struct{ due, dropped, mean, p95 float64 }

// New returns a Monitor for the levels given, ascending in bitrate as in
// heuristics.Input. Its cap is the highest one.
func New(levels []heuristics.Level) *Monitor {
	m := &Monitor{levels: make([]levelState, len(levels)), cap: max(len(levels)-1, 0), level: -1}
	for i, l := range levels {
		m.levels[i].cost = cost(l)
	}
	return m
}

// Cap is the highest level that the device renders in time, as far as is known.
func (m *Monitor) Cap() int { return m.cap }

// Observe takes a second into account and returns the cap, and why it changed.
func (m *Monitor) Observe(o Observation) (cap int, why Reason) {
	if o.Level < 0 || o.Level >= len(m.levels) {
		return m.cap, Unchanged
	}
	if o.Level != m.level || o.Ignore {
		m.level = o.Level
		m.quiet = o.Now + settle
		m.since = o.Now
		m.observed = 0
	}
	due := float64(o.Shown + o.Dropped)
	if o.Now < m.quiet || o.Starved || due < minPictures || o.PicturePeriod <= 0 {
		return m.cap, Unchanged
	}
	period := float64(o.PicturePeriod)
	copy(m.recent[1:], m.recent[:])
	m.recent[0] = observed{due, float64(o.Dropped), float64(o.DecodeMean) / period, float64(o.DecodeP95) / period}
	m.observed++
	at := &m.levels[o.Level]
	if at.load == 0 {
		at.load = m.recent[0].mean
	} else {
		at.load += (m.recent[0].mean - at.load) / 2
	}

	if o.Level > m.cap {
		// Judged already: what is buffered of it is still being played.
		return m.cap, Unchanged
	}
	if down, why := m.offence(); why != Unchanged {
		return m.lower(o, max(o.Level-down, 0), why)
	}
	if o.Now-m.since >= provenAfter && at.failures > 0 {
		at.failures /= 2
		m.since = o.Now
	}
	return m.raise(o)
}

// offence looks at the seconds at this level: how many levels down, and why.
func (m *Monitor) offence() (down int, why Reason) {
	now := m.recent[0]
	if now.dropped > manyDropped*now.due {
		lasts := m.observed >= 2 && m.recent[1].dropped > manyDropped*m.recent[1].due
		if lasts || now.p95 > manyDroppedLoad {
			return 2, ManyDropped
		}
	}
	seconds := m.recent[:min(m.observed, window)]
	var sum observed
	for _, s := range seconds {
		sum.due += s.due
		sum.dropped += s.dropped
		sum.p95 = max(sum.p95, s.p95)
	}
	if len(seconds) == window && sum.dropped > someDropped*sum.due && sum.p95 > someDroppedLoad {
		return 1, SomeDropped
	}
	if m.observed >= slowSeconds && now.mean > slowLoad && m.recent[1].mean > slowLoad {
		return 1, DecodeSlow
	}
	return 0, Unchanged
}

// lower caps at to, if that is lower than the cap.
func (m *Monitor) lower(o Observation, to int, why Reason) (int, Reason) {
	m.since = o.Now
	if to >= m.cap {
		return m.cap, Unchanged // at the lowest level nothing can be done
	}
	for i := to + 1; i <= o.Level; i++ {
		l := &m.levels[i]
		hold := min(firstHold<<min(l.failures, 10), longestHold)
		if o.Throttled {
			hold = min(2*hold, longestHold) // heat takes its time
		}
		l.until = o.Now + hold
		l.failures++
	}
	m.cap = to
	return m.cap, why
}

// raise offers one level more where that is due, or takes one back that was
// never tried and would be too much.
func (m *Monitor) raise(o Observation) (int, Reason) {
	load := m.levels[o.Level].load
	if m.observed < window {
		return m.cap, Unchanged
	}
	if m.cap > o.Level {
		next := &m.levels[o.Level+1]
		if next.load == 0 && m.predict(o.Level+1, o.Level) > offerLoad {
			next.until = o.Now + firstHold
			m.cap = o.Level
			return m.cap, Predicted
		}
	}
	if m.cap == len(m.levels)-1 {
		return m.cap, Unchanged
	}
	next := &m.levels[m.cap+1]
	if o.Now < next.until || o.Throttled || load > calmLoad {
		return m.cap, Unchanged
	}
	// A level that failed must look better now. One that was only predicted to
	// fail gets its trial: the prediction may be wrong.
	if next.failures > 0 && m.predict(m.cap+1, o.Level) > returnLoad {
		return m.cap, Unchanged
	}
	if next.load == 0 {
		next.load = returnLoad // offered: not to be taken back by prediction again
	}
	m.cap++
	return m.cap, Probe
}

// predict is the load to be expected at level q, from that measured at from.
func (m *Monitor) predict(q, from int) float64 {
	if m.levels[from].cost <= 0 {
		return 0
	}
	return m.levels[from].load * m.levels[q].cost / m.levels[from].cost
}

// cost is the work that a level makes, in units of its own: mostly pixels, and
// the bits for entropy decoding.
func cost(l heuristics.Level) float64 {
	const bitsPerPixel = 8 // bits of a second that cost as much as a pixel of a picture
	return float64(l.Width)*float64(l.Height) + float64(l.BitrateBPS)/bitsPerPixel
}
