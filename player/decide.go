package player

import (
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/policy"
	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/timeline"
)

// audioShare is the share of the link that sound of several bitrates may take.
const audioShare = 0.15

// newPolicy makes the switching policy that cfg names.
func newPolicy(cfg Config) (heuristics.Policy, error) {
	if cfg.NewPolicy != nil {
		return cfg.NewPolicy(), nil
	}
	return policy.New(cfg.Policy, policy.Config{})
}

// policyFor makes the policy of one track. The name was checked in New.
func (l *loop) policyFor(*track) heuristics.Policy {
	p, _ := newPolicy(l.cfg)
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
		Marks: j.marks,
	}
	running.Note()
	j.marks = running.Marks
	return l.consult(t, j.chunk, running)
}

// consult fills in the input, asks, and tells what follows from the answer.
func (l *loop) consult(t *track, chunk timeline.Chunk, running *heuristics.Transfer) heuristics.Decision {
	in := &l.input
	pos := l.position()
	estimate := l.bandwidth.During(running)
	share := 1.0
	if t.kind == platform.Audio {
		share = audioShare
	}
	buffered, _ := t.buffered(pos)
	*in = heuristics.Input{
		Now: l.now(), Levels: t.rates, Allowed: l.allowedSet(t, in.Allowed), Current: t.current,
		ChunkIndex: chunk.Index, ChunkDuration: chunk.Duration,
		ChunksLeft: t.stream.First() + t.stream.Len() - chunk.Index,
		Sizes:      t.sizes(chunk.Duration, in.Sizes), Buffered: buffered, Goal: l.cfg.BufferAhead,
		Playing: l.state == event.Playing, SinceDiscontinuity: t.since, Transfers: t.transfers,
		BandwidthBPS: int64(float64(estimate.BPS) * share), BandwidthError: estimate.Error,
		RenderCap: len(t.levels) - 1, StartLevel: l.startLevel(t), Live: l.snap.Live(), Running: running,
	}
	if t.kind == platform.Video {
		in.RenderCap = l.render.cap
	}
	d := t.policy.Decide(in)
	if (running == nil && d.Delay == 0) || (d.Abandon && d.Level != running.Level) {
		t.decided[chunk.Index] = in.Now
		l.emit(event.LevelDecided{
			Policy: t.policy.Name(), Track: t.kind.String(), T: uint64(chunk.T), Start: chunk.Start,
			Input: in.Clone(), Decision: d.Clone(), CMCD: l.cmcdOf(t, chunk, d.Level, estimate.BPS),
		})
	}
	return d
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
		ok := l.allowed(t, q) && !t.tried[q] && t.levels[q].until <= l.now()
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

// allowed reports whether the user's limits leave level q. Where they leave
// none, the lowest level is left.
func (l *loop) allowed(t *track, q int) bool {
	if t.kind != platform.Video || l.within(t, q) {
		return true
	}
	if q > 0 {
		return false
	}
	for i := range t.levels {
		if l.within(t, i) {
			return false
		}
	}
	return true
}

func (l *loop) within(t *track, q int) bool {
	limits, v := l.cfg.Limits, t.levels[q].source
	return v.BitrateBPS >= limits.MinBPS &&
		(limits.MaxBPS == 0 || v.BitrateBPS <= limits.MaxBPS) &&
		(limits.MaxWidth == 0 || v.Width <= limits.MaxWidth) &&
		(limits.MaxHeight == 0 || v.Height <= limits.MaxHeight)
}
