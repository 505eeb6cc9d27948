package renderload

import "time"

const (
	// Emergency: two levels at once, when the load explains it or it lasts.
	manyDropped     = 0.20
	manyDroppedLoad = 0.70
	// Normal: one level, over the last window seconds.
	someDropped     = 0.05
	someDroppedLoad = 0.90
	window          = 3
	// Lead: before pictures are lost, slow in the mean of slowSeconds or very slow
	// for window seconds; at once where the queue runs dry, and on trial. A scene
	// that is heavier than the others is no reason.
	slowLoad     = 0.85
	slowSeconds  = 6
	verySlowLoad = 0.95
	trialLoad    = 1.0
	manyLate     = 0.10
	lateLoad     = 0.70
	// usedUpShare is the share of a device that is held down from which what is left
	// is used up; more than half of it must be decoding.
	usedUpShare = 0.90
	usedUpLoad  = 0.50

	// episode is for how long after one offence another belongs to it, and a level
	// come to tells of the trouble and not of itself.
	episode = 15 * time.Second

	firstHold   = 20 * time.Second
	longestHold = 15 * time.Minute

	// aim is the load wished for with less effort, and hopeless the share of
	// pictures lost from which key pictures alone are better.
	aim      = 0.90
	hopeless = 0.50
)

// offence looks at the seconds at this level.
func (m *Monitor) offence(o Observation) Reason {
	now := m.recent[0]
	if now.dropped > manyDropped*now.due {
		if m.lasts() || now.p95 > manyDroppedLoad {
			return ManyDropped
		}
	}
	seconds := m.recent[:min(m.observed, window)]
	var sum second
	for _, s := range seconds {
		sum.due += s.due
		sum.dropped += s.dropped
		sum.p95 = max(sum.p95, s.p95)
	}
	if len(seconds) == window && sum.dropped > someDropped*sum.due && sum.p95 > someDroppedLoad {
		return SomeDropped
	}
	l := &m.levels[o.Level]
	switch {
	case m.observed >= slowSeconds && m.mean > slowLoad, m.slow(verySlowLoad),
		now.mean > lateLoad && now.late > manyLate*now.due,
		m.observed >= 2 && now.usedUp && m.recent[1].usedUp && now.mean > usedUpLoad,
		now.mean > trialLoad && (l.again || l.trial || l.measured <= learnSeconds):
		return DecodeSlow
	}
	return Unchanged
}

// slow reports whether the load was above a limit in each of the last seconds.
func (m *Monitor) slow(limit float64) bool {
	for _, s := range m.recent {
		if s.mean <= limit {
			return false
		}
	}
	return m.observed >= window
}

// lasts reports whether many pictures were lost in two seconds in a row.
func (m *Monitor) lasts() bool {
	return m.observed >= 2 && m.recent[0].dropped > manyDropped*m.recent[0].due && m.recent[1].dropped > manyDropped*m.recent[1].due
}

// lower answers an offence: with a lower cap, or with less effort where no lower
// level is left.
func (m *Monitor) lower(o Observation, why Reason) (int, Reason) {
	m.faultless = o.Now
	m.admit(o)
	q := o.Level
	if q == 0 || q > m.cap && q <= o.Lowest {
		return m.cap, m.spare(o)
	}
	to := m.below(q, why)
	m.hold(o, to)
	if to >= m.cap {
		return m.cap, m.spare(o)
	}
	m.setCap(o, to)
	return m.cap, why
}

// admit takes the overload into account in full: no mean is wanted now.
func (m *Monitor) admit(o Observation) {
	l := &m.levels[o.Level]
	if full := m.recent[0].full; full > 0 && l.own > 0 {
		if l.measured <= learnSeconds {
			l.own = max(l.own, full/m.burden)
		} else {
			m.setBurden(max(m.burden, full/l.own))
		}
	}
	if m.expect(o.Level) <= returnLoad {
		l.own = speedup(m.most) / m.burden // the load does not explain it, and yet it is too much
	}
	m.fit()
}

