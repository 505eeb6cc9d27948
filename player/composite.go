package player

import (
	"smoothplay/platform"
	"smoothplay/player/buffer"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// encoding is what a level of a track is in one clip of a composite presentation.
type encoding struct {
	stream *manifest.Stream
	source *manifest.Level
	format *platform.Format
}

// encodings are what the i-th level of a stream is in each clip; nil where there are
// no clips. The error says why one of them cannot be decoded.
func (l *loop) encodings(clips []manifest.Clip, index, i int) ([]encoding, error) {
	var list []encoding
	for k := range clips {
		stream := &clips[k].Streams[index]
		e := encoding{stream: stream, source: &stream.Levels[i]}
		var err error
		if e.format, _, err = fragment.FormatOf(stream, e.source); err != nil {
			return nil, err
		}
		if err := l.dev.Decoders.Supports(*e.format); err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// in is what the level is in the clip that a chunk belongs to.
func (v *level) in(t *track, c timeline.Chunk) encoding {
	if v.clips == nil {
		return encoding{t.source, v.source, v.format}
	}
	return v.clips[c.Cut.Clip]
}

// has reports whether f is the format of the level, in any clip.
func (v *level) has(f *platform.Format) bool {
	for i := range v.clips {
		if v.clips[i].format == f {
			return true
		}
	}
	return v.format == f
}

// chunkURL is the address of a chunk of t at level q.
func (l *loop) chunkURL(t *track, q int, c timeline.Chunk) string {
	e := t.levels[q].in(t, c)
	return manifest.ChunkURL(baseOf(l.base, l.snap.Presentation(), c), e.stream, e.source, c.T)
}

// baseOf is what the address of a chunk is relative to, in a presentation whose
// manifest is at base.
func baseOf(base string, pres *manifest.Presentation, c timeline.Chunk) string {
	if len(pres.Clips) == 0 {
		return base
	}
	return manifest.ClipURL(base, &pres.Clips[c.Cut.Clip])
}

// inClip is what a stream of a presentation is in the clip that a chunk belongs to.
func inClip(pres *manifest.Presentation, index int, c timeline.Chunk) *manifest.Stream {
	if len(pres.Clips) == 0 {
		return &pres.Streams[index]
	}
	return &pres.Clips[c.Cut.Clip].Streams[index]
}

// leaveOut drops the samples of f that nothing shown refers to: those before the
// key sample that is needed first, and what is decoded behind the last one shown.
func leaveOut(f *buffer.Fragment) {
	if f.Cut == (buffer.Cut{}) {
		return
	}
	first, limit := 0, 0
	for i := range f.Samples {
		s := &f.Samples[i]
		if f.Format.Kind == platform.Video && s.Key && s.PTS <= f.Cut.From {
			first = i
		}
		if s.PTS < f.Cut.To {
			limit = i + 1
		}
	}
	limit = max(limit, first)
	f.Samples = f.Samples[first:limit]
	if f.Protection != nil {
		f.Protection = f.Protection[first:limit]
	}
}
