package policy

import (
	"time"

	"smoothplay/heuristics"
)

const (
	// judgeAfter and judgeBytes are how much of a body must have come to judge
	// it; a body this slow is judged whatever came.
	judgeAfter = 250 * time.Millisecond
	judgeBytes = 16 << 10
	judgeSlow  = time.Second
	// recently is the span over which the present rate of a transfer is taken.
	recently = 500 * time.Millisecond
	// worthwhile is the share of the remaining time below which even a level
	// that comes too late is better.
	worthwhile = 0.5
)

// progress remembers how far a transfer was some time ago, so that a link that
// breaks down is not hidden by the good time before.
type progress struct {
	start time.Duration // of the transfer, which tells transfers apart
	marks [2]mark       // the older one first
}

type mark struct {
	body  time.Duration
	bytes int64
}

// rate is the rate of t in bits per second: on the whole, or recently where
// that is less.
func (p *progress) rate(t *heuristics.Transfer) float64 {
	if p.start != t.Start || t.Body < p.marks[1].body {
		*p = progress{start: t.Start}
	}
	if t.Body-p.marks[1].body >= recently {
		p.marks[0], p.marks[1] = p.marks[1], mark{t.Body, t.Bytes}
	}
	whole := 8 * float64(t.Bytes) / t.Body.Seconds()
	span := t.Body - p.marks[0].body
	if span < recently {
		return whole
	}
	return min(whole, 8*float64(t.Bytes-p.marks[0].bytes)/span.Seconds())
}

// goOn answers whether the running transfer goes on. It is given up where it
// would come too late and a lower level would be in time, or at least in half
// the time that is left.
func (p *throughputBuffer) goOn(in *heuristics.Input, v view) heuristics.Decision {
	t := in.Running
	keep := heuristics.Decision{Level: t.Level, Reason: heuristics.ReasonHold}
	low := lowest(in)
	if t.Level <= low || t.Level >= len(in.Levels) || t.Body < judgeAfter || t.Bytes < judgeBytes && t.Body < judgeSlow {
		return keep
	}
	bps := p.progress.rate(t)
	size := t.Size
	if size <= 0 {
		size = v.size(in, t.Level)
	}
	rest := forever
	if bps > 0 {
		rest = seconds(8 * float64(max(size-t.Bytes, 0)) / bps)
	}
	due := in.Buffered
	if !in.Playing {
		due = max(due, v.chunk)
	}
	if rest <= due {
		return keep
	}
	for q := t.Level - 1; q >= low; q-- {
		if !usable(in, q) && q != low {
			continue
		}
		took := v.fetch(in, q, bps)
		if took <= scale(due, holdBuffer) || q == low && took < scale(rest, worthwhile) {
			p.stepped, p.steppedAt = true, in.Now
			p.abandonedChunk, p.abandonedTo = in.ChunkIndex, q
			p.progress = progress{}
			return heuristics.Decision{Level: q, Abandon: true, Reason: heuristics.ReasonAbandon}
		}
	}
	return keep
}
