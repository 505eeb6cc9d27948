package renderload

import (
	"time"

	"smoothplay/heuristics"
)

// Thresholds. Loads are the time that work takes as a share of the time there
// is; shares are of the pictures that were due.
const (
	// settle is how long nothing is concluded after whatever disturbs, and
	// settleSwitch after a change of level or effort.
	settle       = 1500 * time.Millisecond
	settleSwitch = 500 * time.Millisecond
	// minPictures is how many pictures must have been due to say anything, and
	// decoded for a first glance.
	minPictures = 5
	// sureSeconds at a level must count before more is offered.
	sureSeconds = 2
	// learnSeconds is for how long after its arrival a level is measured; what
	// changes later is the burden of the device.
	learnSeconds = 5
	// leastGain is what another visit of a level counts for at least.
	leastGain = 0.15
	// settledWithin is by which factor the burden may move and be the same.
	settledWithin = 1.25
	// sureAfter is how many seconds of a level count as much as the model.
	sureAfter = 4
	// othersMuch is a share of the device that others take, beyond what they
	// usually do, that makes them the cause.
	othersMuch = 0.2

	// offerLoad is the load predicted at most for a level not yet tried, returnLoad
	// for one that was, and takeBackLoad from which an offer is withdrawn.
	offerLoad    = 0.75
	returnLoad   = 0.80
	takeBackLoad = 0.95
	// provenAfter at a level without offence halves its next hold.
	provenAfter   = 60 * time.Second
	provenSeconds = 60

	minBurden, maxBurden = 0.02, 50
)

// levelState is what is known of one level.
type levelState struct {
	source heuristics.Level
	rate   float64 // pictures a second; 0: that of the others
	// own is its measured load with one thread and all effort, as a share of the
	// time, on a device of burden 1; 0: not measured.
	own      float64
	measured int // seconds, those remembered included
	seen     int // seconds in this session
	visits   int // times that the level was come to and measured
	failures int // offences that were not lived down
	failed   time.Duration
	burden   float64       // when it failed
	until    time.Duration // not offered before
	trial    bool          // offered against the prediction: a prediction does not take it back
	again    bool          // was withdrawn by an offence, and is not proven yet
	proof    int           // seconds that it or one above it was played since then
	odd      time.Duration // until when it is left out: it alone is slow, by what the others take
}

// Monitor watches one video track. It belongs to one goroutine; equal sequences
// of observations give equal caps. Nothing is allocated after New.
type Monitor struct {
	levels []levelState
	model  model
	rate   float64 // pictures a second, as seen last
	most   int     // threads that may decode
	cap    int
	since  time.Duration // of the cap
	fell   time.Duration // because of an offence
	begun  bool          // the cap to begin with was confirmed
	effort Effort
	relax  struct { // of the effort
		until    time.Duration // not taken back before
		restored bool          // the last step took some back
		tries    int           // that failed
	}

	// burden is how much longer everything takes than when the levels were
	// measured: other programs, heat, heavier pictures. usual is its long mean.
	burden, usual float64
	steady        float64 // mean of some seconds
	calm          float64 // before the latest trouble
	others        float64 // usual share of the device that others take; -1: not known
	// share is the share that this process takes of a device that is held down, for
	// each unit of load with one thread.
	share float64

	fails [mostFailed]time.Duration // of levels offered again, the latest first

	level     int           // of the last observation, -1: none
	quiet     time.Duration // nothing is concluded before
	faultless time.Duration // start of the faultless time at level
	recent    [window]second
	observed  int     // seconds at level that count
	mean      float64 // load in the last of them
	blind     bool    // it was come to in trouble: what it takes is not learned
}

// second is what counts of one second.
type second struct {
	due, dropped, late, mean, p95 float64
	full                          float64 // load with one thread and all effort; 0: not known
	disturbed                     bool    // others have the device
	exact                         bool    // else the load was mean at most
	usedUp                        bool    // of what the device is held down to, nearly all
}

// New returns a Monitor for the levels given, ascending in bitrate as in
// heuristics.Input. Before anything is seen it offers the two lowest.
func New(levels []heuristics.Level) *Monitor {
	m := &Monitor{levels: make([]levelState, len(levels)), level: -1, others: -1, rate: usualRate, most: 1, burden: 1, usual: 1, steady: 1}
	for i, l := range levels {
		m.levels[i].source = l
	}
	m.cap = min(1, m.top())
	return m
}

func (m *Monitor) top() int { return max(len(m.levels)-1, 0) }

// Cap is the highest level that the device renders in time, as far as is known.
func (m *Monitor) Cap() int { return m.cap }

// Avoids reports whether a level is better left out although it is not above the
// cap: it alone is slow.
func (m *Monitor) Avoids(level int) bool {
	return level >= 0 && level < m.cap && m.levels[level].odd > 0
}

// Effort is how much of the work of decoding is to be done.
func (m *Monitor) Effort() Effort { return m.effort }

