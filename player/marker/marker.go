package marker

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// The kinds of Marker.
const (
	Chapter = "chapter"
	Plain   = "marker"
	Script  = "script"
	Sample  = "sample"
)

// Marker is something that a manifest says of a place on the timeline.
type Marker struct {
	At     time.Duration
	Kind   string
	Stream string // name of the one that it is in
	Type   string // of a script command or marker, as written
	Value  string // of printable characters, maxValue bytes at most
}

// maxValue bounds how much text of a marker is kept.
const maxValue = 1000

// Of lists the markers that the manifest of a presentation holds, in the order of
// their places: the Content of streams ([MS-SSTR] 2.2.2.3.1), and the payloads of
// streams of chapters that it carries.
func Of(s *timeline.Snapshot) []Marker {
	var list []Marker
	p := s.Presentation()
	for i := range p.Streams {
		source, stream := &p.Streams[i], s.Stream(i)
		chapters := isChapters(source)
		for _, m := range source.Markers {
			kind := map[string]string{"ScriptCommand": Script, "Sample": Sample}[m.Element]
			if kind == "" {
				kind = Plain
			}
			if chapters && kind == Plain {
				kind = Chapter
			}
			list = append(list, Marker{At: stream.Position(m.Time), Kind: kind, Stream: nameOf(source), Type: text(m.Type), Value: text(m.Value)})
		}
		if !chapters {
			continue
		}
		for _, c := range source.Inline {
			if n := stream.First() + c.Chunk; c.Chunk >= 0 && n < stream.Limit() {
				list = append(list, Marker{At: stream.Chunk(n).Start, Kind: Chapter, Stream: nameOf(source), Value: text(string(c.Data))})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Marker) int { return int(min(max(a.At-b.At, -1), 1)) })
	return list
}

// Chapters are those of a list that are chapters.
func Chapters(list []Marker) []Marker {
	return slices.DeleteFunc(slices.Clone(list), func(m Marker) bool { return m.Kind != Chapter })
}

// isChapters reports whether a stream is one of chapters.
func isChapters(s *manifest.Stream) bool {
	return s.Type == "text" && (strings.EqualFold(s.Subtype, "CHAP") || strings.EqualFold(s.Subtype, "CHAPTER"))
}

func nameOf(s *manifest.Stream) string {
	if s.Name == "" {
		return s.Type
	}
	return s.Name
}

// text is s as it can be shown.
func text(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxValue)], "")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s))
}
