package timeline

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"time"

	"smoothplay/player/manifest"
)

// A Cut bounds what is shown of a fragment: what lies from From on and before To,
// in session positions. The zero Cut is none: all is shown.
type Cut struct {
	Clip     int // index in Presentation.Clips; 0 where it has none
	From, To time.Duration
}

// forever is a To that nothing reaches.
const forever = time.Duration(math.MaxInt64)

// A part is what a stream shows of some chunks of another.
type part struct {
	stream Stream        // those chunks, at positions of its own
	skip   int           // index in stream of the first of them
	first  int           // index in the whole of that
	count  int           // at least 1
	shift  time.Duration // from a position of stream to one of the whole
	cut    Cut
}

func (p *part) limit() int { return p.first + p.count }

// chunk is the chunk of an index of the whole.
func (p *part) chunk(index int) Chunk {
	c := p.stream.Chunk(index - p.first + p.skip)
	begin, end := c.Start+p.shift, c.End()+p.shift
	from, to := max(begin, p.cut.From), min(end, p.cut.To)
	if from == begin && to == end {
		// Nothing is cut off it, but samples may lie beyond its own time.
		c.Index, c.Start, c.Cut = index, begin, p.cut
		return c
	}
	c.Index, c.Start, c.Duration, c.Lead, c.Cut = index, from, to-from, from-begin, p.cut
	return c
}

// Until returns a Snapshot that ends at a session position; s where it does so
// anyhow, or is live.
func (s *Snapshot) Until(end time.Duration) *Snapshot {
	if s.Live() || end <= 0 || end >= s.duration {
		return s
	}
	c := s.clone()
	for i := range c.streams {
		c.streams[i].until(end)
	}
	c.duration = end
	return c
}

// until leaves out what a stream has from end on.
func (s *Stream) until(end time.Duration) {
	n := sort.Search(s.Len(), func(i int) bool { return s.Chunk(s.first+i).Start >= end })
	var parts []part
	if s.parts == nil && n > 0 {
		whole := *s
		parts = []part{{stream: whole, skip: s.first, first: s.first, count: n, cut: Cut{From: min(s.start, 0), To: end}}}
	}
	for _, p := range s.parts {
		if p.count = min(p.count, s.first+n-p.first); p.count > 0 {
			p.cut.To = min(p.cut.To, end)
			parts = append(parts, p)
		}
	}
	s.join(parts)
}

// join makes s the sum of parts.
func (s *Stream) join(parts []part) {
	s.parts, s.runs, s.before = parts, nil, []int{0}
	if n := len(parts); n > 0 {
		s.before[0] = parts[n-1].limit() - s.first
	}
	s.proven = s.Limit()
	s.measureParts()
}

// measureParts is measure of what has parts.
func (s *Stream) measureParts() {
	s.start, s.end = 0, 0
	if s.Len() > 0 {
		s.start, s.end = s.Chunk(s.first).Start, s.Chunk(s.Limit()-1).End()
	}
}

// partOf is the part that holds the chunk of an index.
func (s *Stream) partOf(index int) *part {
	return &s.parts[sort.Search(len(s.parts)-1, func(i int) bool { return s.parts[i].limit() > index })]
}

// atPart is At of what has parts.
func (s *Stream) atPart(pos time.Duration) int {
	return s.first + sort.Search(s.Len(), func(i int) bool { return s.Chunk(s.first+i).End() > pos })
}

// compose makes the timeline of a presentation of clips, one after the other from
// position 0 on. What a stream lacks of a clip is a gap in it.
func compose(p *manifest.Presentation) (*Snapshot, error) {
	s := &Snapshot{presentation: p, streams: make([]Stream, len(p.Streams))}
	for i := range p.Streams {
		s.streams[i].number, s.streams[i].scale = i, p.Streams[i].TimeScale
		if s.streams[i].scale == 0 {
			return nil, fmt.Errorf("%w: stream %d: its TimeScale is 0", ErrInvalid, i)
		}
	}
	parts := make([][]part, len(p.Streams))
	var at time.Duration
	for k := range p.Clips {
		length, err := s.addClip(parts, k, at)
		if err != nil {
			return nil, fmt.Errorf("%w: clip %d: %w", ErrInvalid, k, err)
		}
		at += length
	}
	for i := range s.streams {
		s.streams[i].join(parts[i])
	}
	s.duration = at
	return s, nil
}

// addClip adds the k-th clip to the parts of each stream, at a place of the
// whole; it returns how long it lasts.
func (s *Snapshot) addClip(parts [][]part, k int, place time.Duration) (time.Duration, error) {
	clip := &s.presentation.Clips[k]
	begin := at(uint64(clip.Begin), manifest.ClipTimeScale)
	length := at(uint64(clip.End), manifest.ClipTimeScale).sub(begin)
	if length <= 0 || length > forever/2-place {
		return 0, errors.New("it has no length that can be played")
	}
	for i := range clip.Streams {
		var of Stream
		if err := of.index(i, &clip.Streams[i]); err != nil {
			return 0, fmt.Errorf("stream %d: %w", i, err)
		}
		of.zero = begin
		of.measure()
		skip := of.At(0)
		count := sort.Search(of.Len()-skip, func(n int) bool { return of.Chunk(skip+n).Start >= length })
		if count <= 0 {
			continue
		}
		first := 0
		if n := len(parts[i]); n > 0 {
			first = parts[i][n-1].limit()
		}
		if first > math.MaxInt32-count {
			return 0, errors.New("there are too many chunks")
		}
		parts[i] = append(parts[i], part{
			stream: of, skip: skip, first: first, count: count, shift: place,
			cut: Cut{Clip: k, From: place, To: place + length},
		})
	}
	return length, nil
}

// Of is the stream by whose units the fragment of a chunk counts its times: s
// itself but in a presentation of clips.
func (s *Stream) Of(c Chunk) *Stream {
	if len(s.parts) == 0 {
		return s
	}
	return &s.partOf(c.Index).stream
}
