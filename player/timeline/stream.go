package timeline

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"sort"
	"time"

	"smoothplay/player/manifest"
)

// A Chunk is one entry of a stream's timeline.
type Chunk struct {
	Stream, Index   int            // Index is stable in later snapshots of the same presentation
	T, D            manifest.Ticks // as the manifest writes them; T goes into the request
	Start, Duration time.Duration  // Start is a session position; Start+Duration is where the next one begins, gaps aside
	// Lead is how much of the fragment lies before Start and is not shown; what is
	// shown of it, Cut says.
	Lead time.Duration
	Cut  Cut
}

// Origin is the session position at which the times of the fragment begin.
func (c Chunk) Origin() time.Duration { return c.Start - c.Lead }

// End is the session position at which c ends.
func (c Chunk) End() time.Duration { return c.Start + c.Duration }

// A Stream is the timeline of one stream of a [Snapshot], immutable like it.
// Its chunks have the indices First() to Limit()-1.
type Stream struct {
	number int // in the snapshot
	scale  uint64
	zero   instant
	first  int            // index of the first chunk
	runs   []manifest.Run // ascending, not overlapping; shared with the presentation
	before []int          // chunks before each run; one more entry for all of them
	proven int            // chunks below this index were in a manifest or have arrived
	parts  []part         // that it is made of, in their order, in the place of runs; nil: it is not

	start, end time.Duration
}

// index checks the runs of a stream and counts their chunks.
func (s *Stream) index(number int, source *manifest.Stream) error {
	if source.TimeScale == 0 {
		return errors.New("its TimeScale is 0")
	}
	s.number, s.scale, s.runs = number, source.TimeScale, source.Runs
	s.before = make([]int, len(s.runs)+1)
	var count, end uint64
	for i, r := range s.runs {
		hi, length := bits.Mul64(uint64(r.D), r.Count)
		runEnd, carry := bits.Add64(uint64(r.T), length, 0)
		switch {
		case r.Count == 0:
			return fmt.Errorf("run %d is empty", i)
		case hi|carry != 0:
			return fmt.Errorf("run %d ends after the largest time there is", i)
		case r.D == 0 && (r.Count > 1 || i+1 < len(s.runs)):
			return fmt.Errorf("run %d has chunks without duration", i)
		case i > 0 && uint64(r.T) < end:
			return fmt.Errorf("run %d begins before the one before it ends", i)
		case r.Count > math.MaxInt32-count:
			return errors.New("it has too many chunks")
		}
		end = runEnd
		count += r.Count
		s.before[i+1] = int(count)
	}
	s.proven = int(count)
	return nil
}

// measure sets what depends on the zero point.
func (s *Stream) measure() {
	s.start, s.end = 0, 0
	if n := s.Len(); n > 0 {
		s.start = s.Chunk(s.first).Start
		last := s.Chunk(s.first + n - 1)
		s.end = s.Position(last.T + last.D)
	}
}

// First is the index of the first chunk: 0, but in a live stream whose window
// has moved on.
func (s *Stream) First() int { return s.first }

// Len is the number of chunks; 0 is normal for live streams and for text.
func (s *Stream) Len() int { return s.before[len(s.runs)] }

// Limit is the index behind the last chunk.
func (s *Stream) Limit() int { return s.first + s.Len() }

// Newest is the last chunk that is known to be there: listed by a manifest, or
// arrived. ok is false where all were only announced, or there is none.
func (s *Stream) Newest() (c Chunk, ok bool) {
	n := s.Proven()
	if n == s.first {
		return Chunk{}, false
	}
	return s.Chunk(n - 1), true
}

// Proven is the index of the first chunk that was only announced: those before
// it were listed by a manifest or have arrived. Limit() where there is none.
func (s *Stream) Proven() int { return max(s.first, min(s.proven, s.Limit())) }

// Start is the session position of the first chunk, 0 where there is none.
func (s *Stream) Start() time.Duration { return s.start }

// End is the session position at which the last chunk ends, 0 where there is none.
func (s *Stream) End() time.Duration { return s.end }

// Chunk is the chunk of an index from First() to Limit()-1; it panics
// for others.
func (s *Stream) Chunk(index int) Chunk {
	k := index - s.first
	if k < 0 || k >= s.Len() {
		panic(fmt.Sprintf("timeline: chunk %d of stream %d, which has %d from %d on", index, s.number, s.Len(), s.first))
	}
	if s.parts != nil {
		return s.partOf(index).chunk(index)
	}
	// The first run that ends behind k.
	i := sort.Search(len(s.runs), func(i int) bool { return s.before[i+1] > k })
	r := &s.runs[i]
	t := r.T + r.D*manifest.Ticks(k-s.before[i])
	start := s.Position(t)
	return Chunk{Stream: s.number, Index: index, T: t, D: r.D, Start: start, Duration: s.Position(t+r.D) - start}
}

// At is the index of the chunk that covers a session position: in a gap the
// next one, before the start First(), from the end on Limit().
func (s *Stream) At(pos time.Duration) int {
	if s.parts != nil {
		return s.atPart(pos)
	}
	when, ok := s.zero.add(pos)
	if !ok {
		return s.first // before the stream's origin
	}
	t := manifest.Ticks(when.ticks(s.scale))
	// The first run that ends after t.
	i := sort.Search(len(s.runs), func(i int) bool {
		r := &s.runs[i]
		return r.T+r.D*manifest.Ticks(r.Count) > t
	})
	k := s.before[i]
	if i < len(s.runs) && s.runs[i].T < t {
		k += int((t - s.runs[i].T) / s.runs[i].D)
	}
	return s.first + k
}

// Position is the session position of a time of the stream: negative before
// the zero point, limited to the range of a time.Duration (292 years). It is
// exact but for rounding down to the nanosecond from the stream's origin. In a
// presentation of clips it says nothing: see Of.
func (s *Stream) Position(t manifest.Ticks) time.Duration {
	return at(uint64(t), s.scale).sub(s.zero)
}

// Ticks is the time of the stream at a session position: the last tick whose
// Position is not after pos, and 0 before the stream's origin. So Ticks
// undoes Position where a tick is a nanosecond or longer, and
// Position(Ticks(pos)) is less than one tick before pos.
func (s *Stream) Ticks(pos time.Duration) manifest.Ticks {
	when, ok := s.zero.add(pos)
	if !ok {
		return 0
	}
	return manifest.Ticks(when.ticks(s.scale))
}

// Offset converts a difference of times of the stream, such as a composition
// offset, rounded towards zero. For the end of a sum of durations take
// Position of the sum instead: it does not add up rounding errors.
func (s *Stream) Offset(t int64) time.Duration {
	if t < 0 {
		// -t, also for the smallest t.
		return -at(-uint64(t), s.scale).sub(instant{})
	}
	return at(uint64(t), s.scale).sub(instant{})
}
