package main

import (
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// font draws the glyphs of a TrueType file: as much of the format as the Go
// fonts need (cmap format 4, simple and compound outlines, no hinting).
type font struct {
	data                    []byte
	cmap, glyf, hmtx, loca  int
	unitsPerEm, longMetrics int
	longLoca                bool
}

func newFont(ttf []byte) *font {
	f := &font{data: ttf}
	var head, hhea int
	for i := range f.u16(4) {
		rec := 12 + 16*i
		at := f.u32(rec + 8)
		switch string(ttf[rec : rec+4]) {
		case "cmap":
			f.cmap = at
		case "glyf":
			f.glyf = at
		case "hmtx":
			f.hmtx = at
		case "loca":
			f.loca = at
		case "head":
			head = at
		case "hhea":
			hhea = at
		}
	}
	f.unitsPerEm = f.u16(head + 18)
	f.longLoca = f.u16(head+50) != 0
	f.longMetrics = f.u16(hhea + 34)
	cmap := f.cmap
	f.cmap = 0
	for i := range f.u16(cmap + 2) {
		if at := cmap + f.u32(cmap+4+8*i+4); f.u16(at) == 4 {
			f.cmap = at
		}
	}
	if f.cmap == 0 {
		panic("font: no cmap of format 4")
	}
	return f
}

func (f *font) u16(at int) int { return int(binary.BigEndian.Uint16(f.data[at:])) }
func (f *font) i16(at int) int { return int(int16(binary.BigEndian.Uint16(f.data[at:]))) }
func (f *font) u32(at int) int { return int(binary.BigEndian.Uint32(f.data[at:])) }

// glyph returns the index of the glyph of r; 0 where there is none.
func (f *font) glyph(r rune) int {
	segX2 := f.u16(f.cmap + 6)
	ends, starts := f.cmap+14, f.cmap+16+segX2
	for i := 0; i < segX2; i += 2 {
		if int(r) > f.u16(ends+i) {
			continue
		}
		start := f.u16(starts + i)
		if int(r) < start {
			return 0
		}
		delta, offset := f.u16(starts+segX2+i), f.u16(starts+2*segX2+i)
		if offset == 0 {
			return (int(r) + delta) & 0xffff
		}
		return (f.u16(starts+2*segX2+i+offset+2*(int(r)-start)) + delta) & 0xffff
	}
	return 0
}

func (f *font) advance(g int) int { return f.u16(f.hmtx + 4*min(g, f.longMetrics-1)) }

// width is how wide s is at size pixels to the em.
func (f *font) width(s string, size float64) float64 {
	w := 0
	for _, r := range s {
		w += f.advance(f.glyph(r))
	}
	return float64(w) * size / float64(f.unitsPerEm)
}

// draw draws s with its base line beginning at (x, y).
func (f *font) draw(dst draw.Image, s string, x, y, size float64, c color.Color) {
	scale := size / float64(f.unitsPerEm)
	x0, y0 := int(x)-int(size), int(y-1.2*size)
	box := image.Rect(x0, y0, int(x+f.width(s, size)+size)+1, int(y+0.5*size)+1)
	var ras vector.Rasterizer
	ras.Reset(box.Dx(), box.Dy())
	for _, r := range s {
		g := f.glyph(r)
		f.outline(&ras, g, 0, func(px, py float64) (float32, float32) {
			return float32(x + px*scale - float64(x0)), float32(y - py*scale - float64(y0))
		})
		x += float64(f.advance(g)) * scale
	}
	ras.Draw(dst, box, image.NewUniform(c), image.Point{})
}

// outline adds the outline of glyph g to the rasterizer.
func (f *font) outline(ras *vector.Rasterizer, g, depth int, to func(x, y float64) (float32, float32)) {
	var at, end int
	if f.longLoca {
		at, end = f.u32(f.loca+4*g), f.u32(f.loca+4*g+4)
	} else {
		at, end = 2*f.u16(f.loca+2*g), 2*f.u16(f.loca+2*g+2)
	}
	if at == end || depth > 4 {
		return
	}
	at += f.glyf
	if contours := f.i16(at); contours >= 0 {
		f.simple(ras, at, contours, to)
	} else {
		f.compound(ras, at+10, depth, to)
	}
}

type point struct {
	x, y float64
	on   bool
}

func (f *font) simple(ras *vector.Rasterizer, at, contours int, to func(x, y float64) (float32, float32)) {
	ends := at + 10
	if contours == 0 {
		return
	}
	points := make([]point, f.u16(ends+2*(contours-1))+1)
	p := ends + 2*contours
	p += 2 + f.u16(p) // the instructions
	flags := make([]byte, 0, len(points))
	for len(flags) < len(points) {
		flag := f.data[p]
		p++
		repeat := 1
		if flag&8 != 0 {
			repeat += int(f.data[p])
			p++
		}
		for range repeat {
			flags = append(flags, flag)
		}
	}
	coordinates := func(short, same byte, set func(i, v int)) {
		v := 0
		for i, flag := range flags {
			switch {
			case flag&short != 0 && flag&same != 0:
				v += int(f.data[p])
				p++
			case flag&short != 0:
				v -= int(f.data[p])
				p++
			case flag&same == 0:
				v += f.i16(p)
				p += 2
			}
			set(i, v)
		}
	}
	coordinates(2, 16, func(i, v int) { points[i].x, points[i].on = float64(v), flags[i]&1 != 0 })
	coordinates(4, 32, func(i, v int) { points[i].y = float64(v) })
	first := 0
	for i := range contours {
		last := f.u16(ends + 2*i)
		contour(ras, points[first:last+1], to)
		first = last + 1
	}
}

// contour adds one closed curve of quadratic splines.
func contour(ras *vector.Rasterizer, ps []point, to func(x, y float64) (float32, float32)) {
	n := len(ps)
	if n < 2 {
		return
	}
	mid := func(a, b point) point { return point{(a.x + b.x) / 2, (a.y + b.y) / 2, true} }
	start := ps[0]
	if !start.on {
		if start = ps[n-1]; !start.on {
			start = mid(ps[0], ps[n-1])
		}
	}
	ras.MoveTo(to(start.x, start.y))
	for i := range n {
		p, next := ps[i], ps[(i+1)%n]
		switch {
		case p.on:
			ras.LineTo(to(p.x, p.y))
		case !next.on:
			next = mid(p, next)
			fallthrough
		default:
			bx, by := to(p.x, p.y)
			cx, cy := to(next.x, next.y)
			ras.QuadTo(bx, by, cx, cy)
		}
	}
	ras.ClosePath()
}

func (f *font) compound(ras *vector.Rasterizer, p, depth int, to func(x, y float64) (float32, float32)) {
	for {
		flags, g := f.u16(p), f.u16(p+2)
		p += 4
		var dx, dy float64
		if flags&1 != 0 {
			dx, dy = float64(f.i16(p)), float64(f.i16(p+2))
			p += 4
		} else {
			dx, dy = float64(int8(f.data[p])), float64(int8(f.data[p+1]))
			p += 2
		}
		if flags&(8|0x40|0x80) != 0 {
			panic(fmt.Sprintf("font: glyph %d is scaled", g))
		}
		f.outline(ras, g, depth+1, func(x, y float64) (float32, float32) { return to(x+dx, y+dy) })
		if flags&0x20 == 0 {
			return
		}
	}
}

// disc draws a filled circle, or a ring where inner is more than 0.
func disc(dst draw.Image, cx, cy, outer, inner float64, c color.Color) {
	box := image.Rect(int(cx-outer)-1, int(cy-outer)-1, int(cx+outer)+2, int(cy+outer)+2)
	var ras vector.Rasterizer
	ras.Reset(box.Dx(), box.Dy())
	circle := func(r, sense float64) {
		const n = 180
		for i := range n {
			a := sense * 2 * math.Pi * float64(i) / n
			x, y := float32(cx+r*math.Cos(a)-float64(box.Min.X)), float32(cy+r*math.Sin(a)-float64(box.Min.Y))
			if i == 0 {
				ras.MoveTo(x, y)
			} else {
				ras.LineTo(x, y)
			}
		}
		ras.ClosePath()
	}
	circle(outer, 1)
	if inner > 0 {
		circle(inner, -1)
	}
	ras.Draw(dst, box, image.NewUniform(c), image.Point{})
}

// polygon draws a filled polygon of x, y pairs.
func polygon(dst draw.Image, c color.Color, xy ...float64) {
	x0, y0, x1, y1 := xy[0], xy[1], xy[0], xy[1]
	for i := 2; i < len(xy); i += 2 {
		x0, x1 = min(x0, xy[i]), max(x1, xy[i])
		y0, y1 = min(y0, xy[i+1]), max(y1, xy[i+1])
	}
	box := image.Rect(int(x0)-1, int(y0)-1, int(x1)+2, int(y1)+2)
	var ras vector.Rasterizer
	ras.Reset(box.Dx(), box.Dy())
	for i := 0; i < len(xy); i += 2 {
		x, y := float32(xy[i]-float64(box.Min.X)), float32(xy[i+1]-float64(box.Min.Y))
		if i == 0 {
			ras.MoveTo(x, y)
		} else {
			ras.LineTo(x, y)
		}
	}
	ras.ClosePath()
	ras.Draw(dst, box, image.NewUniform(c), image.Point{})
}
