package text

import "time"

// span is a time of an element.
type span = time.Duration

// timed gives e and all below it their times, TTML1 10.2: from counts from the
// begin of what contains e or, in a sequence, from the end of what is before e;
// until is the end of what contains it.
func (d *document) timed(e *element, from, until span, sequence bool) {
	e.begin, e.end = from, until
	if begin, ok := d.clock.parse(e.attr("begin")); ok {
		e.begin = add(from, begin)
	}
	end, hasEnd := d.clock.parse(e.attr("end"))
	if hasEnd {
		e.end = min(e.end, add(from, end))
	}
	dur, hasDur := d.clock.parse(e.attr("dur"))
	if hasDur {
		e.end = min(e.end, add(e.begin, dur))
	}
	inner, at, last := e.attr("timeContainer") == "seq", e.begin, e.begin
	for _, child := range e.children {
		switch child.name {
		case "body", "div", "p", "span", "br", "set", "image":
		default:
			continue
		}
		d.timed(child, at, e.end, inner)
		if child.end != Forever {
			last = max(last, child.end)
		}
		if inner && child.name != "set" {
			at = max(at, child.end)
		}
	}
	if sequence && !hasEnd && !hasDur {
		e.end = min(e.end, last) // nothing says how long: as long as its parts
	}
}

// active tells whether e is there at t.
func (e *element) active(t span) bool { return e.begin <= t && t < e.end }

// changes collects the times at which something in e begins or ends, between
// those of e.
func (e *element) changes(times []span, from, until span) []span {
	for _, child := range e.children {
		for _, t := range [2]span{child.begin, child.end} {
			if child.name != "" && t > from && t < until {
				times = append(times, t)
			}
		}
		if child.name == "span" {
			times = child.changes(times, from, until)
		}
	}
	return times
}
