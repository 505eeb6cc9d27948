package renderload

import "time"

// smooth2009 is what Microsoft's client of 2009 did about slow devices, by its
// description: once a second it looks at the share of pictures shown, takes the
// best of four seconds, and suspends the level and all above it for a minute,
// doubled with each suspension, after which they come back one by one.
type smooth2009 struct {
	levels []suspension
	level  int
	skip   int // seconds of safety left
	shares []float64
}

type suspension struct {
	until time.Duration
	times int
	off   bool
}

func newSmooth2009(levels int) *smooth2009 {
	return &smooth2009{levels: make([]suspension, levels), level: -1}
}

func (r *smooth2009) effort() Effort { return FullEffort }

func (r *smooth2009) cap() int {
	for q := 1; q < len(r.levels); q++ {
		if r.levels[q].off {
			return q - 1
		}
	}
	return len(r.levels) - 1
}

func (r *smooth2009) observe(o Observation) Reason {
	if o.Level != r.level {
		r.level, r.shares = o.Level, r.shares[:0]
	}
	due := o.Shown + o.Dropped
	if due == 0 {
		return Unchanged
	}
	share := float64(o.Shown) / float64(due)
	why := r.giveBack(o, share)
	if r.skip > 0 {
		r.skip--
		return why
	}
	r.shares = append(r.shares, share)
	if len(r.shares) > 4 {
		r.shares = r.shares[1:]
	}
	if len(r.shares) < 4 || o.Level > r.cap() {
		return why
	}
	best := max(r.shares[0], r.shares[1], r.shares[2], r.shares[3])
	down := 0
	switch { // of pictures dropped, 0.7; of the rate shown, 0.9: the latter is the stricter
	case best <= 0.4:
		down = 2
	case best <= 0.9:
		down = 1
	}
	if down == 0 || o.Level == 0 {
		return why
	}
	from := max(o.Level-down+1, 1)
	for q := from; q < len(r.levels); q++ {
		s := &r.levels[q]
		s.until = o.Now + time.Minute<<s.times + time.Duration(q-from)*time.Minute
		s.off = true
	}
	r.levels[from].times++
	r.skip, r.shares = 2, r.shares[:0]
	return ManyDropped
}

// giveBack ends suspensions, the lowest level first; where pictures are still
// being dropped, a minute later.
func (r *smooth2009) giveBack(o Observation, share float64) Reason {
	q := r.cap() + 1
	if q >= len(r.levels) || o.Now < r.levels[q].until {
		return Unchanged
	}
	if share <= 0.9 {
		r.levels[q].until += time.Minute
		return Unchanged
	}
	r.levels[q].off = false
	return Probe
}
