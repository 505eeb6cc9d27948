package overlay

import (
	"fmt"
	"image"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
)

func TestExamOfCaptions(t *testing.T) {
	platformtest.TestTextDrawer(t, func(*testing.T) platform.TextDrawer { return &Captions{} })
}

// count returns how many pixels of o satisfy like, and the box around them on
// the canvas.
func count(o platform.Overlay, like func(r, g, b, a uint8) bool) (n int, around image.Rectangle) {
	if o.Image == nil {
		return 0, around
	}
	for y := range o.Image.Rect.Dy() {
		for x := range o.Image.Rect.Dx() {
			p := o.Image.Pix[y*o.Image.Stride+4*x:]
			if like(p[0], p[1], p[2], p[3]) {
				n++
				around = around.Union(image.Rect(o.X+x, o.Y+y, o.X+x+1, o.Y+y+1))
			}
		}
	}
	return n, around
}

func bright(r, g, b, a uint8) bool { return r > 240 && g > 240 && b > 240 && a > 240 }
func dark(r, g, b, a uint8) bool   { return r < 20 && g < 20 && b < 20 && a > 120 }
func blueish(r, g, b, a uint8) bool {
	return r == played.R && g == played.G && b == played.B && a == 255
}

// Captions must be large enough for the other side of a room: letters of about
// a twentieth of the height, in the lower third, in the middle, light in dark.
func TestCaptionsCanBeRead(t *testing.T) {
	for _, size := range [][2]int{{1920, 1080}, {1280, 720}, {640, 360}} {
		width, height := size[0], size[1]
		overlays, err := new(Captions).Draw([]platform.Cue{{Text: "HHHHHHHHHH"}}, width, height)
		if err != nil || len(overlays) != 1 {
			t.Fatalf("%v: %d overlays, error %v", size, len(overlays), err)
		}
		n, letters := count(overlays[0], bright)
		rim, around := count(overlays[0], dark)
		if n == 0 || rim < n/4 {
			t.Errorf("%v: %d light pixels, %d dark ones", size, n, rim)
		}
		if h := float64(letters.Dy()) / float64(height); h < 0.030 || h > 0.045 { // capitals are 0.72 of the size
			t.Errorf("%v: letters take %.3f of the height", size, h)
		}
		if middle := letters.Min.X + letters.Max.X; middle < width-width/100 || middle > width+width/100 {
			t.Errorf("%v: letters from %d to %d are not in the middle", size, letters.Min.X, letters.Max.X)
		}
		if letters.Min.Y < height*2/3 || letters.Max.Y > height*98/100 {
			t.Errorf("%v: letters are from line %d to %d", size, letters.Min.Y, letters.Max.Y)
		}
		if !letters.In(around) || letters.Min.X == around.Min.X {
			t.Errorf("%v: no rim around the letters: %v in %v", size, letters, around)
		}
	}
}

func TestCaptionsWrapAndRaise(t *testing.T) {
	long := strings.Repeat("many words of a caption ", 8)
	c := &Captions{}
	one, _ := c.Draw([]platform.Cue{{Text: "one"}}, 1280, 720)
	wrapped, err := c.Draw([]platform.Cue{{Text: long}}, 1280, 720)
	if err != nil {
		t.Fatal(err)
	}
	_, a := count(one[0], bright)
	_, b := count(wrapped[0], bright)
	if b.Dy() < 2*a.Dy() || b.Min.X < 30 || b.Max.X > 1250 {
		t.Errorf("a long caption takes %v, a short one %v", b, a)
	}
	c.Raise = 0.2
	raised, _ := c.Draw([]platform.Cue{{Text: "one"}}, 1280, 720)
	if _, letters := count(raised[0], bright); letters.Max.Y > 720*8/10 || letters.Max.Y < 720*7/10 {
		t.Errorf("raised by 0.2 of 720 lines the letters end at line %d", letters.Max.Y)
	}
	both, _ := c.Draw([]platform.Cue{{Text: " \n"}, {Text: "one"}, {Text: "\ttwo"}}, 1280, 720)
	if _, two := count(both[0], bright); two.Dy() < a.Dy()*3/2 {
		t.Errorf("two cues take %v", two)
	}
}

