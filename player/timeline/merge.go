package timeline

import (
	"slices"
	"sort"

	"smoothplay/player/manifest"
)

// correct takes over the times that a manifest lists of the latest chunks, where
// fragments announced them a little wrong and a later one is known already.
func (e *editor) correct(runs []manifest.Run) {
	var latest []Known
	for e.stream.Len() > 0 && len(latest) < maxAnnounced {
		latest = append(latest, e.pop())
	}
	for i, k := range slices.Backward(latest) {
		last, some := e.last()
		to := near(runs, k)
		if fits := (!some || last.T < to.T) && (i == 0 || to.T < latest[i-1].T); !fits {
			to = k
		}
		e.follow(to)
	}
}

// near is the chunk of runs that begins where k does and lasts as long, but for
// rounding; k itself where there is none.
func near(runs []manifest.Run, k Known) Known {
	off := k.D / roundingPart
	i := sort.Search(len(runs), func(i int) bool {
		r := &runs[i]
		return r.T+r.D*manifest.Ticks(r.Count-1)+off >= k.T
	})
	if i == len(runs) {
		return k
	}
	r := runs[i]
	if k.T > r.T && r.D > 0 {
		r.T += min((k.T-r.T+r.D/2)/r.D, manifest.Ticks(r.Count-1)) * r.D
	}
	if max(r.T, k.T)-min(r.T, k.T) > off || max(r.D, k.D)-min(r.D, k.D) > off {
		return k
	}
	return Known{r.T, max(r.D, 1)}
}

// merge takes the runs of a newer manifest into account, the last of which may
// not be there yet.
func (e *editor) merge(runs []manifest.Run, live bool, unsure int, c *Change) {
	s := &e.stream
	known := s.proven
	if len(runs) == 0 {
		return
	}
	final := runs[len(runs)-1]
	end := final.T + final.D*manifest.Ticks(final.Count)
	if len(s.runs) > 0 && end <= s.runs[0].T {
		c.Restarted = true
		return
	}
	// What was only announced must fit behind what is listed.
	var doubtful []Known
	for s.Len() > 0 && s.first+s.Len() > s.proven {
		doubtful = append(doubtful, e.pop())
	}
	from := manifest.Ticks(0)
	if last, ok := e.last(); ok {
		from = last.T - min(last.T, last.D/2)
	}
	before := s.Len()
	e.correct(runs)
	i := sort.Search(len(runs), func(i int) bool {
		r := &runs[i]
		return r.T+r.D*manifest.Ticks(r.Count-1) >= from
	})
	for ; i < len(runs); i++ {
		r := runs[i]
		k := uint64(0)
		if r.T < from && r.D > 0 {
			k = uint64((from - r.T + r.D - 1) / r.D)
		}
		for ; k < r.Count; k++ {
			e.listed(Known{r.T + r.D*manifest.Ticks(k), max(r.D, 1)}, c)
		}
	}
	s.proven = s.first + s.Len()
	if live {
		s.proven = max(known, s.proven-unsure)
	}
	c.Added -= min(c.Added, min(len(doubtful), s.Len()-before))
	if !live {
		return
	}
	slices.Reverse(doubtful)
	for _, k := range doubtful {
		if last, ok := e.last(); ok && k.T > last.T && joins(last, k) {
			var again Change
			e.listed(k, &again)
		}
	}
}
