package policy

import (
	"math"
	"slices"

	"smoothplay/heuristics"
)

// RobustMPC is the model predictive controller of Yin, Jindal, Sekar and Sinopoli
// (SIGCOMM 2015): of all plans for the next five fragments it takes the first
// step of the one with the best sum of rate, less stalls, less changes of rate,
// if the link goes on at the harmonic mean of its last five rates divided by 1
// plus the largest error that such a prediction had of late. It abandons nothing.
const RobustMPC = "robustmpc"

const (
	mpcHorizon = 5 // fragments
	mpcPast    = 5 // transfers of a mean, and errors that are remembered
	// A second of stall costs what 4.3 Mbit/s are worth in a ladder that ends at
	// 6 Mbit/s, and in proportion in others: the QoE-lin of Pensieve.
	mpcStall    = 4.3
	mpcStallTop = 6.0
)

// robustMPC keeps room for its plans only: it decides by the Input alone.
type robustMPC struct {
	plans, longer [][]mpcPlan // by the level of their last fragment
	rates         []float64   // Mbit/s by level
	takes         []float64   // seconds to fetch a fragment of its nominal size, by level
	choice        []int       // levels that may be chosen, ascending
	mbps          float64     // of the link
	chunk, most   float64     // seconds: of a fragment, and before which none is fetched
	stall         float64     // the price of a second
}

// mpcPlan is the beginning of a plan. Of two that end with the same level the
// one with less buffer and no better score can be forgotten: whatever follows it
// can follow the other one.
type mpcPlan struct {
	buffer float64 // in seconds
	score  float64
	first  int // level
}

func newRobustMPC(Config) heuristics.Policy { return &robustMPC{} }

func (*robustMPC) Name() string { return RobustMPC }

func (p *robustMPC) Decide(in *heuristics.Input) heuristics.Decision {
	if in.Running != nil {
		return goesOn(in)
	}
	if d, ok := first(in); ok {
		return d
	}
	mbps := mpcPredict(in.Transfers)
	if mbps == 0 {
		return within(in, lowest(in), heuristics.ReasonBandwidth)
	}
	return within(in, p.plan(in, mbps), heuristics.ReasonPlan)
}

// mpcPredict returns the discounted rate of the link in Mbit/s; 0 where nothing
// was measured.
func mpcPredict(transfers []heuristics.Transfer) float64 {
	var rates [2 * mpcPast]float64 // the latest last
	n := 0
	for i := len(transfers) - 1; i >= 0 && n < len(rates); i-- {
		if rate := mpcRate(&transfers[i]); rate > 0 {
			n++
			rates[len(rates)-n] = rate
		}
	}
	if n == 0 {
		return 0
	}
	known := rates[len(rates)-n:]
	worst := 0.0
	for i := max(1, n-mpcPast); i < n; i++ {
		predicted := harmonic(known[max(0, i-mpcPast):i])
		worst = max(worst, math.Abs(predicted-known[i])/known[i])
	}
	return harmonic(known[max(0, n-mpcPast):]) / (1 + worst)
}

// mpcRate is the rate that a transfer saw in Mbit/s, the wait for its first byte
// included; 0 where it says nothing.
func mpcRate(t *heuristics.Transfer) float64 {
	took := (t.FirstByte + t.Body).Seconds()
	switch {
	case t.FromStore || t.Bytes <= 0 || took <= 0:
		return 0
	case t.StackBPS > 0:
		return float64(t.StackBPS) / 1e6
	}
	return 8 * float64(t.Bytes+max(t.OtherBytes, 0)) / took / 1e6
}

func harmonic(rates []float64) float64 {
	var sum float64
	for _, r := range rates {
		sum += 1 / r
	}
	return float64(len(rates)) / sum
}

