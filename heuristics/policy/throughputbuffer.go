package policy

import (
	"time"

	"smoothplay/heuristics"
)

// ThroughputBuffer chooses the highest level that the link carries and that
// comes before it is needed. It begins with the lowest level, never chooses one
// above the measured rate, goes down as soon as it must, and up only with
// headroom in the rate and the buffer to try it: between the rate at which it
// leaves a level and the one at which it takes it again lies a dead zone.
const ThroughputBuffer = "throughput-buffer"

const (
	// A level is held while fetching it takes at most this share of the time
	// that it plays; less than half a buffer is no time for experiments.
	holdShare    = 1.00
	holdShareLow = 0.92
	// A level is taken up at this share, less what the estimate is unsure of.
	takeShare      = 0.85
	takeShareError = 0.30 // of the uncertainty
	takeErrorMost  = 0.50

	// What is fetched must come within this share of what is buffered.
	holdBuffer = 0.90
	takeBuffer = 0.50 // upwards
	fullBuffer = 0.80 // upwards, where the buffer is as good as full

	// dwell is how long nothing goes up after a step down, except right after a
	// discontinuity.
	dwell      = 8 * time.Second
	fillUp     = 3 // fragments after a discontinuity that may go up at once
	instantly  = 25 * time.Millisecond
	usualChunk = 2 * time.Second // where the manifest does not say
)

// throughputBuffer is the policy ThroughputBuffer.
type throughputBuffer struct {
	candidates []heuristics.Candidate
	steppedAt  time.Duration // when it last went down
	stepped    bool
	progress   progress
	// After an abandonment the same chunk is not asked for above this level.
	abandonedChunk, abandonedTo int
}

func newThroughputBuffer(Config) heuristics.Policy {
	return &throughputBuffer{abandonedChunk: -1}
}

func (*throughputBuffer) Name() string { return ThroughputBuffer }

// Decide chooses the next level, or whether a transfer goes on.
func (p *throughputBuffer) Decide(in *heuristics.Input) heuristics.Decision {
	v := look(in)
	if in.Running != nil {
		return p.goOn(in, v)
	}
	p.progress = progress{}
	d := p.choose(in, v)
	if in.ChunkIndex == p.abandonedChunk && d.Level > p.abandonedTo {
		d.Level, d.Reason = atMost(in, p.abandonedTo), heuristics.ReasonAbandon
	}
	d.Candidates = p.score(in, v)
	return d
}

// choose answers what to fetch next.
func (p *throughputBuffer) choose(in *heuristics.Input, v view) heuristics.Decision {
	switch {
	case len(in.Levels) == 1:
		return heuristics.Decision{Reason: heuristics.ReasonOnly}
	case in.Current < 0 && in.StartLevel >= 0:
		return heuristics.Decision{Level: atMost(in, in.StartLevel), Reason: heuristics.ReasonStart}
	case in.Current < 0:
		return heuristics.Decision{Level: lowest(in), Reason: heuristics.ReasonStart}
	case in.SinceDiscontinuity == 0:
		return heuristics.Decision{Level: v.soonest(in), Reason: heuristics.ReasonSeek}
	}
	mayRise := !p.stepped || in.Now-p.steppedAt >= dwell || in.SinceDiscontinuity <= fillUp
	best, free := lowest(in), 0
	for q := range in.Levels {
		if !v.fits(in, q) || q > in.Current && !mayRise {
			continue
		}
		free = q // the highest if there were no limits
		if usable(in, q) {
			best = max(best, q)
		}
	}
	d := heuristics.Decision{Level: best, Reason: heuristics.ReasonHold}
	switch {
	case free > best:
		d.Reason = limitOn(in, free)
	case best < in.Current && v.carries(in, in.Current):
		d.Reason = heuristics.ReasonBufferLow
	case best != in.Current:
		d.Reason = heuristics.ReasonBandwidth
	}
	// What a limit took may come back as soon as the limit goes.
	if best < in.Current && free <= best {
		p.stepped, p.steppedAt = true, in.Now
	}
	return d
}

