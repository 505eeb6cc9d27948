package renderload

import "math"

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