// The same must be the same image, and something else another.
func TestUnchangedOverlaysKeepTheirID(t *testing.T) {
	var p Painter
	seen := map[uint64]string{}
	bar := Progress{To: time.Minute, Position: 10 * time.Second, Pointer: -1}
	draw := map[string]func() (platform.Overlay, error){
		"text":    func() (platform.Overlay, error) { return p.Text(Text{Text: "a"}, 640, 360) },
		"bold":    func() (platform.Overlay, error) { return p.Text(Text{Text: "a", Bold: true}, 640, 360) },
		"boxed":   func() (platform.Overlay, error) { return p.Text(Text{Text: "a", Box: true}, 640, 360) },
		"larger":  func() (platform.Overlay, error) { return p.Text(Text{Text: "a"}, 1280, 720) },
		"red":     func() (platform.Overlay, error) { return p.Text(Text{Text: "a", Colour: played}, 640, 360) },
		"bar":     func() (platform.Overlay, error) { return p.Progress(bar, 640, 360) },
		"pointer": func() (platform.Overlay, error) { b := bar; b.Pointer = 0.5; return p.Progress(b, 640, 360) },
		"panel":   func() (platform.Overlay, error) { return p.Panel(Panel{Rows: [][2]string{{"a", "b"}}}, 640, 360) },
		"panel 2": func() (platform.Overlay, error) { return p.Panel(Panel{Rows: [][2]string{{"a b", ""}}}, 640, 360) },
	}
	for name, f := range draw {
		first, err := f()
		if err != nil {
			t.Fatal(err)
		}
		again, _ := f()
		if first.ID != again.ID || first.Image != again.Image {
			t.Errorf("%s: drawn again it is another", name)
		}
		if other, ok := seen[first.ID]; ok {
			t.Errorf("%s and %s have the same ID", name, other)
		}
		seen[first.ID] = name
	}
	// what moves by less than a pixel and a second stays
	a, _ := p.Progress(bar, 640, 360)
	bar.Position += 10 * time.Millisecond
	if b, _ := p.Progress(bar, 640, 360); a.ID != b.ID {
		t.Error("10 ms of a minute make another progress bar")
	}
	bar.Position += time.Second
	if b, _ := p.Progress(bar, 640, 360); a.ID == b.ID {
		t.Error("a second of a minute makes no other progress bar")
	}
	for i := range 10 * maxDrawn {
		if _, err := p.Text(Text{Text: fmt.Sprint(i)}, 640, 360); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.drawn) > maxDrawn || len(p.order) > maxDrawn {
		t.Errorf("%d overlays are kept", len(p.drawn))
	}
}

func TestProgress(t *testing.T) {
	var p Painter
	o, err := p.Progress(Progress{To: 100 * time.Second, Position: 25 * time.Second, Buffered: []Range{{20 * time.Second, 50 * time.Second}}, Pointer: -1}, 1280, 720)
	if err != nil {
		t.Fatal(err)
	}
	row, _ := p.barRow(canvas{1280, 720})
	length := row.right - row.left
	_, blue := count(o, blueish)
	if blue.Min.X != row.left || blue.Max.X < row.left+length/4-row.bottom+row.top || blue.Max.X > row.left+length/4+1 {
		t.Errorf("a quarter of the bar from %d to %d is played, and it is blue from %d to %d", row.left, row.right, blue.Min.X, blue.Max.X)
	}
	at := func(share float64) uint8 {
		x := row.left + int(share*float64(length))
		return o.Image.Pix[o.Image.PixOffset(x, (row.top+row.bottom)/2)]
	}
	if !(at(0.4) > at(0.7)) || at(0.4) != at(0.49) || at(0.51) != at(0.9) {
		t.Errorf("buffered %d %d, not buffered %d %d", at(0.4), at(0.49), at(0.51), at(0.9))
	}
	for _, x := range []float64{0, 0.3, 1} {
		share, on := p.Share((float64(row.left)+x*float64(length))/1280, 0.97, 1280, 720)
		if !on || share < x-0.001 || share > x+0.001 {
			t.Errorf("the pointer at %.2f of the bar is at %.3f (%v)", x, share, on)
		}
	}
	if _, on := p.Share(0.5, 0.5, 1280, 720); on {
		t.Error("the middle of the picture is on the bar")
	}
	// nothing of what a live window or a broken clock may say can panic
	for _, b := range []Progress{
		{}, {From: time.Hour, To: 0}, {To: time.Second, Position: -time.Hour, Pointer: 7},
		{To: 1 << 62, Position: 1 << 61, Live: true, Pointer: 1}, {Live: true, To: time.Hour, Position: time.Hour, Paused: true},
		{To: time.Minute, Buffered: make([]Range, 1000)}, {To: 10, Buffered: []Range{{5, 2}, {-9, 99}}},
	} {
		for _, size := range [][2]int{{1280, 720}, {1, 1}, {16, 900}} {
			if _, err := p.Progress(b, size[0], size[1]); err != nil {
				t.Errorf("%+v: %v", b, err)
			}
		}
	}
}

