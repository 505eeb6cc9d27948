//go:build cgo

package sdl

import (
	"fmt"
	"sync"
	"time"

	"github.com/veandco/go-sdl2/sdl"

	"smoothplay/platform"
)

// Render is a way of painting a window.
type Render uint8

// The ways of painting.
const (
	RenderAuto   Render = iota // GPU where there is a real one, else memory
	RenderMemory               // into memory shared with the display server
	RenderGPU                  // by a renderer of SDL, also one in software
)

// WindowOptions say how a window begins.
type WindowOptions struct {
	Title         string
	Width, Height int // pixels; 0: 1280x720
	FullScreen    bool
	Render        Render
}

// A Window is a platform.VideoSink on the screen. It keeps the aspect of the
// picture in any size, and repaints by itself when it was covered or resized. All
// methods may be called from any goroutine.
type Window struct {
	display *Display
	closed  chan struct{} // by Close, by the user, or by the end of Run
	once    sync.Once
	events  chan Event

	// owned by the goroutine of Run
	native     *sdl.Window
	id         uint32
	painter    painter
	last       platform.Frame // to repaint; holds the picture as VideoSink.Show allows
	fullScreen bool
	before     sdl.Rect // full screen, where no window manager keeps it; zero: one does

	mu            sync.Mutex // guards what follows
	width, height int
	area          rect
}

var _ platform.VideoSink = (*Window)(nil)

// maxEvents bounds the events that wait for the program to read them. What is
// more is dropped: a program that does not read loses nothing else.
const maxEvents = 256

// OpenWindow opens a window. The error wraps ErrNoDisplay where there is no screen.
func (d *Display) OpenWindow(o WindowOptions) (*Window, error) {
	w := &Window{display: d, closed: make(chan struct{}), events: make(chan Event, maxEvents), fullScreen: o.FullScreen}
	if o.Width <= 0 || o.Height <= 0 {
		o.Width, o.Height = 1280, 720
	}
	var err error
	if !d.do(nil, func() { err = w.open(o) }) {
		err = platform.ErrClosed
	}
	if err != nil {
		return nil, fmt.Errorf("open a window: %w", err)
	}
	return w, nil
}

func (w *Window) open(o WindowOptions) error {
	if err := w.display.startVideo(); err != nil {
		return err
	}
	err := errSoftwareGL
	if o.Render == RenderGPU || o.Render == RenderAuto && mayHaveGPU() {
		if err = w.create(o, sdl.WINDOW_OPENGL); err == nil || o.Render == RenderGPU {
			return err
		}
	}
	if err = w.create(o, 0); err == nil {
		return nil
	}
	if o.Render == RenderMemory {
		return err
	}
	o.Render = RenderGPU // the display has no memory to share: any renderer will do
	return w.create(o, 0)
}

// create makes the native window and its painter.
func (w *Window) create(o WindowOptions, flags uint32) error {
	flags |= sdl.WINDOW_RESIZABLE
	if o.FullScreen {
		flags |= sdl.WINDOW_FULLSCREEN_DESKTOP
	}
	native, err := sdl.CreateWindow(o.Title, sdl.WINDOWPOS_CENTERED, sdl.WINDOWPOS_CENTERED, int32(o.Width), int32(o.Height), flags)
	if err != nil {
		return err
	}
	if flags&sdl.WINDOW_OPENGL != 0 || o.Render == RenderGPU {
		w.painter, err = newGPUPainter(native, o.Render == RenderGPU)
	} else if _, err = native.GetSurface(); err == nil {
		w.painter = &memoryPainter{window: native}
	}
	if err == nil {
		w.id, err = native.GetID()
	}
	if err != nil {
		_ = native.Destroy()
		return err
	}
	w.native = native
	w.layout()
	w.display.windows[w.id] = w
	w.display.timer.Reset(pollBusy)
	return w.painter.paint(&platform.Frame{}, w.area)
}

// Painter names the way in which the window is painted.
func (w *Window) Painter() string { return w.painter.String() }

