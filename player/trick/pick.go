package trick

import "time"

// Sample is what [Pick] looks at of a coded picture; samples are in decoding order.
type Sample struct {
	PTS        time.Duration
	Key        bool
	Disposable bool // no other sample refers to it
}

// Shot is some samples to be decoded one after the other, from a key on, and the
// pictures of them that are shown.
type Shot struct {
	Decode []int           // indexes of samples, ascending
	Show   []time.Duration // their PTS, in the order in which they are shown
}

const (
	// nearEnough is how far from its place, as a share of the step, a picture may
	// be that others refer to anyway, so that no other is decoded for it.
	nearEnough = 0.12
	// maxHeld is how many pictures of a shot are shown backwards at most, because
	// they are all held until the earliest is shown.
	maxHeld = 6
)

// Pick chooses the pictures nearest to the places wanted, which are in the order
// of travel and step apart, and what is decoded for them. keys: only key pictures
// count. Of samples in decoding order the first is taken for a key.
func Pick(samples []Sample, points []time.Duration, step time.Duration, keys, back bool) []Shot {
	var shots []Shot
	last, key, held := -1, -1, 0
	for _, at := range points {
		i := nearest(samples, at, step, keys)
		if i < 0 || i == last || last >= 0 && (samples[i].PTS > samples[last].PTS) == back {
			continue
		}
		k := keyOf(samples, i)
		if k != key || back && held == maxHeld {
			shots = append(shots, Shot{})
			held = 0
		}
		last, key, held = i, k, held+1
		s := &shots[len(shots)-1]
		s.Show = append(s.Show, samples[i].PTS)
		s.Decode = merge(s.Decode, needed(samples, k, i))
	}
	return shots
}

// nearest is the sample to show at a place; -1: there is none.
func nearest(samples []Sample, at, step time.Duration, keys bool) int {
	best, reference := -1, -1
	off := func(i int) time.Duration { return (samples[i].PTS - at).Abs() }
	k := 0
	for i, s := range samples {
		if s.Key {
			k = i
		}
		if keys && k != i || s.PTS < samples[k].PTS {
			continue // it may refer to what comes before the key
		}
		if best < 0 || off(i) < off(best) {
			best = i
		}
		if !s.Disposable && (reference < 0 || off(i) < off(reference)) {
			reference = i
		}
	}
	if reference >= 0 && float64(off(reference)) <= nearEnough*float64(step) {
		return reference
	}
	return best
}

// keyOf is the key from which sample i is decoded.
func keyOf(samples []Sample, i int) int {
	for i > 0 && !samples[i].Key {
		i--
	}
	return i
}

// needed are the samples that must be decoded to show sample i.
func needed(samples []Sample, key, i int) []int {
	var list []int
	for n := key; n < i; n++ {
		if n == key || !samples[n].Disposable {
			list = append(list, n)
		}
	}
	return append(list, i)
}

// merge is the union of two ascending lists.
func merge(a, b []int) []int {
	out := make([]int, 0, max(len(a), len(b)))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			out, a = append(out, a[0]), a[1:]
		case len(a) == 0 || b[0] < a[0]:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return out
}
