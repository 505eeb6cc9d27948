package sdl

import (
	"image"
	"math"
)

// resize returns m at another size: linear between pixels where it grows, the
// mean of what falls together where it shrinks. It works on the four channels
// alike, as premultiplied alpha allows.
func resize(m *image.RGBA, width, height int) *image.RGBA {
	size := m.Rect.Size()
	if size.X == width && size.Y == height {
		return m
	}
	columns, rows := taps(size.X, width), taps(size.Y, height)
	wide := make([]float32, 4*width*size.Y) // scaled across, not yet down
	for y := range size.Y {
		in, out := m.Pix[y*m.Stride:], wide[4*width*y:]
		for x, c := range columns {
			for i, weight := range c.weights {
				p := in[4*(c.first+i):][:4]
				for k := range p {
					out[4*x+k] += weight * float32(p[k])
				}
			}
		}
	}
	to := image.NewRGBA(image.Rect(0, 0, width, height))
	line := make([]float32, 4*width)
	for y, r := range rows {
		clear(line)
		for i, weight := range r.weights {
			for k, v := range wide[4*width*(r.first+i):][:4*width] {
				line[k] += weight * v
			}
		}
		for k, v := range line {
			to.Pix[y*to.Stride+k] = uint8(min(v+0.5, 255))
		}
	}
	return to
}

// A tap is the pixels that one pixel is made of.
type tap struct {
	first   int
	weights []float32 // 1 in all
}

// taps are those of a row of from pixels that becomes to pixels: a triangle
// about the middle of each, as wide as a pixel of the coarser row.
func taps(from, to int) []tap {
	scale := float64(from) / float64(to)
	reach := max(scale, 1)
	out := make([]tap, to)
	for x := range out {
		middle := (float64(x)+0.5)*scale - 0.5
		first := max(int(math.Ceil(middle-reach)), 0)
		last := min(int(math.Floor(middle+reach)), from-1)
		t := tap{first: first}
		var sum float32
		for i := first; i <= last; i++ {
			w := float32(max(1-math.Abs(float64(i)-middle)/reach, 0))
			t.weights = append(t.weights, w)
			sum += w
		}
		for i := range t.weights {
			t.weights[i] /= sum
		}
		out[x] = t
	}
	return out
}
