package text

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"smoothplay/platform"
)

// Fragment is one fragment of a text stream, or the payload that a manifest
// carries for a chunk.
type Fragment struct {
	// Codec is what the manifest says; "" where it says nothing. Only text without
	// any form needs it: that is taken for a caption where Codec is "".
	Codec           platform.Codec
	Start, Duration time.Duration // on the timeline of the item; Duration 0: not known
	Samples         []Sample
}

// Sample is one sample of a fragment. Its bytes may be changed after Add.
type Sample struct {
	Start, Duration time.Duration // on the timeline of the item; Duration 0: not known
	Data            []byte
}

// ErrUnknown says that a sample is in none of the forms of text.
var ErrUnknown = errors.New("neither TTML nor WebVTT")

// ErrTooLarge says that a document exceeds a bound of this package; what came
// before is kept.
var ErrTooLarge = errors.New("larger than is allowed")

// Forever is the end of a cue that nothing ends yet. It is replaced by the end of
// its fragment where that is known.
const Forever = time.Duration(math.MaxInt64)

const (
	// maxTrackCues bounds what a Track keeps, and forgets the oldest beyond it. An
	// hour of captions holds about 1000.
	maxTrackCues = 1 << 12
	// touch is how far the same cue may be from itself to be one: less than two
	// pictures, more than what the rounding of times opens.
	touch = 60 * time.Millisecond
)

// Track holds the cues of one text stream. The zero Track is empty and ready for
// use. It is not safe for concurrent use.
type Track struct {
	cues  []entry // by Begin, then by order
	order uint64  // of the cue added last
	base  base

	// What At found last, which holds from since until until.
	current      []platform.Cue
	since, until time.Duration
	found        bool
}

type entry struct {
	platform.Cue
	order uint64
}

// Add reads a fragment. Its cues join those of the track, where they may take the
// place of cues that they continue or repeat. After an error what could be read
// was added all the same: captions never stop a session. Fragments may come in
// any order, and twice.
func (t *Track) Add(f Fragment) error {
	var failed error
	for i, s := range f.Samples {
		cues, relative, err := decode(s.Data, f.Codec, s.Duration)
		if err != nil && failed == nil {
			failed = fmt.Errorf("read the text at %v, sample %d: %w", f.Start, i, err)
		}
		duration := s.Duration
		if duration == 0 && len(f.Samples) == 1 {
			duration = f.Duration
		}
		if relative {
			t.base.place(cues, s.Start, duration)
		} else {
			shift(cues, s.Start)
		}
		for _, c := range cues {
			if c.End == Forever && duration > 0 {
				c.End = max(s.Start+duration, c.Begin)
			}
			if c.End > c.Begin {
				t.insert(c)
			}
		}
	}
	if n := len(t.cues) - maxTrackCues; n > 0 {
		t.cues = slices.Delete(t.cues, 0, n)
	}
	t.found = false
	return failed
}

// insert puts c among the cues, joined with those that it continues.
func (t *Track) insert(c platform.Cue) {
	t.order++
	order := t.order
	for i := len(t.cues) - 1; i >= 0; i-- {
		e := &t.cues[i]
		if e.End < sooner(c.Begin) || c.End < sooner(e.Begin) || !same(&e.Cue, &c) {
			continue
		}
		c.Begin, c.End, order = min(c.Begin, e.Begin), max(c.End, e.End), min(order, e.order)
		t.cues = slices.Delete(t.cues, i, i+1)
	}
	at, _ := slices.BinarySearchFunc(t.cues, entry{c, order}, func(a, b entry) int {
		if a.Begin != b.Begin {
			return compare(a.Begin, b.Begin)
		}
		return compare(a.order, b.order)
	})
	t.cues = slices.Insert(t.cues, at, entry{c, order})
}

// sooner is the time before which nothing touches what begins at d.
func sooner(d time.Duration) time.Duration { return max(d, math.MinInt64+touch) - touch }

func compare[T time.Duration | uint64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// At returns the cues to be shown at pos, those that began first before others:
// the order in which they stand below each other. While the answer stays the same
// it is the same slice, which must not be changed; nil: nothing is to be shown.
func (t *Track) At(pos time.Duration) []platform.Cue {
	t.look(pos)
	return t.current
}

// Next returns the first position after pos at which At has another answer, as
// far as is known; Forever where none is.
func (t *Track) Next(pos time.Duration) time.Duration {
	t.look(pos)
	return t.until
}

// Since returns the first position from which on until pos At has had the answer
// that it has at pos; the least time.Duration where nothing was before.
func (t *Track) Since(pos time.Duration) time.Duration {
	t.look(pos)
	return t.since
}

// look finds what is shown at pos, and how long.
func (t *Track) look(pos time.Duration) {
	if t.found && pos >= t.since && pos < t.until {
		return
	}
	t.found, t.current, t.since, t.until = true, nil, math.MinInt64, Forever
	for i := range t.cues {
		e := &t.cues[i]
		switch {
		case e.Begin > pos:
			t.until = min(t.until, e.Begin)
			return // those behind it begin later still
		case e.End > pos:
			t.current = append(t.current, e.Cue)
			t.since, t.until = max(t.since, e.Begin), min(t.until, e.End)
		default:
			t.since = max(t.since, e.End)
		}
	}
}

// Begun returns the cues that begin after from, and at to or before: those to be
// told of when the playhead goes from one to the other. They hold what is known
// then: a cue may last longer once the next fragment is there.
func (t *Track) Begun(from, to time.Duration) []platform.Cue {
	var begun []platform.Cue
	i, _ := slices.BinarySearchFunc(t.cues, from, func(e entry, at time.Duration) int { return compare(e.Begin, at) })
	for ; i < len(t.cues) && t.cues[i].Begin <= to; i++ {
		if t.cues[i].Begin > from {
			begun = append(begun, t.cues[i].Cue)
		}
	}
	return begun
}

// Forget drops the cues that end at before or earlier: a live session does not
// come back behind its window.
func (t *Track) Forget(before time.Duration) {
	t.cues = slices.DeleteFunc(t.cues, func(e entry) bool { return e.End <= before })
	t.found = false
}

// Len is the number of cues that are held.
func (t *Track) Len() int { return len(t.cues) }
