package policy

import (
	"time"

	"smoothplay/heuristics"
)

// Smooth2009 behaves as Microsoft's Smooth Streaming client of 2009 is known to,
// the incumbent: it fetches back to back until the buffer is nearly full, then
// keeps to its level while the buffer stays between two marks, and tries the next
// one up now and then. It abandons nothing. Config.Smooth holds its knobs.
const Smooth2009 = "smooth2009"

const (
	// What is fetched while buffering must need at most this part of the rate,
	// and come within this part of what is buffered, taken twice.
	smoothHeadroom  = 1.25
	smoothAfterSeek = 1.0 // until the buffer is there again
	smoothShare     = 0.8
	// A buffer that changes by less than this many seconds a second is steady.
	smoothSlow = 0.5
	// A transfer this quick may come from a cache that does not say so.
	smoothSuspect   = 20e6 // bits per second
	smoothCacheRate = 2e6  // below it, no transfer is a cache's
	// smoothBelieve is how many such transfers in a row are no cache's: the link
	// has become that quick. What the client did about it is not known.
	smoothBelieve = 3
)

// The windows over which samples are averaged: how many, and by how much the
// latest may differ from the average before it counts alone.
var (
	smoothRates   = window{most: 3, above: 4, below: .2}
	smoothBuffers = window{most: 3, above: .5, below: .2}
	smoothEncoded = window{most: 5, above: .2, below: .2}
)

// smooth2009 is the policy Smooth2009.
type smooth2009 struct {
	knobs   SmoothConfig
	fresh   fresh
	steady  bool
	sought  bool   // since the last seek the buffer was not full
	rate    window // bits per second
	buffer  window // seconds
	encoded []window
	// first are the rates of the first two transfers: much more comes from a
	// cache.
	first     float64 // mean
	firsts    int
	suspects  int     // transfers in a row that seem to come from one
	latest    float64 // rate of the latest transfer
	before    float64 // buffer at the latest transfer, in seconds
	beforeAt  time.Duration
	slope     float64
	sinceRise time.Duration // of media fetched since tryUp raised the level
	// The choice for a chunk, until there is room for it.
	chosen    int // chunk; -1: none
	chosenFor int
	why       heuristics.Reason
}

func newSmooth2009(cfg Config) heuristics.Policy {
	return &smooth2009{knobs: cfg.Smooth, rate: smoothRates, buffer: smoothBuffers, chosen: -1}
}

func (*smooth2009) Name() string { return Smooth2009 }

func (p *smooth2009) Decide(in *heuristics.Input) heuristics.Decision {
	if in.Running != nil {
		return goesOn(in)
	}
	k := p.knobs.scaled(in.Goal)
	for len(p.encoded) < len(in.Levels) {
		p.encoded = append(p.encoded, smoothEncoded)
	}
	fresh := p.fresh.after(in)
	if in.SinceDiscontinuity == 0 {
		p.restart(in.Current >= 0)
	}
	for i := range fresh {
		p.account(in, &fresh[i])
	}
	if d, ok := first(in); ok {
		d.Level = atMost(in, p.bound(in, d.Level))
		return d
	}
	if p.chosen != in.ChunkIndex {
		p.chosen = in.ChunkIndex
		p.chosenFor, p.why = p.choose(in, &k)
	}
	q := p.bound(in, p.chosenFor)
	d := within(in, q, p.why)
	if q != p.chosenFor && d.Level == q {
		d.Reason = heuristics.ReasonUserLimit
	}
	if room := k.MaxBufferSize - chunkOf(in); in.Playing && in.Buffered > room {
		d.Delay = in.Buffered - max(room, 0)
	}
	return d
}

// restart forgets the buffer: it is another one now.
func (p *smooth2009) restart(sought bool) {
	p.steady, p.sought = false, sought
	p.buffer.n = 0
	p.slope, p.beforeAt = 0, 0
	p.chosen = -1
}

// account takes a finished transfer into account.
func (p *smooth2009) account(in *heuristics.Input, t *heuristics.Transfer) {
	took := t.FirstByte + t.Body
	end := t.Start + took
	level := in.Buffered
	if in.Playing {
		level += in.Now - end
	}
	now := level.Seconds()
	if took := (end - p.beforeAt).Seconds(); p.beforeAt > 0 && took > 0 {
		p.slope = (now - p.before) / took
	}
	p.before, p.beforeAt = now, end
	p.buffer.add(now)
	p.sinceRise += t.Media
	if t.Level >= 0 && t.Level < len(p.encoded) && t.Media > 0 && t.Bytes > 0 {
		p.encoded[t.Level].add(8 * float64(t.Bytes) / t.Media.Seconds())
	}
	if t.FromStore || t.Bytes <= 0 || took <= 0 {
		return
	}
	rate := 8 * float64(t.Bytes+max(t.OtherBytes, 0)) / took.Seconds()
	if t.StackBPS > 0 {
		rate = float64(t.StackBPS)
	}
	p.latest = rate
	switch {
	case p.firsts < 2:
		p.firsts++
		p.first += (rate - p.first) / float64(p.firsts)
	case rate <= max(p.knobs.cacheFactor()*p.first, smoothCacheRate):
		p.suspects = 0
	case p.suspects+1 < smoothBelieve:
		p.suspects++
		return
	default:
		p.suspects, p.first = 0, rate
	}
	p.rate.add(rate)
}

