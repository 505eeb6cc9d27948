package overlay

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
)

func TestExamOfCaptionsWithFonts(t *testing.T) {
	platformtest.TestTextDrawer(t, func(*testing.T) platform.TextDrawer {
		return &Captions{Fonts: testFonts(), Style: Style{Scale: 2, Edge: EdgeDepressed, Window: black}}
	})
}

// laidOut returns the lines of a cue as they are laid out on 1280 x 720.
func laidOut(t *testing.T, c *Captions, cues ...platform.Cue) layout {
	t.Helper()
	all := stacks(cues)
	if len(all) != 1 {
		t.Fatalf("%d stacks", len(all))
	}
	c.text = maxText
	return c.lay(&all[0], canvas{1280, 720})
}

func TestAlignment(t *testing.T) {
	region := &platform.CueRegion{X: 0.25, Y: 0.5, Width: 0.5, Height: 0.4, PaddingLeft: 0.05, PaddingRight: 0.05, PaddingBottom: 0.05}
	const latin, hebrew = "abc", "אבג"
	for _, test := range []struct {
		text      string
		align     platform.CueAlign
		direction platform.CueDirection
		left      bool // of the region, else right
	}{
		{latin, platform.AlignLeft, 0, true}, {latin, platform.AlignRight, 0, false},
		{latin, platform.AlignStart, 0, true}, {latin, platform.AlignEnd, 0, false},
		{hebrew, platform.AlignStart, 0, false}, {hebrew, platform.AlignEnd, 0, true},
		{hebrew, platform.AlignLeft, 0, true}, {hebrew, platform.AlignStart, platform.LeftToRight, true},
		{latin, platform.AlignStart, platform.RightToLeft, false},
	} {
		c := &Captions{Fonts: testFonts()}
		l := laidOut(t, c, platform.Cue{Text: test.text, Align: test.align, Direction: test.direction, Region: region})
		p := l.lines[0]
		want := float32(384)
		if !test.left {
			want = 896 - p.width
		}
		if math.Abs(float64(p.x-want)) > 1 || p.bottom != 612 {
			t.Errorf("%q, align %d, direction %d: at %v, bottom %d; want %v, 612", test.text, test.align, test.direction, p.x, p.bottom, want)
		}
	}
}

func TestPlacesInARegion(t *testing.T) {
	for display, want := range map[platform.CueDisplay][2]int{
		platform.DisplayTop: {144, 234}, platform.DisplayCenter: {315, 405}, platform.DisplayBottom: {486, 576},
	} {
		l := laidOut(t, &Captions{}, platform.Cue{Text: "one\ntwo", Region: &platform.CueRegion{X: 0.1, Y: 0.2, Width: 0.8, Height: 0.6, Display: display}})
		if top, bottom := l.lines[0].top, l.lines[1].bottom; max(top-want[0], want[0]-top, bottom-want[1], want[1]-bottom) > 1 {
			t.Errorf("display %d: lines from %d to %d, want %v", display, top, bottom, want)
		}
	}
}

// What does not fit its region must still be seen.
func TestRegionsThatAreTooSmall(t *testing.T) {
	text := strings.Repeat("many words ", 12)
	for _, r := range []platform.CueRegion{
		{X: 0.1, Y: 0.9, Width: 0.8, Height: 0.05, Display: platform.DisplayTop}, {X: 0.1, Y: 0, Width: 0.8, Height: 0.05},
		{X: 0.5, Y: 0.5}, {X: 2, Y: 2, Width: 1, Height: 1}, {X: -1, Y: -1, Width: 0.5, Height: 0.5},
		{X: math.NaN(), Y: math.Inf(1), Width: math.Inf(-1), Height: math.NaN()},
	} {
		l := laidOut(t, &Captions{}, platform.Cue{Text: text, Region: &r})
		for _, p := range l.lines {
			if p.x < 0 || p.x+p.width > 1280 || p.top < 0 || p.bottom > 720 {
				t.Errorf("%+v: a line from %v, %d to %v, %d", r, p.x, p.top, p.x+p.width, p.bottom)
			}
		}
	}
}

