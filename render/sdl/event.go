package sdl

// Event is something that happened to a window: one of Key, MouseMove,
// MouseLeave, MouseButton, MouseWheel, Resize and Quit.
type Event interface{ event() }

// Key is a key that was pressed or that repeats. Name is the character it types
// in the user's layout ("q", "Q", "?", "ä", "SPACE" for the space), else one of
// ENTER ESC BS DEL INS TAB LEFT RIGHT UP DOWN PGUP PGDWN HOME END F1 to F24
// PLAYPAUSE STOP NEXT PREV MUTE VOLUME_UP VOLUME_DOWN, as mpv names them.
type Key struct {
	Name   string
	Mod    Mod // Shift is left out where it chose the character
	Repeat bool
}

// Mod is a set of modifier keys.
type Mod uint8

// The modifier keys.
const (
	Shift Mod = 1 << iota
	Ctrl
	Alt
	Meta
)

// MouseMove says where the pointer is: in pixels of the window, and in shares of
// the picture's area, which are below 0 or above 1 in the black bars.
type MouseMove struct {
	X, Y         int
	AreaX, AreaY float64
}

// MouseLeave says that the pointer left the window.
type MouseLeave struct{}

// MouseButton is a button pressed or released; Button counts from 1 (left).
// Clicks is 2 for the second press of a double click.
type MouseButton struct {
	MouseMove
	Button int
	Down   bool
	Clicks int
}

// MouseWheel is a turn of the wheel; positive Y is away from the user.
type MouseWheel struct{ X, Y float64 }

// Resize is a new size of the window, in pixels.
type Resize struct {
	Width, Height int
	FullScreen    bool
}

// Quit says that the user closed the window: it is gone from the screen, and
// Show returns platform.ErrClosed from now on.
type Quit struct{}

func (Key) event()         {}
func (MouseMove) event()   {}
func (MouseLeave) event()  {}
func (MouseButton) event() {}
func (MouseWheel) event()  {}
func (Resize) event()      {}
func (Quit) event()        {}
