package main

import (
	"testing"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
	"smoothplay/render/overlay"
	"smoothplay/render/sdl"
)

func TestExamOfCaptions(t *testing.T) {
	platformtest.TestTextDrawer(t, func(t *testing.T) platform.TextDrawer {
		c := newCaptions()
		c.drawer.Fonts = &overlay.Fonts{Dirs: []string{t.TempDir()}}
		return c
	})
}

// Captions are drawn as large as the window is, and stand above the progress bar
// while it is shown; the player is told when that changes.
func TestCaptionsFitTheWindow(t *testing.T) {
	withUI(t, func(s *fakeSession, u *ui, _ func(sdl.Event)) {
		c := newCaptions()
		cues := []platform.Cue{{Text: "Hello"}}
		restyled := func() bool {
			select {
			case <-c.Restyled():
				return true
			default:
				return false
			}
		}
		bottom := func() int {
			overlays, err := c.Draw(cues, 320, 180)
			if err != nil || len(overlays) != 1 {
				t.Fatalf("%d overlays, error %v", len(overlays), err)
			}
			if o := overlays[0]; o.CanvasWidth != 1280 || o.CanvasHeight != 720 {
				t.Errorf("drawn for %d x %d", o.CanvasWidth, o.CanvasHeight)
			}
			o := overlays[0]
			last := 0
			for i := 3; i < len(o.Image.Pix); i += 4 {
				if o.Image.Pix[i] > 0 {
					last = i / o.Image.Stride
				}
			}
			return o.Y + last
		}
		c.place(1280, 720, taken(nil))
		if !restyled() {
			t.Error("nobody is told of the size of the window")
		}
		free := bottom()
		if free > 720*92/100 || free < 720*85/100 {
			t.Errorf("the caption ends at line %d of 720", free)
		}
		bar, err := u.painter.Progress(*u.bar(s.status), 1280, 720)
		if err != nil {
			t.Fatal(err)
		}
		c.place(1280, 720, taken([]platform.Overlay{bar}))
		if !restyled() {
			t.Error("nobody is told of the bar")
		}
		if raised := bottom(); raised > bar.Y {
			t.Errorf("the caption ends at line %d, the bar begins at %d", raised, bar.Y)
		}
		c.place(1280, 720, taken([]platform.Overlay{bar}))
		if restyled() {
			t.Error("nothing has changed")
		}
	})
}