// Events are what the user does to the window. The channel is closed with it.
func (w *Window) Events() <-chan Event { return w.events }

// Size is that of the window, in pixels.
func (w *Window) Size() (width, height int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.width, w.height
}

// Area is where the picture is in the window, in pixels.
func (w *Window) Area() (x, y, width, height int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.area.x, w.area.y, w.area.w, w.area.h
}

// Show paints f; shown is when the display server had it. After the user or the
// program has closed the window the error wraps platform.ErrClosed.
func (w *Window) Show(f *platform.Frame) (shown time.Time, err error) {
	select {
	case <-w.closed:
		return time.Time{}, errWindowClosed
	default:
	}
	ran := w.display.do(w.closed, func() {
		if w.native == nil {
			err = errWindowClosed
			return
		}
		w.last = platform.Frame{
			Picture: f.Picture, Insets: append(w.last.Insets[:0], f.Insets...), Overlays: append(w.last.Overlays[:0], f.Overlays...),
		}
		w.layout()
		err = w.painter.paint(f, w.area)
		shown = time.Now()
	})
	if !ran {
		err = errWindowClosed
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("show a picture: %w", err)
	}
	return shown, nil
}

var errWindowClosed = fmt.Errorf("window: %w", platform.ErrClosed)

// SetTitle sets the title of the window.
func (w *Window) SetTitle(title string) {
	w.display.do(w.closed, func() {
		if w.native != nil {
			w.native.SetTitle(title)
		}
	})
}

// SetFullScreen turns full screen on or off. A Resize event follows where the
// display agrees.
func (w *Window) SetFullScreen(on bool) error {
	err := errWindowClosed
	w.display.do(w.closed, func() {
		if w.native != nil {
			err = w.setFullScreen(on)
		}
	})
	return err
}

// setFullScreen asks the window manager. Where there may be none to ask, as on a
// device whose X server runs one program, it also moves and sizes the window.
func (w *Window) setFullScreen(on bool) error {
	if on == w.fullScreen {
		return nil
	}
	if !on {
		if err := w.native.SetFullscreen(0); err != nil {
			return err
		}
		w.fullScreen = false
		if w.before.W > 0 {
			w.native.SetSize(w.before.W, w.before.H)
			w.native.SetPosition(w.before.X, w.before.Y)
		}
		return nil
	}
	w.before = sdl.Rect{}
	display, err := w.native.GetDisplayIndex()
	if err != nil {
		return err
	}
	if bounds, err := sdl.GetDisplayBounds(display); err == nil && !hasBorders(w.native) {
		w.before.X, w.before.Y = w.native.GetPosition()
		w.before.W, w.before.H = w.native.GetSize()
		w.native.SetPosition(bounds.X, bounds.Y)
		w.native.SetSize(bounds.W, bounds.H)
	}
	if err := w.native.SetFullscreen(sdl.WINDOW_FULLSCREEN_DESKTOP); err != nil {
		return err
	}
	w.fullScreen = true
	return nil
}

// Close closes the window and unblocks Show.
func (w *Window) Close() error {
	w.once.Do(func() { close(w.closed) })
	w.display.do(nil, w.destroy)
	return nil
}

// destroy runs on the goroutine of Run.
func (w *Window) destroy() {
	w.once.Do(func() { close(w.closed) })
	if w.native == nil {
		return
	}
	delete(w.display.windows, w.id)
	w.painter.close()
	_ = w.native.Destroy()
	w.native, w.last = nil, platform.Frame{}
	sdl.PumpEvents() // lets the display see that the window is gone
	close(w.events)
}

// layout finds the window's size and the picture's area in it.
func (w *Window) layout() {
	width, height := w.native.GetSize()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.width, w.height = int(width), int(height)
	var aw, ah int
	if w.last.Picture != nil {
		aw, ah = shape(w.last.Picture)
	}
	w.area = fit(w.width, w.height, aw, ah)
}

// repaint paints the last frame again, in whatever size the window has now.
func (w *Window) repaint() {
	w.layout()
	_ = w.painter.paint(&w.last, w.area) // the next Show reports what is wrong
}
