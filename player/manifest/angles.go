package manifest

import (
	"fmt"
	"strings"
)

// Angle is a camera angle: some or all levels of one video stream.
type Angle struct {
	Name   string // unique among the angles of a presentation
	Stream int    // index into Presentation.Streams
	Levels []int  // indices into Stream.Levels, in document order
}

// Angles are the camera angles of the presentation, in document order, in both
// forms that there are: several video streams, each of which is an angle, and
// levels of one stream with different values of the custom attribute CameraAngle.
// What shows the same in all angles has one. Streams of chapter pictures and
// thumbnails are none. A stream is named by Name, or else Type; what has the name
// of an angle before it gets a number.
func (p *Presentation) Angles() []Angle {
	var angles []Angle
	named := map[string]int{}
	for i := range p.Streams {
		s := &p.Streams[i]
		if s.Type != "video" || s.Pictures() {
			continue
		}
		first := len(angles)
		for q := range s.Levels {
			name, ok := s.Levels[q].Angle()
			if !ok {
				name = s.Name
			}
			if name == "" {
				name = s.Type
			}
			at := first
			for at < len(angles) && angles[at].Name != name {
				at++
			}
			if at == len(angles) {
				angles = append(angles, Angle{Name: name, Stream: i})
			}
			angles[at].Levels = append(angles[at].Levels, q)
		}
		for at := first; at < len(angles); at++ {
			angles[at].Name = distinct(angles[at].Name, named)
		}
	}
	return angles
}

// distinct is name, or name with a number where it is taken; names are compared
// without regard to case, as people write them.
func distinct(name string, taken map[string]int) string {
	key := strings.ToLower(name)
	taken[key]++
	for taken[key] > 1 {
		other := fmt.Sprintf("%s (%d)", name, taken[key])
		if taken[strings.ToLower(other)] == 0 {
			taken[strings.ToLower(other)]++
			return other
		}
		taken[key]++
	}
	return name
}

// Angle is the value of the custom attribute CameraAngle of the level; ok is false
// where it has none.
func (l *Level) Angle() (name string, ok bool) {
	for _, a := range l.Attributes {
		if strings.EqualFold(a.Name, "CameraAngle") && strings.TrimSpace(a.Value) != "" {
			return strings.TrimSpace(a.Value), true
		}
	}
	return "", false
}

// Pictures reports whether the stream carries chapter pictures or thumbnails, and
// no media to be played ([MS-SSTR] 2.2.2.3, Subtype).
func (s *Stream) Pictures() bool {
	return strings.EqualFold(s.Subtype, "ZOET") || strings.EqualFold(s.Subtype, "CHAP")
}
