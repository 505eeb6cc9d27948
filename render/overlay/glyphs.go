package overlay

import (
	"image"
	"image/draw"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"golang.org/x/image/vector"
)

// slant is that of letters in italics, for fonts have none of their own here.
const slant = 0.2

// ink draws glyphs into a mask. The point (0, 0) of what it is given is at
// (dx, dy) of the mask.
type ink struct {
	to     *vector.Rasterizer
	dx, dy float32
	bars   []image.Rectangle // whole pixels that are covered
}

// newInk makes one for the area r of the canvas.
func newInk(r image.Rectangle) *ink {
	return &ink{to: vector.NewRasterizer(r.Dx(), r.Dy()), dx: -float32(r.Min.X), dy: -float32(r.Min.Y)}
}

// mask returns what was drawn.
func (k *ink) mask() *image.Alpha {
	m := image.NewAlpha(image.Rectangle{Max: k.to.Size()})
	k.to.Draw(m, m.Rect, image.Opaque, image.Point{})
	for _, r := range k.bars {
		draw.Draw(m, r.Intersect(m.Rect), image.Opaque, image.Point{}, draw.Src)
	}
	return m
}

// run draws the glyphs of r, and the lines through or beside them, from (x, y) on
// its baseline.
func (k *ink) run(r *lineRun, x, y float32) {
	start, size := x, float32(r.size)
	scale := size / float32(max(r.Face.Upem(), 1))
	lean := float32(0)
	if r.style.Italic {
		lean = slant
	}
	bolder := r.bolder()
	for _, g := range r.Glyphs {
		if outline, ok := r.Face.GlyphDataOutline(g.GlyphID); ok {
			gx, gy := x+float(g.XOffset), y-float(g.YOffset)
			k.glyph(outline, gx, gy, scale, lean)
			if bolder > 0 {
				k.glyph(outline, gx+bolder/2, gy, scale, lean)
				k.glyph(outline, gx+bolder, gy, scale, lean)
			}
		}
		x += float(g.Advance)
	}
	bar := func(wanted bool, below float32) {
		if wanted {
			top := int(y + k.dy + below*size)
			k.bars = append(k.bars, image.Rect(int(start+k.dx), top, int(x+k.dx+0.5), top+max(int(size/16+0.5), 1)))
		}
	}
	bar(r.style.Underline, 0.12)
	bar(r.style.LineThrough, -0.28)
	bar(r.style.OverLine, -0.88)
}

// bolder is how much wider the strokes of a font of the device become, in pixels:
// they often come in one weight, which is too thin beside the built-in one.
func (r *lineRun) bolder() float32 {
	switch {
	case r.weight >= font.WeightSemibold, r.weight >= font.WeightMedium && !r.style.Bold:
		return 0
	case r.style.Bold:
		return float32(r.size) / 28
	}
	return float32(r.size) / 48
}

// glyph adds an outline in units of the font.
func (k *ink) glyph(outline font.GlyphOutline, x, y, scale, lean float32) {
	at := func(p opentype.SegmentPoint) (float32, float32) {
		return k.dx + x + scale*(p.X+lean*p.Y), k.dy + y - scale*p.Y
	}
	open := false
	for _, s := range outline.Segments {
		ax, ay := at(s.Args[0])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			if open {
				k.to.ClosePath()
			}
			k.to.MoveTo(ax, ay)
			open = true
		case opentype.SegmentOpLineTo:
			k.to.LineTo(ax, ay)
		case opentype.SegmentOpQuadTo:
			bx, by := at(s.Args[1])
			k.to.QuadTo(ax, ay, bx, by)
		case opentype.SegmentOpCubeTo:
			bx, by := at(s.Args[1])
			cx, cy := at(s.Args[2])
			k.to.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	if open {
		k.to.ClosePath()
	}
}
