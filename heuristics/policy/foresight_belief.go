package policy

import (
	"math"
	"time"

	"smoothplay/heuristics"
)

// A belief is what is known of the link, and how well. It is a value: a copy
// that learns more leaves the original as it was.
//
// Three models stand side by side. In each, the logarithm of the rate wanders
// about a mean that is itself learned, and is drawn back to it: quickly in the
// model of a link that jitters, slowly in that of one that drifts (an
// autoregressive process of the first order). Each model predicts each part of a
// transfer before it learns from it, and weighs in the blend what its predictions
// were worth so far (Bayesian model averaging, with the heavy tails of Student's
// t, so that a single outlier convinces nobody). How far predictions were off is
// the uncertainty: on a steady line the plan may go to the limit, on a link that
// bursts it keeps a distance. That is RobustMPC's discount made two-sided.
type belief struct {
	models [3]model
	known  bool
	at     time.Duration // when the latest part ended
	// short is what the link lately fell short of what it was expected to carry at
	// least, in seconds of it: a cumulative sum (Page, 1954), never below 0.
	short float64
	ttfb  float64 // seconds from a request to its first byte
	share float64 // of what came in, while transfers of this track ran, that was theirs
}

// model is one view of the link. Its logarithms are natural, of bits per second.
type model struct {
	mean, now  float64
	variance   float64 // of a prediction one step ahead
	meanWeight float64 // of what mean was learned from; 1: of the whole past
	seen       float64 // predictions that variance was learned from
	score      float64 // logarithm of the weight
}

// character is what tells the models apart.
type character struct {
	halfLife float64 // of the past in the mean, seconds
	hold     float64 // what is left of a deviation after modelStep
	recovery float64 // seconds in which a transfer that began slow is drawn to the mean
}

var characters = [3]character{
	{halfLife: 80, hold: 0.80, recovery: 3.5}, // jitters about what it has long been
	{halfLife: 20, hold: 0.92, recovery: 7},   // an ordinary link
	{halfLife: 8, hold: 0.98, recovery: 14},   // drifts
}

const (
	modelStep = 2.0 // seconds to which character.hold belongs
	// partLength is how much of a transfer becomes a part of its own.
	partLength = 2 * time.Second
	// Of a body that came in within burstBody, or of fewer than burstBytes, most
	// lay in the socket before it was read: then the whole request says more. Fewer
	// than tinyBytes say nothing. From longBody on, a body is what it seems.
	burstBody  = 50 * time.Millisecond
	burstBytes = 64 << 10
	tinyBytes  = 16 << 10
	longBody   = 500 * time.Millisecond

	firstVariance = 0.1 // of predictions before there were any,
	firstSeen     = 2   // and how many they count for
	mostSeen      = 12  // how many of the latest predictions count
	leastVariance = 0.01
	outlier       = 9   // times the variance: what one surprise counts for at most
	mostSpread    = 1.2 // standard deviation of the rate about its mean
	gain          = 0.8 // how much of a surprise is taken for the new present
	freedom       = 4   // degrees, of Student's t
	scoreKeep     = 0.995
	latencyGain   = 0.3
	shareGain     = 0.2
	leastRate     = 1000 // bits per second
	// shortBy is how many standard deviations below its mean a link is expected to
	// be at worst.
	shortBy = 2.5
)

// learn takes a transfer into account, part by part.
func (b *belief) learn(t *heuristics.Transfer) {
	if t.FromStore || t.Bytes <= 0 || t.Body <= 0 {
		return
	}
	if b.ttfb == 0 {
		b.ttfb = t.FirstByte.Seconds()
	}
	b.ttfb += latencyGain * (t.FirstByte.Seconds() - b.ttfb)
	if b.share == 0 {
		b.share = own(t)
	}
	b.share += shareGain * (own(t) - b.share)
	b.short = b.shortfall(t)
	scale := b.scale(t)
	if t.Body < longBody && (t.Body < burstBody || t.Bytes < burstBytes) {
		// Most of it lay in the socket before it was read.
		if t.Bytes >= tinyBytes {
			d := (t.FirstByte + t.Body).Seconds()
			b.observe(8*float64(t.Bytes)/d*scale, d, t.Start+t.FirstByte+t.Body)
		}
		return
	}
	from := heuristics.Mark{}
	for _, m := range t.Marks {
		if m.Body-from.Body >= partLength && t.Body-m.Body >= partLength/2 {
			b.part(t, from, m, scale)
			from = m
		}
	}
	b.part(t, from, heuristics.Mark{Body: t.Body, Bytes: t.Bytes}, scale)
}

func (b *belief) part(t *heuristics.Transfer, from, to heuristics.Mark, scale float64) {
	d := (to.Body - from.Body).Seconds()
	b.observe(8*float64(to.Bytes-from.Bytes)/d*scale, d, t.Start+t.FirstByte+to.Body)
}

// own is the part of what came in while t ran that was its own.
func own(t *heuristics.Transfer) float64 {
	return float64(t.Bytes) / float64(t.Bytes+t.OtherBytes)
}

// scale is by how much t would have been quicker with the usual share of the
// link, and as the network stack saw it where it says so.
func (b *belief) scale(t *heuristics.Transfer) float64 {
	if t.StackBPS > 0 {
		return b.share * float64(t.StackBPS) * t.Body.Seconds() / (8 * float64(t.Bytes))
	}
	return b.share / own(t)
}

