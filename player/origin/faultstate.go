package origin

import (
	"slices"
	"time"
)

// inForce is a fault that may happen.
type inForce struct {
	Fault
	base  time.Time // its times count from here; zero: from the first request
	since time.Time // it cannot have begun earlier; zero: than the first request
	count int       // of the requests that its conditions let through
}

// SetFaults changes what goes wrong from now on. What faults count begins anew;
// their time does not: it counts from the first request of all. Gaps that an
// encoder-gap has torn stay.
func (o *Origin) SetFaults(f Faults) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	o.drop(now, func(*inForce) bool { return true })
	since := time.Time{}
	if !o.first.IsZero() {
		since = now
	}
	for _, f := range f {
		o.faults = append(o.faults, inForce{Fault: f, since: since})
	}
}

// AddFaults makes more go wrong. The times of these faults count from now.
func (o *Origin) AddFaults(f Faults) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	for _, f := range f {
		o.faults = append(o.faults, inForce{Fault: f, base: now, since: now})
	}
}

// EndFaults ends the faults of a kind; "": all. It returns how many.
func (o *Origin) EndFaults(kind FaultKind) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := len(o.faults)
	o.drop(time.Now(), func(f *inForce) bool { return kind == "" || f.Kind == kind })
	return before - len(o.faults)
}

// Faults returns the faults in force, in the order in which they are tried.
func (o *Origin) Faults() Faults {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list Faults
	for i := range o.faults {
		list = append(list, o.faults[i].Fault)
	}
	return list
}

// drop ends faults. The gaps that they have torn stay, for as long as the window
// reaches back. o.mu is held.
func (o *Origin) drop(now time.Time, which func(*inForce) bool) {
	jump := o.happenings(now).jump
	o.faults = slices.DeleteFunc(o.faults, func(f inForce) bool {
		if !which(&f) {
			return false
		}
		if from, to := o.span(&f, now); f.Kind == FaultGap && from.Before(now) {
			if to.IsZero() || to.After(now) {
				to = now
			}
			o.gaps = append(o.gaps, Gap{f.Stream, from.Add(jump), to.Add(jump)})
		}
		return true
	})
	o.gaps = slices.DeleteFunc(o.gaps, func(g Gap) bool {
		return o.live == nil || o.live.Window > 0 && now.Sub(g.To) > o.live.Window+maxForgotten
	})
	if extra := len(o.gaps) - maxGaps; extra > 0 {
		o.gaps = slices.Delete(o.gaps, 0, extra)
	}
}

// A gap is forgotten when it is this much older than the window, and when there
// are too many younger ones.
const (
	maxForgotten = time.Hour
	maxGaps      = 1000
)

// elapsed is the time from which the times of a fault count. o.mu is held.
func (o *Origin) elapsed(f *inForce, now time.Time) time.Duration {
	if f.base.IsZero() {
		return now.Sub(o.first)
	}
	return now.Sub(f.base)
}

// span returns when a fault begins and ends. A zero end: never. o.mu is held.
func (o *Origin) span(f *inForce, now time.Time) (from, to time.Time) {
	base, since := f.base, f.since
	if base.IsZero() {
		if base = o.first; base.IsZero() {
			base = now
		}
	}
	if since.IsZero() {
		since = base
	}
	if f.To > 0 {
		to = base.Add(f.To)
	}
	if from = base.Add(f.From); from.Before(since) {
		from = since
	}
	return from, to
}

// happenings returns what faults do to events at an instant of the real clock.
// o.mu is held.
func (o *Origin) happenings(now time.Time) happenings {
	var h happenings
	if o.live == nil {
		return h
	}
	for i := range o.faults {
		f := &o.faults[i]
		if f.Kind != FaultJump {
			continue
		}
		if from, to := o.span(f, now); !now.Before(from) && (to.IsZero() || now.Before(to)) {
			if h.jump += f.By; f.By == 0 {
				h.jump += usualJump
			}
		}
	}
	h.gaps = slices.Clone(o.gaps)
	for i := range o.faults {
		f := &o.faults[i]
		from, to := o.span(f, now)
		if from = from.Add(h.jump); !to.IsZero() {
			to = to.Add(h.jump)
		}
		switch {
		case f.Kind == FaultGap:
			h.gaps = append(h.gaps, Gap{f.Stream, from, to})
		case f.Kind == FaultEnd && (h.end.IsZero() || from.Before(h.end)):
			h.end, h.ending = from, Ending(f.How)
		}
	}
	return h
}

const usualJump = 30 * time.Second
