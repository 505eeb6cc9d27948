//go:build cgo

package sdl

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/veandco/go-sdl2/sdl"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
)

// startX starts a virtual screen of 800x600 on a free display and points SDL at
// it, for the time of the test.
func startX(t testing.TB) { startXOf(t, "800x600x24") }

func startXOf(t testing.TB, size string) {
	t.Helper()
	for _, tool := range []string{"Xvfb", "import", "xdotool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("skipped: %s is not installed", tool)
		}
	}
	number, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", size, "-nolisten", "tcp", "-noreset", "-r")
	x.ExtraFiles = []*os.File{w}
	if err := x.Start(); err != nil {
		t.Skipf("skipped: Xvfb does not start: %v", err)
	}
	t.Cleanup(func() { x.Process.Kill(); x.Wait() })
	w.Close()
	line := make([]byte, 16)
	n, err := number.Read(line)
	if err != nil && err != io.EOF || n == 0 {
		t.Skipf("skipped: Xvfb does not say its display: %v", err)
	}
	t.Setenv("DISPLAY", ":"+strings.TrimSpace(string(line[:n])))
	t.Setenv("SDL_VIDEODRIVER", "x11")
	t.Setenv("SDL_AUDIODRIVER", "dummy")
}

// run gives a test a display, which stands until the test is over.
func run(t testing.TB) *Display {
	t.Helper()
	got, over, ended := make(chan *Display), make(chan struct{}), make(chan error)
	go func() {
		ended <- Run(func(d *Display) error {
			got <- d
			<-over
			return nil
		})
	}()
	t.Cleanup(func() {
		close(over)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return <-got
}

func openWindow(t testing.TB, o WindowOptions) *Window {
	t.Helper()
	w, err := run(t).OpenWindow(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

func show(t *testing.T, w *Window, f *platform.Frame) {
	t.Helper()
	if _, err := w.Show(f); err != nil {
		t.Fatal(err)
	}
}

func tool(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.Command(args[0], args[1:]...).Output()
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return out
}

// screen reads the whole virtual screen.
func screen(t *testing.T) image.Image {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(tool(t, "import", "-window", "root", "png:-")))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func rgbAt(m image.Image, x, y int) [3]int {
	r, g, b, _ := m.At(x, y).RGBA()
	return [3]int{int(r >> 8), int(g >> 8), int(b >> 8)}
}

// expect checks pixels of a window whose upper left corner is at origin.
func expect(t *testing.T, m image.Image, origin image.Point, what string, want map[image.Point][3]int) {
	t.Helper()
	for _, wrong := range differences(m, origin, want) {
		t.Errorf("%s: %s", what, wrong)
	}
}

// expectSoon is expect for what other processes of an X11 session take part in.
func expectSoon(t *testing.T, origin image.Point, what string, want map[image.Point][3]int) {
	t.Helper()
	var wrong []string
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		if wrong = differences(screen(t), origin, want); wrong == nil {
			return
		}
	}
	t.Errorf("%s: %s", what, strings.Join(wrong, "; "))
}

func differences(m image.Image, origin image.Point, want map[image.Point][3]int) (wrong []string) {
	for at, colour := range want {
		if got := rgbAt(m, origin.X+at.X, origin.Y+at.Y); !near(got, colour, 4) {
			wrong = append(wrong, fmt.Sprintf("%v is %v, want %v", at, got, colour))
		}
	}
	return wrong
}

// origin is where a window is on the screen.
func origin(t *testing.T, title string) image.Point {
	t.Helper()
	var x, y, screen, id, width, height int
	out := string(tool(t, "xdotool", "search", "--name", "^"+title+"$", "getwindowgeometry", "--shell"))
	if _, err := fmt.Sscanf(out, "WINDOW=%d\nX=%d\nY=%d\nWIDTH=%d\nHEIGHT=%d\nSCREEN=%d", &id, &x, &y, &width, &height, &screen); err != nil {
		t.Fatalf("%q: %v", out, err)
	}
	return image.Pt(x, y)
}

var (
	red   = [3]int{255, 0, 0}
	green = [3]int{0, 255, 0}
	blue  = [3]int{0, 0, 255}
	white = [3]int{255, 255, 255}
	black = [3]int{}
)

// quarters is a picture of red, green, blue and white.
func quarters(format platform.PixelFormat, width, height int, m platform.Matrix, full bool) *platform.Picture {
	p := paintPicture(format, width, height, func(x, y int) [3]int {
		colours := [2][2][3]int{{red, green}, {blue, white}}
		return yuvOf(colours[min(1, 2*y/height)][min(1, 2*x/width)], m, full)
	})
	p.Matrix, p.FullRange = m, full
	return p
}

func inQuarters(area image.Rectangle) map[image.Point][3]int {
	x0, x1 := area.Min.X+area.Dx()/4, area.Min.X+3*area.Dx()/4
	y0, y1 := area.Min.Y+area.Dy()/4, area.Min.Y+3*area.Dy()/4
	return map[image.Point][3]int{{X: x0, Y: y0}: red, {X: x1, Y: y0}: green, {X: x0, Y: y1}: blue, {X: x1, Y: y1}: white}
}

// What is on the screen must be what was decoded: colours, shape, bars, insets
// and overlays, with either way of painting, and it must stay through expose and
// resize while nothing is shown.
func TestScreen(t *testing.T) {
	startX(t)
	for _, render := range []Render{RenderMemory, RenderGPU} {
		w := openWindow(t, WindowOptions{Title: "screen", Width: 640, Height: 360, Render: render})
		name := w.Painter()
		t.Run(name, func(t *testing.T) {
			at := origin(t, "screen")
			whole := image.Rect(0, 0, 640, 360)
			for _, p := range []*platform.Picture{
				quarters(platform.I420, 640, 360, platform.BT601, false),
				quarters(platform.NV12, 640, 360, platform.BT709, false),
				quarters(platform.I420, 320, 180, platform.BT709, true),
				quarters(platform.I420P10, 1280, 720, platform.BT2020, false),
				quarters(platform.I420, 322, 182, platform.BT601, true),
			} {
				show(t, w, &platform.Frame{Picture: p})
				what := fmt.Sprintf("format %d, %dx%d, matrix %d, full %v", p.Format, p.Width, p.Height, p.Matrix, p.FullRange)
				expect(t, screen(t), at, what, inQuarters(whole))
			}

			p := quarters(platform.I420, 320, 180, platform.BT601, false)
			p.AspectWidth, p.AspectHeight = 4, 3
			middle := image.Rect(80, 0, 560, 360)
			show(t, w, &platform.Frame{Picture: p})
			want := inQuarters(middle)
			for _, bar := range []image.Point{{2, 180}, {78, 10}, {562, 350}, {637, 180}} {
				want[bar] = black
			}
			expect(t, screen(t), at, "4:3 in 16:9", want)

			overlay := image.NewRGBA(image.Rect(0, 0, 50, 20))
			for i := range overlay.Pix {
				overlay.Pix[i] = []byte{0, 128, 0, 128}[i%4]
			}
			f := &platform.Frame{Picture: p,
				Insets:   []platform.Inset{{Picture: fill(platform.I420, 64, 64, yuvOf(blue, platform.BT601, false)), AtX: 0.75, AtY: 0.75, AtWidth: 0.25, AtHeight: 0.25}},
				Overlays: []platform.Overlay{{Image: overlay, X: 0, Y: 0, CanvasWidth: 100, CanvasHeight: 100, ID: 1}},
			}
			show(t, w, f)
			expect(t, screen(t), at, "inset and overlay", map[image.Point][3]int{
				{80 + 2, 2}: {127, 128, 0}, {80 + 220, 60}: {127, 128, 0}, {80 + 10, 73}: red, {80 + 242, 10}: green, // half of 480x360
				{80 + 362, 272}: blue, {80 + 478, 358}: blue, {80 + 350, 272}: white, {2, 2}: black,
			})

			id := strings.TrimSpace(string(tool(t, "xdotool", "search", "--name", "^screen$")))
			f.Insets = nil
			show(t, w, f)
			tool(t, "xdotool", "windowsize", "--sync", id, "400", "400")
			waitFor(t, "the new size", func() bool { width, height := w.Size(); return width == 400 && height == 400 })
			x, y, width, height := w.Area()
			if x != 0 || y != 50 || width != 400 || height != 300 {
				t.Errorf("area of 4:3 in 400x400 is %dx%d at %d,%d", width, height, x, y)
			}
			expectSoon(t, at, "resized while nothing is shown", map[image.Point][3]int{
				{2, 52}: {127, 128, 0}, {50, 120}: red, {300, 120}: green, {100, 300}: blue, {300, 300}: white, {200, 20}: black, {200, 380}: black,
			})
			tool(t, "xdotool", "windowunmap", "--sync", id, "windowmap", "--sync", id)
			at = origin(t, "screen")
			expectSoon(t, at, "covered and uncovered", map[image.Point][3]int{{300, 120}: green})

			if err := w.SetFullScreen(true); err != nil {
				t.Fatal(err)
			}
			waitFor(t, "full screen", func() bool { width, height := w.Size(); return width == 800 && height == 600 })
			expectSoon(t, image.Point{}, "full screen", map[image.Point][3]int{{5, 200}: red, {795, 5}: green, {100, 595}: blue, {795, 595}: white})
			if err := w.SetFullScreen(false); err != nil {
				t.Fatal(err)
			}
			waitFor(t, "the former size", func() bool { width, height := w.Size(); return width == 400 && height == 400 })
			expectSoon(t, at, "no longer full screen", map[image.Point][3]int{{50, 120}: red, {300, 300}: white, {200, 20}: black})
			expectSoon(t, image.Point{}, "no longer full screen", map[image.Point][3]int{{2, 2}: black, {795, 595}: black})
		})
		w.Close()
	}
}

// waitFor waits for the other processes of an X11 session.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s has not come", what)
		}
	}
}

