package sim

import (
	"math"

	"smoothplay/heuristics"
	"smoothplay/player/event"
)

// input fills in what the policy may know of the chunk to be fetched.
func (s *session) input() *heuristics.Input {
	m, i := s.cfg.Movie, len(s.result.Levels)
	for q, bits := range m.Bits[i] {
		if s.cfg.LearnedSizes {
			s.sizes[q] = int64(float64(m.Levels[q].BitrateBPS) / 8 * m.Chunk.Seconds() * s.ratio[q])
		} else {
			s.sizes[q] = inBytes(float64(bits))
		}
	}
	estimate := s.estimator.Estimate()
	s.in = heuristics.Input{
		Now: duration(s.net.now), Levels: m.Levels, Allowed: s.device.offered(s.cfg.Allowed), Current: s.current,
		ChunkIndex: i, ChunkDuration: m.Chunk, ChunksLeft: len(m.Bits) - i,
		Sizes: s.sizes, Buffered: duration(s.buffered()), Goal: s.cfg.Buffer,
		Playing: s.playing, SinceDiscontinuity: i, Transfers: s.transfers,
		BandwidthBPS: estimate.BPS, BandwidthError: estimate.Error,
		OthersBPS: s.cfg.OtherBPS, RenderCap: s.device.highest(len(m.Levels) - 1), StartLevel: -1,
	}
	if s.cfg.Live > 0 {
		s.in.Live, s.in.ChunksLeft = true, -1
		s.in.LiveDelay = duration(s.net.now + ms(s.cfg.Live) - float64(i)*s.chunk + s.buffered())
	}
	if s.exact != nil {
		s.exact.BufferedMS(s.buffered())
	}
	return &s.in
}

// inBytes rounds bits to bytes.
func inBytes(bits float64) int64 { return int64(math.Round(bits / 8)) }

// fetch transfers the next chunk at level q; false: it was given up on the way.
func (s *session) fetch(chunk, q int) bool {
	start := s.net.now
	var d heuristics.Decision
	spent, complete := s.transfer(chunk, q, func(spent float64) bool {
		d = s.goOn(q, spent)
		return !d.Abandon
	})
	s.play(start, spent)
	s.forced = -1
	if !complete {
		if s.cfg.Forced {
			s.forced = s.level(d)
		}
		s.journal.decided(s, chunk, d)
		s.journal.fetched(s, chunk, event.Abandoned, false)
		s.result.Abandoned++
		s.result.WastedBytes += s.running.Bytes
		return false
	}
	s.journal.fetched(s, chunk, event.Received, false)
	s.learn(q)
	s.arrive(q)
	s.relieve()
	return true
}

// transfer lets a fragment come in for as long as goOn, which is asked with each
// news what it took so far, says so. It returns what it took, in ms.
func (s *session) transfer(chunk, q int, goOn func(spent float64) bool) (spent float64, complete bool) {
	size := float64(s.cfg.Movie.Bits[chunk][q])
	beside := s.sound.begin(chunk)
	size += min(beside, size)
	start := s.net.now
	first := s.net.wait()
	s.running = heuristics.Transfer{
		Level: q, Size: s.cfg.Movie.bytes(chunk, q), Start: duration(start),
		FirstByte: duration(first), Media: s.cfg.Movie.Chunk, AtEdge: s.newest(chunk, start),
	}
	t := &s.running
	var bits, body float64
	minTime := newsTime - first
	for {
		b, took := s.net.receive(size-bits, newsBits, minTime)
		minTime = newsTime
		bits += b
		body += took
		t.Bytes, t.Body = inBytes(bits), duration(body)
		if beside > 0 {
			s.sound.received(s, bits)
		}
		t.Note()
		if bits >= size {
			return first + body, true
		}
		if s.net.now >= s.net.end || !goOn(first+body) {
			return first + body, false
		}
	}
}

// goOn asks the policy whether the running transfer goes on.
func (s *session) goOn(q int, spent float64) heuristics.Decision {
	in := &s.in
	in.Now = duration(s.net.now)
	in.Current = q
	buffered := max(s.buffered()-spent, 0)
	in.Buffered = duration(buffered)
	in.Playing = s.playing && buffered > 0
	if s.exact != nil {
		s.exact.BufferedMS(buffered)
	}
	in.Running = &s.running
	estimate := s.estimator.During(in.Running)
	in.BandwidthBPS, in.BandwidthError = estimate.BPS, estimate.Error
	d := s.cfg.Policy.Decide(in)
	d.Abandon = d.Abandon && !(s.cfg.Forced && s.level(d) == q)
	if d.Abandon {
		s.observe(d)
	}
	return d
}

// learn keeps what the finished transfer says, as the player does.
func (s *session) learn(q int) {
	t := s.running
	s.estimator.Add(t)
	if len(s.transfers) == maxTransfers {
		copy(s.transfers, s.transfers[1:])
		s.transfers = s.transfers[:maxTransfers-1]
	}
	s.transfers = append(s.transfers, t)
	nominal := float64(s.cfg.Movie.Levels[q].BitrateBPS) / 8 * t.Media.Seconds()
	s.ratio[q] += sizeWeight * (float64(t.Bytes)/nominal - s.ratio[q])
}
