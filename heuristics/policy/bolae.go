package policy

import (
	"math"
	"time"

	"smoothplay/heuristics"
)

// BolaE is BOLA-E of Sabre (Spiteri, Sitaraman and Sparacio, MMSys 2018), which
// dash.js plays by: the level follows from the buffer, by Lyapunov optimisation of
// a logarithmic utility. A placeholder, media that are not there, stands for what
// the buffer would be had it not been for the start, pauses and levels that BOLA
// did not choose.
const BolaE = "bola-e"

const (
	bolaBuffer   = 10_000 // ms for the lowest level
	bolaPerLevel = 2_000  // ms for each
)

type bolaE struct {
	fresh       fresh
	link        sabre
	steady      bool
	placeholder float64 // ms
	last        int     // level
	safety      float64 // of the insufficient-buffer rule
	idleSince   time.Duration
	exact       float64 // the buffer in ms as BufferedMS told it; below 0: it did not
	// A transfer that was given up: its chunk, for which level, at what buffer.
	abandoned      int // -1: none
	abandonedTo    int
	abandonedLevel float64
	// A delay that was asked for, and the level that comes after it.
	pending    int // chunk; -1: none
	pendingFor int
	until      time.Duration

	rates   []int64 // the ladder that what follows was computed for
	goal    time.Duration
	utility []float64
	gp, v   float64 // gamma p, and V in ms
}

func newBolaE(Config) heuristics.Policy { return &bolaE{pending: -1, abandoned: -1, exact: -1} }

func (*bolaE) Name() string { return BolaE }

// BufferedMS tells the buffer of the next Input in milliseconds, finer than a
// Duration. After an abandonment BOLA-E sets its placeholder so that two levels
// score alike: in Sabre rounding decides between them, and only to the last bit
// can that be repeated.
func (p *bolaE) BufferedMS(ms float64) { p.exact = ms }

// level is the buffer in ms.
func (p *bolaE) level(in *heuristics.Input) float64 {
	if p.exact >= 0 {
		return p.exact
	}
	return inMS(in.Buffered)
}

func (p *bolaE) Decide(in *heuristics.Input) heuristics.Decision {
	if len(in.Levels) == 1 {
		return heuristics.Decision{Reason: heuristics.ReasonOnly}
	}
	p.prepare(in)
	if in.Running != nil {
		return p.goOn(in)
	}
	if p.pending == in.ChunkIndex {
		if wait := p.until - in.Now; wait > 0 {
			return heuristics.Decision{Level: atMost(in, p.pendingFor), Delay: wait, Reason: heuristics.ReasonHold}
		}
		p.pending, p.idleSince = -1, in.Now
		return within(in, p.pendingFor, heuristics.ReasonBandwidth)
	}
	p.account(in)
	if d, ok := first(in); ok {
		return d
	}
	q, delay, why := p.choose(in)
	d := within(in, q, why)
	if delay > 0 && d.Level == q {
		p.pending, p.pendingFor, p.until = in.ChunkIndex, q, in.Now+time.Duration(delay*1e6)
		d.Delay = p.until - in.Now
	}
	return d
}

// prepare computes what depends on the ladder and the buffer alone.
func (p *bolaE) prepare(in *heuristics.Input) {
	same := len(p.rates) == len(in.Levels) && p.goal == in.Goal
	for q := 0; same && q < len(p.rates); q++ {
		same = p.rates[q] == in.Levels[q].BitrateBPS
	}
	if same {
		return
	}
	p.goal = in.Goal
	p.rates, p.utility = p.rates[:0], p.utility[:0]
	offset := 1 - math.Log(kbps(in, 0))
	for q, l := range in.Levels {
		p.rates = append(p.rates, l.BitrateBPS)
		p.utility = append(p.utility, math.Log(kbps(in, q))+offset)
	}
	buffer := max(bolaBuffer+bolaPerLevel*float64(len(p.rates)), inMS(in.Goal))
	p.gp = max(p.utility[len(p.rates)-1]-1, 1e-3) / (buffer/bolaBuffer - 1)
	p.v = bolaBuffer / p.gp
}