func TestInput(t *testing.T) {
	startX(t)
	w := openWindow(t, WindowOptions{Title: "input", Width: 400, Height: 300})
	show(t, w, &platform.Frame{Picture: quarters(platform.I420, 320, 180, platform.BT601, false)}) // 400x225 at 0,37
	id := strings.TrimSpace(string(tool(t, "xdotool", "search", "--name", "^input$")))
	tool(t, "xdotool", "windowfocus", "--sync", id, "mousemove", "--window", id, "100", "93", "click", "1",
		"key", "--delay", "30", "space", "q", "Q", "question", "9", "Left", "shift+Right", "ctrl+c", "alt+x", "F5", "Escape", "Return")
	want := []string{"SPACE", "q", "Q", "?", "9", "LEFT", "RIGHT+1", "c+2", "x+4", "F5", "ESC", "ENTER"}
	var keys []string
	var moved, clicked bool
	timeout := time.After(10 * time.Second)
	for len(keys) < len(want) || !clicked {
		select {
		case e := <-w.Events():
			switch e := e.(type) {
			case Key:
				name := e.Name
				if e.Mod != 0 {
					name += fmt.Sprintf("+%d", e.Mod)
				}
				keys = append(keys, name)
			case MouseMove:
				moved = moved || e.X == 100 && e.Y == 93 && e.AreaX == 0.25 && e.AreaY > 0.24 && e.AreaY < 0.26
			case MouseButton:
				clicked = clicked || e.Button == 1 && e.Down && e.X == 100
			}
		case <-timeout:
			t.Fatalf("keys %q, moved %v, clicked %v", keys, moved, clicked)
		}
	}
	if fmt.Sprint(keys) != fmt.Sprint(want) {
		t.Errorf("keys are %q, want %q", keys, want)
	}
	if !moved {
		t.Error("no movement to 100,93 was seen")
	}
}

