package overlay

import (
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/draw"

	"smoothplay/platform"
)

// A Painter draws overlays and keeps what it drew last. The zero value is ready
// to use. Not safe for concurrent use; any number of Painters do not disturb
// each other, and their IDs do not meet.
type Painter struct {
	faces typefaces
	drawn map[uint64]platform.Overlay
	order []uint64 // of drawn, oldest first
}

// maxDrawn bounds the overlays that are kept: those of a frame or two.
const maxDrawn = 16

// once returns the overlay that spec describes: as it was drawn before, or by
// draw. The ID is a hash of spec, hence one of the pixels.
func (p *Painter) once(spec string, draw func() (platform.Overlay, error)) (platform.Overlay, error) {
	h := fnv.New64a()
	h.Write([]byte(spec))
	id := h.Sum64()
	if o, ok := p.drawn[id]; ok {
		return o, nil
	}
	o, err := draw()
	if err != nil {
		return platform.Overlay{}, err
	}
	o.ID = id
	if p.drawn == nil {
		p.drawn = make(map[uint64]platform.Overlay)
	}
	if len(p.order) == maxDrawn {
		delete(p.drawn, p.order[0])
		p.order = p.order[1:]
	}
	p.drawn[id] = o
	p.order = append(p.order, id)
	return o, nil
}

// canvas is the area that overlays are laid out on, in pixels.
type canvas struct{ width, height int }

var errCanvas = fmt.Errorf("draw an overlay: the size of the canvas is not known")

// maxCanvas bounds what a broken size can cost.
const maxCanvas = 16384

func newCanvas(width, height int) (canvas, error) {
	if width <= 0 || height <= 0 || width > maxCanvas || height > maxCanvas {
		return canvas{}, errCanvas
	}
	return canvas{width, height}, nil
}

// overlay places an image on the canvas and cuts off what is outside.
func (c canvas) overlay(m *image.RGBA, x, y int) platform.Overlay {
	size := m.Rect.Size()
	seen := image.Rect(x, y, x+size.X, y+size.Y).Intersect(image.Rect(0, 0, c.width, c.height))
	if seen.Empty() {
		return platform.Overlay{}
	}
	if seen.Size() != size {
		whole := m
		m = image.NewRGBA(image.Rect(0, 0, seen.Dx(), seen.Dy()))
		draw.Draw(m, m.Rect, whole, seen.Min.Sub(image.Pt(x, y)), draw.Src)
	}
	return platform.Overlay{Image: m, X: seen.Min.X, Y: seen.Min.Y, CanvasWidth: c.width, CanvasHeight: c.height}
}

// fill paints a rectangle of one colour over what is there.
func fill(m *image.RGBA, r image.Rectangle, c color.Color) {
	draw.Draw(m, r, image.NewUniform(c), image.Point{}, draw.Over)
}

// stencil paints a colour through a mask of the same size.
func stencil(m *image.RGBA, c color.Color, mask *image.Alpha) {
	draw.DrawMask(m, m.Rect, image.NewUniform(c), image.Point{}, mask, mask.Rect.Min, draw.Over)
}

// thicken spreads what is in a mask by radius pixels in every direction: a cross
// and a square in turn make an octagon, near enough to a circle.
func thicken(mask *image.Alpha, radius int) *image.Alpha {
	for i := range radius {
		mask = spread(mask, i%2 == 1)
	}
	return mask
}

// spread takes for each pixel the largest of its neighbours, with those at the
// corners or without.
func spread(mask *image.Alpha, corners bool) *image.Alpha {
	width, height := mask.Rect.Dx(), mask.Rect.Dy()
	out := image.NewAlpha(mask.Rect)
	row := func(y int) []uint8 { return mask.Pix[min(max(y, 0), height-1)*mask.Stride:][:width] }
	upright := make([]uint8, width)
	for y := range height {
		above, in, below, to := row(y-1), row(y), row(y+1), out.Pix[y*out.Stride:][:width]
		for x := range upright {
			upright[x] = max(above[x], in[x], below[x])
		}
		side := in
		if corners {
			side = upright
		}
		copy(to, upright)
		for x := 1; x < width; x++ {
			to[x] = max(to[x], side[x-1])
			to[x-1] = max(to[x-1], side[x])
		}
	}
	return out
}

// stamp paints a colour through a mask that covers m, moved by dx and dy.
func stamp(m *image.RGBA, c color.NRGBA, mask *image.Alpha, dx, dy int) {
	draw.DrawMask(m, m.Rect, image.NewUniform(c), image.Point{}, mask, mask.Rect.Min.Sub(image.Pt(dx, dy)), draw.Over)
}