// revise lowers the cap further while a level above it is still being played, where
// the burden turns out to be even too much for the cap.
func (m *Monitor) revise(o Observation) (int, Reason) {
	l := &m.levels[o.Level]
	if full := m.recent[0].full; full > 0 && l.own > 0 {
		m.setBurden(max(m.burden, full/l.own))
	}
	to := m.cap
	for to > o.Lowest && m.expect(to) > slowLoad {
		m.levels[to].until = max(m.levels[to].until, o.Now+firstHold)
		m.levels[to].again, m.levels[to].proof = true, 0
		to--
	}
	if to == m.cap {
		return m.cap, Unchanged
	}
	m.fell = o.Now
	m.setCap(o, to)
	return m.cap, Predicted
}

// below is the level to go down to: the highest one that is expected to fit, in
// an emergency two levels down where nothing was measured, and no further than
// that unless it lasts.
func (m *Monitor) below(q int, why Reason) int {
	furthest := max(q-2, 0)
	if why == ManyDropped && m.lasts() {
		furthest = 0
	}
	for to := q - 1; to > furthest; to-- {
		sure := m.levels[to].own > 0 || why != ManyDropped
		if sure && m.expect(to) <= offerLoad {
			return to
		}
	}
	return furthest
}

// inEpisode reports whether the latest offence is not long ago.
func (m *Monitor) inEpisode(now time.Duration) bool { return m.fell > 0 && now < m.fell+episode }

// hold keeps the levels above to back for a time.
func (m *Monitor) hold(o Observation, to int) {
	l := &m.levels[o.Level]
	hold := min(firstHold<<min(l.failures, 10), longestHold)
	switch {
	case m.recent[0].disturbed, m.inEpisode(o.Now):
		hold = firstHold // it passes, and is not the level's fault
	case o.Throttled:
		hold = min(2*hold, longestHold) // heat takes its time
		l.failures++
	default:
		l.failures++
	}
	if l.again || l.trial {
		copy(m.fails[1:], m.fails[:])
		m.fails[0] = o.Now
	}
	l.trial = false
	if !m.inEpisode(o.Now) {
		m.calm = m.steady
	}
	l.failed, l.burden, m.fell = o.Now, m.burden, o.Now
	m.suspect(o)
	for i := to + 1; i < len(m.levels); i++ {
		m.levels[i].again, m.levels[i].proof = true, 0
		until := o.Now + firstHold
		if i >= o.Level {
			until = o.Now + hold
		}
		m.levels[i].until = max(m.levels[i].until, until)
	}
}

// setCap makes to the cap, or the next level below that is not slow alone.
func (m *Monitor) setCap(o Observation, to int) {
	for to > 0 && m.levels[to].odd > 0 {
		to--
	}
	m.cap, m.since, m.begun = to, o.Now, true
}

// spare takes the next step of effort.
func (m *Monitor) spare(o Observation) Reason {
	next := m.effort + 1
	if next > Keys {
		return Unchanged
	}
	if next == Keys && m.recent[0].dropped <= hopeless*m.recent[0].due {
		return Unchanged // some pictures are better than none
	}
	if m.relax.restored && o.Now < m.relax.until+provenAfter {
		m.relax.tries++
	}
	m.relax.restored = false
	m.relax.until = o.Now + min(firstHold<<min(m.relax.tries, 10), longestHold)
	m.setEffort(o, next)
	return LessEffort
}

func (m *Monitor) setEffort(o Observation, e Effort) {
	m.effort = e
	m.quiet, m.observed = o.Now+settleSwitch, 0
}

// restore takes a step of effort back where the load allows it.
func (m *Monitor) restore(o Observation) Reason {
	load := m.expect(o.Level) * remains[m.effort-1]
	most := returnLoad
	if o.Throttled { // some devices always are
		most = calmLoad
	}
	if o.Now < m.relax.until || m.observed < sureSeconds || load > most {
		return Unchanged
	}
	m.setEffort(o, m.effort-1)
	m.relax.until, m.relax.restored = o.Now+settle, true
	return MoreEffort
}

// liveDown forgets failures of a level at which all is well for long.
func (m *Monitor) liveDown(o Observation) {
	l := &m.levels[o.Level]
	if m.observed >= learnSeconds {
		l.trial = false
	}
	if o.Now-m.faultless < provenAfter {
		return
	}
	m.faultless = o.Now
	l.failures /= 2
	m.relax.tries /= 2
}