// plan returns the first level of the best plan, within the limits.
func (p *robustMPC) plan(in *heuristics.Input, mbps float64) int {
	p.prepare(in, mbps)
	steps := mpcHorizon
	if in.ChunksLeft > 0 {
		steps = min(steps, in.ChunksLeft)
	}
	last := min(in.Current, len(p.rates)-1)
	begin := mpcPlan{buffer: in.Buffered.Seconds(), first: -1}
	// No plan is worth going on with that cannot become better than to stay at
	// one level.
	worth := math.Inf(-1)
	for _, q := range p.choice {
		held := p.extend(begin, in, last, q, true)
		for range steps - 1 {
			held = p.extend(held, in, q, q, false)
		}
		worth = max(worth, held.score)
	}
	p.plans[last] = append(p.plans[last], begin)
	top := p.rates[p.choice[len(p.choice)-1]]
	for step := range steps {
		left := float64(steps - 1 - step)
		for before, plans := range p.plans {
			for _, made := range plans {
				for _, q := range p.choice {
					next := p.extend(made, in, before, q, step == 0)
					if left > 0 && next.score+left*top-(top-p.rates[q]) < worth-rounding {
						continue
					}
					p.longer[q] = offer(p.longer[q], next)
				}
			}
		}
		p.plans, p.longer = p.longer, p.plans
		for q := range p.longer {
			p.longer[q] = p.longer[q][:0]
		}
	}
	best := mpcPlan{score: math.Inf(-1)}
	for _, plans := range p.plans {
		for _, made := range plans {
			if made.score > best.score || made.score == best.score && made.buffer > best.buffer {
				best = made
			}
		}
	}
	return best.first
}

// extend is a plan that goes on with level q after one that ended with before.
func (p *robustMPC) extend(made mpcPlan, in *heuristics.Input, before, q int, next bool) mpcPlan {
	takes := p.takes[q]
	if next {
		made.first = q
		if q < len(in.Sizes) && in.Sizes[q] > 0 {
			takes = 8 * float64(in.Sizes[q]) / 1e6 / p.mbps
		}
	}
	has := min(made.buffer, p.most)
	made.buffer = max(has-takes, 0) + p.chunk
	made.score += p.rates[q] - p.stall*max(takes-has, 0) - math.Abs(p.rates[q]-p.rates[before])
	return made
}

// prepare computes what holds for all plans, and makes room for them.
func (p *robustMPC) prepare(in *heuristics.Input, mbps float64) {
	p.chunk, p.mbps = chunkMS(in)/1000, mbps
	p.most = max(in.Goal.Seconds()-p.chunk, 0) // with less room, nothing is fetched
	p.rates, p.takes, p.choice = p.rates[:0], p.takes[:0], p.choice[:0]
	low := lowest(in)
	for q, l := range in.Levels {
		rate := float64(l.BitrateBPS) / 1e6
		p.rates, p.takes = append(p.rates, rate), append(p.takes, rate*p.chunk/mbps)
		if usable(in, q) || q == low {
			p.choice = append(p.choice, q)
		}
	}
	p.stall = mpcStall * p.rates[len(p.rates)-1] / mpcStallTop
	for len(p.plans) < len(p.rates) {
		p.plans = append(p.plans, make([]mpcPlan, 0, mpcPlans+1))
		p.longer = append(p.longer, make([]mpcPlan, 0, mpcPlans+1))
	}
	for q := range p.plans {
		p.plans[q], p.longer[q] = p.plans[q][:0], p.longer[q][:0]
	}
}

// mpcPlans is how many plans that end with the same level are kept; by far the
// most questions leave fewer.
const mpcPlans = 64

// rounding is by how much equal sums of rates may differ.
const rounding = 1e-6

// offer adds next to plans, which stay in falling order of their buffer and
// rising order of their score.
func offer(plans []mpcPlan, next mpcPlan) []mpcPlan {
	i, found := slices.BinarySearchFunc(plans, next.buffer, func(a mpcPlan, buffer float64) int {
		switch {
		case a.buffer > buffer:
			return -1
		case a.buffer < buffer:
			return 1
		}
		return 0
	})
	if found && plans[i].score >= next.score || i > 0 && plans[i-1].score >= next.score {
		return plans
	}
	worse := i
	for worse < len(plans) && plans[worse].score <= next.score {
		worse++
	}
	plans = slices.Replace(plans, i, worse, next)
	if len(plans) > mpcPlans {
		plans = slices.Delete(plans, 0, 1) // the fullest buffer has the lowest score
	}
	return plans
}
