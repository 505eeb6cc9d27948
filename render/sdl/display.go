//go:build cgo

package sdl

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/veandco/go-sdl2/sdl"
)

// ErrNoDisplay is returned, wrapped, where there is no screen to open a window on.
var ErrNoDisplay = errors.New("no display")

// While windows are open events are looked for each pollIdle, each pollBusy as
// long as the user is doing something, and whenever a picture is shown: a key
// does not feel late, a drag is smooth, and a paused session costs next to
// nothing. (SDL's own wait for events wakes a thousand times a second with some
// drivers, and whenever no window is to be seen.)
const (
	pollIdle = 40 * time.Millisecond
	pollBusy = 15 * time.Millisecond
	busyFor  = 2 * time.Second
)

// cursorIdle is how long the pointer rests before it hides.
const cursorIdle = 2500 * time.Millisecond

// A Display opens windows and sounds. Its methods may be called from any
// goroutine but the one of Run, and until the function given to Run returns.
type Display struct {
	jobs chan func()
	done chan struct{} // closed when Run is about to return

	// guards the start and end of SDL's subsystems, which are counted without locks
	subsystems sync.Mutex

	// owned by the goroutine of Run
	video   bool
	windows map[uint32]*Window
	timer   *time.Timer // for the next look at events
	pumped  time.Time
	input   time.Time // last time that the user did anything
	moved   time.Time // last movement of the pointer
	hidden  bool      // the pointer is
}

// Run runs f on another goroutine and gives SDL the calling one, with its
// thread, until f returns; it returns the error of f. Windows and sounds still
// open are closed then. Call it from main, once at a time in a process: SDL has
// one queue of events, and some systems want windows on the first thread. SDL is
// started when the first window or sound opens.
func Run(f func(*Display) error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	d := &Display{
		jobs: make(chan func()), done: make(chan struct{}),
		windows: make(map[uint32]*Window),
	}
	result := make(chan error, 1)
	go func() { result <- f(d) }()
	err := d.loop(result)
	close(d.done)
	for _, w := range d.windows {
		w.destroy()
	}
	if d.video {
		d.quit(sdl.INIT_VIDEO)
	}
	return err
}

func (d *Display) loop(result <-chan error) error {
	d.timer = time.NewTimer(pollIdle)
	defer d.timer.Stop()
	for {
		due := false
		select {
		case job := <-d.jobs:
			job()
		case <-d.timer.C:
			due = true
		case err := <-result:
			return err
		}
		if now := time.Now(); len(d.windows) > 0 && (due || now.Sub(d.pumped) >= pollBusy) {
			d.pump(now)
			d.pumped = now
			if now.Sub(d.input) < busyFor {
				d.timer.Reset(pollBusy)
			} else {
				d.timer.Reset(pollIdle)
			}
		}
	}
}

// do runs job on the goroutine of Run and waits for it. It returns false, and
// job does not run, where cancel or the display is closed first.
func (d *Display) do(cancel <-chan struct{}, job func()) bool {
	ran := make(chan struct{})
	select {
	case d.jobs <- func() { defer close(ran); job() }:
		<-ran
		return true
	case <-cancel:
	case <-d.done:
	}
	return false
}

func (d *Display) init(subsystem uint32) error {
	d.subsystems.Lock()
	defer d.subsystems.Unlock()
	return sdl.InitSubSystem(subsystem)
}

func (d *Display) quit(subsystem uint32) {
	d.subsystems.Lock()
	defer d.subsystems.Unlock()
	sdl.QuitSubSystem(subsystem)
}

// startVideo connects to the screen. It runs on the goroutine of Run.
func (d *Display) startVideo() error {
	if d.video {
		return nil
	}
	for hint, value := range map[string]string{
		sdl.HINT_NO_SIGNAL_HANDLERS:                 "1", // signals are the program's
		sdl.HINT_FRAMEBUFFER_ACCELERATION:           "0", // or a window's memory goes through OpenGL
		sdl.HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR: "0",
		sdl.HINT_APP_NAME:                           "smoothplay",
	} {
		sdl.SetHint(hint, value)
	}
	if err := d.init(sdl.INIT_VIDEO); err != nil {
		return fmt.Errorf("%w: %w", ErrNoDisplay, err)
	}
	driver, _ := sdl.GetCurrentVideoDriver()
	if (driver == "dummy" || driver == "offscreen" || driver == "evdev") && os.Getenv("SDL_VIDEODRIVER") == "" {
		d.quit(sdl.INIT_VIDEO)
		return fmt.Errorf("%w: SDL found only its driver %q", ErrNoDisplay, driver)
	}
	d.video = true
	d.moved = time.Now()
	return nil
}

// pump hands the waiting events of SDL to the windows.
func (d *Display) pump(now time.Time) {
	for e := sdl.PollEvent(); e != nil; e = sdl.PollEvent() {
		switch e.(type) {
		case *sdl.MouseMotionEvent, *sdl.MouseButtonEvent:
			d.input, d.moved = now, now
		case *sdl.KeyboardEvent, *sdl.MouseWheelEvent:
			d.input = now
		}
		if w := d.windows[windowOf(e)]; w != nil {
			w.handle(e)
		}
	}
	if hide := now.Sub(d.moved) > cursorIdle; hide != d.hidden {
		d.hidden = hide
		toggle := sdl.ENABLE
		if hide {
			toggle = sdl.DISABLE
		}
		_, _ = sdl.ShowCursor(toggle)
	}
}

// windowOf is the window that an event is of; 0: of none.
func windowOf(e sdl.Event) uint32 {
	switch e := e.(type) {
	case *sdl.WindowEvent:
		return e.WindowID
	case *sdl.KeyboardEvent:
		return e.WindowID
	case *sdl.TextInputEvent:
		return e.WindowID
	case *sdl.MouseMotionEvent:
		return e.WindowID
	case *sdl.MouseButtonEvent:
		return e.WindowID
	case *sdl.MouseWheelEvent:
		return e.WindowID
	}
	return 0
}
