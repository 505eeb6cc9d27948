package overlay

import (
	"fmt"
	"image"
	"image/color"

	"smoothplay/platform"
)

// Panel is a translucent box in the upper left corner with a title and rows of
// a name and a value: statistics, or a list of keys.
type Panel struct {
	Title string
	Rows  [][2]string // an empty row is a gap
}

const (
	panelText = 0.026 // share of the canvas' height
	maxRows   = 60
	maxCell   = 200 // bytes
)

var names = color.NRGBA{190, 200, 210, 255}

// Panel draws b on a canvas of a size in pixels. Rows that find no room are left
// out.
func (p *Painter) Panel(b Panel, width, height int) (platform.Overlay, error) {
	c, err := newCanvas(width, height)
	if err != nil {
		return platform.Overlay{}, err
	}
	rows := [][2]string{}
	for _, r := range b.Rows[:min(len(b.Rows), maxRows)] {
		rows = append(rows, [2]string{clean(r[0], maxCell), clean(r[1], maxCell)})
	}
	b = Panel{Title: clean(b.Title, maxCell), Rows: rows}
	return p.once(fmt.Sprintf("panel %q %v", b, c), func() (platform.Overlay, error) { return p.panel(b, c) })
}

func (p *Painter) panel(b Panel, c canvas) (platform.Overlay, error) {
	size := int(panelText*float64(c.height) + 0.5)
	face, err := p.faces.get(size, false)
	if err != nil {
		return platform.Overlay{}, err
	}
	bold, err := p.faces.get(size, true)
	if err != nil {
		return platform.Overlay{}, err
	}
	pad := face.height / 2
	edge := int(margin * float64(c.height))
	rows := b.Rows[:min(len(b.Rows), max((c.height-2*edge-2*pad)/face.height-1, 0))]
	var first, second int
	for _, r := range rows {
		first, second = max(first, face.width(r[0]+"  ")), max(second, face.width(r[1]))
	}
	inner := min(max(bold.width(b.Title), first+second), c.width-2*edge-2*pad)
	if inner <= 0 {
		return platform.Overlay{}, nil
	}
	m := image.NewRGBA(image.Rect(0, 0, inner+2*pad, (len(rows)+1)*face.height+2*pad))
	fill(m, m.Rect, box)
	bold.draw(m, b.Title, pad, pad)
	mask := image.NewAlpha(m.Rect)
	for i, r := range rows {
		y := pad + (i+1)*face.height
		face.draw(mask, r[0], pad, y)
		face.draw(m, r[1], pad+first, y)
	}
	stencil(m, names, mask)
	return c.overlay(m, edge, edge), nil
}