// The user's closing must end the window, not the process.
func TestClosedByTheUser(t *testing.T) {
	startX(t)
	w := openWindow(t, WindowOptions{Title: "close", Width: 320, Height: 200})
	p := quarters(platform.I420, 320, 180, platform.BT601, false)
	show(t, w, &platform.Frame{Picture: p})
	// what comes of a window manager's request
	w.display.do(nil, func() {
		w.handle(&sdl.WindowEvent{Type: sdl.WINDOWEVENT, WindowID: w.id, Event: sdl.WINDOWEVENT_CLOSE})
	})
	for e := range w.Events() {
		if _, ok := e.(Quit); ok {
			break
		}
	}
	waitFor(t, "ErrClosed", func() bool {
		_, err := w.Show(&platform.Frame{Picture: p})
		return errors.Is(err, platform.ErrClosed)
	})
	if _, open := <-w.Events(); open {
		t.Error("the channel of events is still open")
	}
	again, err := w.display.OpenWindow(WindowOptions{Title: "again"})
	if err != nil {
		t.Fatalf("a second window: %v", err)
	}
	show(t, again, &platform.Frame{Picture: p})
	again.Close()
}

func TestSeveralWindows(t *testing.T) {
	startX(t)
	d := run(t)
	var windows []*Window
	for i := range 3 {
		w, err := d.OpenWindow(WindowOptions{Title: fmt.Sprint("w", i), Width: 200, Height: 100})
		if err != nil {
			t.Fatal(err)
		}
		windows = append(windows, w)
		id := strings.TrimSpace(string(tool(t, "xdotool", "search", "--name", fmt.Sprintf("^w%d$", i))))
		tool(t, "xdotool", "windowmove", "--sync", id, fmt.Sprint(250*i), "0")
	}
	for i, w := range windows {
		show(t, w, &platform.Frame{Picture: fill(platform.I420, 64, 32, yuvOf(testColours[i], platform.BT601, false))})
	}
	windows[1].Close()
	show(t, windows[2], &platform.Frame{Picture: fill(platform.I420, 64, 32, yuvOf(white, platform.BT601, false))})
	expect(t, screen(t), image.Point{}, "three windows, the second closed", map[image.Point][3]int{{100, 50}: red, {600, 50}: white})
}

