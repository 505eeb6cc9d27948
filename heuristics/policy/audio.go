package policy

import (
	"time"

	"smoothplay/heuristics"
)

// Audio is the policy for sound of several bitrates. Sound costs little beside
// pictures, and its absence is worse: it takes a small share of what the lowest
// pictures leave of the link, gives way long before it could run out, and comes
// back late.
const Audio = "audio"

const (
	// A level is taken at this share of the link at most, and left above the
	// other.
	audioTake = 0.10
	audioHold = 0.15
	// All that is fetched at least may take this share of the link.
	audioWhole = 0.80
	// What is fetched must come within this share of what is buffered, beside
	// another transfer that takes as much of the link.
	audioInTime = 0.40
	audioRivals = 2
	// Nothing goes up below this share of the goal, nor within audioDwell of
	// another change.
	audioFull  = 0.60
	audioDwell = 15 * time.Second
	// audioLate is the share of what is buffered within which a running transfer
	// must be done not to be given up.
	audioLate = 0.80
)

// audio is the policy Audio.
type audio struct {
	candidates []heuristics.Candidate
	changed    bool
	changedAt  time.Duration
	// After an abandonment the same chunk is not asked for above this level.
	abandonedChunk, abandonedTo int
}

func newAudio(Config) heuristics.Policy { return &audio{abandonedChunk: -1} }

func (*audio) Name() string { return Audio }

// Decide chooses the next level, or whether a transfer goes on.
func (p *audio) Decide(in *heuristics.Input) heuristics.Decision {
	if in.Running != nil {
		return p.goOn(in)
	}
	if len(in.Levels) == 1 {
		return heuristics.Decision{Reason: heuristics.ReasonOnly}
	}
	d := p.choose(in)
	if in.ChunkIndex == p.abandonedChunk && d.Level > p.abandonedTo {
		d = heuristics.Decision{Level: atMost(in, p.abandonedTo), Reason: heuristics.ReasonAbandon}
	}
	if in.Current >= 0 && d.Level != in.Current {
		p.changed, p.changedAt = true, in.Now
	}
	d.Candidates = p.score(in)
	return d
}

func (p *audio) choose(in *heuristics.Input) heuristics.Decision {
	low := lowest(in)
	if in.Current < 0 {
		return heuristics.Decision{Level: max(low, atMost(in, p.carried(in, audioTake))), Reason: heuristics.ReasonStart}
	}
	if in.Current >= len(in.Levels) || !usable(in, in.Current) {
		return heuristics.Decision{Level: atMost(in, in.Current), Reason: heuristics.ReasonUserLimit}
	}
	held := p.carried(in, audioHold)
	switch {
	case in.Current > low && held < in.Current:
		return heuristics.Decision{Level: atMost(in, held), Reason: heuristics.ReasonBandwidth}
	case in.Current > low && !inTime(in, in.Current):
		return heuristics.Decision{Level: atMost(in, p.timely(in)), Reason: heuristics.ReasonBufferLow}
	}
	best := atMost(in, p.carried(in, audioTake))
	rested := !p.changed || in.Now-p.changedAt >= audioDwell
	if best > in.Current && rested && in.Buffered >= scale(in.Goal, audioFull) {
		return heuristics.Decision{Level: best, Reason: heuristics.ReasonBandwidth}
	}
	return heuristics.Decision{Level: in.Current, Reason: heuristics.ReasonHold}
}

// carried is the highest level that takes at most a share of the link, the
// lowest where the link is not known.
func (p *audio) carried(in *heuristics.Input, share float64) int {
	link := audioLink(in) * (1 - min(max(in.BandwidthError, 0), 0.5)/2)
	best := 0
	for q, l := range in.Levels {
		if float64(l.BitrateBPS) <= share*link && float64(l.BitrateBPS+in.OthersBPS) <= audioWhole*link {
			best = q
		}
	}
	return best
}

// audioLink is what the link carries in bits per second; 0: not known. Fragments
// of sound alone may be too small for an estimate: what the requests took is the
// least that it can be then.
func audioLink(in *heuristics.Input) float64 {
	if in.BandwidthBPS > 0 {
		return float64(in.BandwidthBPS)
	}
	var bytes int64
	var spent time.Duration
	for _, t := range in.Transfers[max(len(in.Transfers)-3, 0):] {
		bytes += t.Bytes
		spent += t.FirstByte + t.Body
	}
	if spent <= 0 {
		return 0
	}
	return 8 * float64(bytes) / spent.Seconds()
}

// timely is the highest level below the current one whose chunk comes in time,
// else the lowest.
func (p *audio) timely(in *heuristics.Input) int {
	for q := in.Current - 1; q > 0; q-- {
		if inTime(in, q) {
			return q
		}
	}
	return 0
}

// inTime reports whether the chunk at level q comes well before it is needed.
func inTime(in *heuristics.Input, q int) bool {
	link := audioLink(in)
	if !in.Playing || link <= 0 {
		return true // nothing runs out
	}
	took := seconds(audioRivals * 8 * float64(chunkBytes(in, q)) / link)
	return took <= scale(in.Buffered, audioInTime)
}

// chunkBytes is the size of the chunk at level q in bytes, as far as known.
func chunkBytes(in *heuristics.Input, q int) int64 {
	if q < len(in.Sizes) && in.Sizes[q] > 0 {
		return in.Sizes[q]
	}
	return int64(float64(in.Levels[q].BitrateBPS) * in.ChunkDuration.Seconds() / 8)
}

// goOn gives a transfer up that would come too late where the lowest level that
// is worth it would be sooner.
func (p *audio) goOn(in *heuristics.Input) heuristics.Decision {
	t := in.Running
	keep := heuristics.Decision{Level: t.Level, Reason: heuristics.ReasonHold}
	low := lowest(in)
	if !in.Playing || t.Level <= low || t.Level >= len(in.Levels) || t.Body < judgeAfter || t.Bytes <= 0 {
		return keep
	}
	size := t.Size
	if size <= 0 {
		size = chunkBytes(in, t.Level)
	}
	rate := latestRate(t)
	rest := seconds(8 * float64(max(size-t.Bytes, 0)) / rate)
	if rest <= scale(in.Buffered, audioLate) || 2*chunkBytes(in, low) >= size-t.Bytes {
		return keep
	}
	p.changed, p.changedAt = true, in.Now
	p.abandonedChunk, p.abandonedTo = in.ChunkIndex, low
	return heuristics.Decision{Level: low, Abandon: true, Reason: heuristics.ReasonAbandon}
}

// latestRate is the rate of t in bits per second since the mark before the last,
// or on the whole where that is less. It is more than 0.
func latestRate(t *heuristics.Transfer) float64 {
	rate := 8 * float64(t.Bytes) / t.Body.Seconds()
	if n := len(t.Marks); n >= 2 {
		if m := t.Marks[n-2]; t.Body > m.Body {
			rate = min(rate, 8*float64(max(t.Bytes-m.Bytes, 1))/(t.Body-m.Body).Seconds())
		}
	}
	return rate
}

// score rates the levels by their rate in kbit/s; those that the link does not
// carry negative.
func (p *audio) score(in *heuristics.Input) []heuristics.Candidate {
	p.candidates = p.candidates[:0]
	held := p.carried(in, audioHold)
	for q, l := range in.Levels {
		if !usable(in, q) {
			continue
		}
		c := heuristics.Candidate{Level: q, Score: float64(l.BitrateBPS) / 1e3}
		if q > held {
			c.Score = -c.Score
		}
		p.candidates = append(p.candidates, c)
	}
	return p.candidates
}
