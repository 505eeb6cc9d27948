//go:build cgo

package sdl

import (
	"unicode"
	"unicode/utf8"

	"github.com/veandco/go-sdl2/sdl"
)

// keyNames are the keys that type no character, and those whose character has a
// name.
var keyNames = map[sdl.Keycode]string{
	sdl.K_RETURN: "ENTER", sdl.K_KP_ENTER: "ENTER", sdl.K_ESCAPE: "ESC", sdl.K_BACKSPACE: "BS",
	sdl.K_TAB: "TAB", sdl.K_SPACE: "SPACE", sdl.K_DELETE: "DEL", sdl.K_INSERT: "INS",
	sdl.K_LEFT: "LEFT", sdl.K_RIGHT: "RIGHT", sdl.K_UP: "UP", sdl.K_DOWN: "DOWN",
	sdl.K_PAGEUP: "PGUP", sdl.K_PAGEDOWN: "PGDWN", sdl.K_HOME: "HOME", sdl.K_END: "END",
	sdl.K_F1: "F1", sdl.K_F2: "F2", sdl.K_F3: "F3", sdl.K_F4: "F4", sdl.K_F5: "F5", sdl.K_F6: "F6",
	sdl.K_F7: "F7", sdl.K_F8: "F8", sdl.K_F9: "F9", sdl.K_F10: "F10", sdl.K_F11: "F11", sdl.K_F12: "F12",
	sdl.K_F13: "F13", sdl.K_F14: "F14", sdl.K_F15: "F15", sdl.K_F16: "F16", sdl.K_F17: "F17", sdl.K_F18: "F18",
	sdl.K_F19: "F19", sdl.K_F20: "F20", sdl.K_F21: "F21", sdl.K_F22: "F22", sdl.K_F23: "F23", sdl.K_F24: "F24",
	sdl.K_AUDIOPLAY: "PLAYPAUSE", sdl.K_AUDIOSTOP: "STOP", sdl.K_AUDIONEXT: "NEXT", sdl.K_AUDIOPREV: "PREV",
	sdl.K_AUDIOMUTE: "MUTE", sdl.K_VOLUMEUP: "VOLUME_UP", sdl.K_VOLUMEDOWN: "VOLUME_DOWN",
}

// handle turns an event of SDL into one of the window, and does what the window
// owes to it.
func (w *Window) handle(e sdl.Event) {
	switch e := e.(type) {
	case *sdl.WindowEvent:
		w.handleWindow(e)
	case *sdl.KeyboardEvent:
		if e.Type == sdl.KEYDOWN {
			w.handleKey(e)
		}
	case *sdl.TextInputEvent:
		// the user's layout has made a character of the key
		if modOf(uint16(sdl.GetModState()))&^Shift != 0 {
			return // and the key has come by itself
		}
		if r, _ := utf8.DecodeRuneInString(e.GetText()); r != ' ' && unicode.IsGraphic(r) {
			w.send(Key{Name: string(r)})
		}
	case *sdl.MouseMotionEvent:
		w.send(w.pointer(e.X, e.Y))
	case *sdl.MouseButtonEvent:
		w.send(MouseButton{MouseMove: w.pointer(e.X, e.Y), Button: int(e.Button), Down: e.Type == sdl.MOUSEBUTTONDOWN, Clicks: int(e.Clicks)})
	case *sdl.MouseWheelEvent:
		sign := 1.0
		if e.Direction == sdl.MOUSEWHEEL_FLIPPED {
			sign = -1
		}
		w.send(MouseWheel{X: sign * float64(e.PreciseX), Y: sign * float64(e.PreciseY)})
	}
}

func (w *Window) handleWindow(e *sdl.WindowEvent) {
	switch e.Event {
	case sdl.WINDOWEVENT_SIZE_CHANGED:
		w.repaint()
		width, height := w.Size()
		w.send(Resize{Width: width, Height: height, FullScreen: w.fullScreen})
	case sdl.WINDOWEVENT_EXPOSED:
		if !w.painter.expose() {
			w.repaint()
		}
	case sdl.WINDOWEVENT_LEAVE:
		w.send(MouseLeave{})
	case sdl.WINDOWEVENT_CLOSE:
		w.send(Quit{})
		w.destroy()
	}
}

func (w *Window) handleKey(e *sdl.KeyboardEvent) {
	mod := modOf(e.Keysym.Mod)
	name, ok := keyNames[e.Keysym.Sym]
	if !ok {
		// Characters come as text, except those that modifiers turn into none.
		if mod&(Ctrl|Alt|Meta) == 0 || e.Keysym.Sym <= ' ' || e.Keysym.Sym > unicode.MaxRune {
			return
		}
		name = string(rune(e.Keysym.Sym))
	}
	w.send(Key{Name: name, Mod: mod, Repeat: e.Repeat != 0})
}

// modOf leaves out the right Alt key, which chooses characters on many layouts.
func modOf(m uint16) Mod {
	var out Mod
	for sdlMod, mod := range map[uint16]Mod{sdl.KMOD_SHIFT: Shift, sdl.KMOD_CTRL: Ctrl, sdl.KMOD_LALT: Alt, sdl.KMOD_GUI: Meta} {
		if m&sdlMod != 0 {
			out |= mod
		}
	}
	return out
}

func (w *Window) pointer(x, y int32) MouseMove {
	w.mu.Lock()
	defer w.mu.Unlock()
	return MouseMove{X: int(x), Y: int(y),
		AreaX: float64(int(x)-w.area.x) / float64(max(w.area.w, 1)),
		AreaY: float64(int(y)-w.area.y) / float64(max(w.area.h, 1))}
}

func (w *Window) send(e Event) {
	select {
	case w.events <- e:
	default:
	}
}
