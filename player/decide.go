package player

import (
	"cmp"
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/policy"
	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/timeline"
)

// newPolicy makes the switching policy of video that cfg names.
func newPolicy(cfg Config) (heuristics.Policy, error) {
	if cfg.NewPolicy != nil {
		return cfg.NewPolicy(), nil
	}
	return policy.New(cfg.Policy, policy.Config{})
}

// newAudioPolicy makes that of audio.
func newAudioPolicy(cfg Config) (heuristics.Policy, error) {
	return policy.New(cmp.Or(cfg.AudioPolicy, policy.Audio), policy.Config{})
}

// policyFor makes the policy of one track. The names were checked in New.
func (l *loop) policyFor(t *track) heuristics.Policy {
	p, _ := newPolicy(l.cfg)
	if t.kind == platform.Audio {
		p, _ = newAudioPolicy(l.cfg)
	}
	return p
}

// decide asks the policy for the level of a chunk.
func (l *loop) decide(t *track, chunk timeline.Chunk) heuristics.Decision {
	return l.consult(t, chunk, nil)
}

// reconsider asks the policy whether to go on with a transfer.
func (l *loop) reconsider(t *track, j *job) heuristics.Decision {
	running := &heuristics.Transfer{
		Level: j.level, Bytes: j.bytes, Size: j.size, Start: j.asked, FirstByte: j.first,
		Body: max(j.spent-j.first, 0), Media: j.chunk.Duration, OtherBytes: l.othersReceived(t) - j.othersBefore,
		AtEdge: j.edge,
		Marks:  j.marks,
	}
	running.Note()
	j.marks = running.Marks
	return l.consult(t, j.chunk, running)
}

// consult asks, and tells what follows from the answer.
func (l *loop) consult(t *track, chunk timeline.Chunk, running *heuristics.Transfer) heuristics.Decision {
	in := l.fill(t, chunk, running)
	d := t.policy.Decide(in)
	l.bound(t, &d)
	if running == nil || d.Abandon && d.Level != running.Level {
		t.decided[chunk.Index] = in.Now
		l.decided(t, chunk, d)
	}
	return d
}

// decided tells a decision about l.input.
func (l *loop) decided(t *track, chunk timeline.Chunk, d heuristics.Decision) {
	l.emit(event.LevelDecided{
		Policy: t.policy.Name(), Track: t.kind.String(), Stream: t.name(), T: uint64(chunk.T), Start: chunk.Start,
		Input: l.input.Clone(), Decision: d.Clone(),
		CMCD: l.cmcdOf(t, chunk, d.Level, l.input.BandwidthBPS),
	})
}

// fill makes l.input what is known now.
func (l *loop) fill(t *track, chunk timeline.Chunk, running *heuristics.Transfer) *heuristics.Input {
	in := &l.input
	estimate := l.bandwidth.During(running)
	buffered, _ := t.buffered(l.position())
	*in = heuristics.Input{
		Now: l.now(), Levels: t.rates, Allowed: l.allowedSet(t, in.Allowed), Current: t.current,
		ChunkIndex: chunk.Index, ChunkDuration: chunk.Duration,
		ChunksLeft: t.stream.Limit() - chunk.Index,
		Sizes:      t.sizes(chunk.Duration, in.Sizes), Buffered: buffered, Goal: l.goal(),
		Playing: l.state == event.Playing, SinceDiscontinuity: t.since, Transfers: t.transfers,
		BandwidthBPS: estimate.BPS, BandwidthError: estimate.Error, OthersBPS: l.othersNeed(t),
		RenderCap: len(t.levels) - 1, StartLevel: l.startLevel(t), Live: l.snap.Live(), Running: running,
	}
	if t.kind == platform.Video {
		in.RenderCap = l.render.cap
	}
	if in.Live {
		in.ChunksLeft, in.LiveDelay = -1, l.latency()
	}
	l.atRate(in)
	return in
}

// othersNeed is the sum of the bitrates of the lowest levels of all tracks but t.
func (l *loop) othersNeed(t *track) int64 {
	var sum int64
	for _, o := range l.tracks {
		if o.kind == t.kind || o.lost {
			continue
		}
		for q := range o.levels {
			if l.allowed(o, q) {
				sum += o.levels[q].source.BitrateBPS
				break
			}
		}
	}
	return sum
}

// bound keeps a decision within the limits, whatever the policy thinks of them.
func (l *loop) bound(t *track, d *heuristics.Decision) {
	q := max(0, min(d.Level, len(t.levels)-1))
	for q > 0 && !l.allowed(t, q) {
		q--
	}
	for q < len(t.levels)-1 && !l.allowed(t, q) {
		q++
	}
	if q != d.Level {
		d.Level, d.Reason = q, heuristics.ReasonUserLimit
	}
}

// sizes are the sizes in bytes to be expected of a chunk, by level.
func (t *track) sizes(d time.Duration, into []int64) []int64 {
	into = into[:0]
	for q := range t.levels {
		into = append(into, t.expected(q, d))
	}
	return into
}

// startLevel is the level that the user wants first, -1: none.
func (l *loop) startLevel(t *track) int {
	if t.kind != platform.Video || l.cfg.Limits.StartBPS == 0 {
		return -1
	}
	start := 0
	for q := range t.levels {
		if t.levels[q].source.BitrateBPS <= l.cfg.Limits.StartBPS {
			start = q
		}
	}
	return start
}

// allowedSet marks the levels that may be fetched; at least one is.
func (l *loop) allowedSet(t *track, into []bool) []bool {
	into = into[:0]
	some := false
	for q := range t.levels {
		ok := l.allowed(t, q) && !t.tried[q] && t.levels[q].until <= l.now() && !l.avoided(t, q)
		into = append(into, ok)
		some = some || ok
	}
	if some {
		return into
	}
	for q := range into {
		into[q] = l.allowed(t, q)
	}
	return into
}

// decidedFor is when the level of the chunk at pos was chosen; what is older is
// forgotten.
func (t *track) decidedFor(pos time.Duration) time.Duration {
	i := t.stream.At(pos)
	for chunk := range t.decided {
		if chunk < i {
			delete(t.decided, chunk)
		}
	}
	return t.decided[i]
}