// account takes the finished transfers into account, and the time without any.
func (p *bolaE) account(in *heuristics.Input) {
	if in.SinceDiscontinuity == 0 {
		p.steady = false
	}
	p.settle(in)
	chunk := chunkMS(in)
	all := p.fresh.after(in)
	for i := range all {
		t := &all[i]
		p.idleSince = t.Start + t.FirstByte + t.Body
		if p.steady && t.Level >= 0 && t.Level < len(p.rates) {
			p.last = t.Level
			was := inMS(in.Buffered + in.Now - p.idleSince + t.FirstByte + t.Body)
			p.placeholder = min(p.placeholder, max(0, p.most(t.Level)-was))
			p.placeholder = max(p.placeholder, p.least(t.Level)-was)
		}
		p.link.add(t, chunk)
	}
	// Less than a microsecond is rounding.
	if idle := in.Now - p.idleSince; p.idleSince > 0 && idle > time.Microsecond {
		p.placeholder += inMS(idle)
	}
	p.idleSince = in.Now
}

// settle lowers the placeholder after a transfer that was given up: something
// went wrong.
func (p *bolaE) settle(in *heuristics.Input) {
	if p.abandoned < 0 {
		return
	}
	level := p.abandonedLevel
	if p.abandoned == in.ChunkIndex {
		level = p.level(in)
	}
	want := float64(bolaBuffer)
	if p.abandonedTo > 0 {
		want = p.least(p.abandonedTo)
	}
	p.placeholder = min(p.placeholder, max(0, want-level))
	p.abandoned = -1
}

// choose answers the level and how long to wait before it, in ms.
func (p *bolaE) choose(in *heuristics.Input) (q int, delay float64, why heuristics.Reason) {
	chunk, level := chunkMS(in), p.level(in)
	if !p.link.known {
		return p.last, 0, heuristics.ReasonBandwidth
	}
	carried := p.link.sustainable(in, chunk, p.link.tput)
	if !p.steady {
		p.steady, p.safety = true, safetyInitial
		p.placeholder = max(0, p.least(carried)-level)
		return carried, 0, heuristics.ReasonBandwidth
	}
	best := math.Inf(-1)
	for i, rate := range p.rates {
		score := (p.v*(p.utility[i]+p.gp) - (level + p.placeholder)) / (float64(rate) / 1000)
		if score > best {
			q, best = i, score
		}
	}
	why = heuristics.ReasonBandwidth
	if q > p.last && q > carried {
		// Upwards, at most one above what the link carries.
		q = max(p.last, carried) + 1
	}
	delay = max(level+p.placeholder-p.most(q), 0)
	spare := min(delay, p.placeholder)
	if delay > 0 {
		p.placeholder -= spare
		delay -= spare
	}
	if q == len(p.rates)-1 {
		delay = 0
	}
	if safe := p.link.insufficient(in, q, chunk, &p.safety); safe < q {
		q, delay, why = safe, 0, heuristics.ReasonBufferLow
		p.placeholder = min(p.placeholder, max(0, p.least(q)-level))
	}
	return q, delay, why
}

// least is the buffer in ms from which BOLA prefers q to all lower levels.
func (p *bolaE) least(q int) float64 {
	var level float64
	rate, u := float64(p.rates[q])/1000, p.utility[q]
	for i := range q {
		if lower := float64(p.rates[i]) / 1000; lower < rate {
			level = max(level, p.v*(p.gp+(rate*p.utility[i]-lower*u)/(rate-lower)))
		}
	}
	return level
}

// most is the buffer in ms above which BOLA rather waits than fetches q.
func (p *bolaE) most(q int) float64 { return p.v * (p.utility[q] + p.gp) }

// goOn answers whether the running transfer goes on: it is given up where a lower
// level scores better on the bits that are left, the new wait included.
func (p *bolaE) goOn(in *heuristics.Input) heuristics.Decision {
	t := in.Running
	body, wait := inMS(t.Body), inMS(t.FirstByte)
	rest := 8 * float64(t.Size-t.Bytes)
	if t.Bytes <= 0 || body <= 0 || rest <= 0 || t.Level < 0 || t.Level >= len(p.rates) {
		return goesOn(in)
	}
	level := max(0, inMS(in.Buffered)+p.placeholder-wait)
	rest -= wait * 8 * float64(t.Bytes) / body
	if rest <= 0 {
		return goesOn(in)
	}
	to := -1
	best := (p.most(t.Level) - level) / rest
	for q := range t.Level {
		size := 8 * float64(t.Size) * float64(p.rates[q]) / float64(p.rates[t.Level])
		score := (p.most(q) - level) / size
		if size < rest && score > best && usable(in, q) {
			to, best = q, score
		}
	}
	if to < 0 {
		return goesOn(in)
	}
	p.last, p.idleSince = t.Level, in.Now
	p.abandoned, p.abandonedTo, p.abandonedLevel = in.ChunkIndex, to, inMS(in.Buffered)
	return heuristics.Decision{Level: to, Abandon: true, Reason: heuristics.ReasonAbandon}
}
