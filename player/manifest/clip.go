package manifest

import (
	"cmp"
	"math"
	"strings"
)

// clip reads a Clip of a composite manifest (IIS Media Services, "Composite
// Manifest for Rough Cut Editing"): StreamIndex elements whose chunks are those
// that the clip needs.
func (p *parser) clip() {
	if p.clips++; p.clips > p.limits.Streams {
		p.tooLarge(p.limits.Streams, "Clip elements")
		return
	}
	start := p.start
	c := Clip{}
	if url := p.string("url"); url != "" {
		full, err := ManifestURL(url)
		if err != nil {
			p.stop(p.syntax(p.attr("url"), "it is not the URL of a manifest: "+err.Error()))
			return
		}
		c.URL = full
	}
	begin, hasBegin, err := p.number("clipbegin", math.MaxInt64)
	end, hasEnd, wrong := p.number("clipend", math.MaxInt64)
	if err = cmp.Or(err, wrong); err != nil {
		p.stop(err)
		return
	}
	outside := p.out.Streams
	p.out.Streams, p.inClip = nil, true
	for p.child() {
		switch {
		case p.is("streamindex"):
			p.stream()
		case p.is("protection"):
			p.protection()
		default:
			p.skip()
		}
	}
	c.Streams, p.out.Streams, p.inClip = p.out.Streams, outside, false
	if p.err != nil {
		return
	}
	c.Begin, c.End = Ticks(begin), Ticks(end)
	first, last := c.reach()
	if !hasBegin {
		c.Begin = first
	}
	if !hasEnd {
		c.End = last
	}
	if c.Begin >= c.End {
		p.warnf(start, "Clip dropped: it ends where it begins, or before")
		return
	}
	p.out.Clips = append(p.out.Clips, c)
}

// reach is the time from the first chunk of a clip to the end of its last.
func (c *Clip) reach() (first, last Ticks) {
	first = math.MaxInt64
	for i := range c.Streams {
		s := &c.Streams[i]
		if len(s.Runs) == 0 || s.Type == "text" {
			continue
		}
		r := &s.Runs[len(s.Runs)-1]
		first = min(first, inClipTime(s.Runs[0].T, s.TimeScale))
		last = max(last, inClipTime(r.T+r.D*Ticks(r.Count), s.TimeScale))
	}
	return first, last
}

// inClipTime is t of another time scale, to the nearest that there is below it.
func inClipTime(t Ticks, scale uint64) Ticks {
	if scale == ClipTimeScale {
		return t
	}
	whole := uint64(t) / scale
	if whole > math.MaxInt64/ClipTimeScale {
		return math.MaxInt64
	}
	part := float64(uint64(t)%scale) / float64(scale) * ClipTimeScale
	return Ticks(whole*ClipTimeScale + uint64(part))
}

// compose offers what all clips have: the streams of the first one, each with its
// like in every other.
func (p *parser) compose() {
	out := p.out
	if len(out.Streams) > 0 {
		p.warnf(0, "the streams outside of Clip elements were dropped")
	}
	out.Streams = nil
	if len(out.Clips) == 0 {
		return
	}
	if out.Live {
		p.warnf(0, "IsLive of a composite manifest was ignored")
		out.Live = false
	}
	matched := make([][]Stream, len(out.Clips))
	room := p.limits.Levels
	for i := range out.Clips[0].Streams {
		s := out.Clips[0].Streams[i]
		if s.Type == "text" {
			p.warnf(0, "%s dropped: text of composite manifests is not supported", describeStream(&s))
			continue
		}
		if room -= len(s.Levels) * len(out.Clips); room < 0 {
			p.warnf(0, "%s dropped: its levels in all clips are more than %d", describeStream(&s), p.limits.Levels)
			break
		}
		likes := make([]Stream, 0, len(out.Clips))
		for k := range out.Clips {
			if like := out.Clips[k].like(&s, i); like != nil {
				likes = append(likes, like.withLevelsOf(&s))
			}
		}
		if len(likes) < len(out.Clips) {
			p.warnf(0, "%s dropped: not every Clip has such a stream", describeStream(&s))
			continue
		}
		for k := range likes {
			matched[k] = append(matched[k], likes[k])
		}
		s.Runs, s.Inline, s.Markers = nil, nil, nil
		out.Streams = append(out.Streams, s)
	}
	for k := range out.Clips {
		out.Clips[k].Streams = matched[k]
	}
}

// like is the stream of c that goes on with s, the i-th of another clip: of the
// same name and language, of the same language, of the same place or the first of
// its type; nil: there is none.
func (c *Clip) like(s *Stream, i int) *Stream {
	var best *Stream
	most := -1
	for j := range c.Streams {
		o := &c.Streams[j]
		if o.Type != s.Type {
			continue
		}
		score := 0
		if strings.EqualFold(o.Language, s.Language) {
			score += 4
		}
		if strings.EqualFold(o.Name, s.Name) {
			score += 2
		}
		if i == j {
			score++
		}
		if score > most {
			best, most = o, score
		}
	}
	return best
}

// withLevelsOf is s with a level for each of another stream: the nearest in
// bitrate.
func (s *Stream) withLevelsOf(other *Stream) Stream {
	like := *s
	like.Levels = make([]Level, len(other.Levels))
	for i := range other.Levels {
		want := other.Levels[i].BitrateBPS
		best := &s.Levels[0] // no stream of video or audio is without
		for j := range s.Levels {
			if l := &s.Levels[j]; distance(l.BitrateBPS, want) < distance(best.BitrateBPS, want) {
				best = l
			}
		}
		like.Levels[i] = *best
	}
	return like
}

func distance(a, b int64) uint64 {
	if a < b {
		a, b = b, a
	}
	return uint64(a) - uint64(b)
}

// ClipURL is the address of the presentation that a clip is taken from, whose
// fragments are relative to it. base is the effective URL of the composite
// manifest.
func ClipURL(base string, c *Clip) string {
	if c.URL == "" {
		return base
	}
	// The template of a stream is resolved as this is.
	return ChunkURL(base, &Stream{URL: escapeBraces.Replace(c.URL)}, &Level{}, 0)
}

// escapeBraces keeps what is not a template from being taken for one.
var escapeBraces = strings.NewReplacer("{", "%7B", "}", "%7D")