// observe takes a rate into account that was seen for d seconds, until at.
func (b *belief) observe(bps, d float64, at time.Duration) {
	y := math.Log(max(bps, leastRate))
	if !b.known {
		b.known = true
		for i := range b.models {
			b.models[i] = model{mean: y, now: y, variance: firstVariance, seen: firstSeen,
				meanWeight: 1 - math.Exp2(-max(d, modelStep)/characters[i].halfLife)}
		}
	} else {
		gap := (at - b.at).Seconds()
		best := math.Inf(-1)
		for i := range b.models {
			b.models[i].observe(&characters[i], y, gap)
			best = max(best, b.models[i].score)
		}
		for i := range b.models {
			b.models[i].score -= best
		}
	}
	b.at = at
}

func (m *model) observe(c *character, y, gap float64) {
	hold := math.Pow(c.hold, max(gap/modelStep, 0.3))
	predicted := m.mean + hold*(m.now-m.mean)
	off := y - predicted
	// A prediction further ahead may be further off.
	scale := max((1-hold*hold)/(1-c.hold*c.hold), 0.5)
	expected := m.variance * scale
	m.score = scoreKeep*m.score - 0.5*math.Log(expected) - (freedom+1)/2.0*math.Log1p(off*off/expected/freedom)
	square := min(off*off, outlier*m.variance) / scale
	m.variance = max((m.variance*m.seen+square)/(m.seen+1), leastVariance)
	m.seen = min(m.seen+1, mostSeen)
	m.now = predicted + gain*off
	keep := math.Exp2(-max(gap, 0.5) / c.halfLife)
	m.meanWeight = m.meanWeight*keep + 1 - keep
	m.mean += (1 - keep) / m.meanWeight * (y - m.mean)
}

// link is the blend of the models for steps of the given length in seconds.
type link struct {
	mean, now float64 // logarithms of bits per second
	spread    float64 // standard deviation of the rate about its mean
	hold      float64 // what is left of a deviation after a step
	recovery  float64 // seconds
}

func (b *belief) link(chunk float64) link {
	var l link
	var sum, variance float64
	for i := range b.models {
		m, c := &b.models[i], &characters[i]
		w := math.Exp(m.score)
		sum += w
		l.mean += w * m.mean
		l.now += w * m.now
		l.hold += w * c.hold
		l.recovery += w / c.recovery
		variance += w * m.variance
	}
	l.mean /= sum
	l.now /= sum
	l.recovery = sum / l.recovery
	l.hold = math.Pow(l.hold/sum, chunk/modelStep)
	l.spread = min(math.Sqrt(variance/sum/(1-l.hold*l.hold)), mostSpread)
	return l
}

// least is the rate that the link is expected to have at least.
func (b *belief) least() float64 {
	l := b.link(modelStep)
	return math.Exp(l.mean - shortBy*l.spread)
}

// shortfall is short as it is at the end of what came in of t.
func (b *belief) shortfall(t *heuristics.Transfer) float64 {
	if !b.known {
		return 0
	}
	perByte := 8 / b.least()
	if t.Bytes > 0 {
		perByte *= b.scale(t)
	}
	short := b.short
	var from heuristics.Mark
	for _, m := range t.Marks {
		short = max(short+(m.Body-from.Body).Seconds()-perByte*float64(m.Bytes-from.Bytes), 0)
		from = m
	}
	return max(short+(t.Body-from.Body).Seconds()-perByte*float64(t.Bytes-from.Bytes), 0)
}

// rate is the present rate in bits per second; 0: nothing is known.
func (b *belief) rate() float64 {
	if !b.known {
		return 0
	}
	return math.Exp(b.link(modelStep).now)
}

// outlook is what a transfer that is asked for now may meet.
type outlook struct {
	link
	weights, rates [linkStates]float64
}

func (b *belief) ahead(now time.Duration, chunk float64) (o outlook) {
	o.link = b.link(chunk)
	hold := math.Pow(o.hold, 1+max((now-b.at).Seconds(), 0)/chunk)
	z := min(max(hold*(o.now-o.mean)/o.spread, -widest), widest)
	normal(&o.weights, z, math.Sqrt(1-hold*hold))
	o.rates = o.link.rates()
	o.rates[0] = min(o.rates[0], math.Exp(o.now)) // the present may be beyond all that was expected
	return o
}

// linkStates are the rates that a link can have in the plan: this many, up to
// widest standard deviations from its mean.
const (
	linkStates = 7
	widest     = 2.0
)

// deviation is that of state k.
func deviation(k int) float64 { return widest * (2*float64(k)/(linkStates-1) - 1) }

func (l *link) rates() (r [linkStates]float64) {
	for k := range r {
		r[k] = math.Exp(l.mean + deviation(k)*l.spread)
	}
	return r
}

// normal spreads a normal distribution over the states.
func normal(into *[linkStates]float64, mean, deviate float64) {
	below := 0.0
	for k := range into {
		upTo := 1.0
		if k+1 < linkStates {
			border := (deviation(k) + deviation(k+1)) / 2
			upTo = 0.5 * math.Erfc((mean-border)/deviate/math.Sqrt2)
		}
		into[k] = upTo - below
		below = upTo
	}
}

// fetch is the time in seconds in which bits come at a rate that begins with r:
// a rate below the mean is drawn back to it meanwhile.
func (l *link) fetch(bits, r, mean float64) float64 {
	d := bits / r
	if r >= mean || d < 0.5 {
		return d
	}
	// bits = mean d + (r - mean) recovery (1 - exp(-d/recovery)), by Newton.
	for range 4 {
		e := math.Exp(-d / l.recovery)
		d = max(d-(mean*d+(r-mean)*l.recovery*(1-e)-bits)/(mean+(r-mean)*e), 0)
	}
	return d
}
