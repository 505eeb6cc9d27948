package renderload

import (
	"math"
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

// fullLoad is the load that one thread would have with all effort.
func (m *Monitor) fullLoad(o Observation) float64 {
	load, _ := o.load(o.DecodeMean)
	if o.Spared > 0 { // then it is known what was left out
		load *= 1 + sparedCost*float64(o.Spared)/float64(max(o.Decoded, 1))
		load /= remains[min(m.effort, NoLoopFilter)]
	} else {
		load /= remains[m.effort]
	}
	return min(max(load*speedup(o.Threads), 1e-6), 1e3)
}

// supposed is the load of a level with one thread as it is thought to be.
func (m *Monitor) supposed(l *levelState) float64 {
	own := l.own
	if own == 0 {
		own = m.model.load(m.work(l))
	}
	if own == 0 {
		return 1e3
	}
	return max(m.burden*own, 1e-6)
}

// learn takes load as what l makes when it is seen for the first time, and later
// as the burden of the device above all: what a level takes beside others hardly
// changes. Where others are the cause, it is the burden alone.
func (m *Monitor) learn(l *levelState, load float64, disturbed bool) {
	own := l.own
	if own == 0 && disturbed {
		own = m.model.load(m.work(l))
		if load < m.calm*own { // less than ever: the level is easier than thought
			own = 0
			m.setBurden(m.calm)
		}
	}
	switch {
	case own == 0:
		l.own, l.visits, l.measured = load/m.burden, 1, 1
		return
	case m.observed > learnSeconds || disturbed || m.effort != FullEffort:
	case l.visits == 1 && l.measured < learnSeconds:
		l.own += (load/m.burden - l.own) / float64(l.measured+1)
		l.measured++
		return
	case m.observed == 1:
		l.visits++
		l.own *= math.Pow(load/m.burden/l.own, max(1/float64(l.visits), leastGain))
		own = l.own
	}
	l.measured++
	m.setBurden(m.burden + (load/own-m.burden)/2)
	m.steady += (m.burden - m.steady) / 8
	m.usual += (m.burden - m.usual) / 60
}

// weigh learns what part of the device the load means while that is held down.
// What a quota leaves is used up by heavy pictures while light ones do not feel
// it, and more threads are of no use.
func (m *Monitor) weigh(o Observation, load float64) {
	share := 0.0
	if o.Throttled {
		share = max(o.Process, 0) / load
	}
	if share > m.share {
		m.share += (share - m.share) / 2
	} else {
		m.share += (share - m.share) / 32 // it is not held down every second
	}
}

// exonerate corrects what a level above was thought to take, where the level come
// to in its place tells that the device was burdened when it failed.
func (m *Monitor) exonerate(o Observation) {
	if !m.blind || m.observed != sureSeconds {
		return
	}
	for q := o.Level + 1; q < len(m.levels); q++ {
		l := &m.levels[q]
		if l.own == 0 || l.measured >= provenSeconds || l.burden == 0 || o.Now > l.failed+2*episode || m.burden < eased*l.burden {
			continue
		}
		l.own *= l.burden / m.burden
		l.burden = m.burden
		l.failures = max(l.failures-1, 0)
	}
	m.fit()
}

// settled reports whether the burden has been the same for some seconds, so that
// what differs is the level's.
func (m *Monitor) settled() bool {
	return m.burden < m.steady*settledWithin && m.steady < m.burden*settledWithin
}

func (m *Monitor) setBurden(b float64) { m.burden = min(max(b, minBurden), maxBurden) }

// fit makes the model of the levels measured; until one is, that of a glance
// holds.
func (m *Monitor) fit() {
	if fitted := m.fitWithout(-1); fitted != (model{}) {
		m.model = fitted
	}
}

// fitWithout leaves a level out, and those that are odd.
func (m *Monitor) fitWithout(q int) model {
	var s sums
	for i := range m.levels {
		l := &m.levels[i]
		if l.own > 0 && i != q && l.odd == 0 {
			trust := l.trust()
			s.add(point{m.work(l), l.own, trust * trust})
		}
	}
	return s.fit()
}

func (m *Monitor) work(l *levelState) work {
	r := l.rate
	if r == 0 {
		r = m.rate
	}
	return workOf(l.source, r)
}

// trust is the share that the measure of a level has in what is expected of it;
// the model, which knows the others, has the rest.
func (l *levelState) trust() float64 {
	n := float64(l.measured + sureAfter*max(l.visits-1, 0))
	return (n + 1) / (n + 1 + sureAfter)
}

// expect is the load to be expected at level q now, with all threads and all
// effort.
func (m *Monitor) expect(q int) float64 {
	l := &m.levels[q]
	w := m.work(l)
	load := m.model.load(w)
	switch {
	case l.own > 0 && load > 0:
		load *= math.Pow(l.own/load, l.trust())
	case l.own > 0:
		load = l.own
	default:
		// What failed below makes what is above it no easier.
		for i := range m.levels[:q] {
			if b := &m.levels[i]; b.failures > 0 && b.own > 0 && b.odd == 0 {
				load = max(load, b.own*max(w.cost()/m.work(b).cost(), 1))
			}
		}
	}
	return m.burden * load * max(1/speedup(m.most), m.share)
}

// far is by how much more work level q is than the nearest level measured below.
func (m *Monitor) far(q int) float64 {
	cost := m.work(&m.levels[q]).cost()
	for i := q - 1; i >= 0; i-- {
		if m.levels[i].own > 0 {
			return cost / m.work(&m.levels[i]).cost()
		}
	}
	return 1
}
