//go:build cgo

package sdl

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"smoothplay/platform"
)

// fill makes a picture whose every pixel has the planes' values of colour.
func fill(format platform.PixelFormat, width, height int, yuv [3]int) *platform.Picture {
	return paintPicture(format, width, height, func(int, int) [3]int { return yuv })
}

// paintPicture makes a picture of 8-bit values; I420P10 gets them times 4.
func paintPicture(format platform.PixelFormat, width, height int, at func(x, y int) [3]int) *platform.Picture {
	p := &platform.Picture{Width: width, Height: height, Format: format}
	put := func(plane, n, v int) {
		if format == platform.I420P10 {
			p.Planes[plane][2*n], p.Planes[plane][2*n+1] = byte(4*v), byte(4*v>>8)
		} else {
			p.Planes[plane][n] = byte(v)
		}
	}
	unit := 1
	if format == platform.I420P10 {
		unit = 2
	}
	half, rows := (width+1)/2, (height+1)/2
	p.Strides = [3]int{(width + 3) * unit, (half + 5) * unit, (half + 5) * unit}
	if format == platform.NV12 {
		p.Strides[1], p.Strides[2] = 2*half+6, 0
	}
	for i, n := range []int{height, rows, rows} {
		p.Planes[i] = make([]byte, p.Strides[i]*n+64)
	}
	for y := range height {
		for x := range width {
			put(0, y*p.Strides[0]/unit+x, at(x, y)[0])
		}
	}
	for y := range rows {
		for x := range half {
			c := at(min(2*x, width-1), min(2*y, height-1))
			if format == platform.NV12 {
				put(1, y*p.Strides[1]+2*x, c[1])
				put(1, y*p.Strides[1]+2*x+1, c[2])
			} else {
				put(1, y*p.Strides[1]/unit+x, c[1])
				put(2, y*p.Strides[2]/unit+x, c[2])
			}
		}
	}
	return p
}

func newCanvas(width, height int) *canvas {
	return &canvas{pix: make([]byte, 4*width*height), stride: 4 * width, width: width, height: height}
}

func (c *canvas) rgb(x, y int) [3]int {
	p := c.pix[y*c.stride+4*x:]
	return [3]int{int(p[2]), int(p[1]), int(p[0])}
}

func near(a, b [3]int, tolerance int) bool {
	for i := range a {
		if d := a[i] - b[i]; d > tolerance || d < -tolerance {
			return false
		}
	}
	return true
}

// yuvOf codes a colour: the definition turned around.
func yuvOf(rgb [3]int, m platform.Matrix, full bool) (out [3]int) {
	kr, kb := 0.299, 0.114
	switch m {
	case platform.BT709:
		kr, kb = 0.2126, 0.0722
	case platform.BT2020:
		kr, kb = 0.2627, 0.0593
	}
	r, g, b := float64(rgb[0])/255, float64(rgb[1])/255, float64(rgb[2])/255
	y := kr*r + (1-kr-kb)*g + kb*b
	cb, cr := (b-y)/2/(1-kb), (r-y)/2/(1-kr)
	if full {
		y, cb, cr = 255*y, 255*cb, 255*cr
	} else {
		y, cb, cr = 16+219*y, 224*cb, 224*cr
	}
	for i, v := range []float64{y, 128 + cb, 128 + cr} {
		out[i] = min(max(int(math.Round(v)), 0), 255)
	}
	return out
}

var testColours = [][3]int{{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}, {0, 0, 0}, {128, 128, 128}, {200, 120, 40}}

// Colours that were coded must come out as they were, from every layout, with
// every matrix and range, scaled or not.
func TestDrawColours(t *testing.T) {
	for _, format := range []platform.PixelFormat{platform.I420, platform.NV12, platform.I420P10} {
		for _, matrix := range []platform.Matrix{platform.BT601, platform.BT709, platform.BT2020} {
			for _, full := range []bool{false, true} {
				for _, size := range []int{50, 75} {
					for _, want := range testColours {
						p := fill(format, 50, 30, yuvOf(want, matrix, full))
						p.Matrix, p.FullRange = matrix, full
						c, s := newCanvas(100, 60), &scaler{}
						if err := draw(c, s, p, rect{10, 8, size, 30}); err != nil {
							t.Fatal(err)
						}
						s.close()
						for _, at := range [][2]int{{10, 8}, {9 + size, 37}, {10 + size/2, 20}} {
							if got := c.rgb(at[0], at[1]); !near(got, want, 3) {
								t.Errorf("format %d, matrix %d, full %v, width %d: colour at %v is %v, want %v", format, matrix, full, size, at, got, want)
							}
						}
						for _, at := range [][2]int{{9, 20}, {10 + size, 20}, {20, 7}, {20, 38}} {
							if got := c.rgb(at[0], at[1]); got != [3]int{} {
								t.Errorf("width %d: %v was drawn to at %v, outside the area", size, got, at)
							}
						}
					}
				}
			}
		}
	}
}

