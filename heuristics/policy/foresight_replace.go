package policy

import (
	"math"
	"time"

	"smoothplay/heuristics"
)

const (
	// A fragment is fetched again where it is due after replaceLead times what
	// that is expected to take, and replaceSpare more.
	replaceLead  = 2
	replaceSpare = time.Second
	// replaceMargin is what a replacement must be worth at least, in seconds of
	// the highest level over two: it is bytes thrown away.
	replaceMargin = 0.15
)

// Replace answers which buffered fragment is worth fetching again at a higher
// level: what it gains in utility and in switches, times the chance that it comes
// in time, against what the buffer is worth that is played meanwhile. While the
// buffer is full the time costs nothing. No fragment goes down, so there is an
// end to it.
func (p *foresight) Replace(in *heuristics.Input) (chunk int, d heuristics.Decision, ok bool) {
	p.candidates = p.candidates[:0]
	if !p.plan.begun || !p.plan.offers(in) || !in.Playing || !p.belief.known {
		return 0, d, false
	}
	b := p.belief
	seen := p.fresh
	finished := seen.after(in)
	for i := range finished {
		b.learn(&finished[i])
	}
	now := b.ahead(in.Now, p.plan.chunk)
	mean := math.Exp(now.mean)
	best, to, top := -1, 0, replaceMargin
	carried := p.carried(&now)
	for a, q := range p.plan.ladder {
		if p.plan.rates[a] > carried {
			break
		}
		var took [linkStates]float64
		var expected, price float64
		usual := p.plan.rates[a] * p.plan.chunk * p.weight
		for k, w := range now.weights {
			took[k] = b.ttfb + now.fetch(usual, now.rates[k], mean)
			expected += w * took[k]
			price += w * (p.plan.at(in.Buffered.Seconds(), k, a) - p.plan.at(in.Buffered.Seconds()-took[k], k, a))
		}
		gain := math.Inf(-1)
		for i := range in.Held {
			h := &in.Held[i]
			if h.Level >= q || h.Due < seconds(replaceLead*expected)+replaceSpare {
				continue
			}
			inTime := 0.0
			for k, w := range now.weights {
				if took[k] < h.Due.Seconds() {
					inTime += w
				}
			}
			worth := inTime*p.gain(in, i, a) - price
			gain = max(gain, worth)
			if worth > top {
				best, to, top = i, q, worth
			}
		}
		if !math.IsInf(gain, 0) {
			p.candidates = append(p.candidates, heuristics.Candidate{Level: q, Score: gain})
		}
	}
	if best < 0 {
		return 0, d, false
	}
	return in.Held[best].ChunkIndex, p.answer(to, heuristics.ReasonReplace), true
}

// gain is what it is worth on the screen to have Held fragment i at place a of
// the ladder. What is before the first and after the last is taken to be like it.
func (p *foresight) gain(in *heuristics.Input, i, a int) float64 {
	h := &in.Held[i]
	was := p.plan.index(h.Level)
	gain := (p.plan.utility[a] - p.plan.utility[was]) * h.Duration.Seconds() / modelStep
	before, after := was, was
	if i > 0 && in.Held[i-1].ChunkIndex == h.ChunkIndex-1 {
		before = p.plan.index(in.Held[i-1].Level)
	}
	if i+1 < len(in.Held) && in.Held[i+1].ChunkIndex == h.ChunkIndex+1 {
		after = p.plan.index(in.Held[i+1].Level)
	}
	return gain + p.plan.change(before, was) + p.plan.change(was, after) - p.plan.change(before, a) - p.plan.change(a, after)
}
