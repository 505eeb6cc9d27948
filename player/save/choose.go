package save

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"smoothplay/heuristics"
	"smoothplay/platform"
	"smoothplay/player/fragment"
	"smoothplay/player/language"
	"smoothplay/player/manifest"
)

// track is one level of a stream, which becomes one track of the file.
type track struct {
	kind   platform.Kind
	stream int // in the presentation
	level  *manifest.Level
	source *manifest.Stream // as of the first manifest

	// format is the last one written to the journal; nil: none yet. formats counts
	// them.
	format  *description
	formats int
	made    *platform.Format // of the manifest

	// origin is the stream's time of the begin of the movie, end that of its end.
	origin, end manifest.Ticks

	// All chunks up to after, which ends at due, are in the journal or on the way,
	// where begun.
	after, due manifest.Ticks
	begun      bool
	// reached is the end of the last chunk in the journal, samples how many are.
	reached manifest.Ticks
	samples int
}

// endless is the end of a track that has none.
const endless = manifest.Ticks(math.MaxUint64)

// took notes that the chunk at t is in the journal.
func (t *track) took(at, d manifest.Ticks, samples int) {
	t.plan(at, d)
	t.reached = t.due
	t.samples += samples
}

// plan notes that the chunk at t is on the way.
func (t *track) plan(at, d manifest.Ticks) { t.after, t.due, t.begun = at, at+d, true }

// name is what messages call the track.
func (t *track) name() string {
	parts := []string{t.kind.String()}
	if n := t.source.Name; n != "" && n != parts[0] {
		parts = append(parts, n)
	}
	if t.source.Language != "" {
		parts = append(parts, t.source.Language)
	}
	return strings.Join(append(parts, fmt.Sprintf("%.4gk", float64(t.level.BitrateBPS)/1000)), " ")
}

// choose makes the tracks of what the presentation has and Config wants.
func (s *saver) choose() ([]*track, error) {
	var tracks []*track
	p := s.snap.Presentation()
	if !s.cfg.NoVideo {
		streams, err := chooseAngles(p, s.cfg.Angles)
		if err != nil {
			return nil, err
		}
		for _, i := range streams {
			levels, err := s.chooseLevels(p, i)
			if err != nil {
				return nil, err
			}
			tracks = append(tracks, levels...)
		}
	}
	if !s.cfg.NoAudio {
		streams, err := chooseLanguages(p, s.cfg.Languages)
		if err != nil {
			return nil, err
		}
		for _, i := range streams {
			if s.mirror != nil {
				tracks = append(tracks, everyLevelOf(p, i)...)
				continue
			}
			t, err := highest(p, i)
			if err != nil && s.cfg.Languages != nil {
				return nil, err
			} else if err != nil {
				s.cfg.Logger.Warn("left out", "error", err)
				continue
			}
			tracks = append(tracks, t)
		}
	}
	if s.mirror != nil {
		for i := range p.Streams {
			if p.Streams[i].Type == "text" && len(p.Streams[i].Runs) > 0 {
				tracks = append(tracks, everyLevelOf(p, i)...)
			}
		}
	}
	if len(tracks) == 0 {
		return nil, fmt.Errorf("%w: the presentation has no such stream, or MP4 has no place for its codecs", ErrNothing)
	}
	return tracks, nil
}

// streamsOf are the indices of the streams of a type that are no events of
// another stream.
func streamsOf(p *manifest.Presentation, kind string) []int {
	var found []int
	for i := range p.Streams {
		if s := &p.Streams[i]; s.Type == kind && s.Parent == "" && len(s.Levels) > 0 {
			found = append(found, i)
		}
	}
	return found
}

// chooseAngles are the video streams of the names wanted, or the first one.
func chooseAngles(p *manifest.Presentation, names []string) ([]int, error) {
	all := streamsOf(p, "video")
	if len(names) == 0 {
		return all[:min(len(all), 1)], nil
	}
	var chosen []int
	for _, name := range names {
		n := slices.IndexFunc(all, func(i int) bool { return strings.EqualFold(p.Streams[i].Name, name) })
		if n < 0 {
			var have []string
			for _, i := range all {
				have = append(have, fmt.Sprintf("%q", p.Streams[i].Name))
			}
			return nil, fmt.Errorf("%w: no video is named %q; there are %s", ErrChoice, name, strings.Join(have, ", "))
		}
		chosen = append(chosen, all[n])
	}
	slices.Sort(chosen)
	return slices.Compact(chosen), nil
}

