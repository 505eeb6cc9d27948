package policy

import (
	"math"
	"time"

	"smoothplay/heuristics"
)

// Foresight plans ahead. What the link may do next is a distribution, learned
// from the transfers (foresight_belief.go); what a choice is worth is what it
// shows now and what the fragments after it can show from the buffer that it
// leaves (foresight_plan.go). Start, seek, abandonment and replacement are judged
// in the same terms, so that there are no thresholds to be tuned against each
// other.
const Foresight = "foresight"

const (
	// startShare is the part of a remembered bandwidth, less its error, that the
	// first fragment may need.
	startShare = 0.5
	// instantly is what the first fragment after a seek may take longer than the
	// lowest level would, unnoticed.
	instantly = 25 * time.Millisecond
	// reach is how many standard deviations above the rate of the link a level may
	// need that is taken up. Played from the buffer it would have to be left again:
	// on a steady link that is certain, and nothing but a swing.
	reach     = 0.5
	mostReach = 0.3 // of the logarithm of the rate
	// weightGain is what the latest fragment counts for in what fragments weigh.
	weightGain = 0.05

	// A running transfer is judged when this much of its body has come in and the
	// rest, at its latest rate, needs more than unharmed of the buffer.
	judgeAfter = 250 * time.Millisecond
	unharmed   = 0.5
	// abandonMargin is by how much another level must be better than going on, in
	// the plan's terms: what came in is thrown away.
	abandonMargin = 0.1
	// A link has broken when it fell short for alarm seconds of itself: longer than
	// a dip. Nobody knows for how long: what needs patience times as long as it plays
	// is not waited for then, and nothing begun that takes longer than it plays. A
	// link of ample times the rate of a level makes up for it in no time.
	alarm    = 1.5
	patience = 0.25
	ample    = 4
)

type foresight struct {
	fresh      fresh
	belief     belief
	plan       plan
	candidates []heuristics.Candidate

	weight float64 // of fragments, as a share of their nominal size
	asked  int     // the chunk that was decided last; -1: none
	before int     // the level of the fragment before it, in the plan; -1: none
	// A transfer of the chunk asked was given up for this level; -1: no.
	abandonedTo int
}

func newForesight(Config) heuristics.Policy {
	return &foresight{weight: 1, asked: -1, before: -1, abandonedTo: -1}
}

func (*foresight) Name() string { return Foresight }

func (p *foresight) Decide(in *heuristics.Input) heuristics.Decision {
	p.candidates = p.candidates[:0]
	if in.Running != nil {
		return p.goOn(in)
	}
	finished := p.fresh.after(in)
	for i := range finished {
		p.belief.learn(&finished[i])
	}
	p.plan.fit(in)
	if in.ChunkIndex != p.asked || in.SinceDiscontinuity == 0 {
		p.abandonedTo = -1
	}
	p.asked, p.before = in.ChunkIndex, p.plan.index(in.Current)

	p.weigh(in)
	b := p.believed(in)
	if b.known {
		p.plan.renew(b.link(p.plan.chunk), b.ttfb, p.weight, in.ChunksLeft)
	}
	switch {
	case len(in.Levels) == 1:
		p.candidates = append(p.candidates, heuristics.Candidate{})
		return p.answer(0, heuristics.ReasonOnly)
	case in.Current < 0 && in.StartLevel >= 0:
		return p.highest(in, heuristics.ReasonStart, func(q int) bool { return q <= in.StartLevel })
	case in.Current < 0:
		most := startShare * float64(in.BandwidthBPS) * (1 - min(max(in.BandwidthError, 0), 1))
		return p.highest(in, heuristics.ReasonStart, func(q int) bool { return float64(in.Levels[q].BitrateBPS) <= most })
	case in.SinceDiscontinuity == 0:
		at := b.rate()
		return p.highest(in, heuristics.ReasonSeek, func(q int) bool { return p.bits(in, q) <= at*instantly.Seconds() })
	case !b.known:
		return p.highest(in, heuristics.ReasonBandwidth, func(int) bool { return false })
	}
	best := p.choose(in, &b)
	if p.abandonedTo >= 0 {
		return p.answer(atMost(in, p.abandonedTo), heuristics.ReasonAbandon)
	}
	return p.answer(best, p.why(in, best, &b))
}

// weigh learns what fragments weigh: the sizes to be expected of this chunk are
// known, those of the chunks after it are not.
func (p *foresight) weigh(in *heuristics.Input) {
	var share float64
	for a, q := range p.plan.ladder {
		share += p.bits(in, q) / p.plan.rates[a]
	}
	share /= float64(len(p.plan.ladder)) * chunkMS(in) / 1000
	p.weight += weightGain * (share - p.weight)
}

func (p *foresight) answer(q int, why heuristics.Reason) heuristics.Decision {
	return heuristics.Decision{Level: q, Reason: why, Candidates: p.candidates}
}

// highest answers with the highest level of which ok is true, or the lowest. The
// score of a level is its rate in Mbit/s, negative where it is not ok.
func (p *foresight) highest(in *heuristics.Input, why heuristics.Reason, ok func(q int) bool) heuristics.Decision {
	best := p.plan.ladder[0]
	for _, q := range p.plan.ladder {
		score := float64(in.Levels[q].BitrateBPS) / 1e6
		if ok(q) {
			best = q
		} else {
			score = -score
		}
		p.candidates = append(p.candidates, heuristics.Candidate{Level: q, Score: score})
	}
	return p.answer(best, why)
}

