package marker

import (
	"cmp"
	"slices"
	"time"
)

// Line holds things at places of the timeline, and tells which a playhead passes:
// each once for each time it goes by, in the order of travel, whichever way that
// leads. The zero Line is empty, and its playhead at 0.
type Line[T any] struct {
	list []placed[T] // ascending; of equal places, as added
	// cut divides what lies behind the playhead, as seen forwards, from what lies
	// ahead.
	cut int
	at  time.Duration
}

type placed[T any] struct {
	at   time.Duration
	what T
}

// Add puts what at a place. It reports whether that is still to be passed, by a
// playhead that goes forwards.
func (l *Line[T]) Add(at time.Duration, what T) (ahead bool) {
	i, _ := slices.BinarySearchFunc(l.list, at, func(p placed[T], at time.Duration) int { return cmp.Or(cmp.Compare(p.at, at), -1) })
	l.list = slices.Insert(l.list, i, placed[T]{at, what})
	if at < l.at || i < l.cut {
		l.cut++
		return false
	}
	return true
}

// Remove takes away what drop says so of.
func (l *Line[T]) Remove(drop func(T) bool) {
	kept := l.list[:0]
	cut := l.cut
	for i, p := range l.list {
		if drop(p.what) {
			if i < l.cut {
				cut--
			}
			continue
		}
		kept = append(kept, p)
	}
	clear(l.list[len(kept):])
	l.list, l.cut = kept, cut
}

// Jump moves the playhead without passing anything. What is at its new place is
// passed next, forwards or back.
func (l *Line[T]) Jump(to time.Duration, back bool) {
	l.at = to
	l.cut = 0
	for l.cut < len(l.list) && (l.list[l.cut].at < to || back && l.list[l.cut].at == to) {
		l.cut++
	}
}

// Pass moves the playhead the way it travels and calls f for all it passes. A
// place that lies the other way, as clocks that are corrected tell, is none.
func (l *Line[T]) Pass(to time.Duration, back bool, f func(at time.Duration, what T)) {
	if !back {
		l.at = max(l.at, to)
		for l.cut < len(l.list) && l.list[l.cut].at <= to {
			p := l.list[l.cut]
			l.cut++
			f(p.at, p.what)
		}
		return
	}
	l.at = min(l.at, to)
	for l.cut > 0 && l.list[l.cut-1].at >= to {
		l.cut--
		p := l.list[l.cut]
		f(p.at, p.what)
	}
}

// Next is the place that is passed next; ok is false where there is none.
func (l *Line[T]) Next(back bool) (at time.Duration, ok bool) {
	i := l.cut
	if back {
		i--
	}
	if i < 0 || i >= len(l.list) {
		return 0, false
	}
	return l.list[i].at, true
}
