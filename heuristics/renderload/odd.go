package renderload

const (
	// oddRatio is by how much more than the others foretell a level takes that is
	// slow alone.
	oddRatio = 1.5
	// oddHolds is for how many of the longest holds it is left out.
	oddHolds = 2
)

// suspect looks whether the level that was too much is so alone: by what the
// others take, it should fit. Then the one above it gets a trial in its place; if
// that is too much as well, the device is slow.
func (m *Monitor) suspect(o Observation) {
	for i := range m.levels[:o.Level] {
		m.levels[i].odd = 0
	}
	l := &m.levels[o.Level]
	if o.Level == 0 || o.Level == m.top() || l.own == 0 {
		return
	}
	usual := m.fitWithout(o.Level).load(m.work(l))
	if usual > 0 && l.own > oddRatio*usual && m.burden*usual/speedup(m.most) <= offerLoad {
		l.odd = o.Now + oddHolds*longestHold
		m.fit()
	}
}

// forgive ends the time for which levels are left out.
func (m *Monitor) forgive(o Observation) {
	for i := range m.levels {
		l := &m.levels[i]
		if l.odd > 0 && o.Now >= l.odd && i < o.Level {
			l.odd, l.failures, l.own = 0, 0, 0
		}
	}
}
