package sdl

import (
	"image"
	"math"
	"testing"
	"time"

	"smoothplay/platform"
)

func TestFit(t *testing.T) {
	tests := []struct {
		name                  string
		width, height, aw, ah int
		want                  rect
	}{
		{"same shape", 1920, 1080, 16, 9, rect{0, 0, 1920, 1080}},
		{"bars at the sides", 1920, 1080, 4, 3, rect{240, 0, 1440, 1080}},
		{"bars above and below", 1000, 1000, 16, 9, rect{0, 218, 1000, 563}},
		{"nearly the same", 1366, 768, 16, 9, rect{0, 0, 1366, 768}},
		{"no shape", 800, 600, 0, 0, rect{0, 0, 800, 600}},
		{"huge terms", 800, 600, 1 << 30, 1 << 30, rect{100, 0, 600, 600}},
		{"a line", 100, 100, 1000000, 1, rect{0, 49, 100, 1}},
		{"no window", 0, 600, 16, 9, rect{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := fit(test.width, test.height, test.aw, test.ah); got != test.want {
				t.Errorf("fit is %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestShareAndPlace(t *testing.T) {
	area := rect{100, 50, 1000, 500}
	if got, want := area.share(0.5, 0.5, 0.5, 0.5), (rect{600, 300, 500, 250}); got != want {
		t.Errorf("share is %+v, want %+v", got, want)
	}
	if got, want := area.share(0.9, -1, 5, 9), (rect{1000, 50, 100, 500}); got != want {
		t.Errorf("share beyond the area is %+v, want %+v", got, want)
	}
	if got := area.share(math.NaN(), 0, 1, 1); got.x < -1<<40 && !got.empty() {
		t.Errorf("share of nothing is %+v", got)
	}
	o := platform.Overlay{Image: image.NewRGBA(image.Rect(0, 0, 100, 10)), X: 50, Y: 90, CanvasWidth: 200, CanvasHeight: 100}
	if got, want := area.place(&o), (rect{350, 500, 500, 50}); got != want {
		t.Errorf("place is %+v, want %+v", got, want)
	}
}

// The factors in whole numbers must give the colours of the definition (BT.601,
// BT.709, BT.2020) within one step, for every luma and every chroma.
func TestColoursAreThoseOfTheDefinition(t *testing.T) {
	weights := map[platform.Matrix][2]float64{
		platform.BT601: {0.299, 0.114}, platform.BT709: {0.2126, 0.0722}, platform.BT2020: {0.2627, 0.0593},
	}
	for matrix, w := range weights {
		for _, full := range []bool{false, true} {
			k := coloursOf(matrix, full)
			worst := 0.0
			for y := range 256 {
				for u := 0; u < 256; u += 5 {
					for v := 0; v < 256; v += 5 {
						want := rgbOf(y, u, v, w[0], w[1], full)
						got := k.rgb(y, u, v)
						for i := range got {
							worst = max(worst, math.Abs(float64(got[i])-want[i]))
						}
					}
				}
			}
			if worst > 1 {
				t.Errorf("matrix %d, full range %v: off by up to %.2f", matrix, full, worst)
			}
		}
	}
}

// rgbOf is the definition: R, G, B from 0 to 255, not rounded.
func rgbOf(y, u, v int, kr, kb float64, full bool) (out [3]float64) {
	luma, cb, cr := (float64(y)-16)/219, (float64(u)-128)/224, (float64(v)-128)/224
	if full {
		luma, cb, cr = float64(y)/255, (float64(u)-128)/255, (float64(v)-128)/255
	}
	r, b := luma+2*(1-kr)*cr, luma+2*(1-kb)*cb
	g := (luma - kr*r - kb*b) / (1 - kr - kb)
	for i, c := range []float64{r, g, b} {
		out[i] = min(max(c*255, 0), 255)
	}
	return out
}

// rgb is what native.c computes.
func (k colours) rgb(y, u, v int) [3]int {
	luma := int(uint32(y*257)*uint32(uint16(k.y))>>16) - int(k.bias)
	cu, cv := (u-128)*256, (v-128)*256
	clip := func(v int) int { return min(max(v>>5, 0), 255) }
	return [3]int{
		clip(luma + cv*int(k.redV)>>16),
		clip(luma + cu*int(k.greenU)>>16 + cv*int(k.greenV)>>16),
		clip(luma + cu*int(k.blueU)>>16),
	}
}

func TestMatrixThatIsNotKnown(t *testing.T) {
	for height, want := range map[int]platform.Matrix{576: platform.BT601, 719: platform.BT601, 720: platform.BT709, 1080: platform.BT709} {
		if got := matrixOf(&platform.Picture{Height: height}); got != want {
			t.Errorf("%d lines: matrix %d, want %d", height, got, want)
		}
	}
	if got := matrixOf(&platform.Picture{Height: 1080, Matrix: platform.BT601}); got != platform.BT601 {
		t.Errorf("the matrix of the picture is not used: %d", got)
	}
}

func TestWatchdog(t *testing.T) {
	now := time.Unix(0, 0)
	var w watchdog
	look := func(after time.Duration, calls uint64) bool { now = now.Add(after); return w.stuck(now, calls) }
	if look(0, 0) || look(time.Hour, 0) {
		t.Error("one look after a sleep finds the device stuck")
	}
	for i := range uint64(100) {
		if look(100*time.Millisecond, i+1) {
			t.Fatal("a device that works is found stuck")
		}
	}
	looks := 0
	for !look(100*time.Millisecond, 100) {
		if looks++; looks > 100 {
			t.Fatal("a stuck device is not found")
		}
	}
	if looks < 19 || looks > 21 {
		t.Errorf("found after %d looks in 100 ms, want about 20", looks)
	}
	if look(100*time.Millisecond, 101) {
		t.Error("a device that works again is found stuck")
	}
}

func TestResize(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 40, 20))
	for y := range 20 {
		for x := range 40 {
			copy(m.Pix[m.PixOffset(x, y):], []byte{100, 50, 0, 200})
			if x >= 20 {
				copy(m.Pix[m.PixOffset(x, y):], []byte{0, 0, 0, 0})
			}
		}
	}
	for _, size := range [][2]int{{40, 20}, {80, 40}, {13, 7}, {200, 3}, {1, 1}, {3, 300}} {
		out := resize(m, size[0], size[1])
		if out.Rect.Dx() != size[0] || out.Rect.Dy() != size[1] {
			t.Fatalf("size is %v, want %v", out.Rect, size)
		}
		sum := 0
		for i := 3; i < len(out.Pix); i += 4 {
			sum += int(out.Pix[i])
			if out.Pix[i-3] > out.Pix[i] {
				t.Fatalf("%v: a colour is above its alpha", size)
			}
		}
		if mean := float64(sum) / float64(size[0]*size[1]); mean < 95 || mean > 105 {
			t.Errorf("%v: alpha is %.1f on average, want 100", size, mean)
		}
		if p := out.Pix[:4]; size[0] > 2 && (p[0] != 100 || p[1] != 50 || p[3] != 200) {
			t.Errorf("%v: the corner is %v", size, p)
		}
	}
}

func TestSpriteSpans(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 8, 3))
	for _, x := range []int{2, 5} {
		m.Pix[m.PixOffset(x, 1)+3] = 255
	}
	m.Pix[m.PixOffset(7, 2)] = 9 // red alone still adds
	s := newSprite(m)
	for i, want := range []int32{8, 8, 2, 6, 7, 8} {
		if s.spans[i] != want {
			t.Fatalf("spans are %v, want %v at %d", s.spans, want, i)
		}
	}
	if c := s.cut(3, 5); c.spans[2] != 3 || c.spans[3] != 5 || c.spans[4] > c.spans[5] {
		t.Errorf("cut to columns 3 to 5 the spans are %v", c.spans)
	}
	if s.pix[4*(2*8+7)+2] != 9 {
		t.Error("red is not the third byte")
	}
}
