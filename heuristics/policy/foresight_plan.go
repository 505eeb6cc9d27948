package policy

import (
	"math"
	"slices"

	"smoothplay/heuristics"
)

// A plan knows what it is worth to stand somewhere: with this much in the
// buffer, the link in this state, and the fragment before at this level. A
// fragment gives utility while it plays; a stall costs by its length and because
// it is one, a switch by its height and because it is one. What a fragment is
// worth is that plus the value of where it leads, the mean over what the link may
// do: value iteration over a Markov decision process, where model predictive
// control (Yin et al., SIGCOMM 2015; stochastic in Fugu, NSDI 2020) looks a few
// fragments ahead. The fear of an empty buffer, the reserve on a link that bursts,
// the patience before a switch: all follow from it, none is a rule of its own.
//
// The iteration goes on from one decision to the next, since the link seldom
// changes much between two of them; a plan for another ladder, buffer or length of
// fragments begins anew. Near the end, where nothing comes after, the values are
// those of the fragments left.
type plan struct {
	ladder      []int     // the usable levels
	rates       []float64 // their bits per second
	utility     []float64 // of two seconds of them: 1 is the best
	climb       []float64 // utility less that of the level below
	goal, chunk float64   // seconds

	buffers [buffers]float64 // the points of the grid, in seconds
	// value is by buffer, link and level before.
	value, renewed []float64
	begun          bool
	// What fetching a level leads to, by buffer, link and level: its reward, and
	// where in value it leads: a place, and the part of the way to the next.
	reward, way []float64
	place       []int32
	after, mean []float64 // by link and level, and by level: scratch
	moves       [linkStates][linkStates]float64
}

const (
	buffers = 16 // points of the grid, closer where the buffer is low

	stallCost   = 4.3 / 6 // a second of it, as in the linear QoE of Pensieve
	stallEvent  = 1.0     // that there is one, reached at stallShort
	stallShort  = 0.05    // seconds
	switchEvent = 0.08    // that there is one; its height costs its utility
	logShare    = 0.3     // of the logarithmic utility; the rest is linear

	// lead is how long before it is due a fragment must be there, in seconds: it
	// has to be taken apart and decoded.
	lead = 0.1

	firstSweeps = 12
	sweeps      = 2  // of each decision
	lastChunks  = 14 // from which on the end is planned for

	// refit is by which factor the length of fragments may differ from that of the
	// plan, refitGoal by which part of a fragment the goal.
	refit      = 1.5
	refitGoal  = 0.25
	negligible = 0.0005 // as a probability
)

// fit makes the plan fit in: the levels that may be chosen, and the buffer that
// can be had.
func (p *plan) fit(in *heuristics.Input) {
	chunk := chunkMS(in) / 1000
	if p.chunk > 0 && (in.ChunksLeft == 1 || chunk < refit*p.chunk && p.chunk < refit*chunk) {
		chunk = p.chunk
	}
	goal := in.Goal.Seconds()
	if in.Live && in.LiveDelay > 0 {
		goal = min(goal, in.LiveDelay.Seconds())
	}
	goal = max(goal, 2*chunk)
	if math.Abs(goal-p.goal) <= refitGoal*chunk {
		goal = p.goal
	}
	if goal == p.goal && chunk == p.chunk && p.offers(in) {
		return
	}
	p.goal, p.chunk, p.begun = goal, chunk, false
	p.ladder, p.rates = p.ladder[:0], p.rates[:0]
	for q, l := range in.Levels {
		if usable(in, q) {
			p.ladder = append(p.ladder, q)
			p.rates = append(p.rates, float64(max(l.BitrateBPS, 1)))
		}
	}
	if len(p.ladder) == 0 {
		q := lowest(in)
		p.ladder, p.rates = append(p.ladder, q), append(p.rates, float64(max(in.Levels[q].BitrateBPS, 1)))
	}
	n := len(p.ladder)
	resize(&p.utility, n)
	resize(&p.climb, n)
	resize(&p.mean, n)
	resize(&p.after, linkStates*n)
	for _, s := range []*[]float64{&p.value, &p.renewed, &p.reward, &p.way} {
		resize(s, buffers*linkStates*n)
	}
	p.place = slices.Grow(p.place[:0], buffers*linkStates*n)[:buffers*linkStates*n]
	clear(p.value)
	for i := range p.buffers {
		u := float64(i) / (buffers - 1)
		p.buffers[i] = p.most() * u * u
	}
	top, span := p.rates[n-1], max(math.Log(p.rates[n-1]/p.rates[0]), 1e-9)
	for a, r := range p.rates {
		p.utility[a] = (1-logShare)*r/top + logShare*(1+math.Log(r/top)/span)
		if a > 0 {
			p.climb[a] = p.utility[a] - p.utility[a-1]
		}
	}
}

func resize(s *[]float64, n int) { *s = slices.Grow((*s)[:0], n)[:n] }

// offers reports whether the ladder is that of the usable levels of in.
func (p *plan) offers(in *heuristics.Input) bool {
	a := 0
	for q, l := range in.Levels {
		if !usable(in, q) {
			continue
		}
		if a == len(p.ladder) || p.ladder[a] != q || p.rates[a] != float64(max(l.BitrateBPS, 1)) {
			return false
		}
		a++
	}
	return a == len(p.ladder) || a == 0 && len(p.ladder) == 1 && p.ladder[0] == lowest(in)
}

