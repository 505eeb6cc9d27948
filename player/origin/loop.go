package origin

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"sort"
	"time"

	"smoothplay/player/manifest"
)

// A loop is the part of a presentation that an event repeats: see Live. The
// repetitions and the chunks of each stream are numbered from the epoch on.
// It is immutable.
type loop struct {
	ticks, scale uint64 // it lasts ticks/scale seconds
	streams      []loopStream
}

// loopStream is one stream of a loop.
type loopStream struct {
	*loop
	kind   string // "video", "audio" or "text"
	name   string // by which others refer to it
	noun   string // in URLs
	parent string // name of the stream that a sparse stream belongs to; "": not sparse
	scale  uint64 // ticks a second
	levels []int64
	top    int64 // the highest of levels
	chunks []loopChunk
}

// loopChunk is one chunk of a loop.
type loopChunk struct {
	source uint64 // its time in the presentation
	t, d   uint64 // ticks since the loop began
	fit    bool   // it lasts until the next repetition: its samples are cut and the last is stretched
	inner  string // content of its c element
}

// source is a stream as the manifest of a presentation describes it.
type source struct {
	manifest.Stream
	inner []string // by chunk; may be shorter than there are chunks
}

// slack is by how much a stream may fall short of the others, as a share of a
// second.
const slack = 10

// maxScale bounds time scales, so that times since an epoch stay within 64 bits.
const maxScale = 1_000_000_000

// shortestChunk bounds the chunks of an event from below, on average, in
// milliseconds, and so how many there are in a window.
const shortestChunk = 10

