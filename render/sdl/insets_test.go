//go:build cgo

package sdl

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"testing"

	"smoothplay/platform"
)

var update = flag.Bool("update", false, "write the golden pictures anew")

// goldenTolerance is by how much of 255 a channel of a pixel may be off.
const goldenTolerance = 6

// TestGoldenInsets draws a picture with four others in it, of several formats and
// shapes, with a caption above them, as the golden picture has it.
func TestGoldenInsets(t *testing.T) {
	main := quarters(platform.I420, 320, 180, platform.BT709, false)
	f := &platform.Frame{Picture: main}
	for i, p := range []*platform.Picture{
		quarters(platform.NV12, 64, 36, platform.BT601, false),
		ramp(160, 90),
		quarters(platform.I420P10, 96, 54, platform.BT2020, false),
		fill(platform.I420, 32, 32, yuvOf([3]int{200, 100, 50}, platform.BT601, true)),
	} {
		p.FullRange = i == 3
		width := 0.22
		if p.Width == p.Height {
			width = 0.22 * 9 / 16
		}
		f.Insets = append(f.Insets, platform.Inset{Picture: p, AtX: 0.98 - width, AtY: 0.02 + 0.24*float64(i), AtWidth: width, AtHeight: 0.22})
	}
	caption := image.NewRGBA(image.Rect(0, 0, 160, 20))
	for i := range caption.Pix {
		caption.Pix[i] = []byte{128, 128, 128, 128}[i%4]
	}
	f.Overlays = []platform.Overlay{{Image: caption, X: 130, Y: 150, CanvasWidth: 320, CanvasHeight: 180, ID: 1}}

	c := newCanvas(360, 180)
	m := &memoryPainter{}
	defer m.main.close()
	if err := m.compose(c, f, rect{20, 0, 320, 180}); err != nil {
		t.Fatal(err)
	}
	for _, s := range m.insets {
		defer s.close()
	}
	got := image.NewNRGBA(image.Rect(0, 0, c.width, c.height))
	for y := range c.height {
		for x := range c.width {
			v := c.rgb(x, y)
			got.SetNRGBA(x, y, color.NRGBA{byte(v[0]), byte(v[1]), byte(v[2]), 255})
		}
	}
	compareGolden(t, "testdata/golden/insets.png", got)
}

// ramp is a picture that gets brighter to the right.
func ramp(width, height int) *platform.Picture {
	return paintPicture(platform.I420, width, height, func(x, _ int) [3]int { return [3]int{16 + x*219/width, 128, 128} })
}

func compareGolden(t *testing.T, name string, got *image.NRGBA) {
	t.Helper()
	if *update {
		var b bytes.Buffer
		if err := png.Encode(&b, got); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if want.Bounds() != got.Bounds() {
		t.Fatalf("it is %v large, want %v", got.Bounds(), want.Bounds())
	}
	off := 0
	for y := range got.Rect.Dy() {
		for x := range got.Rect.Dx() {
			if !near(rgbAt(got, x, y), rgbAt(want, x, y), goldenTolerance) {
				if off++; off == 1 {
					t.Errorf("at %d, %d it is %v, want %v", x, y, rgbAt(got, x, y), rgbAt(want, x, y))
				}
			}
		}
	}
	if off > 0 {
		t.Errorf("%d pixels are off", off)
	}
}