// Lines are of about the same width, and never more than need be.
func TestBalance(t *testing.T) {
	words := strings.Fields(strings.Repeat("to be or not to be that is the question whether it is nobler in the mind to suffer ", 2))
	for n := 5; n < len(words); n++ {
		l := laidOut(t, &Captions{}, platform.Cue{Text: strings.Join(words[:n], " ")})
		widest, narrowest, total := float32(0), float32(1280), float32(0)
		for _, p := range l.lines {
			widest, narrowest, total = max(widest, p.width), min(narrowest, p.width), total+p.width
		}
		if fewest := int(total/1024) + 1; len(l.lines) > fewest+1 {
			t.Errorf("%d words are in %d lines", n, len(l.lines))
		}
		if len(l.lines) == 2 && narrowest < widest*0.6 {
			t.Errorf("%d words: lines of %v and %v", n, narrowest, widest)
		}
	}
	if l := laidOut(t, &Captions{}, platform.Cue{Text: strings.Join(words, " "), NoWrap: true}); l.lines[0].width > 1280 {
		t.Error("a line that is not to be broken is wider than the picture")
	}
}

// Letters of Arabic are joined: four of them are narrower than one by one.
func TestArabicIsJoined(t *testing.T) {
	c := &Captions{Fonts: testFonts()}
	word := laidOut(t, c, platform.Cue{Text: "سلام"}).lines[0]
	var apart float32
	for _, r := range "سلام" {
		apart += laidOut(t, c, platform.Cue{Text: string(r)}).lines[0].width
	}
	if !word.rightToLeft || word.width > apart*0.8 {
		t.Errorf("%v wide in one, %v one by one, from the right: %v", word.width, apart, word.rightToLeft)
	}
	mixed := laidOut(t, c, platform.Cue{Text: "نص ABC 12"}).lines[0]
	if first, last := mixed.runs[0], mixed.runs[len(mixed.runs)-1]; first.Runes.Offset <= last.Runes.Offset {
		t.Errorf("the first word is not at the right: runs from %d to %d", first.Runes.Offset, last.Runes.Offset)
	}
}

// Without a font for music captions show what teletext shows.
func TestCharactersWithoutAFont(t *testing.T) {
	none := &Captions{Fonts: &Fonts{Dirs: []string{t.TempDir(), "/nowhere"}}}
	hash, err := none.Draw([]platform.Cue{{Text: "# la #"}}, 640, 360)
	if err != nil {
		t.Fatal(err)
	}
	note, _ := none.Draw([]platform.Cue{{Text: "♬ la ♬"}}, 640, 360)
	if hash[0].ID != note[0].ID {
		t.Error("a note does not look like #")
	}
	if o, err := none.Draw([]platform.Cue{{Text: "日本語"}}, 640, 360); err != nil || len(o) != 1 {
		t.Errorf("without a font: %d overlays, %v", len(o), err)
	}
}

func TestRegionsKeepTheirOverlays(t *testing.T) {
	c := &Captions{}
	above := platform.Cue{Text: "above", Region: &platform.CueRegion{X: 0.1, Y: 0.1, Width: 0.8, Height: 0.2}}
	one, err := c.Draw([]platform.Cue{above, {Text: "one"}}, 1280, 720)
	if err != nil || len(one) != 2 {
		t.Fatalf("%d overlays, %v", len(one), err)
	}
	above.Begin += time.Second
	two, _ := c.Draw([]platform.Cue{above, {Text: "two"}}, 1280, 720)
	if one[0].Image != two[0].Image || one[0].ID != two[0].ID {
		t.Error("a region that did not change was drawn again")
	}
	if one[1].ID == two[1].ID {
		t.Error("another text has the same ID")
	}
	c.Style.Colour = yellow
	if three, _ := c.Draw([]platform.Cue{above, {Text: "two"}}, 1280, 720); three[1].ID == two[1].ID {
		t.Error("another colour has the same ID")
	}
}

// Cues that are drawn already cost one small slice.
func TestDrawingAgainCostsNothing(t *testing.T) {
	c := &Captions{}
	cues := []platform.Cue{said("once more", platform.CueStyle{Italic: true}), {Text: "and again"}}
	if _, err := c.Draw(cues, 1280, 720); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = c.Draw(cues, 1280, 720) }); n > 1 {
		t.Errorf("drawing the same allocates %v times", n)
	}
}

