package sdl

import (
	"math"

	"smoothplay/platform"
)

// A rect is an area in pixels.
type rect struct{ x, y, w, h int }

func (r rect) empty() bool { return r.w <= 0 || r.h <= 0 }

// fit returns the largest area of the shape aw:ah in a window, in its middle. A
// side that would miss the window's by less than a pixel takes all of it.
func fit(width, height, aw, ah int) rect {
	if width <= 0 || height <= 0 {
		return rect{}
	}
	if aw <= 0 || ah <= 0 {
		return rect{0, 0, width, height}
	}
	w, h := width, height
	if wide := float64(height) * float64(aw) / float64(ah); wide <= float64(width)-1 {
		w = max(1, int(math.Round(wide)))
	} else if high := float64(width) * float64(ah) / float64(aw); high <= float64(height)-1 {
		h = max(1, int(math.Round(high)))
	}
	return rect{(width - w) / 2, (height - h) / 2, w, h}
}

// shape is the aspect that a picture is to be shown in.
func shape(p *platform.Picture) (w, h int) {
	if p.AspectWidth > 0 && p.AspectHeight > 0 {
		return p.AspectWidth, p.AspectHeight
	}
	return p.Width, p.Height
}

// share returns the part of an area that is given in shares of it, cut to it.
func (r rect) share(x, y, w, h float64) rect {
	at := func(from, size int, share float64) int {
		return from + int(math.Round(min(max(share, 0), 1)*float64(size)))
	}
	x0, y0 := at(r.x, r.w, x), at(r.y, r.h, y)
	return rect{x0, y0, at(r.x, r.w, x+w) - x0, at(r.y, r.h, y+h) - y0}
}

// place returns where an overlay goes on an area, not cut to it.
func (r rect) place(o *platform.Overlay) rect {
	size := o.Image.Rect.Size()
	if o.CanvasWidth <= 0 || o.CanvasHeight <= 0 {
		return rect{r.x + o.X, r.y + o.Y, size.X, size.Y}
	}
	sx, sy := float64(r.w)/float64(o.CanvasWidth), float64(r.h)/float64(o.CanvasHeight)
	at := func(v int, s float64) int { return int(math.Round(float64(v) * s)) }
	x0, y0 := at(o.X, sx), at(o.Y, sy)
	return rect{r.x + x0, r.y + y0, at(o.X+size.X, sx) - x0, at(o.Y+size.Y, sy) - y0}
}