// The vector code and the portable code must agree to the bit, at any width and
// on any content.
func TestVectorsAgreeWithPortableCode(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, format := range []platform.PixelFormat{platform.I420, platform.NV12} {
		for width := 1; width < 150; width += 1 + width/20 {
			p := paintPicture(format, width, 7, func(int, int) [3]int {
				return [3]int{random.IntN(256), random.IntN(256), random.IntN(256)}
			})
			from, err := planesOf(p)
			if err != nil {
				t.Fatal(err)
			}
			k := coloursOf(platform.Matrix(random.IntN(4)), random.IntN(2) == 0)
			a := newCanvas(width, 7)
			a.convert(&from, rect{0, 0, width, 7}, k, portable)
			for _, vectors := range []int{sse2, best} {
				b := newCanvas(width, 7)
				b.convert(&from, rect{0, 0, width, 7}, k, vectors)
				if !slices.Equal(a.pix, b.pix) {
					t.Fatalf("format %d: vectors %d differ at width %d", format, vectors, width)
				}
			}
			x, y := random.IntN(width), random.IntN(7)
			chroma := p.Planes[1][y/2*p.Strides[1]+x/2]
			if format == platform.NV12 {
				chroma = p.Planes[1][y/2*p.Strides[1]+x&^1]
			}
			_ = chroma
			u, v := int(chroma), 0
			if format == platform.NV12 {
				v = int(p.Planes[1][y/2*p.Strides[1]+x&^1+1])
			} else {
				v = int(p.Planes[2][y/2*p.Strides[2]+x/2])
			}
			if got, want := a.rgb(x, y), k.rgb(int(p.Planes[0][y*p.Strides[0]+x]), u, v); got != want {
				t.Fatalf("format %d, width %d: the pixel at %d, %d is %v, want %v", format, width, x, y, got, want)
			}
		}
	}
}

// Edges must lie where they lay, at any size.
func TestScalingKeepsPlaces(t *testing.T) {
	p := paintPicture(platform.I420, 160, 90, func(x, y int) [3]int {
		if x < 80 && y < 46 {
			return yuvOf([3]int{255, 255, 255}, platform.BT601, false)
		}
		return yuvOf([3]int{0, 0, 255}, platform.BT601, false)
	})
	var s scaler
	defer s.close()
	for _, size := range [][2]int{{160, 90}, {320, 180}, {333, 187}, {80, 45}, {40, 200}, {17, 9}, {1920, 1080}} {
		c := newCanvas(size[0], size[1])
		if err := draw(c, &s, p, rect{0, 0, size[0], size[1]}); err != nil {
			t.Fatal(err)
		}
		for _, at := range []struct {
			x, y float64
			want [3]int
		}{{0.25, 0.25, [3]int{255, 255, 255}}, {0.75, 0.25, [3]int{0, 0, 255}}, {0.25, 0.75, [3]int{0, 0, 255}}, {0.99, 0.99, [3]int{0, 0, 255}}} {
			if got := c.rgb(int(at.x*float64(size[0])), int(at.y*float64(size[1]))); !near(got, at.want, 6) {
				t.Errorf("at %v of %v: %v, want %v", at, size, got, at.want)
			}
		}
	}
}

