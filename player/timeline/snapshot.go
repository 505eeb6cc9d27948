package timeline

import (
	"errors"
	"fmt"
	"time"

	"smoothplay/player/manifest"
)

// ErrInvalid is a presentation whose runs are not what package manifest
// promises of them.
var ErrInvalid = errors.New("the timeline is not valid")

// A Snapshot is the timeline of a presentation as known at one moment. It is
// immutable, and free for any number of goroutines.
type Snapshot struct {
	presentation *manifest.Presentation
	streams      []Stream
	duration     time.Duration
	doubtful     int // chunks that manifests list at the end before they are there
}

// New indexes a presentation, which must not be modified afterwards: the
// Snapshot refers to it. A presentation without any chunk is a valid timeline.
// The error is an [ErrInvalid], never one for what manifest.Parse returned.
func New(p *manifest.Presentation) (*Snapshot, error) {
	if len(p.Clips) > 0 {
		return compose(p)
	}
	s := &Snapshot{presentation: p, streams: make([]Stream, len(p.Streams))}
	for i := range p.Streams {
		if err := s.streams[i].index(i, &p.Streams[i]); err != nil {
			return nil, fmt.Errorf("%w: stream %d (%s): %w", ErrInvalid, i, p.Streams[i].Type, err)
		}
	}
	leading := s.leading()
	s.setZero(leading)
	for i := range s.streams {
		s.streams[i].measure()
	}
	s.setDuration()
	return s, nil
}

func (s *Snapshot) setDuration() {
	s.duration = 0
	for _, stream := range s.leading() {
		s.duration = max(s.duration, stream.end)
	}
	if p := s.presentation; s.duration == 0 && p.TimeScale > 0 {
		s.duration = at(uint64(p.Duration), p.TimeScale).sub(instant{})
	}
}

// leading are the streams that zero point and duration come from: those of
// video and audio that are neither sparse nor merged; where none of them has a chunk, the
// others; else the text.
func (s *Snapshot) leading() []*Stream {
	ranks := [3][]*Stream{}
	for i := range s.streams {
		source := &s.presentation.Streams[i]
		rank := 0
		switch {
		case source.Type == "text":
			rank = 2
		case source.Parent != "", source.Base != "":
			rank = 1
		}
		if s.streams[i].Len() > 0 {
			ranks[rank] = append(ranks[rank], &s.streams[i])
		}
	}
	for _, streams := range ranks {
		if len(streams) > 0 {
			return streams
		}
	}
	return nil
}

func (s *Snapshot) setZero(leading []*Stream) {
	var zero instant
	for i, stream := range leading {
		if begin := at(uint64(stream.runs[0].T), stream.scale); i == 0 || begin.before(zero) {
			zero = begin
		}
	}
	for i := range s.streams {
		s.streams[i].zero = zero
	}
}

// Presentation is what the snapshot was made of; not to be modified.
func (s *Snapshot) Presentation() *manifest.Presentation { return s.presentation }

// Live says whether the presentation still grows.
func (s *Snapshot) Live() bool { return s.presentation.Live }

// Doubt returns a Snapshot for a server whose manifests list n chunks of each
// stream before they are there: these count as announced only, in s as in what
// comes of it.
func (s *Snapshot) Doubt(n int) *Snapshot {
	c := s.clone()
	c.doubtful = n
	for i := range c.streams {
		e := edit(&c.streams[i])
		e.stream.proven = max(e.stream.first, min(e.stream.proven, e.stream.first+e.stream.Len()-n))
		c.streams[i] = e.stream
	}
	return c
}

// Doubtful is the n of Doubt, 0 where it was not called.
func (s *Snapshot) Doubtful() int { return s.doubtful }

// Final returns a Snapshot of a presentation to which nothing will be added: what
// was only announced does not come.
func (s *Snapshot) Final() *Snapshot {
	c := s.clone()
	p := *s.presentation
	p.Live = false
	c.presentation = &p
	for i := range c.streams {
		e := edit(&c.streams[i])
		for e.stream.Len() > 0 && e.stream.first+e.stream.Len() > e.stream.proven {
			e.pop()
		}
		c.streams[i] = e.stream
		c.streams[i].measure()
	}
	c.setDuration()
	return c
}

// Duration is the end of the longest video or audio stream, from the zero
// point. Only where they list no chunk is it the Duration of the manifest, and
// 0 where that is not stated either. It ignores sparse streams (those with a
// parent) unless there are no others.
func (s *Snapshot) Duration() time.Duration { return s.duration }

// Window is the length of the DVR window of a live presentation; 0: unlimited.
func (s *Snapshot) Window() time.Duration {
	p := s.presentation
	if !p.Live || p.DVRWindow == 0 || p.TimeScale == 0 {
		return 0
	}
	return at(uint64(p.DVRWindow), p.TimeScale).sub(instant{})
}

// Zero is the encoder's time of session position 0, limited to the range of a
// time.Duration.
func (s *Snapshot) Zero() time.Duration { return s.zero().sub(instant{}) }

// NumStreams is the number of streams, the same as in Presentation and in the
// same order.
func (s *Snapshot) NumStreams() int { return len(s.streams) }

// Stream is the timeline of one stream, i being from 0 to NumStreams()-1.
func (s *Snapshot) Stream(i int) *Stream { return &s.streams[i] }
