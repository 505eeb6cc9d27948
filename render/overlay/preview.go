package overlay

import (
	"fmt"
	"image"
	"math"

	"golang.org/x/image/draw"

	"smoothplay/platform"
)

const (
	previewWidth = 0.16  // share of the canvas
	previewFrame = 0.002 // share of the canvas, around it
)

// Preview draws the thumbnail of b above the place of its pointer, on the canvas of
// the bar; an overlay without an image where there is none to be shown. Thumbnails
// must not change: each is drawn once.
func (p *Painter) Preview(b Progress, width, height int) (platform.Overlay, error) {
	if b.Thumbnail == nil || b.Pointer < 0 || b.Pointer > 1 || b.Thumbnail.Bounds().Empty() {
		return platform.Overlay{}, nil
	}
	c, err := newCanvas(width, height)
	if err != nil {
		return platform.Overlay{}, err
	}
	row, err := p.barRow(c)
	if err != nil {
		return platform.Overlay{}, err
	}
	size := b.Thumbnail.Bounds().Size()
	frame := max(int(previewFrame*float64(c.width)+0.5), 1)
	w := int(previewWidth * float64(c.width))
	h := min(w*size.Y/size.X, c.height/3)
	w = h * size.X / size.Y
	y := c.height - row.height - h - 2*frame
	if w <= 0 || h <= 0 || y < 0 {
		return platform.Overlay{}, nil
	}
	at := row.left + int(math.Round(b.Pointer*float64(row.right-row.left)))
	x := min(max(at-w/2-frame, 0), c.width-w-2*frame)
	return p.once(fmt.Sprintf("preview %p %d %v", b.Thumbnail, x, c), func() (platform.Overlay, error) {
		m := image.NewRGBA(image.Rect(0, 0, w+2*frame, h+2*frame))
		fill(m, m.Rect, white)
		draw.ApproxBiLinear.Scale(m, image.Rect(frame, frame, frame+w, frame+h), b.Thumbnail, b.Thumbnail.Bounds(), draw.Src, nil)
		return c.overlay(m, x, y), nil
	})
}
