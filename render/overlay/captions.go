package overlay

import (
	"hash/crc64"
	"slices"

	"smoothplay/platform"
)

// Captions is a platform.TextDrawer: letters as on television, in the places and
// styles that cues ask for, or white with a dark outline in the middle above the
// lower edge. Text is shaped, runs in its own direction, and is broken into lines
// of about the same width. The zero value is ready to use. It is not safe for
// concurrent use.
type Captions struct {
	// Raise keeps captions out of this share of the picture at its lower edge, as
	// while a progress bar is there. It may be changed between calls of Draw.
	Raise float64
	// Style is what the user wants. It may be changed between calls of Draw.
	Style Style
	// Fonts are those of the device; nil: the usual ones, read when they are
	// needed. It must be set before the first call of Draw.
	Fonts *Fonts

	shaper shaper
	crc    *crc64.Table
	last   drawing   // the answer of the last call
	drawn  []drawing // stacks, the one drawn last at the end

	// What the call of Draw that goes on may still spend: bytes of text, and
	// pixels that are passed over.
	text, pixels int
}

var _ platform.TextDrawer = (*Captions)(nil)

const (
	maxCues   = 32 // at a time
	maxPasses = 16 // over the whole canvas, in a call of Draw; a caption in two lines takes one
	maxStacks = 16 // that are kept
)

// drawing is what was drawn, and of what.
type drawing struct {
	cues     []platform.Cue
	on       canvas
	raise    float64
	style    Style
	overlays []platform.Overlay
}

// Draw draws cues in their regions, those of one region below each other in
// their order. Cues that were drawn before are not drawn again.
func (c *Captions) Draw(cues []platform.Cue, width, height int) ([]platform.Overlay, error) {
	if len(cues) == 0 {
		return nil, nil
	}
	on, err := newCanvas(width, height)
	if err != nil {
		return nil, err
	}
	if !c.last.is(cues, on, c) {
		c.last = drawing{slices.Clone(cues), on, c.Raise, c.Style, nil}
		c.text, c.pixels = 2*maxText, maxPasses*on.width*on.height
		for _, s := range stacks(cues) {
			c.last.overlays = append(c.last.overlays, c.stack(&s, on)...)
		}
	}
	return slices.Clone(c.last.overlays), nil
}

// stack draws a region, or returns it as it was drawn.
func (c *Captions) stack(s *stack, on canvas) []platform.Overlay {
	for i := range c.drawn {
		if d := c.drawn[i]; d.is(s.cues, on, c) {
			c.drawn = append(slices.Delete(c.drawn, i, i+1), d)
			return d.overlays
		}
	}
	if c.shaper.faces.fonts == nil {
		c.shaper.faces.fonts = c.Fonts
	}
	l := c.lay(s, on)
	var overlays []platform.Overlay
	add := func(o platform.Overlay) {
		if o.Image != nil {
			o.ID = c.identity(&o)
			overlays = append(overlays, o)
		}
	}
	for i := range s.cues {
		if s.cues[i].Image != nil {
			add(c.picture(s.cues[i].Image, l.area, on))
		}
	}
	add(c.paint(&l, on))
	if len(c.drawn) == maxStacks {
		c.drawn = slices.Delete(c.drawn, 0, 1)
	}
	c.drawn = append(c.drawn, drawing{s.cues, on, c.Raise, c.Style, overlays})
	return overlays
}

// spend takes n pixels from what a call of Draw may pass over; false where it
// would be too many. A document may ask for more than is good for the pictures
// that are shown meanwhile.
func (c *Captions) spend(n int) bool {
	if n > c.pixels {
		return false
	}
	c.pixels -= n
	return true
}

// identity makes an ID of the pixels.
func (c *Captions) identity(o *platform.Overlay) uint64 {
	if c.crc == nil {
		c.crc = crc64.MakeTable(crc64.ECMA)
	}
	size := o.Image.Rect.Size()
	id := crc64.Checksum(o.Image.Pix, c.crc)
	return id ^ uint64(size.X)<<48 ^ uint64(size.Y)<<32
}

// is tells whether d is what drawing cues would give.
func (d *drawing) is(cues []platform.Cue, on canvas, c *Captions) bool {
	return d.on == on && d.raise == c.Raise && d.style == c.Style && slices.EqualFunc(d.cues, cues, alike)
}

// alike tells whether two cues look the same, whenever they are shown.
func alike(a, b platform.Cue) bool {
	if a.Text != b.Text || a.Align != b.Align || a.Direction != b.Direction || a.LineHeight != b.LineHeight || a.NoWrap != b.NoWrap {
		return false
	}
	if a.Region != b.Region && (a.Region == nil || b.Region == nil || *a.Region != *b.Region) {
		return false
	}
	return a.Image == b.Image && slices.Equal(a.Runs, b.Runs)
}