// score rates the allowed levels: those that may be chosen by their rate in
// Mbit/s, the others by how many times the measured rate they need, negative.
func (p *throughputBuffer) score(in *heuristics.Input, v view) []heuristics.Candidate {
	p.candidates = p.candidates[:0]
	for q, l := range in.Levels {
		if !usable(in, q) {
			continue
		}
		c := heuristics.Candidate{Level: q, Score: float64(l.BitrateBPS) / 1e6}
		if v.bps > 0 && !v.fits(in, q) {
			c.Score = -float64(l.BitrateBPS) / v.bps
		}
		p.candidates = append(p.candidates, c)
	}
	return p.candidates
}

// view is what the policy reads out of an Input.
type view struct {
	bps   float64       // of the link; 0: not known
	ttfb  time.Duration // to be expected
	chunk time.Duration // how long the chunk plays; never 0
	share float64       // of the time that a level which is taken may need
}

func look(in *heuristics.Input) view {
	v := view{bps: float64(in.BandwidthBPS), chunk: in.ChunkDuration}
	if v.chunk <= 0 {
		v.chunk = usualChunk
	}
	v.share = takeShare - takeShareError*min(max(in.BandwidthError, 0), takeErrorMost)
	latest := in.Transfers[max(len(in.Transfers)-3, 0):]
	var bytes int64
	var spent time.Duration
	for _, t := range latest {
		v.ttfb = max(v.ttfb, min(t.FirstByte, v.chunk/2))
		bytes += t.Bytes
		spent += t.FirstByte + t.Body
	}
	// Where a store answers or all fragments are tiny nobody has measured the
	// link: what the requests took is the rate then.
	if v.bps <= 0 && spent > 0 {
		v.bps = 8 * float64(bytes) / spent.Seconds()
	}
	return v
}

// fits reports whether q may be chosen after in.Current, limits apart: the link
// carries it, and it comes in time.
func (v view) fits(in *heuristics.Input, q int) bool {
	buffered := in.Buffered
	if !in.Playing {
		buffered = max(buffered, v.chunk) // nothing runs out, but somebody waits
	}
	share, part := v.share, holdBuffer
	switch {
	case q == in.Current && 2*in.Buffered >= in.Goal:
		share = holdShare
	case q == in.Current:
		share = holdShareLow
	case q > in.Current && in.Playing && in.Buffered+2*v.chunk >= in.Goal:
		part = fullBuffer
	case q > in.Current:
		part = takeBuffer
	}
	return v.needs(in.Levels[q].BitrateBPS) <= share && v.fetch(in, q, v.bps) <= scale(buffered, part)
}

// carries reports whether the link carries q, never mind the buffer.
func (v view) carries(in *heuristics.Input, q int) bool {
	return v.needs(in.Levels[q].BitrateBPS) <= holdShareLow
}

// needs is the share of the time that fetching takes at a nominal rate.
func (v view) needs(bitrate int64) float64 {
	if v.bps <= 0 {
		return 2 // the link is not known: nothing but the lowest level
	}
	return float64(bitrate)/v.bps + float64(v.ttfb)/float64(v.chunk)
}

// fetch is how long the chunk takes at level q from the request to its end.
func (v view) fetch(in *heuristics.Input, q int, bps float64) time.Duration {
	if bps <= 0 {
		return forever
	}
	return v.ttfb + seconds(8*float64(v.size(in, q))/bps)
}

// size is the size of the chunk at level q in bytes, as far as known.
func (v view) size(in *heuristics.Input, q int) int64 {
	if q < len(in.Sizes) && in.Sizes[q] > 0 {
		return in.Sizes[q]
	}
	return int64(float64(in.Levels[q].BitrateBPS) * v.chunk.Seconds() / 8)
}

// soonest is the level whose chunk shows first after a discontinuity: the
// lowest, or a higher one where that makes no difference that anybody sees.
func (v view) soonest(in *heuristics.Input) int {
	best := lowest(in)
	for q := best + 1; q < len(in.Levels); q++ {
		if usable(in, q) && v.needs(in.Levels[q].BitrateBPS) <= v.share && v.fetch(in, q, v.bps)-v.ttfb <= instantly {
			best = q
		}
	}
	return best
}

// forever is longer than any session.
const forever = time.Duration(1 << 62)

// seconds is s as a time, at most forever.
func seconds(s float64) time.Duration {
	if s >= forever.Seconds() {
		return forever
	}
	return time.Duration(s * float64(time.Second))
}

// scale is a share of d.
func scale(d time.Duration, share float64) time.Duration {
	return time.Duration(float64(d) * share)
}
