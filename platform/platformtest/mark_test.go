package platformtest

import (
	"image"
	"image/color"
	"math/rand/v2"
	"testing"
)

var markSizes = []image.Point{{160, 90}, {224, 128}, {320, 180}, {480, 270}, {640, 360}, {854, 480}, {1280, 720}, {1920, 1080}}

// noise returns a luma plane of random bytes, as a picture would be at worst.
func noise(r *rand.Rand, stride, height int) []byte {
	luma := make([]byte, stride*height)
	for i := range luma {
		luma[i] = byte(r.UintN(256))
	}
	return luma
}

func TestMarkRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, size := range markSizes {
		for _, m := range []Mark{{0, 0}, {15, 65535}, {1, 599}, {3, 0x5555}, {2, 0xaaaa}, {r.IntN(16), r.IntN(65536)}} {
			stride := size.X + 24
			luma := noise(r, stride, size.Y)
			DrawMark(luma, stride, size.X, size.Y, m)
			if got, ok := ReadMark(luma, stride, size.X, size.Y); !ok || got != m {
				t.Errorf("%v: drew %v, read %v, %v", size, m, got, ok)
			}
		}
	}
}

func TestMarkIsNotFoundInNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 40 {
		luma := noise(r, 320, 180)
		if m, ok := ReadMark(luma, 320, 320, 180); ok {
			t.Fatalf("read %v out of noise", m)
		}
		if m, ok := FindMark(gray(luma, 320, 320, 180)); ok {
			t.Fatalf("found %v in noise", m)
		}
	}
}

// A bar that is wrong must be noticed, whichever it is.
func TestMarkChecksum(t *testing.T) {
	const width, height = 440, 240
	for bar := range markBits {
		luma := make([]byte, width*height)
		DrawMark(luma, width, width, height, Mark{2, 1234})
		for y := range MarkBand(height) {
			for x := range 10 {
				p := &luma[y*width+(markQuiet+markGuard+bar)*10+x]
				*p = markBlack + markWhite - *p
			}
		}
		if m, ok := ReadMark(luma, width, width, height); ok {
			t.Errorf("bar %d turned over: still read %v", bar, m)
		}
	}
}

func TestFindMarkInScreenshot(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	screen := image.Point{1024, 768}
	for _, c := range []struct {
		name    string
		picture image.Point     // as decoded
		window  image.Rectangle // as shown
	}{
		{"as is", image.Pt(640, 360), image.Rect(0, 0, 640, 360)},
		{"bars above and below", image.Pt(1280, 720), image.Rect(0, 96, 1024, 672)},
		{"bars left and right", image.Pt(320, 180), image.Rect(113, 0, 911, 449)},
		{"small window", image.Pt(1280, 720), image.Rect(200, 300, 500, 469)},
		{"stretched", image.Pt(320, 180), image.Rect(0, 0, 1024, 768)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 5 {
				m := Mark{r.IntN(16), r.IntN(65536)}
				luma := make([]byte, c.picture.X*c.picture.Y)
				for i := range luma {
					luma[i] = byte(40 + r.UintN(120))
				}
				DrawMark(luma, c.picture.X, c.picture.X, c.picture.Y, m)
				img := image.NewRGBA(image.Rectangle{Max: screen})
				scale(img, c.window, gray(luma, c.picture.X, c.picture.X, c.picture.Y))
				if got, ok := FindMark(img); !ok || got != m {
					t.Errorf("drew %v, found %v, %v", m, got, ok)
				}
			}
		})
	}
}

func TestReadMarkRefusesWhatIsTooSmall(t *testing.T) {
	for _, c := range []struct{ n, stride, width, height int }{{0, 0, 0, 0}, {100, 320, 320, 180}, {4000, 40, 40, 100}, {4000, 100, 320, 12}} {
		if _, ok := ReadMark(make([]byte, c.n), c.stride, c.width, c.height); ok {
			t.Errorf("%+v: read a mark", c)
		}
	}
}

func TestReadFlash(t *testing.T) {
	for _, size := range markSizes {
		luma := make([]byte, size.X*size.Y)
		if ReadFlash(luma, size.X, size.X, size.Y) {
			t.Errorf("%v: lit in a black picture", size)
		}
		for y := FlashArea(size.X, size.Y).Min.Y; y < FlashArea(size.X, size.Y).Max.Y; y++ {
			for x := FlashArea(size.X, size.Y).Min.X; x < FlashArea(size.X, size.Y).Max.X; x++ {
				luma[y*size.X+x] = markWhite
			}
		}
		if !ReadFlash(luma, size.X, size.X, size.Y) {
			t.Errorf("%v: not lit in the flash", size)
		}
	}
}

func gray(luma []byte, stride, width, height int) *image.Gray {
	return &image.Gray{Pix: luma, Stride: stride, Rect: image.Rect(0, 0, width, height)}
}

// scale draws src into r of dst, bilinear as a renderer does.
func scale(dst *image.RGBA, r image.Rectangle, src *image.Gray) {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	at := func(x, y int) float64 {
		return float64(src.GrayAt(min(max(x, 0), w-1), min(max(y, 0), h-1)).Y)
	}
	for y := range r.Dy() {
		for x := range r.Dx() {
			fx := (float64(x)+0.5)*float64(w)/float64(r.Dx()) - 0.5 + 1
			fy := (float64(y)+0.5)*float64(h)/float64(r.Dy()) - 0.5 + 1
			ix, iy := int(fx), int(fy)
			dx, dy := fx-float64(ix), fy-float64(iy)
			ix, iy = ix-1, iy-1
			v := (at(ix, iy)*(1-dx)+at(ix+1, iy)*dx)*(1-dy) + (at(ix, iy+1)*(1-dx)+at(ix+1, iy+1)*dx)*dy
			dst.Set(r.Min.X+x, r.Min.Y+y, color.Gray{Y: byte(v)})
		}
	}
}