// newLoop finds the part of a presentation that can be repeated. whole counts
// the whole samples of a chunk that fit into its first d ticks; it is asked where
// one has to be cut.
func newLoop(sources []source, whole func(s *manifest.Stream, t, d uint64) (int, error)) (*loop, error) {
	l := &loop{}
	var zero instant
	first := true
	for i := range sources {
		s := &sources[i]
		if s.TimeScale > maxScale {
			return nil, fmt.Errorf("stream %q has a time scale of %d: at most %d can be repeated", s.Name, s.TimeScale, maxScale)
		}
		l.streams = append(l.streams, newLoopStream(l, s))
		if begin := (instant{l.streams[i].begin(), s.TimeScale}); l.streams[i].leads() && (first || begin.before(zero)) {
			zero, first = begin, false
		}
	}
	main := l.main()
	if main == nil {
		return nil, errors.New("no stream of video or sound has a chunk")
	}
	for i := range l.streams {
		l.streams[i].rebase(convert(zero.t, zero.scale, l.streams[i].scale))
	}
	l.ticks, l.scale = l.commonLength(main), main.scale
	if l.ticks == 0 {
		return nil, errors.New("the chunks last no time")
	}
	for i := range l.streams {
		s := &l.streams[i]
		if n := uint64(len(s.chunks)); n > 0 && convert(l.ticks, l.scale, 1000)/n < shortestChunk {
			return nil, fmt.Errorf("stream %q has %d chunks in %d ms: at least %d ms each can be repeated", s.name, n, convert(l.ticks, l.scale, 1000), shortestChunk)
		}
		if err := s.cut(func(t, d uint64) (int, error) { return whole(&sources[i].Stream, t, d) }); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// instant is t/scale seconds.
type instant struct{ t, scale uint64 }

func (a instant) before(b instant) bool {
	ahi, alo := bits.Mul64(a.t, b.scale)
	bhi, blo := bits.Mul64(b.t, a.scale)
	return ahi < bhi || ahi == bhi && alo < blo
}

func newLoopStream(l *loop, from *source) loopStream {
	s := loopStream{loop: l, kind: from.Type, name: cmp.Or(from.Name, from.Type), parent: from.Parent, scale: from.TimeScale}
	if m := templateRE.FindStringSubmatch(from.URL); m != nil {
		s.noun = m[1]
	}
	for _, level := range from.Levels {
		s.levels = append(s.levels, level.BitrateBPS)
		s.top = max(s.top, level.BitrateBPS)
	}
	for _, run := range from.Runs {
		for k := range run.Count {
			c := loopChunk{source: uint64(run.T) + k*uint64(run.D), d: uint64(run.D)}
			if n := len(s.chunks); n > 0 {
				// Where rounding made two overlap, the time of the second holds.
				before := &s.chunks[n-1]
				before.d = min(before.d, c.source-before.source)
			}
			if n := len(s.chunks); n < len(from.inner) {
				c.inner = from.inner[n]
			}
			s.chunks = append(s.chunks, c)
		}
	}
	return s
}

// leads reports whether s has a say in where a loop begins and ends.
func (s *loopStream) leads() bool { return s.kind != "text" && s.parent == "" && len(s.chunks) > 0 }

func (s *loopStream) begin() uint64 {
	if len(s.chunks) == 0 {
		return 0
	}
	return s.chunks[0].source
}

// rebase counts the times of s from zero on, and drops what is before it.
func (s *loopStream) rebase(zero uint64) {
	s.chunks = slices.DeleteFunc(s.chunks, func(c loopChunk) bool { return c.source < zero })
	for i := range s.chunks {
		s.chunks[i].t = s.chunks[i].source - zero
	}
}

// main is the stream whose whole fragments make up the loop; nil: none does.
func (l *loop) main() *loopStream {
	for _, kind := range []string{"video", "audio"} {
		for i := range l.streams {
			if s := &l.streams[i]; s.leads() && s.kind == kind {
				return s
			}
		}
	}
	return nil
}

// commonLength is the length of the longest beginning of main, in whole chunks,
// that no other stream falls short of.
func (l *loop) commonLength(main *loopStream) uint64 {
	for _, c := range slices.Backward(main.chunks) {
		length := c.t + c.d - main.chunks[0].t
		if !slices.ContainsFunc(l.streams, func(s loopStream) bool {
			return s.leads() && s.length()+s.scale/slack < convert(length, main.scale, s.scale)
		}) {
			return length
		}
	}
	return main.length() // some stream is shorter than a chunk: it gets a gap
}

// length is how long s lasts from its own beginning on.
func (s *loopStream) length() uint64 {
	last := s.chunks[len(s.chunks)-1]
	return last.t + last.d - s.chunks[0].t
}

// cut shortens s to the length of the loop.
func (s *loopStream) cut(whole func(t, d uint64) (int, error)) error {
	if len(s.chunks) == 0 {
		return nil
	}
	limit := s.chunks[0].t + convert(s.loop.ticks, s.loop.scale, s.scale)
	n, _ := slices.BinarySearchFunc(s.chunks, limit, func(c loopChunk, limit uint64) int { return cmp.Compare(c.t, limit) })
	s.chunks = slices.Clip(s.chunks[:n])
	last := &s.chunks[n-1]
	end := last.t + last.d
	if !s.leads() {
		// A caption or an event lasts no longer than the loop, and is not stretched.
		last.fit = end > limit
		return nil
	}
	if end > limit+s.scale/1000 && n > 1 {
		fitting, err := whole(last.source, limit-last.t)
		if err != nil {
			return fmt.Errorf("stream %q at time %d, which has to be cut: %w", s.name, last.source, err)
		}
		if fitting == 0 {
			s.chunks = s.chunks[:n-1]
			last = &s.chunks[n-2]
		}
	}
	last.fit = end+s.scale/slack >= limit
	return nil
}

// repetition is the tick at which repetition k begins.
func (s *loopStream) repetition(k int64) uint64 {
	return convert(uint64(k)*s.loop.ticks, s.loop.scale, s.scale)
}

// chunk returns what chunk n repeats, when it begins, and how long it lasts.
func (s *loopStream) chunk(n int64) (c *loopChunk, t, d uint64) {
	count := int64(len(s.chunks))
	k := n / count
	c = &s.chunks[n%count]
	t = s.repetition(k) + c.t
	if c.fit {
		return c, t, s.repetition(k+1) + s.chunks[0].t - t
	}
	return c, t, c.d
}

// span returns when chunk n begins and ends, since the epoch.
func (s *loopStream) span(n int64) (from, to time.Duration) {
	_, t, d := s.chunk(n)
	return s.wall(t), s.wall(t + d)
}

// wall is the time since the epoch of a tick of s.
func (s *loopStream) wall(t uint64) time.Duration {
	return time.Duration(min(convert(t, s.scale, uint64(time.Second)), math.MaxInt64))
}

// since is the number of the first chunk that begins at d since the epoch, or
// later.
func (s *loopStream) since(d time.Duration) int64 {
	return s.search(d, func(n int64) bool {
		from, _ := s.span(n)
		return from >= d
	})
}

// until is the number of the last chunk that ends at d since the epoch, or
// earlier; -1: none.
func (s *loopStream) until(d time.Duration) int64 {
	return s.search(d, func(n int64) bool {
		_, to := s.span(n)
		return to > d
	}) - 1
}

// search returns the first chunk near d that is what after says; all later ones
// are, too.
func (s *loopStream) search(d time.Duration, after func(n int64) bool) int64 {
	k := int64(convert(uint64(max(d, 0)), uint64(time.Second), s.loop.scale) / s.loop.ticks)
	// A repetition more at each side makes up for rounding and for streams that
	// begin late.
	low, count := max(k-2, 0)*int64(len(s.chunks)), int64(len(s.chunks))
	return low + int64(sort.Search(int(5*count), func(i int) bool { return after(low + int64(i)) }))
}

// convert returns t/from seconds in ticks of another scale, rounded down; what
// is too large as the largest number.
func convert(t, from, to uint64) uint64 {
	if from == to {
		return t
	}
	hi, lo := bits.Mul64(t, to)
	if hi >= from {
		return math.MaxUint64
	}
	q, _ := bits.Div64(hi, lo, from)
	return q
}
