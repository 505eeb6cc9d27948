package sim

import (
	"math"
	"slices"
	"time"

	"smoothplay/heuristics"
	"smoothplay/player/event"
)

// What is replaced, as in the player: fragments that begin later than heldAhead
// of their durations, by transfers of at most so many. After a failure nothing is
// replaced for a while, twice as long each time.
const (
	heldAhead        = 2
	settled          = 250 * time.Millisecond // of a body, until it says how fast it comes
	failurePause     = 5000.0                 // ms
	failurePauseMost = 120_000.0
)

// improvement is how replacing what is buffered goes.
type improvement struct {
	replacer heuristics.Replacer // nil: what is buffered stays
	held     []heuristics.Held
	next     float64 // nothing is replaced before
	failures int     // in a row
	spurned  map[int]bool
}

// improve asks a Replacer whether a buffered fragment is worth fetching again,
// and does so; false: it is not.
func (s *session) improve() bool {
	b := &s.better
	if b.replacer == nil || !s.playing || s.net.now < b.next {
		return false
	}
	in := s.input()
	if in.Held = s.replaceable(); len(in.Held) == 0 {
		return false
	}
	chunk, d, ok := b.replacer.Replace(in)
	i := slices.IndexFunc(in.Held, func(h heuristics.Held) bool { return h.ChunkIndex == chunk })
	if !ok || i < 0 || s.level(d) == in.Held[i].Level {
		return false
	}
	s.observe(d)
	s.journal.decided(s, chunk, d)
	s.replace(chunk, s.level(d))
	return true
}

// replaceable lists the fragments that can be replaced in time.
func (s *session) replaceable() []heuristics.Held {
	levels := s.result.Levels
	held := s.better.held[:0]
	for i := len(levels) - s.held; i < len(levels); i++ {
		if due := s.due(i); due > heldAhead*s.chunk && !s.better.spurned[i] {
			held = append(held, heuristics.Held{ChunkIndex: i, Level: levels[i], Duration: s.cfg.Movie.Chunk, Due: duration(due)})
		}
	}
	s.better.held = held
	return held
}

// due is how long it takes until the first picture of a buffered chunk.
func (s *session) due(chunk int) float64 {
	return s.chunk*float64(chunk-len(s.result.Levels)+s.held) - s.played
}

// replace fetches a buffered chunk again. It stays as it is where the new
// fragment would not come in time: then its transfer is given up without asking
// anybody.
func (s *session) replace(chunk, q int) {
	start := s.net.now
	patience := min(heldAhead*s.chunk, s.due(chunk)-s.chunk/2)
	spent, complete := s.transfer(chunk, q, func(spent float64) bool {
		t := &s.running
		rest := 0.0
		if t.Body >= settled {
			rest = ms(t.Body) * float64(t.Size-t.Bytes) / float64(max(t.Bytes, 1))
		}
		return spent+rest < patience
	})
	s.play(start, spent)
	b := &s.better
	if !complete {
		s.journal.fetched(s, chunk, event.Canceled, true)
		s.result.WastedBytes += s.running.Bytes
		if b.spurned == nil {
			b.spurned = map[int]bool{}
		}
		b.spurned[chunk] = true
		b.next = s.net.now + min(math.Ldexp(failurePause, b.failures), failurePauseMost)
		b.failures++
		return
	}
	b.failures = 0
	s.journal.fetched(s, chunk, event.Received, true)
	s.learn(q)
	levels := s.result.Levels
	if chunk < len(levels)-s.held+1 {
		s.discard(chunk, q) // its end came too late after all
		return
	}
	s.discard(chunk, levels[chunk])
	s.result.Replaced++
	levels[chunk] = q
	s.current = levels[len(levels)-1]
	s.relieve()
}

// discard counts a fragment that will not be played.
func (s *session) discard(chunk, q int) {
	bytes := s.cfg.Movie.bytes(chunk, q)
	s.result.WastedBytes += bytes
	s.journal.discarded(bytes)
}

// relieve drops what is buffered of levels that the device does not render,
// beyond the fragment that follows the one on the screen, as the player does.
func (s *session) relieve() {
	if s.device == nil {
		return
	}
	levels := s.result.Levels
	from := len(levels) - s.held + 2
	for i := from; i < len(levels); i++ {
		if levels[i] <= s.device.cap {
			return
		}
	}
	for i := from; i < len(levels); i++ {
		s.discard(i, levels[i])
		s.held--
	}
	if from < len(levels) {
		s.result.Levels = levels[:from]
	}
}
