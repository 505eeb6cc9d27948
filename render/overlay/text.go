package overlay

import (
	"fmt"
	"image"
	"image/color"

	"smoothplay/platform"
)

// Text is a block of lines on a canvas.
type Text struct {
	Text string  // lines separated by \n; longer ones are wrapped
	Size float64 // share of the canvas' height that a line's letters take; 0: 0.035
	Bold bool
	// X and Y say where the block is, and which point of it is there: 0 left or
	// above, 0.5 middle, 1 right or below.
	X, Y   float64
	Width  float64     // share of the canvas' width for a line; 0: 0.9
	Colour color.Color // nil: white
	// Box puts a translucent box behind the text; else it has a dark outline.
	Box bool
}

const (
	maxText  = 4096 // bytes of a block
	maxLines = 40
	margin   = 0.03 // of the canvas, kept free along its edges
)

var (
	white  = color.White
	shadow = color.NRGBA{0, 0, 0, 230}
	box    = color.NRGBA{0, 0, 0, 190}
)

// Text draws t on a canvas of a size in pixels. Text without a visible
// character makes an Overlay without an Image.
func (p *Painter) Text(t Text, width, height int) (platform.Overlay, error) {
	c, err := newCanvas(width, height)
	if err != nil {
		return platform.Overlay{}, err
	}
	if t.Size == 0 {
		t.Size = 0.035
	}
	if t.Width == 0 {
		t.Width = 1 - 2*margin - 0.04
	}
	if t.Colour == nil {
		t.Colour = white
	}
	t.Text = clean(t.Text, maxText)
	return p.once(fmt.Sprintf("text %+v %v", t, c), func() (platform.Overlay, error) { return p.text(t, c) })
}

func (p *Painter) text(t Text, c canvas) (platform.Overlay, error) {
	face, err := p.faces.get(int(t.Size*float64(c.height)+0.5), t.Bold)
	if err != nil {
		return platform.Overlay{}, err
	}
	room := max(int(t.Width*float64(c.width)), 1)
	lines := face.wrap(t.Text, room, min(maxLines, max(c.height/face.height, 1)))
	mask := face.block(lines, t.X, room)
	if mask == nil {
		return platform.Overlay{}, nil
	}
	m := image.NewRGBA(mask.Rect)
	if t.Box {
		fill(m, m.Rect, box)
	} else {
		stencil(m, shadow, thicken(mask, face.outline()))
	}
	stencil(m, t.Colour, mask)
	size := m.Rect.Size()
	edgeX, edgeY := int(margin*float64(c.width)), int(margin*float64(c.height))
	x := edgeX + int(t.X*float64(c.width-2*edgeX-size.X))
	y := edgeY + int(t.Y*float64(c.height-2*edgeY-size.Y))
	return c.overlay(m, x, y), nil
}

// outline is the width of the dark rim of letters: what keeps white readable on
// white.
func (f *typeface) outline() int { return max(2, (f.height+7)/14) }

// block draws lines under each other into a mask with room for an outline around
// them; align is 0 for left, 0.5 for the middle, 1 for right. nil: nothing to see.
func (f *typeface) block(lines []string, align float64, room int) *image.Alpha {
	widest := 0
	for _, line := range lines {
		widest = max(widest, f.width(line))
	}
	if widest == 0 {
		return nil
	}
	widest = min(widest, room)
	pad := f.outline() + f.height/8
	mask := image.NewAlpha(image.Rect(0, 0, widest+2*pad, len(lines)*f.height+2*pad))
	for i, line := range lines {
		f.draw(mask, line, pad+int(align*float64(widest-f.width(line))), pad+i*f.height)
	}
	return mask
}