// The bar of a live presentation has a badge, lit at the edge; behind it the time
// to the edge stands on the left.
func TestProgressLive(t *testing.T) {
	var p Painter
	bar := Progress{From: time.Minute, To: 3 * time.Minute, Position: 2 * time.Minute, Live: true, Pointer: -1}
	red := func(r, g, b, a uint8) bool { return r == onAir.R && g == onAir.G && b == onAir.B && a == 255 }
	for _, size := range [][2]int{{1280, 720}, {640, 360}, {1920, 1080}} {
		row, err := p.barRow(canvas{size[0], size[1]})
		if err != nil {
			t.Fatal(err)
		}
		bar.AtEdge = false
		behind, err := p.Progress(bar, size[0], size[1])
		if err != nil {
			t.Fatal(err)
		}
		bar.AtEdge = true
		live, err := p.Progress(bar, size[0], size[1])
		if err != nil {
			t.Fatal(err)
		}
		n, lit := count(live, red)
		if want := row.badge.Add(image.Pt(0, live.Y)); n < want.Dx()*want.Dy()/2 || lit != want {
			t.Errorf("%v: %d pixels in %v are lit, the badge is %v", size, n, lit, want)
		}
		if n, _ := count(behind, red); n > 0 {
			t.Errorf("%v: behind the edge %d pixels are lit", size, n)
		}
		if row.badge.Min.X <= row.right || row.badge.Max.X > size[0] {
			t.Errorf("%v: the badge %v is not between the bar, which ends at %d, and the edge", size, row.badge, row.right)
		}
		label := func(o platform.Overlay) (n int) {
			for y := range o.Image.Rect.Dy() {
				for x := range row.left - 2 {
					if o.Image.RGBAAt(x, y).R > 200 {
						n++
					}
				}
			}
			return n
		}
		if label(behind) == 0 || label(live) != 0 {
			t.Errorf("%v: on the left there are %d bright pixels behind the edge, %d at it", size, label(behind), label(live))
		}
		x, y := float64(row.badge.Min.X+2)/float64(size[0]), float64(size[1]-row.height+row.badge.Min.Y+2)/float64(size[1])
		if !p.OnBadge(x, y, size[0], size[1]) || p.OnBadge(x, .5, size[0], size[1]) || p.OnBadge(.5, y, size[0], size[1]) {
			t.Errorf("%v: a point of the badge, or elsewhere, is not told from others", size)
		}
		d := bar.draft(row)
		if d.played != (row.right-row.left)/2 && d.played != (row.right-row.left+1)/2 {
			t.Errorf("%v: in the middle of the window, %d of %d pixels are played", size, d.played, row.right-row.left)
		}
	}
	if p.OnBadge(.99, .99, 0, 0) {
		t.Error("without a canvas there is a badge")
	}
}

func TestPanel(t *testing.T) {
	var p Painter
	panel := Panel{Title: "Statistics"}
	for i := range 100 {
		panel.Rows = append(panel.Rows, [2]string{fmt.Sprint("name ", i), strings.Repeat("v", 3*i)})
	}
	for _, size := range [][2]int{{1920, 1080}, {320, 180}, {20, 20}, {1, 1}} {
		o, err := p.Panel(panel, size[0], size[1])
		if err != nil {
			t.Fatal(err)
		}
		if o.Image != nil && !image.Rect(o.X, o.Y, o.X+o.Image.Rect.Dx(), o.Y+o.Image.Rect.Dy()).In(image.Rect(0, 0, size[0], size[1])) {
			t.Errorf("%v: the panel is at %d, %d with %v", size, o.X, o.Y, o.Image.Rect)
		}
	}
}

func TestCanvasThatIsNotKnown(t *testing.T) {
	var p Painter
	for _, size := range [][2]int{{0, 0}, {-1, 100}, {100, 1 << 30}} {
		if _, err := p.Text(Text{Text: "a"}, size[0], size[1]); err == nil {
			t.Errorf("text on a canvas of %v", size)
		}
		if _, err := p.Progress(Progress{}, size[0], size[1]); err == nil {
			t.Errorf("progress on a canvas of %v", size)
		}
		if _, err := p.Panel(Panel{}, size[0], size[1]); err == nil {
			t.Errorf("panel on a canvas of %v", size)
		}
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0:00", 999 * time.Millisecond: "0:00", 42 * time.Second: "0:42", 61 * time.Second: "1:01",
		time.Hour + 2*time.Minute + 3*time.Second: "1:02:03", 25 * time.Hour: "25:00:00", -5 * time.Second: "-0:05",
	} {
		if got := Clock(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func FuzzCaptions(f *testing.F) {
	f.Add("Hello\nWorld", 640, 360)
	f.Add(strings.Repeat("x", 500), 16, 9)
	f.Add("\x00\xff\t\r 😀", 1, 1)
	c := &Captions{}
	f.Fuzz(func(t *testing.T, text string, width, height int) {
		width, height = width%2000, height%1200
		overlays, err := c.Draw([]platform.Cue{{Text: text}}, width, height)
		if err != nil {
			return
		}
		for _, o := range overlays {
			if !image.Rect(o.X, o.Y, o.X+o.Image.Rect.Dx(), o.Y+o.Image.Rect.Dy()).In(image.Rect(0, 0, width, height)) {
				t.Errorf("%q on %dx%d is at %d, %d with %v", text, width, height, o.X, o.Y, o.Image.Rect)
			}
		}
	})
}

func BenchmarkCaptions1080p(b *testing.B) {
	b.Run("new", func(b *testing.B) {
		c := &Captions{}
		i := 0
		for b.Loop() {
			i++
			if _, err := c.Draw([]platform.Cue{{Text: fmt.Sprintf("This is caption %d,\nand it has two lines.", i)}}, 1920, 1080); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("same", func(b *testing.B) {
		b.ReportAllocs()
		c := &Captions{}
		cues := []platform.Cue{{Text: "This is a caption,\nand it has two lines."}}
		for b.Loop() {
			if _, err := c.Draw(cues, 1920, 1080); err != nil {
				b.Fatal(err)
			}
		}
	})
}