func TestUserStyle(t *testing.T) {
	cue := said("HHHH", platform.CueStyle{Colour: green, Size: 0.05})
	draw := func(s Style) platform.Overlay {
		o, err := (&Captions{Style: s}).Draw([]platform.Cue{cue}, 1280, 720)
		if err != nil || len(o) != 1 {
			t.Fatalf("%+v: %d overlays, %v", s, len(o), err)
		}
		return o[0]
	}
	letters := func(c color.NRGBA, o platform.Overlay) image.Rectangle {
		_, r := count(o, func(r, g, b, a uint8) bool { return r == c.R && g == c.G && b == c.B && a == 255 })
		return r
	}
	plain, large := letters(green, draw(Style{})), letters(green, draw(Style{Scale: 2}))
	if large.Dy() < plain.Dy()*18/10 || large.Dy() > plain.Dy()*22/10 {
		t.Errorf("letters %d and, twice as large, %d high", plain.Dy(), large.Dy())
	}
	if letters(yellow, draw(Style{Colour: yellow})).Empty() {
		t.Error("letters are not yellow")
	}
	for edge, rim := range map[Edge]bool{EdgeNone: false, EdgeOutline: true, EdgeShadow: true, EdgeRaised: true, EdgeDepressed: true} {
		if n, _ := count(draw(Style{Edge: edge}), dark); (n > 50) != rim {
			t.Errorf("edge %d: %d dark pixels", edge, n)
		}
	}
	if n, _ := count(draw(Style{Background: cyan, Edge: EdgeNone}), func(r, g, b, a uint8) bool { return r == 0 && g == 255 && b == 255 }); n < 500 {
		t.Errorf("%d pixels of background", n)
	}
	if r := letters(black, draw(Style{Window: black})); r.Dx() > 400 || r.Dy() > 80 || r.Dx() < plain.Dx() {
		t.Errorf("the window of a user is %v around %v", r, plain)
	}
}

func TestPicturesOfText(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 200, 50))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	region := &platform.CueRegion{X: 0.25, Y: 0.75, Width: 0.5, Height: 0.2}
	draw := func(image *platform.CueImage) []platform.Overlay {
		o, err := new(Captions).Draw([]platform.Cue{{Region: region, Image: image}}, 1280, 720)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	o := draw(&platform.CueImage{PNG: b.Bytes(), Opacity: 0.5})
	if len(o) != 1 || o[0].Image.Rect.Dx() != 576 || o[0].Image.Rect.Dy() != 144 || o[0].X != 352 || o[0].Y != 540 {
		t.Fatalf("%+v", o)
	}
	if c := o[0].Image.RGBAAt(100, 50); c.A < 126 || c.A > 129 || c.R != c.A {
		t.Errorf("half of white is %v", c)
	}
	for _, broken := range [][]byte{nil, []byte("no PNG"), b.Bytes()[:40]} {
		if o := draw(&platform.CueImage{PNG: broken, Opacity: 1}); o != nil {
			t.Errorf("%d bytes that are no picture became %+v", len(broken), o)
		}
	}
}

// Cues that ask for whole pictures of letters in every colour, over and over, are
// drawn as far as that does not take long.
func TestHostileCues(t *testing.T) {
	var cues []platform.Cue
	for i := range 40 {
		c := platform.Cue{Region: &platform.CueRegion{Y: float64(i) / 1000, Width: 1, Height: 1, Background: yellow}}
		for n := range 400 {
			c.Runs = append(c.Runs, platform.CueRun{Text: "MM MM ", Style: platform.CueStyle{
				Size: 0.2, Outline: 0.05, Colour: color.NRGBA{uint8(n), uint8(i), 0, 255}}})
		}
		cues = append(cues, c)
	}
	c := &Captions{}
	overlays, err := c.Draw(cues, 320, 180)
	if err != nil || len(overlays) == 0 {
		t.Fatalf("%d overlays, %v", len(overlays), err)
	}
	pixels := 0
	for _, o := range overlays {
		pixels += o.Image.Rect.Dx() * o.Image.Rect.Dy()
	}
	if pixels > maxPasses*320*180 || c.pixels < 0 || c.text < 0 {
		t.Errorf("%d pixels in %d overlays; left are %d pixels and %d bytes", pixels, len(overlays), c.pixels, c.text)
	}
	if o, err := c.Draw([]platform.Cue{{Text: "after it"}}, 320, 180); err != nil || len(o) != 1 {
		t.Errorf("after it: %d overlays, %v", len(o), err)
	}
}

