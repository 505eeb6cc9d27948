package overlay

import (
	"image/color"

	"smoothplay/platform"
)

// Style is what a user wants of captions, whatever their author wanted. The zero
// value leaves everything to the author.
type Style struct {
	Scale      float64     // of the letters, from 0.25 to 4; 0: as they are
	Colour     color.Color // of the letters; nil: as they are
	Background color.Color // behind the letters; nil: as it is; color.Transparent: none
	Window     color.Color // behind a whole region; nil and color.Transparent as above
	Family     string      // of a font of the device, by its name; "": as it is
	Edge       Edge
}

// Edge is how letters stand out from the picture.
type Edge uint8

// The edges.
const (
	EdgeAuthored Edge = iota // as the author says, else an outline where there is no background
	EdgeNone
	EdgeOutline
	EdgeShadow    // below them, to the right
	EdgeRaised    // lit from above
	EdgeDepressed // lit from below
)

const (
	// captionSize is that of broadcast subtitles: about 20 lines to a picture.
	captionSize = 0.05
	// safe is how much of the picture stays free at each edge where a cue does not
	// say where it goes.
	safe = 0.1
)

// look is what a run is drawn with, once author, user and port have spoken.
type look struct {
	letters color.NRGBA
	outline color.NRGBA
	radius  int // of the outline, in pixels; 0: none
	edge    Edge
}

// scale is how much larger than authored letters are.
func (s *Style) scale() float64 {
	if !(s.Scale > 0) {
		return 1
	}
	return min(max(s.Scale, 0.25), 4)
}

// size is that of letters in pixels.
func (s *Style) size(of *platform.CueStyle, height int) int {
	size := of.Size
	if !(size > 0) {
		size = captionSize
	}
	return min(max(int(size*s.scale()*float64(height)+0.5), minSize), maxSize)
}

// behind is the colour behind a run; transparent: none.
func (s *Style) behind(of *platform.CueStyle) color.NRGBA {
	return override(of.Background, s.Background)
}

// override is c, or what the user wants in its place.
func override(c color.NRGBA, wanted color.Color) color.NRGBA {
	if wanted == nil {
		return c
	}
	return color.NRGBAModel.Convert(wanted).(color.NRGBA)
}

// look decides what a run of letters size pixels high is drawn with.
func (s *Style) look(of *platform.CueStyle, size, height int) look {
	l := look{letters: of.Colour, outline: of.OutlineColour, edge: s.Edge}
	if l.letters == (color.NRGBA{}) {
		l.letters = color.NRGBA{255, 255, 255, 255}
	}
	l.letters = override(l.letters, s.Colour)
	if l.outline == (color.NRGBA{}) {
		l.outline = color.NRGBA{0, 0, 0, uint8(int(l.letters.A) * 230 / 255)}
	}
	usual := max(2, (size+5)/12)
	switch s.Edge {
	case EdgeNone:
	case EdgeAuthored:
		switch {
		case of.Outline > 0:
			l.radius = min(max(int(of.Outline*float64(height)+0.5), 1), usual*2)
		case of.Outline == 0 && s.behind(of).A < 128:
			l.radius = usual
		}
		l.edge = EdgeOutline
	case EdgeOutline:
		l.radius = usual
	default:
		l.radius = max(1, usual*2/3)
	}
	return l
}
