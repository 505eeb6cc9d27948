package report

import (
	"math"

	"smoothplay/heuristics"
	"smoothplay/player/event"
)

// decided keeps a decision and what the policy saw that is drawn.
func (r *run) decided(e event.Event, b event.LevelDecided) {
	s := &r.series
	in, d := &b.Input, &b.Decision
	if s.Policy == "" {
		s.Policy = text(b.Policy)
	}
	of := func(level int) int64 {
		if level < 0 || level >= len(in.Levels) {
			return 0
		}
		return rateOf(in.Levels[level].BitrateBPS)
	}
	decision := Decision{
		At: r.at, Pos: instant(e.Pos), Track: text(b.Track), Chunk: in.ChunkIndex, Start: instant(b.Start),
		From: in.Current, Level: d.Level, FromBPS: of(in.Current), BitrateBPS: of(d.Level),
		Reason: text(string(d.Reason)), Abandon: d.Abandon, Buffered: instant(in.Buffered), Goal: instant(in.Goal),
		Bandwidth: rateOf(in.BandwidthBPS), Error: share(in.BandwidthError),
		Candidates: candidates(d.Candidates, of),
	}
	if in.RenderCap >= 0 && in.RenderCap < len(in.Levels)-1 {
		decision.CapBPS = of(in.RenderCap)
	}
	if in.Running != nil {
		decision.From, decision.FromBPS = in.Running.Level, of(in.Running.Level)
	}
	add(r, &s.Decisions, decision)
	add(r, &s.Buffers, Buffer{r.at, decision.Track, decision.Buffered, decision.Goal})
	if b.Track != "video" {
		return
	}
	if len(s.Ladder) == 0 {
		r.ladder(in.Levels)
	}
	r.estimate(in.BandwidthBPS, in.BandwidthError)
	r.capped(in.RenderCap, len(in.Levels)-1)
}

// ladder learns the levels from a decision, where no list of tracks told them.
func (r *run) ladder(levels []heuristics.Level) {
	for i, l := range levels[:min(len(levels), maxLevels)] {
		r.series.Ladder = append(r.series.Ladder, rateOf(l.BitrateBPS))
		r.tracks = append(r.tracks, event.TrackLevel{Level: i, BitrateBPS: l.BitrateBPS, Width: l.Width, Height: l.Height})
	}
}

func candidates(from []heuristics.Candidate, of func(level int) int64) []Candidate {
	var list []Candidate
	for _, c := range from[:min(len(from), maxLevels)] {
		if math.IsNaN(c.Score) {
			continue
		}
		list = append(list, Candidate{c.Level, of(c.Level), min(max(c.Score, -math.MaxFloat64), math.MaxFloat64)})
	}
	return list
}