// Expected is the load to be expected of a level, as a share of the time there
// is; 0: nothing is known.
func (m *Monitor) Expected(level int) float64 {
	if level < 0 || level >= len(m.levels) {
		return 0
	}
	return m.expect(level)
}

// Wish offers all levels up to one that a user wants to begin with, where nothing
// is known that speaks against it.
func (m *Monitor) Wish(level int) {
	if m.model == (model{}) {
		m.cap = max(m.cap, min(level, m.top()))
	}
}

// Glance takes a few pictures decoded before playing begins into account, where
// nothing is known yet: a device that is fast enough gets all levels at once. o
// needs Now, Level, PicturePeriod, DecodeMean, Decoded and the threads.
func (m *Monitor) Glance(o Observation) (cap int, why Reason) {
	if o.Level < 0 || o.Level >= len(m.levels) || o.Decoded < minPictures || o.PicturePeriod <= 0 || m.model != (model{}) {
		return m.cap, Unchanged
	}
	m.threads(o)
	l := &m.levels[o.Level]
	m.rate = rate(o.PicturePeriod)
	l.rate = m.rate
	l.own = m.fullLoad(o)
	m.fit()
	cap, why = m.raise(o)
	l.own = 0 // to be measured
	return cap, why
}

// Observe takes a second into account and returns the cap, and why it or the
// effort changed; the first time also why it does not leave all levels.
func (m *Monitor) Observe(o Observation) (cap int, why Reason) {
	if o.Level < 0 || o.Level >= len(m.levels) {
		return m.cap, Unchanged
	}
	if o.Level != m.level || o.Ignore {
		m.arrive(o)
	}
	due := float64(o.Shown + o.Dropped)
	if o.Now < m.quiet || o.Starved || due < minPictures || o.PicturePeriod <= 0 {
		return m.cap, Unchanged
	}
	m.note(o, due)
	m.forgive(o)
	if o.Level > m.cap && o.Lowest < o.Level { // judged: what is buffered of it is still being played
		return m.revise(o)
	}
	if why := m.offence(o); why != Unchanged {
		return m.lower(o, why)
	}
	m.liveDown(o)
	if m.effort != FullEffort {
		return m.cap, m.restore(o)
	}
	if m.observed < sureSeconds {
		return m.cap, Unchanged
	}
	if cap, why := m.takeBack(o); why != Unchanged {
		return cap, why
	}
	cap, why = m.raise(o)
	if !m.begun && why == Unchanged && cap < m.top() {
		why = Predicted // that it began with no more offered
	}
	m.begun = true
	return cap, why
}

// arrive begins anew after a change of level, or whatever disturbs.
func (m *Monitor) arrive(o Observation) {
	m.quiet = o.Now + settleSwitch
	if o.Ignore {
		m.quiet = o.Now + settle
	}
	if o.Level != m.level {
		m.blind = m.inEpisode(o.Now)
	}
	if o.Level < m.level {
		m.relax.until = min(m.relax.until, o.Now+settle)
	}
	m.level, m.faultless, m.observed = o.Level, o.Now, 0
}

// note keeps what counts of a second and learns from it.
func (m *Monitor) note(o Observation, due float64) {
	m.threads(o)
	now := second{due: due, dropped: float64(o.Dropped), late: float64(o.Late)}
	now.mean, now.exact = o.load(o.DecodeMean)
	now.p95, _ = o.load(o.DecodeP95)
	if !now.exact { // there is time enough
		now.mean, now.p95 = min(now.mean, offerLoad), min(now.p95, offerLoad, manyDroppedLoad)
	}
	others := max(o.Device-o.Process, 0)
	if m.others < 0 {
		m.others = others // it is busy, and that is that
	}
	now.usedUp = o.Throttled && o.Process > usedUpShare
	now.disturbed = o.Device > 0 && others > m.others+othersMuch
	if !now.disturbed {
		m.others += (others - m.others) / 16
	}
	if o.Decoded > 0 || o.DecodeMean > 0 {
		now.full = m.fullLoad(o)
	}
	copy(m.recent[1:], m.recent[:])
	m.recent[0] = now
	m.observed++
	m.mean += (now.mean - m.mean) / float64(min(m.observed, slowSeconds))
	if now.full == 0 {
		return
	}
	for i := range m.levels[:o.Level+1] {
		l := &m.levels[i]
		l.proof++
		l.again = l.again && l.proof < provenSeconds
	}
	l := &m.levels[o.Level]
	m.rate = rate(o.PicturePeriod)
	l.rate = m.rate
	l.seen++
	if !now.exact {
		now.full = min(now.full, m.supposed(l))
		m.recent[0].full = now.full
	}
	m.learn(l, now.full, m.blind || now.disturbed || !m.settled())
	m.fit()
	m.exonerate(o)
	m.weigh(o, now.full)
}

func (m *Monitor) threads(o Observation) { m.most = max(o.MostThreads, o.Threads, 1) }