// chooseLanguages are the audio streams of the languages wanted, or all.
func chooseLanguages(p *manifest.Presentation, wanted []string) ([]int, error) {
	all := streamsOf(p, "audio")
	if len(wanted) == 0 {
		return all, nil
	}
	var chosen []int
	for _, w := range wanted {
		before := len(chosen)
		var have []string
		for _, i := range all {
			if l := p.Streams[i].Language; language.Match(w, l) != language.None {
				chosen = append(chosen, i)
			} else {
				have = append(have, fmt.Sprintf("%q", l))
			}
		}
		if len(chosen) == before {
			return nil, fmt.Errorf("%w: no audio is in %q; there is %s", ErrChoice, w, strings.Join(have, ", "))
		}
	}
	slices.Sort(chosen)
	return slices.Compact(chosen), nil
}

// chooseLevels are the levels wanted of a video stream.
func (s *saver) chooseLevels(p *manifest.Presentation, stream int) ([]*track, error) {
	if s.cfg.Levels == nil {
		t, err := highest(p, stream)
		return []*track{t}, err
	}
	levels := ascending(&p.Streams[stream])
	rates := make([]heuristics.Level, len(levels))
	for q, l := range levels {
		rates[q] = heuristics.Level{BitrateBPS: l.BitrateBPS, Width: l.Width, Height: l.Height}
	}
	marked, err := s.cfg.Levels(rates)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChoice, err)
	}
	var tracks []*track
	for q := range slices.Backward(levels) { // the best first: it is what players choose
		if !marked[q] {
			continue
		}
		if s.mirror != nil {
			tracks = append(tracks, asServed(p, stream, levels[q]))
			continue
		}
		t, err := newTrack(p, stream, levels[q])
		if err != nil {
			return nil, err
		}
		tracks = append(tracks, t)
	}
	return tracks, nil
}

// everyLevel is a Config.Levels that chooses all.
func everyLevel(levels []heuristics.Level) ([]bool, error) {
	in := make([]bool, len(levels))
	for q := range in {
		in[q] = true
	}
	return in, nil
}

// everyLevelOf are all levels of a stream, as they are served.
func everyLevelOf(p *manifest.Presentation, stream int) (tracks []*track) {
	for _, l := range ascending(&p.Streams[stream]) {
		tracks = append(tracks, asServed(p, stream, l))
	}
	return tracks
}

// asServed makes a track of a level whatever it is.
func asServed(p *manifest.Presentation, stream int, l *manifest.Level) *track {
	source := &p.Streams[stream]
	t := &track{stream: stream, source: source, level: l, kind: platform.Video, made: &platform.Format{}}
	if f, _, err := fragment.FormatOf(source, l); err == nil {
		t.made = f
	}
	switch source.Type {
	case "audio":
		t.kind = platform.Audio
	case "text":
		t.kind = platform.Text
	}
	return t
}

func ascending(s *manifest.Stream) []*manifest.Level {
	var levels []*manifest.Level
	for q := range s.Levels {
		levels = append(levels, &s.Levels[q])
	}
	slices.SortStableFunc(levels, func(a, b *manifest.Level) int { return cmp.Compare(a.BitrateBPS, b.BitrateBPS) })
	return levels
}

// highest is the highest level of a stream that MP4 can hold.
func highest(p *manifest.Presentation, stream int) (*track, error) {
	var first error
	for _, l := range slices.Backward(ascending(&p.Streams[stream])) {
		t, err := newTrack(p, stream, l)
		if err == nil {
			return t, nil
		}
		first = cmp.Or(first, err)
	}
	return nil, first
}

// newTrack makes a track of a level. The error says why MP4 cannot hold it.
func newTrack(p *manifest.Presentation, stream int, l *manifest.Level) (*track, error) {
	source := &p.Streams[stream]
	if strings.EqualFold(l.FourCC, "AVCB") { // H.264 with start codes: samples are rewritten, see lengthPrefixed
		prefixed := *l
		prefixed.FourCC, prefixed.NALLength = "H264", 4
		t, err := newTrack(p, stream, &prefixed)
		if err == nil {
			t.level = l
		}
		return t, err
	}
	f, _, err := fragment.FormatOf(source, l)
	if err == nil {
		err = canHold(f)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the %s level of %d bit/s: %w", ErrNothing, source.Type, l.BitrateBPS, err)
	}
	return &track{kind: f.Kind, stream: stream, source: source, level: l, made: f}, nil
}
