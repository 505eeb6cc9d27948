package overlay

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// shot is a thumbnail: a red disc on grey.
func shot(width, height int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			dx, dy := x-width/2, y-height/2
			c := color.RGBA{uint8(60 + 120*x/width), 90, 110, 255}
			if dx*dx+dy*dy < height*height/9 {
				c = color.RGBA{200, 40, 40, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

// TestGoldenBar compares the progress bar with chapters and a thumbnail with the
// picture in testdata/golden.
func TestGoldenBar(t *testing.T) {
	bar := Progress{
		To: 10 * time.Minute, Position: 3 * time.Minute, Buffered: []Range{{From: 2 * time.Minute, To: 4 * time.Minute}},
		Chapters: []time.Duration{0, time.Minute, 150 * time.Second, 5 * time.Minute, 8 * time.Minute}, Title: "The long way home",
		Pointer: 0.6, Thumbnail: shot(320, 180),
	}
	const width, height = 640, 360
	var p Painter
	m := scene(width, height)
	under, err := p.Progress(bar, width, height)
	if err != nil {
		t.Fatal(err)
	}
	above, err := p.Preview(bar, width, height)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []struct {
		image *image.RGBA
		x, y  int
	}{{under.Image, under.X, under.Y}, {above.Image, above.X, above.Y}} {
		draw.Draw(m, image.Rect(o.x, o.y, o.x+o.image.Rect.Dx(), o.y+o.image.Rect.Dy()), o.image, image.Point{}, draw.Over)
	}
	if again, _ := p.Preview(bar, width, height); again.ID != above.ID {
		t.Error("the same thumbnail is drawn twice")
	}
	file := filepath.Join("testdata", "golden", "bar.png")
	if *update {
		write(t, file, m)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if n := differ(m, want); n > width*height/500 {
		t.Errorf("%d pixels differ from %s; look at both after -update", n, file)
	}
}

// TestPreviewAnywhere: a preview lies on the canvas, or is none.
func TestPreviewAnywhere(t *testing.T) {
	var p Painter
	for _, pointer := range []float64{-1, 0, 0.5, 1, 2} {
		for _, size := range []image.Point{{640, 360}, {100, 60}, {20, 300}, {1, 1}} {
			for _, of := range []image.Point{{320, 180}, {10, 500}, {500, 10}} {
				o, err := p.Preview(Progress{To: time.Minute, Pointer: pointer, Thumbnail: shot(of.X, of.Y)}, size.X, size.Y)
				if err != nil || o.Image == nil {
					continue
				}
				if b := o.Image.Rect; o.X < 0 || o.Y < 0 || o.X+b.Dx() > o.CanvasWidth || o.Y+b.Dy() > o.CanvasHeight {
					t.Errorf("pointer %v, window %v, thumbnail %v: %v at %d,%d", pointer, size, of, b, o.X, o.Y)
				}
			}
		}
	}
}