// choose answers which level comes next.
func (p *smooth2009) choose(in *heuristics.Input, k *SmoothConfig) (q int, why heuristics.Reason) {
	current := min(in.Current, len(in.Levels)-1)
	if p.rate.n == 0 {
		return lowest(in), heuristics.ReasonBandwidth
	}
	buffered := p.buffer.mean
	if !p.steady && buffered >= (k.LowerBufferFullness+k.UpperBufferFullness).Seconds()/2 {
		p.steady, p.sought = true, false
	}
	if !p.steady {
		return p.fill(in, current, buffered), heuristics.ReasonBandwidth
	}
	lower, upper := k.LowerBufferFullness.Seconds(), k.UpperBufferFullness.Seconds()
	switch {
	case buffered < k.PanicBufferFullness.Seconds(), p.slope < -smoothSlow && buffered <= lower:
		p.steady = false
		return lowest(in), heuristics.ReasonBufferLow
	case p.slope > smoothSlow:
		return p.tryUp(in, k, current), heuristics.ReasonBandwidth
	case p.slope < -smoothSlow:
		return current, heuristics.ReasonHold
	case buffered < lower:
		return max(current-1, 0), heuristics.ReasonBufferLow
	case buffered > upper:
		return p.tryUp(in, k, current), heuristics.ReasonBandwidth
	}
	return current, heuristics.ReasonHold
}

// fill is the level while the buffer fills: what the link carries with some
// headroom, and what comes well before the buffer is empty.
func (p *smooth2009) fill(in *heuristics.Input, current int, buffered float64) int {
	headroom := smoothHeadroom
	if p.sought {
		headroom = smoothAfterSeek
	}
	bps := min(p.rate.mean/headroom, p.rate.mean*buffered*smoothShare*smoothShare/chunkOf(in).Seconds())
	q := 0
	for q+1 < len(in.Levels) && float64(in.Levels[q+1].BitrateBPS) <= bps {
		q++
	}
	if p.slope <= smoothSlow || p.latest >= smoothSuspect {
		q = min(q, current+1)
	}
	return q
}

// tryUp is the next level, if there was none tried lately and the link carries
// what its fragments are known to need.
func (p *smooth2009) tryUp(in *heuristics.Input, k *SmoothConfig, current int) int {
	next := current + 1
	if next >= len(in.Levels) || p.sinceRise < k.TryImprovingBitRatePeriod {
		return current
	}
	needs := float64(in.Levels[next].BitrateBPS)
	if p.encoded[next].n > 0 {
		needs = p.encoded[next].mean
	}
	if needs >= p.rate.mean {
		return current
	}
	p.sinceRise = 0
	return next
}

// bound is the nearest level to q within the bitrates of the knobs.
func (p *smooth2009) bound(in *heuristics.Input, q int) int {
	k := &p.knobs
	for q > 0 && k.MaxBitRate > 0 && in.Levels[q].BitrateBPS > k.MaxBitRate {
		q--
	}
	for q+1 < len(in.Levels) && in.Levels[q].BitrateBPS < k.MinBitRate &&
		(k.MaxBitRate == 0 || in.Levels[q+1].BitrateBPS <= k.MaxBitRate) {
		q++
	}
	return q
}

// chunkOf is how long the chunk plays; never 0.
func chunkOf(in *heuristics.Input) time.Duration {
	if in.ChunkDuration <= 0 {
		return usualChunk
	}
	return in.ChunkDuration
}

// window is the mean of the latest samples. One that leaves the band around the
// mean begins anew: the mean is that sample.
type window struct {
	most         int     // samples
	above, below float64 // the band, as shares of the mean
	samples      [5]float64
	n            int
	mean         float64
}

func (w *window) add(x float64) {
	if w.n > 0 && (x > w.mean*(1+w.above) || x < w.mean*(1-w.below)) {
		w.n = 0
	}
	if w.n == w.most {
		copy(w.samples[:], w.samples[1:w.n])
		w.n--
	}
	w.samples[w.n] = x
	w.n++
	w.mean = 0
	for _, s := range w.samples[:w.n] {
		w.mean += s / float64(w.n)
	}
}