// index is where level q is in the ladder, or the next lower one; -1 where q is.
func (p *plan) index(q int) int {
	if q < 0 {
		return -1
	}
	a, ok := slices.BinarySearch(p.ladder, q)
	if !ok {
		a = max(a-1, 0)
	}
	return a
}

// most is the buffer after which there is no room for another fragment.
func (p *plan) most() float64 { return p.goal - p.chunk }

// renew brings the values up to date with what the link is believed to be.
func (p *plan) renew(l link, ttfb, weight float64, left int) {
	for k := range p.moves {
		normal(&p.moves[k], l.hold*deviation(k), math.Sqrt(1-l.hold*l.hold))
	}
	n := len(p.ladder)
	mean := math.Exp(l.mean)
	for k, r := range l.rates() {
		for a := range n {
			d := ttfb + l.fetch(p.rates[a]*p.chunk*weight, r, mean)
			for i, buffer := range p.buffers {
				at := (i*linkStates+k)*n + a
				to, way := p.locate(max(buffer-d, 0) + p.chunk)
				p.place[at], p.way[at] = int32((to*linkStates+k)*n+a), way
				p.reward[at] = p.utility[a]*p.chunk/modelStep - stalled(d+lead-buffer)
			}
		}
	}
	rounds := sweeps
	switch {
	case left > 0 && left <= lastChunks+1:
		clear(p.value)
		rounds = left - 1
	case !p.begun:
		rounds = firstSweeps
	}
	p.begun = true
	for range rounds {
		p.sweep()
	}
}

// stalled is what a stall of s seconds costs; none where s is not above 0.
func stalled(s float64) float64 {
	if s <= 0 {
		return 0
	}
	return stallCost*s + stallEvent*min(s/stallShort, 1)
}

// locate is the grid point below a buffer, and the part of the way to the next.
func (p *plan) locate(buffer float64) (i int, way float64) {
	if buffer <= 0 {
		return 0, 0
	}
	i = int(math.Sqrt(buffer/p.most()) * (buffers - 1))
	if i >= buffers-1 {
		return buffers - 2, 1
	}
	return i, (buffer - p.buffers[i]) / (p.buffers[i+1] - p.buffers[i])
}

// at is the value of standing at a buffer, with the link in state k, after a
// fragment of place a of the ladder.
func (p *plan) at(buffer float64, k, a int) float64 {
	n := len(p.ladder)
	i, way := p.locate(buffer)
	v, above := p.value[(i*linkStates+k)*n+a], p.value[((i+1)*linkStates+k)*n+a]
	return v + way*(above-v)
}

// sweep looks one fragment further ahead.
func (p *plan) sweep() {
	n := len(p.ladder)
	row := linkStates * n // from one buffer to the next
	best := math.Inf(-1)
	for i := range buffers {
		o := i * row
		for j, at := range p.place[o : o+row] {
			v := p.value[at]
			p.after[j] = p.reward[o+j] + v + p.way[o+j]*(p.value[int(at)+row]-v)
		}
		for k := range p.moves {
			mean := p.mean[:n]
			clear(mean)
			for to, chance := range p.moves[k] {
				if chance < negligible {
					continue
				}
				for a, v := range p.after[to*n : to*n+n] {
					mean[a] += chance * v
				}
			}
			best = max(best, p.switching(mean, p.renewed[o+k*n:o+k*n+n]))
		}
	}
	for i := range p.renewed {
		p.renewed[i] -= best // only differences matter
	}
	p.value, p.renewed = p.renewed, p.value
}

// switching puts into out what the best choice is worth after each level, where
// fetching a level is worth of[level], and returns the best. The height of a
// switch is a sum of steps, so one pass up and one down find all.
func (p *plan) switching(of, out []float64) float64 {
	climb := p.climb[:len(of)]
	out = out[:len(of)]
	most := math.Inf(-1)
	for a, v := range of {
		most = max(most-climb[a], v)
		out[a] = most
	}
	most = math.Inf(-1)
	best, down := most, 0.0
	for a := len(of) - 1; a >= 0; a-- {
		most = max(most-down, of[a])
		down = climb[a]
		out[a] = max(max(out[a], most)-switchEvent, of[a])
		best = max(best, out[a])
	}
	return best
}

// worth is what it is worth to fetch bits at place a of the ladder after before,
// with wait seconds until the first byte.
func (p *plan) worth(in *heuristics.Input, a, before int, wait, bits float64, o *outlook) float64 {
	buffer, chunk := in.Buffered.Seconds(), chunkMS(in)/1000
	mean := math.Exp(o.mean)
	total := p.utility[a]*chunk/modelStep - p.change(before, a)
	for k, w := range o.weights {
		if w < negligible {
			continue
		}
		d := wait + o.fetch(bits, o.rates[k], mean)
		left, late := max(buffer-d, 0), d+lead-buffer
		if !in.Playing {
			// Nothing runs out; somebody waits until there is something to play.
			left, late = buffer, 0
			if buffer < 2*chunk {
				late = d
			}
		}
		total += w * (p.at(left+chunk, k, a) - stalled(late))
	}
	return total
}

// change is what a switch costs.
func (p *plan) change(from, to int) float64 {
	if from < 0 || from == to {
		return 0
	}
	return math.Abs(p.utility[to]-p.utility[from]) + switchEvent
}
