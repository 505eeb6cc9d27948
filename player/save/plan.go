package save

import (
	"errors"
	"fmt"
	"time"

	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// bound turns the range wanted into times of each track.
func (s *saver) bound() error {
	start, edge := time.Duration(0), s.snap.Duration()
	if s.live {
		start, edge = s.window()
	}
	var from time.Duration
	switch c := s.cfg.From; {
	case c.Of == Encoder:
		from = c.Offset - s.snap.Zero()
	case c.Of == Edge && s.live:
		from = edge + c.Offset
	default:
		from = start + c.Offset
	}
	if from < start {
		from = start
	}
	to, open := start+s.cfg.To, s.cfg.To == 0
	if s.cfg.For > 0 {
		to, open = from+s.cfg.For, false
	}
	switch {
	case !open && to <= from:
		return fmt.Errorf("%w: the range ends at %v, before it begins at %v", ErrChoice, to-start, from-start)
	case from >= edge && edge > 0 && !(s.live && (!open || s.cfg.Follow)):
		return fmt.Errorf("%w: the range begins at %v, and the presentation ends at %v", ErrChoice, from-start, edge-start)
	case open && s.live && !s.cfg.Follow:
		to, open = edge, false
	}
	for _, t := range s.tracks {
		stream := s.snap.Stream(t.stream)
		t.origin, t.end = stream.Ticks(from), endless
		if !open {
			t.end = stream.Ticks(to)
		}
	}
	return nil
}

// window is what every track has of a live presentation.
func (s *saver) window() (start, edge time.Duration) {
	first := true
	for _, t := range s.tracks {
		stream := s.snap.Stream(t.stream)
		c, ok := stream.Newest()
		if !ok {
			continue
		}
		if first {
			start, edge, first = stream.Start(), c.End(), false
			continue
		}
		start, edge = max(start, stream.Start()), min(edge, c.End())
	}
	return start, edge
}

// item is a chunk to fetch for a track.
type item struct {
	track    *track
	chunk    timeline.Chunk
	snap     *timeline.Snapshot // that it is of
	url      string
	nearEdge bool     // live, and it may not be there yet
	lost     *missing // what left the window before it; nil: nothing
}

// next takes the next chunk of the plan: of all tracks the one that begins first.
// more is false where nothing is left that is known of.
func (s *saver) next() (it item, more bool) {
	for _, t := range s.tracks {
		c, ok := s.nextOf(t)
		if ok && (!more || c.Start < it.chunk.Start) {
			it, more = item{track: t, chunk: c, snap: s.snap}, true
		}
	}
	if !more {
		return it, false
	}
	t := it.track
	stream := s.snap.Stream(t.stream)
	it.url = manifest.ChunkURL(s.base, t.source, t.level, it.chunk.T)
	it.nearEdge = s.snap.Live() && it.chunk.Index >= stream.Proven()-1
	if t.begun && it.chunk.Index == stream.First() && it.chunk.T > t.due {
		it.lost = &missing{track: t, t: t.due, d: it.chunk.T - t.due, reason: "it left the window of the live presentation before it was asked for"}
	}
	t.plan(it.chunk.T, it.chunk.D)
	return it, true
}

// nextOf is the next chunk of a track.
func (s *saver) nextOf(t *track) (timeline.Chunk, bool) {
	stream := s.snap.Stream(t.stream)
	last := stream.Limit()
	i := max(stream.At(stream.Position(t.origin)), stream.First())
	if t.begun {
		i = max(stream.At(stream.Position(t.after)), stream.First())
		for i < last && stream.Chunk(i).T <= t.after {
			i++
		}
	}
	if s.snap.Live() {
		last = min(last, stream.Proven()) // what was announced may never come
	}
	if i >= last {
		return timeline.Chunk{}, false
	}
	c := stream.Chunk(i)
	return c, c.T < t.end
}

// complete reports whether nothing can follow of what is wanted.
func (s *saver) complete() bool {
	if !s.snap.Live() {
		return true
	}
	for _, t := range s.tracks {
		if t.end == endless || s.snap.Stream(t.stream).End() < s.snap.Stream(t.stream).Position(t.end) {
			return false
		}
	}
	return true
}

// errRestarted: the encoder counts its time anew, which no track can hold.
var errRestarted = errors.New("the encoder has begun to count its time anew")

// progress is how far the journal is.
func (s *saver) progress(waiting bool) Progress {
	size := s.out.size()
	if s.mirror != nil {
		size = s.mirror.bytes
	}
	p := Progress{Bytes: size, Fetched: s.fetched, Fragments: s.pieces,
		Missing: s.missing.count + len(s.unsaved), Waiting: waiting}
	for i, t := range s.tracks {
		stream := s.snap.Stream(t.stream)
		origin, end := stream.Position(t.origin), stream.End()
		switch {
		case t.end != endless && s.snap.Live():
			end = stream.Position(t.end)
		case t.end != endless:
			end = min(end, stream.Position(t.end))
		}
		p.Total += max(end-origin, 0)
		done := time.Duration(0)
		if t.reached > 0 {
			done = max(min(stream.Position(t.reached), end)-origin, 0)
		}
		p.Done += done
		if i == 0 || done < p.Position {
			p.Position = done
		}
	}
	if s.cfg.Follow && s.snap.Live() {
		p.Total = 0
	}
	return p
}