// believed is the belief, or, where no transfer has said anything of the link
// yet, the session's estimate, or what the requests took: a store answers, or all
// fragments are tiny.
func (p *foresight) believed(in *heuristics.Input) belief {
	b := p.belief
	if b.known {
		return b
	}
	bps := float64(in.BandwidthBPS)
	if n := len(in.Transfers); bps <= 0 && n > 0 {
		t := &in.Transfers[n-1]
		bps = 8 * float64(t.Bytes) / max(t.FirstByte+t.Body, time.Millisecond).Seconds()
	}
	if bps > 0 {
		b.observe(bps, p.plan.chunk, in.Now)
	}
	return b
}

// choose scores the levels for the chunk of in and returns the best. Left out are
// levels far above what the link carries, but for the one that is held, and, while
// the link is broken, those that would take longer than they play.
func (p *foresight) choose(in *heuristics.Input, b *belief) int {
	now := b.ahead(in.Now, p.plan.chunk)
	carried := p.carried(&now)
	best, top := p.plan.ladder[0], math.Inf(-1)
	for a, q := range p.plan.ladder {
		bits := p.bits(in, q)
		tooHigh := p.before >= 0 && a > p.before && p.plan.rates[a] > carried
		tooLong := b.short > alarm && !p.isAmple(b, a) && bits > p.plan.chunk*math.Exp(now.now)
		if a > 0 && (tooHigh || tooLong) {
			break
		}
		score := p.plan.worth(in, a, p.before, b.ttfb, bits, &now)
		p.candidates = append(p.candidates, heuristics.Candidate{Level: q, Score: score})
		if score > top {
			best, top = q, score
		}
	}
	return best
}

// carried is the highest nominal rate that is taken up.
func (p *foresight) carried(o *outlook) float64 {
	return math.Exp(max(o.mean, o.now)+min(reach*o.spread, mostReach)) / p.weight
}

// why is the reason for choosing q.
func (p *foresight) why(in *heuristics.Input, q int, b *belief) heuristics.Reason {
	top := p.plan.ladder[len(p.plan.ladder)-1]
	switch {
	case q == top && q+1 < len(in.Levels) && float64(in.Levels[q+1].BitrateBPS) < b.rate():
		return limitOn(in, q+1)
	case q == in.Current:
		return heuristics.ReasonHold
	case q < in.Current && p.bits(in, in.Current) > b.rate()*in.Buffered.Seconds():
		return heuristics.ReasonBufferLow
	}
	return heuristics.ReasonPlan
}

// bits is the size of the chunk of in at level q, as far as known.
func (p *foresight) bits(in *heuristics.Input, q int) float64 {
	if q < len(in.Sizes) && in.Sizes[q] > 0 {
		return 8 * float64(in.Sizes[q])
	}
	return float64(in.Levels[q].BitrateBPS) * chunkMS(in) / 1000
}

// goOn answers whether the running transfer goes on: with the belief as if it
// ended now, the rest of it is compared with lower levels from their start.
func (p *foresight) goOn(in *heuristics.Input) heuristics.Decision {
	t := in.Running
	a := p.plan.index(t.Level)
	if in.ChunkIndex != p.asked || t.Level >= len(in.Levels) || a <= 0 || p.plan.ladder[a] != t.Level || t.Body < judgeAfter {
		return goesOn(in)
	}
	whole := 8 * float64(t.Size)
	if t.Size <= 0 {
		whole = p.bits(in, t.Level)
	}
	rest := max(whole-8*float64(t.Bytes), 0)
	rate := latestRate(t)
	lost := p.lost(t, a, rest, rate)
	if !lost && rest < unharmed*in.Buffered.Seconds()*rate {
		return goesOn(in)
	}
	b := p.belief
	b.learn(t)
	now := b.ahead(in.Now, p.plan.chunk)
	best, top := t.Level, math.Inf(-1)
	for i, q := range p.plan.ladder[:a+1] {
		bits, wait, margin := whole*p.plan.rates[i]/p.plan.rates[a], b.ttfb, 0.0
		switch {
		case i == a && lost && best < t.Level:
			continue
		case i == a:
			bits, wait, margin = rest, 0, abandonMargin
		case bits >= rest || i > 0 && (!usable(in, q) || lost && p.plan.rates[i] > rate):
			continue
		}
		score := p.plan.worth(in, i, p.before, wait, bits, &now) + margin
		p.candidates = append(p.candidates, heuristics.Candidate{Level: q, Score: score})
		if score > top || lost {
			best, top = q, score
		}
	}
	if best == t.Level {
		return p.answer(best, heuristics.ReasonHold)
	}
	p.belief = b
	p.fresh.skip(t)
	p.abandonedTo = best
	d := p.answer(best, heuristics.ReasonAbandon)
	d.Abandon = true
	return d
}

// lost reports whether the link has broken since a transfer at place a of the
// ladder began, and the rest of it, in bits, is not waited for.
func (p *foresight) lost(t *heuristics.Transfer, a int, rest, rate float64) bool {
	b := &p.belief
	return b.known && b.short <= alarm && b.shortfall(t) > alarm && !p.isAmple(b, a) && rest > patience*p.plan.chunk*rate
}

// isAmple reports whether the link usually carries far more than place a of the
// ladder needs.
func (p *foresight) isAmple(b *belief, a int) bool {
	return ample*p.plan.rates[a] <= math.Exp(b.link(modelStep).mean)
}
