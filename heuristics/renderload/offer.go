package renderload

import "time"

const (
	// How long a level that is predicted not to fit waits for a trial all the same,
	// at the very limit: predictions err. The pauses grow with the load predicted,
	// and that after a failure fourfold with each more.
	untriedPause = 30 * time.Second
	failedPause  = 80 * time.Second
	knownPause   = 10 * time.Minute
	longestPause = time.Hour
	// mostFailed is how many levels may fail in an hour that were offered again, and
	// mostDefied after how many no prediction is put to the test.
	mostFailed = 5
	mostDefied = 3
	// failedMargin is by how much less load a level must be predicted to have with
	// each failure, down to calmLoad.
	failedMargin = 0.05
	calmLoad     = 0.60
	// eased is by how much the burden must be less than when a level failed, for
	// the burden to have been the cause.
	eased = 1.3
	// withdrawnPause is how long an offer that was withdrawn is not made again.
	withdrawnPause = 10 * time.Second
)

// takeBack withdraws the offer of levels that would be too much by now, which
// cost nothing as long as nobody took them.
func (m *Monitor) takeBack(o Observation) (int, Reason) {
	for q := o.Level + 1; q <= m.cap; q++ {
		l := &m.levels[q]
		if !l.trial && l.odd == 0 && m.expect(q) > takeBackLoad && m.observed >= window {
			l.until = max(l.until, o.Now+withdrawnPause)
			m.setCap(o, q-1)
			return m.cap, Predicted
		}
	}
	return m.cap, Unchanged
}

// raise offers the levels above the cap that are known or predicted to fit. A
// level that failed, or is predicted to fail, is offered alone and on trial, to a
// device that shows the level below it in time.
func (m *Monitor) raise(o Observation) (int, Reason) {
	why := Unchanged
	for q := m.cap + 1; q < len(m.levels); q++ {
		l := &m.levels[q]
		if l.odd > 0 && q < m.top() && o.Now >= l.until {
			continue // the next one in its place
		}
		load := m.expect(q) * max(m.steady/m.burden, 1)
		if o.Now < l.until || load == 0 || l.again && m.exhausted(o.Now, mostFailed) {
			break
		}
		fits := m.fits(q, load, o.Level)
		passed := m.levels[o.Level].own > 0 && m.steady*eased < l.burden
		if fits && (l.failures == 0 || passed) {
			m.setCap(o, q)
			why = Offered
			continue
		}
		tried := o.Level == m.cap && why == Unchanged && m.observed >= sureSeconds
		if tried && (fits || m.defies(o, l, load)) {
			l.trial = true
			m.setCap(o, q)
			why = Probe
		}
		break
	}
	return m.cap, why
}

// fits reports whether level q is expected to be rendered in time, with a load
// that is expected of it while level now is shown. What was never measured must
// leave more room, and the more the further it is from what was.
func (m *Monitor) fits(q int, load float64, now int) bool {
	l := &m.levels[q]
	if l.own > 0 {
		return load <= max(returnLoad-failedMargin*float64(l.failures), calmLoad)
	}
	if q-1 != now && m.levels[q-1].own == 0 {
		load *= caution(m.far(q))
	}
	return load <= offerLoad
}

// exhausted reports whether that many levels failed in the last hour when they
// were offered again.
func (m *Monitor) exhausted(now time.Duration, most int) bool {
	oldest := m.fails[most-1]
	return oldest > 0 && now < oldest+time.Hour
}

// defies reports whether a level that is predicted not to fit has waited long
// enough for a trial all the same. What is known well waits longest.
func (m *Monitor) defies(o Observation, l *levelState, load float64) bool {
	if o.Throttled || m.exhausted(o.Now, mostDefied) {
		return false
	}
	excess := load / returnLoad
	switch {
	case l.own == 0:
		return o.Now >= m.since+scaled(untriedPause, excess*excess*excess)
	case l.measured >= provenSeconds:
		return o.Now >= m.since+scaled(knownPause, excess*excess)
	}
	pause := failedPause << min(2*max(l.failures-1, 0), 10)
	return o.Now >= max(l.failed, m.since)+scaled(pause, excess*excess)
}

func scaled(d time.Duration, by float64) time.Duration {
	return time.Duration(min(float64(d)*by, float64(longestPause)))
}
