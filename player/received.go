package player

import (
	"smoothplay/heuristics"
	"smoothplay/platform"
)

// received takes what a fragment says of its level: mostly the one asked for, but
// there are servers that deliver another.
func (l *loop) received(t *track, j *job, a *transferAnswer) {
	f, q := a.fragment, j.level
	if bps := a.result.DeliveredBPS; bps > 0 && bps != t.levels[q].source.BitrateBPS {
		for i := range t.levels {
			if t.levels[i].source.BitrateBPS != bps {
				continue
			}
			q = i
			if own := t.levels[i].in(t, j.chunk).format; len(own.Config) > 0 {
				f.Format = own
			}
			break
		}
	}
	f.Level = q
	l.adopt(t, f.Format, q)
	l.learn(t, j, a)
	t.levels[j.level].failures = 0
}

// adopt remembers the format of a level whose samples brought their own
// parameter sets.
func (l *loop) adopt(t *track, f *platform.Format, q int) {
	if t.levels[q].clips == nil && len(t.levels[q].format.Config) == 0 && len(f.Config) > 0 {
		t.levels[q].format = f
	}
}

// learn keeps what a transfer says of the link and of the sizes of a level.
func (l *loop) learn(t *track, j *job, a *transferAnswer) {
	r := &a.result
	x := heuristics.Transfer{
		Level: a.fragment.Level, Bytes: r.Bytes, Size: r.Bytes, Start: j.asked, FirstByte: r.FirstByte,
		Body: max(r.Elapsed-r.FirstByte, 0), Media: j.chunk.Duration, FromStore: r.FromStore,
		StackBPS: r.StackBPS, OtherBytes: l.othersReceived(t) - j.othersBefore, Marks: j.marks,
		AtEdge: j.edge,
	}
	l.bandwidth.Add(x)
	if len(t.transfers) == maxTransfers {
		copy(t.transfers, t.transfers[1:])
		t.transfers = t.transfers[:maxTransfers-1]
	}
	t.transfers = append(t.transfers, x)
	q := &t.levels[a.fragment.Level]
	if nominal := float64(q.source.BitrateBPS) / 8 * j.chunk.Duration.Seconds(); nominal > 0 {
		q.rate += 0.3 * (float64(r.Bytes)/nominal - q.rate)
	}
}