func TestPicturesThatLieAreRefused(t *testing.T) {
	c := newCanvas(64, 64)
	good := func() *platform.Picture { return fill(platform.I420, 64, 64, [3]int{}) }
	for name, p := range map[string]*platform.Picture{
		"no planes":    {Width: 64, Height: 64},
		"no size":      {},
		"short luma":   func() *platform.Picture { p := good(); p.Planes[0] = p.Planes[0][:63*p.Strides[0]]; return p }(),
		"short chroma": func() *platform.Picture { p := good(); p.Planes[2] = p.Planes[2][:10]; return p }(),
		"stride":       func() *platform.Picture { p := good(); p.Strides[1] = 31; return p }(),
		"negative":     func() *platform.Picture { p := good(); p.Strides[0] = -64; return p }(),
		"surface":      {Width: 64, Height: 64, Format: platform.Surface},
	} {
		if err := draw(c, &scaler{}, p, rect{0, 0, 64, 64}); err == nil {
			t.Errorf("%s: the picture was drawn", name)
		}
	}
}

func TestBlend(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 4, 2))
	copy(m.Pix[m.PixOffset(1, 0):], []byte{128, 0, 0, 128, 255, 255, 255, 255})
	for _, at := range [][2]int{{3, 3}, {-1, 0}, {-2, 0}, {7, 0}, {8, 0}, {3, -1}, {0, 7}, {-9, -9}, {99, 99}} {
		c := newCanvas(9, 8)
		for i := range c.pix {
			c.pix[i] = 200
		}
		c.blend(newSprite(m), at[0], at[1])
		for y := range 8 {
			for x := range 9 {
				want := [3]int{200, 200, 200}
				switch {
				case y == at[1] && x == at[0]+1:
					want = [3]int{228, 100, 100} // 128 + 200 * 127/255
				case y == at[1] && x == at[0]+2:
					want = [3]int{255, 255, 255}
				}
				if got := c.rgb(x, y); !near(got, want, 1) {
					t.Errorf("sprite at %v: pixel %d, %d is %v, want %v", at, x, y, got, want)
				}
			}
		}
	}
}

func TestOverlaysAreMadeOnce(t *testing.T) {
	made, freed, used := 0, 0, 0
	var c cache[int]
	show := func(overlays ...platform.Overlay) {
		t.Helper()
		err := c.renew(overlays, rect{w: 100, h: 100},
			func(*image.RGBA, rect) (int, error) { made++; return made, nil },
			func(int, rect) error { used++; return nil },
			func(int) { freed++ })
		if err != nil {
			t.Fatal(err)
		}
	}
	m := image.NewRGBA(image.Rect(0, 0, 10, 10))
	one := platform.Overlay{Image: m, ID: 1}
	two, wide := one, one
	two.ID = 2
	wide.CanvasWidth, wide.CanvasHeight = 50, 50
	show(one)
	show(one, two)
	show(one, two, platform.Overlay{ID: 3}, platform.Overlay{ID: 4, Image: &image.RGBA{Rect: image.Rect(0, 0, 9, 9)}})
	if made != 2 || freed != 0 || used != 5 {
		t.Errorf("made %d, freed %d, used %d; want 2, 0, 5", made, freed, used)
	}
	show(two)
	show(wide) // as one, but in another size
	show()
	if made != 3 || freed != 3 {
		t.Errorf("made %d, freed %d; want 3, 3", made, freed)
	}
}

func BenchmarkDraw1080p(b *testing.B) {
	for _, test := range []struct {
		name          string
		format        platform.PixelFormat
		width, height int
	}{
		{"1080p", platform.I420, 1920, 1080},
		{"1080p-nv12", platform.NV12, 1920, 1080},
		{"720p", platform.I420, 1280, 720},
		{"360p", platform.I420, 640, 360},
		{"1080p-10bit", platform.I420P10, 1920, 1080},
	} {
		b.Run(fmt.Sprint(test.name), func(b *testing.B) {
			p := paintPicture(test.format, test.width, test.height, func(x, y int) [3]int { return [3]int{x & 255, y & 255, (x + y) & 255} })
			c, s := newCanvas(1920, 1080), &scaler{}
			defer s.close()
			for b.Loop() {
				if err := draw(c, s, p, rect{0, 0, 1920, 1080}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for name, vectors := range map[string]int{"portable": portable, "sse2": sse2, "avx2": best} {
		b.Run(name, func(b *testing.B) {
			from, err := planesOf(fill(platform.I420, 1920, 1080, [3]int{1, 2, 3}))
			if err != nil {
				b.Fatal(err)
			}
			c := newCanvas(1920, 1080)
			for b.Loop() {
				c.convert(&from, rect{0, 0, 1920, 1080}, coloursOf(platform.BT709, false), vectors)
			}
		})
	}
}
