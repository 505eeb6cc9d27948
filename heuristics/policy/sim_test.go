package policy

import (
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/bandwidth"
)

// ladder is a usual one.
var ladder = []heuristics.Level{
	{BitrateBPS: 350_000, Width: 320, Height: 180},
	{BitrateBPS: 700_000, Width: 480, Height: 270},
	{BitrateBPS: 1_500_000, Width: 640, Height: 360},
	{BitrateBPS: 3_000_000, Width: 1280, Height: 720},
	{BitrateBPS: 6_000_000, Width: 1920, Height: 1080},
}

// session is a small model of a player with one track over a link: enough to
// see a policy at work. player/sim is the real one.
type session struct {
	policy heuristics.Policy
	levels []heuristics.Level
	link   func(at time.Duration) float64 // bits per second
	wait   time.Duration                  // before the first byte
	chunk  time.Duration
	chunks int
	goal   time.Duration
	cap    func(at time.Duration) int // render cap; nil: none
	seekAt int                        // chunk before which the buffer is emptied; 0: none

	now       time.Duration
	buffered  time.Duration
	playing   bool
	started   bool
	estimator bandwidth.Estimator
	transfers []heuristics.Transfer

	// results
	chosen    []int // by chunk, as played
	reasons   []heuristics.Reason
	at        []time.Duration // when each chunk was decided
	stalled   time.Duration
	stalls    int
	startup   time.Duration
	abandoned int
	wasted    int64
}

func newSession(policy string, link func(time.Duration) float64) *session {
	p, err := New(policy, Config{})
	if err != nil {
		panic(err)
	}
	return &session{policy: p, levels: ladder, link: link, wait: 40 * time.Millisecond,
		chunk: 2 * time.Second, chunks: 120, goal: 25 * time.Second}
}

const step = 10 * time.Millisecond

// pass lets a step of time go by.
func (s *session) pass() {
	s.now += step
	if !s.playing {
		if s.started {
			s.stalled += step
		}
		return
	}
	if s.buffered -= step; s.buffered < 0 {
		s.buffered, s.playing = 0, false
		s.stalls++
	}
}

func (s *session) input(current, chunk, since int) *heuristics.Input {
	in := &heuristics.Input{Now: s.now, Levels: s.levels, Current: current, ChunkIndex: chunk, ChunkDuration: s.chunk,
		ChunksLeft: s.chunks - chunk, Buffered: s.buffered, Goal: s.goal, Playing: s.playing, SinceDiscontinuity: since,
		Transfers: s.transfers[max(len(s.transfers)-20, 0):], RenderCap: len(s.levels) - 1, StartLevel: -1}
	if s.cap != nil {
		in.RenderCap = s.cap(s.now)
	}
	e := s.estimator.Estimate()
	in.BandwidthBPS, in.BandwidthError = e.BPS, e.Error
	return in
}

func (s *session) run() *session {
	current, since := -1, 0
	for chunk := range s.chunks {
		if s.seekAt > 0 && chunk == s.seekAt {
			since, s.buffered = 0, 0
			s.playing, s.started = false, false // a seek is no stall
		}
		for s.playing && s.buffered+s.chunk > s.goal {
			s.pass()
		}
		d := s.policy.Decide(s.input(current, chunk, since))
		level := d.Level
		s.reasons = append(s.reasons, d.Reason)
		s.at = append(s.at, s.now)
		for {
			to := s.fetch(level, chunk, since)
			if to == level {
				break
			}
			level = to
		}
		s.chosen = append(s.chosen, level)
		current = level
		since++
		s.buffered += s.chunk
		if !s.playing {
			s.playing = true
			if s.startup == 0 {
				s.startup = s.now
			}
			s.started = true
		}
	}
	return s
}

// fetch transfers a chunk and returns its level, or the lower one for which the
// transfer was abandoned.
func (s *session) fetch(level, chunk, since int) int {
	size := int64(float64(s.levels[level].BitrateBPS) * s.chunk.Seconds() / 8)
	t := heuristics.Transfer{Level: level, Size: size, Start: s.now, Media: s.chunk}
	for t.FirstByte < s.wait {
		s.pass()
		t.FirstByte += step
	}
	var bits float64
	for i := 0; t.Bytes < size; i++ {
		bits += s.link(s.now) * step.Seconds()
		s.pass()
		t.Body += step
		t.Bytes = min(int64(bits/8), size)
		if i%10 != 9 {
			continue
		}
		in := s.input(level, chunk, since)
		e := s.estimator.During(&t)
		in.BandwidthBPS, in.BandwidthError = e.BPS, e.Error
		in.Running = &t
		if d := s.policy.Decide(in); d.Abandon {
			s.estimator.Add(t)
			s.abandoned++
			s.wasted += t.Bytes
			return d.Level
		}
	}
	s.estimator.Add(t)
	s.transfers = append(s.transfers, t)
	return level
}

func (s *session) mean() float64 {
	var sum float64
	for _, q := range s.chosen {
		sum += float64(s.levels[q].BitrateBPS)
	}
	return sum / float64(len(s.chosen))
}

func switches(chosen []int) (n int) {
	for i := 1; i < len(chosen); i++ {
		if chosen[i] != chosen[i-1] {
			n++
		}
	}
	return n
}

func constantLink(bps float64) func(time.Duration) float64 {
	return func(time.Duration) float64 { return bps }
}

// steps is a link of equal steps that begins anew after the last one.
func steps(each time.Duration, bps ...float64) func(time.Duration) float64 {
	return func(at time.Duration) float64 { return bps[int(at/each)%len(bps)] }
}
