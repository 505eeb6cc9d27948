package overlay

import (
	"bytes"
	"errors"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"smoothplay/platform"
)

var (
	update = flag.Bool("update", false, "write the golden pictures anew")
	show   = flag.String("show", "", "folder for the golden pictures at 1920x1080, with the fonts of this device")
)

// testFonts are parts of free fonts: see testdata/fonts/README.md.
func testFonts() *Fonts { return &Fonts{Dirs: []string{"testdata/fonts", "../../testdata/demo/fonts"}} }

var (
	yellow = color.NRGBA{255, 255, 0, 255}
	cyan   = color.NRGBA{0, 255, 255, 255}
	green  = color.NRGBA{0, 255, 0, 255}
	black  = color.NRGBA{0, 0, 0, 255}
	low    = &platform.CueRegion{X: 0.1, Y: 0.7, Width: 0.8, Height: 0.2}
)

// said makes a cue of one run.
func said(text string, style platform.CueStyle) platform.Cue {
	return platform.Cue{Text: text, Runs: []platform.CueRun{{Text: text, Style: style}}}
}

// pictures are drawn and compared with those in testdata/golden.
var pictures = []struct {
	name  string
	style Style
	cues  []platform.Cue
}{
	{name: "latin", cues: []platform.Cue{{Text: "The quick brown fox jumps over the lazy dog, and nobody in the whole wide field has seen it."}}},
	{name: "two-speakers", cues: []platform.Cue{
		{Text: "- Where have you been?", Align: platform.AlignLeft, Runs: []platform.CueRun{{Text: "- Where have you been?", Style: platform.CueStyle{Colour: yellow}}},
			Region: &platform.CueRegion{X: 0.1, Y: 0.75, Width: 0.4, Height: 0.15}},
		{Text: "- At the sea,\nall day.", Align: platform.AlignRight, Runs: []platform.CueRun{{Text: "- At the sea,\nall day.", Style: platform.CueStyle{Colour: cyan}}},
			Region: &platform.CueRegion{X: 0.5, Y: 0.75, Width: 0.4, Height: 0.15}},
		{Text: "[ above ]", Runs: []platform.CueRun{{Text: "[ above ]", Style: platform.CueStyle{Italic: true}}},
			Region: &platform.CueRegion{X: 0.1, Y: 0.05, Width: 0.8, Height: 0.2, Display: platform.DisplayTop}},
	}},
	{name: "arabic", cues: []platform.Cue{{Text: "مرحبا بالعالم، كيف حالك اليوم؟\nهذا نص ABC 123 بالعربية"}, {Text: "שלום עולם, מה שלומך (היום)?"}}},
	{name: "japanese", cues: []platform.Cue{{Text: "今日は東京の天気が良いです。"}, {Text: "「日本語の字幕」"}, {Text: "नमस्ते दुनिया हिन्दी में"}}},
	{name: "boxes", cues: []platform.Cue{
		{Text: "Letters in a box,\nin two lines of teletext", Region: low, LineHeight: 0.07, Runs: []platform.CueRun{
			{Text: "Letters ", Style: platform.CueStyle{Background: black, Colour: green}},
			{Text: "in a box", Style: platform.CueStyle{Background: black, Colour: green, Underline: true}},
			{Text: ",\nin two lines of teletext", Style: platform.CueStyle{Background: black, Colour: green}}}},
		{Text: "A window", Align: platform.AlignLeft, Region: &platform.CueRegion{X: 0.1, Y: 0.1, Width: 0.4, Height: 0.3, Display: platform.DisplayTop,
			PaddingLeft: 0.02, PaddingTop: 0.02, Background: color.NRGBA{0, 0, 80, 200}}},
		{Text: "bold and gone", Region: &platform.CueRegion{X: 0.5, Y: 0.1, Width: 0.4, Height: 0.3, Display: platform.DisplayCenter},
			Runs: []platform.CueRun{{Text: "bold ", Style: platform.CueStyle{Bold: true, Outline: 0.012, OutlineColour: color.NRGBA{200, 0, 0, 255}}},
				{Text: "not seen ", Style: platform.CueStyle{Hidden: true}},
				{Text: "and ", Style: platform.CueStyle{LineThrough: true, OverLine: true, Size: 0.08}},
				{Text: "faint", Style: platform.CueStyle{Colour: color.NRGBA{255, 255, 255, 90}}}}},
	}},
	{name: "user", style: Style{Scale: 1.5, Colour: yellow, Background: color.NRGBA{0, 0, 120, 220}, Edge: EdgeShadow}, cues: []platform.Cue{
		said("As the user wants it, ♪ la la ♪", platform.CueStyle{Colour: green, Italic: true}),
	}},
	{name: "raised", style: Style{Edge: EdgeRaised}, cues: []platform.Cue{{Text: "Raised letters\non a picture"}}},
}

// scene is a picture to put captions on: light above and dark below, with stripes.
func scene(width, height int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			v := 230 - 200*y/height
			c := color.RGBA{uint8(v / 2), uint8(v * 3 / 4), uint8(v), 255}
			if (x*16/width)%4 == 1 {
				c = color.RGBA{200, 190, 170, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

// over draws captions on a scene.
func over(t *testing.T, c *Captions, cues []platform.Cue, width, height int) *image.RGBA {
	t.Helper()
	overlays, err := c.Draw(cues, width, height)
	if err != nil {
		t.Fatal(err)
	}
	m := scene(width, height)
	for _, o := range overlays {
		at := image.Rect(o.X, o.Y, o.X+o.Image.Rect.Dx(), o.Y+o.Image.Rect.Dy())
		draw.Draw(m, at, o.Image, image.Point{}, draw.Over)
	}
	return m
}

// TestGoldenPictures compares what is drawn with the pictures in testdata/golden.
// Processors may round otherwise: one pixel in 500 may differ by more than 32.
func TestGoldenPictures(t *testing.T) {
	for _, p := range pictures {
		t.Run(p.name, func(t *testing.T) {
			got := over(t, &Captions{Style: p.style, Fonts: testFonts()}, p.cues, 640, 360)
			file := filepath.Join("testdata", "golden", p.name+".png")
			if *show != "" {
				large := over(t, &Captions{Style: p.style}, p.cues, 1920, 1080)
				write(t, filepath.Join(*show, p.name+".png"), large)
			}
			if *update {
				write(t, file, got)
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, err := png.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			if n := differ(got, want); n > 640*360/500 {
				t.Errorf("%d pixels differ from %s; look at both after -update", n, file)
			}
		})
	}
}

func write(t *testing.T, file string, m image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// differ counts the pixels that differ by more than 32.
func differ(a, b image.Image) (n int) {
	if a.Bounds().Size() != b.Bounds().Size() {
		return 1 << 30
	}
	size := a.Bounds().Size()
	for y := range size.Y {
		for x := range size.X {
			r1, g1, b1, _ := a.At(x, y).RGBA()
			r2, g2, b2, _ := b.At(x, y).RGBA()
			far := func(v, w uint32) bool { return max(v, w)-min(v, w) > 32<<8 }
			if far(r1, r2) || far(g1, g2) || far(b1, b2) {
				n++
			}
		}
	}
	return n
}
