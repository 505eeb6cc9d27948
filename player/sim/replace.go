package sim

import (
	"math"
	"time"

	"smoothplay/heuristics"
	"smoothplay/player/event"
)

// replaceAfter is how many chunk durations ahead of its first picture a fragment
// can still be replaced, as in the player.
const replaceAfter = 2

// judgeAfter is how much of a body must have come in to say when it will end.
const judgeAfter = 500 * time.Millisecond

// improve asks a Replacer whether a buffered fragment is worth fetching again,
// and does so; false: it is not.
func (s *session) improve() bool {
	if s.replacer == nil || s.held == 0 {
		return false
	}
	in := s.input()
	if in.Held = s.replaceable(); len(in.Held) == 0 {
		return false
	}
	chunk, d, ok := s.replacer.Replace(in)
	first := len(s.result.Levels) - s.held
	if !ok || chunk <= first || chunk >= len(s.result.Levels) || s.level(d) == s.result.Levels[chunk] {
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
	held := s.heldList[:0]
	for i := len(levels) - s.held; i < len(levels); i++ {
		if due := s.due(i); due > replaceAfter*s.chunk {
			held = append(held, heuristics.Held{ChunkIndex: i, Level: levels[i], Duration: s.cfg.Movie.Chunk, Due: duration(due)})
		}
	}
	s.heldList = held
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
	start, due := s.net.now, s.due(chunk)
	if !s.playing {
		due = math.Inf(1)
	}
	spent, complete := s.transfer(chunk, q, func(spent float64) bool {
		t := &s.running
		rest := 0.0
		if t.Body >= judgeAfter && t.Bytes > 0 {
			rest = ms(t.Body) * float64(t.Size-t.Bytes) / float64(t.Bytes)
		}
		return spent+rest < due
	})
	s.play(start, spent)
	if !complete || spent >= due {
		s.journal.fetched(s, chunk, event.Abandoned)
		s.result.Abandoned++
		s.result.WastedBytes += s.running.Bytes
		return
	}
	s.journal.fetched(s, chunk, event.Received)
	s.learn(q)
	levels := s.result.Levels
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