func FuzzStyledCaptions(f *testing.F) {
	f.Add("Hello\nWorld", "סלאם \u202eabc\u202c", 0.1, 0.2, 0.5, 0.05, uint8(3), uint16(640), uint16(360))
	f.Add(strings.Repeat("\n", 300), "क्षत्रिय", -1.0, 2.0, 0.0, 5.0, uint8(255), uint16(1), uint16(1))
	c := &Captions{Fonts: testFonts()}
	f.Fuzz(func(t *testing.T, a, b string, x, y, size, height float64, bits uint8, w, h uint16) {
		width, tall := int(w)%1400, int(h)%800
		style := platform.CueStyle{
			Size: height, Outline: size / 10, Bold: bits&1 > 0, Italic: bits&2 > 0, Underline: bits&4 > 0,
			Background: color.NRGBA{bits, 0, 0, bits},
		}
		cue := platform.Cue{Text: a + b, Runs: []platform.CueRun{{Text: a}, {Text: b, Style: style}},
			Align: platform.CueAlign(bits % 5), Direction: platform.CueDirection(bits % 3), LineHeight: size, NoWrap: bits&8 > 0,
			Region: &platform.CueRegion{X: x, Y: y, Width: size, Height: height, Display: platform.CueDisplay(bits % 3), Background: yellow}}
		c.Style.Scale = y
		overlays, err := c.Draw([]platform.Cue{cue, {Text: b}}, width, tall)
		if err != nil {
			return
		}
		for _, o := range overlays {
			if !image.Rect(o.X, o.Y, o.X+o.Image.Rect.Dx(), o.Y+o.Image.Rect.Dy()).In(image.Rect(0, 0, width, tall)) {
				t.Errorf("an overlay at %d, %d with %v", o.X, o.Y, o.Image.Rect)
			}
		}
	})
}

func BenchmarkCaptions(b *testing.B) {
	arabic := "مرحبا بالعالم، كيف حالك اليوم؟\nهذا نص بالعربية %d"
	for _, size := range [][2]int{{1280, 720}, {1920, 1080}} {
		for name, text := range map[string]string{"latin": "This is caption number %d of them,\nand it has two lines.", "arabic": arabic} {
			b.Run(fmt.Sprintf("%s-%d", name, size[1]), func(b *testing.B) {
				b.ReportAllocs()
				c := &Captions{Fonts: testFonts()}
				i := 0
				for b.Loop() {
					i++
					if _, err := c.Draw([]platform.Cue{{Text: fmt.Sprintf(text, i)}}, size[0], size[1]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// The first caption in a script that the built-in font has not: folders are read
// and a font is loaded.
func BenchmarkFirstArabic(b *testing.B) {
	for b.Loop() {
		if _, err := new(Captions).Draw([]platform.Cue{{Text: "مرحبا"}}, 1280, 720); err != nil {
			b.Fatal(err)
		}
	}
}

// Load reads what a text needs, from any goroutine, and nothing else.
func TestFontsAreLoadedAhead(t *testing.T) {
	f := testFonts()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { f.Load("abc مر 日 1") })
	}
	all.Wait()
	if len(f.chosen) != 3 {
		t.Errorf("%d characters were looked for", len(f.chosen))
	}
	for w, found := range f.chosen {
		if found == nil || w.char < 0x600 {
			t.Errorf("%q: found %v", w.char, found != nil)
		}
	}
	loaded := 0
	for _, file := range f.files {
		if file.state.font != nil {
			loaded++
		}
	}
	if loaded != 2 {
		t.Errorf("%d of %d fonts are loaded", loaded, len(f.files))
	}
}

// What no font of the device writes, one that the program brings along may.
func TestFontsOfTheProgram(t *testing.T) {
	extra := os.DirFS("../../testdata/demo/fonts")
	f := &Fonts{Dirs: []string{t.TempDir()}, Extra: extra}
	for _, r := range "字ب" {
		if f.find(fontWish{char: r}) == nil || f.find(fontWish{char: r, bold: true}) == nil {
			t.Errorf("no font writes %c", r)
		}
	}
	if f.find(fontWish{char: 'क'}) != nil {
		t.Error("a font writes what none has")
	}
	own := &Fonts{Dirs: []string{"../../testdata/demo/fonts"}, Extra: extra}
	if own.find(fontWish{char: '字'}); len(own.files) != 4 || own.files[2].in == nil || own.files[0].state.runs == nil || own.files[2].state.runs != nil {
		t.Error("a font of the device does not come first")
	}
}
