//go:build cgo

package main

import (
	"bufio"
	"bytes"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"smoothplay/platform/platformtest"
	"smoothplay/player/event"
	"smoothplay/testdata/demo"
)

// TestMain makes the test binary the program itself where a test starts it so.
func TestMain(m *testing.M) {
	if os.Getenv("SMOOTHPLAY_TEST_MAIN") != "" {
		main()
	}
	os.Exit(m.Run())
}

// playing is the program, playing in a window of a display that nobody sees.
type playing struct {
	t      *testing.T
	cmd    *exec.Cmd
	events chan event.Event // closed at its end
	stderr bytes.Buffer
}

// startPlaying starts the program with args on a display of its own.
func startPlaying(t *testing.T, args ...string) *playing {
	p := preparePlaying(t, args...)
	p.start()
	return p
}

// preparePlaying is startPlaying up to the start.
func preparePlaying(t *testing.T, args ...string) *playing {
	for _, tool := range []string{"Xvfb", "import", "xdotool"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	t.Setenv("DISPLAY", startDisplay(t, "1400x900x24"))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &playing{t: t, cmd: exec.Command(self, append([]string{"play", "--events", "-"}, args...)...), events: make(chan event.Event, 1000)}
	p.cmd.Env = append(os.Environ(), "SMOOTHPLAY_TEST_MAIN=1", "SDL_AUDIODRIVER=dummy", "SDL_VIDEODRIVER=x11")
	p.cmd.Dir = t.TempDir() // it needs no file
	p.cmd.Stderr = &p.stderr
	return p
}

// start starts the program and reads its events.
func (p *playing) start() {
	t := p.t
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.cmd.Process.Kill(); p.wait() })
	go func() {
		defer close(p.events)
		for e, err := range event.Read(bufio.NewReader(stdout)) {
			if err != nil {
				t.Errorf("reading the events: %v", err)
				return
			}
			p.events <- e
		}
		io.Copy(io.Discard, stdout)
	}()
}

// wait waits for the end of the program, and before that for its last event: Wait
// closes the pipe they come through.
func (p *playing) wait() error {
	for range p.events {
	}
	return p.cmd.Wait()
}

// startDisplay starts a display that nobody sees and returns its name.
func startDisplay(t *testing.T, geometry string) string {
	number, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer number.Close()
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", geometry, "-nolisten", "tcp", "-noreset", "-ac", "-r")
	x.ExtraFiles = []*os.File{write}
	err = x.Start()
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Process.Kill(); x.Wait() })
	line, err := bufio.NewReader(number).ReadString('\n')
	if err != nil {
		t.Fatalf("Xvfb does not say its display: %v", err)
	}
	return ":" + strings.TrimSpace(line)
}

// await returns the first event from now on for which is holds.
func await[T event.Body](p *playing, is func(T) bool) T {
	p.t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case e, open := <-p.events:
			if !open {
				p.t.Fatalf("the program ended: %s", p.stderr.String())
			}
			if body, ok := e.Body.(T); ok && is(body) {
				return body
			}
		case <-deadline:
			var none T
			p.t.Fatalf("no event %q within 30 s: %s", none.Type(), p.stderr.String())
		}
	}
}

// whichever is for await: the next event of a kind.
func whichever[T any](T) bool { return true }

// press presses keys, by their names in X11.
func (p *playing) press(keys ...string) {
	p.t.Helper()
	p.tool("xdotool", append([]string{"key"}, keys...)...)
}

func (p *playing) tool(name string, args ...string) []byte {
	p.t.Helper()
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		p.t.Fatalf("%s %v: %v", name, args, err)
	}
	return out
}

// screenshot is what is on the display now.
func (p *playing) screenshot() image.Image {
	p.t.Helper()
	img, err := png.Decode(bytes.NewReader(p.tool("import", "-silent", "-window", "root", "png:-")))
	if err != nil {
		p.t.Fatal(err)
	}
	return img
}

// lookFor is how long something is looked for on the display of a busy machine.
const lookFor = 10 * time.Second

// shows waits until the display shows a picture of the demo.
func (p *playing) shows(frame int) image.Image {
	p.t.Helper()
	var mark platformtest.Mark
	var found bool
	for deadline := time.Now().Add(lookFor); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		img := p.screenshot()
		if mark, found = platformtest.FindMark(img); found && mark.Frame == frame {
			return img
		}
	}
	p.t.Fatalf("the display shows picture %d (%v), want %d", mark.Frame, found, frame)
	return nil
}

// A person starts the demo paused, seeks with keys and the mouse, looks at the
// statistics and quits. What is seen is read from screenshots.
func TestPlayInWindow(t *testing.T) {
	p := startPlaying(t, "--paused", "--start", "10.02", "--shape", "max")
	await(p, whichever[event.FirstPicture])
	plain := p.shows(10 * demo.FrameRate)

	p.press("i")
	p.differs(plain, image.Rect(0, 0, 400, 300), "statistics")
	p.press("i")

	p.press("Right")
	await(p, whichever[event.SeekDone])
	p.shows(15 * demo.FrameRate)
	p.press("shift+Left")
	await(p, whichever[event.SeekDone])
	p.shows(14 * demo.FrameRate)
	p.press("Home")
	await(p, whichever[event.SeekDone])
	p.shows(0)

	p.press("space")
	await(p, func(s event.StateChanged) bool { return s.To == event.Playing })
	p.press("numbersign")
	if got := await(p, whichever[event.AudioSelected]); got.Language != "deu" {
		t.Errorf("the next language is %q", got.Language)
	}
	p.press("q")
	ended := await(p, whichever[event.SessionEnded])
	if ended.End != event.WasStopped || ended.PicturesShown == 0 {
		t.Errorf("ended as %+v", ended.Summary)
	}
	if err := p.wait(); err != nil {
		t.Errorf("%v: %s", err, p.stderr.String())
	}
	if text := p.stderr.String(); text != "" {
		t.Errorf("it said\n%s", text)
	}
}

// differs waits until part of the display differs from an earlier screenshot.
func (p *playing) differs(before image.Image, area image.Rectangle, what string) {
	p.t.Helper()
	for deadline := time.Now().Add(lookFor); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		now := p.screenshot()
		changed := 0
		for y := area.Min.Y; y < area.Max.Y; y++ {
			for x := area.Min.X; x < area.Max.X; x++ {
				if now.At(x, y) != before.At(x, y) {
					changed++
				}
			}
		}
		if changed > area.Dx()*area.Dy()/10 {
			return
		}
	}
	p.t.Errorf("no %s are to be seen", what)
}