// The mark of a test picture must be readable from a screenshot, as tests of the
// whole player read it.
func TestMarkOnTheScreen(t *testing.T) {
	startX(t)
	w := openWindow(t, WindowOptions{Title: "mark", Width: 640, Height: 360})
	p := fill(platform.I420, 320, 180, [3]int{80, 128, 128})
	mark := platformtest.Mark{Level: 3, Frame: 4711}
	platformtest.DrawMark(p.Planes[0], p.Strides[0], p.Width, p.Height, mark)
	show(t, w, &platform.Frame{Picture: p})
	if got, ok := platformtest.FindMark(screen(t)); !ok || got != mark {
		t.Errorf("the mark reads %+v (%v), want %+v", got, ok, mark)
	}
}

// BenchmarkShow1080p is a frame from planes to the display server; cpu-ms is what
// it costs this process.
func BenchmarkShow1080p(b *testing.B) {
	startXOf(b, "1920x1080x24")
	w := openWindow(b, WindowOptions{Title: "bench", Width: 1920, Height: 1080, Render: RenderMemory})
	for _, size := range []image.Point{{X: 1920, Y: 1080}, {X: 1280, Y: 720}, {X: 640, Y: 360}} {
		b.Run(fmt.Sprintf("%dx%d", size.X, size.Y), func(b *testing.B) {
			b.ReportAllocs()
			f := &platform.Frame{Picture: fill(platform.I420, size.X, size.Y, [3]int{100, 90, 150})}
			before := processCPU()
			for b.Loop() {
				if _, err := w.Show(f); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64((processCPU()-before).Microseconds())/1000/float64(b.N), "cpu-ms/op")
		})
	}
}

func processCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
