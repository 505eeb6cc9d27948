package platform

import (
	"image/color"
	"time"
)

// Cue is a piece of timed text, or a picture of one. Begin, End and Text are all
// that a simple port needs; the rest says how the author wants it to look, and
// its zero values leave that to the port. What a Cue points at is never changed
// once the Cue was made: cues may share it, and be copied.
type Cue struct {
	Begin, End time.Duration // on the timeline of the item
	// Text is all of it, lines separated by \n; empty for a picture, and for the
	// background of a region.
	Text string

	// Runs are the pieces of Text in their styles; nil: Text in the style of the
	// port. Joined they are Text, but for characters that direct bidirectional
	// text.
	Runs []CueRun
	// Region says where; nil: in the middle above the lower edge. Cues with equal
	// regions share one, in which they stand below each other in their order.
	Region *CueRegion
	// Align is how the lines stand in the region.
	Align CueAlign
	// Direction is that of the paragraph.
	Direction CueDirection
	// LineHeight is from line to line, as a share of the picture's height; 0: as
	// the letters need it.
	LineHeight float64
	NoWrap     bool // lines end only where Text says
	// Image is shown in the region in place of Text; nil: there is none.
	Image *CueImage
}

// CueRun is text in one style.
type CueRun struct {
	Text  string // lines separated by \n
	Style CueStyle
}

// CueStyle is how text looks.
type CueStyle struct {
	Colour     color.NRGBA // of the letters; zero: that of the port
	Background color.NRGBA // behind the letters; zero: none
	// Family names fonts, the one most wanted first, separated by commas, and may
	// end with a generic one of TTML ("monospaceSansSerif"); "": that of the port.
	Family string
	// Size is that of the letters as fonts state it (1 em), as a share of the
	// picture's height; 0: that of the port.
	Size                             float64
	Bold, Italic                     bool
	Underline, LineThrough, OverLine bool
	Hidden                           bool // takes its room, but is not seen
	// Outline is the width of the line around the letters, as a share of the
	// picture's height; 0: that of the port; negative: none.
	Outline       float64
	OutlineColour color.NRGBA // zero: that of the port
}

// CueRegion is an area of the picture that cues are laid out in. Across it
// measures are shares of the picture's width, downwards shares of its height.
type CueRegion struct {
	X, Y, Width, Height float64
	// The padding is room at the edges that stays free of text.
	PaddingTop, PaddingRight, PaddingBottom, PaddingLeft float64

	Display    CueDisplay  // where in the region the text stands
	Background color.NRGBA // behind all of the region; zero: none
	Layer      int         // regions of a higher layer are above others
}

// CueImage is a picture of text.
type CueImage struct {
	PNG []byte // as received: nothing of it was checked
	// Opacity is from 0, not seen, to 1.
	Opacity float64
}

// CueAlign is how lines stand between the left and right edges of a region.
type CueAlign uint8

// The alignments. Start and end depend on the direction of the paragraph.
const (
	AlignCenter CueAlign = iota
	AlignStart
	AlignEnd
	AlignLeft
	AlignRight
)

// CueDirection is the direction of a paragraph.
type CueDirection uint8

// The directions. DirectionAuto: that of its first letter with one.
const (
	DirectionAuto CueDirection = iota
	LeftToRight
	RightToLeft
)

// CueDisplay is where between the upper and lower edges of a region its text
// stands.
type CueDisplay uint8

// The places in a region.
const (
	DisplayBottom CueDisplay = iota
	DisplayCenter
	DisplayTop
)
