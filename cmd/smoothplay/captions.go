package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"smoothplay/platform"
	"smoothplay/player"
	"smoothplay/render/overlay"
	"smoothplay/testdata/demo"
)

// captions draws captions for the window: as sharp as the window is large,
// whatever the size of the pictures, and above what is shown at its lower edge.
type captions struct {
	restyled chan struct{}

	mu            sync.Mutex
	drawer        overlay.Captions // guarded by mu, as below
	width, height int              // of the pictures in the window; 0: not known
}

func newCaptions() *captions {
	c := &captions{restyled: make(chan struct{}, 1)}
	c.drawer.Fonts = &overlay.Fonts{Extra: demo.Fonts}
	return c
}

// Draw implements [platform.TextDrawer].
func (c *captions) Draw(cues []platform.Cue, width, height int) ([]platform.Overlay, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.width > 0 && c.height > 0 {
		width, height = c.width, c.height
	}
	return c.drawer.Draw(cues, width, height)
}

// Restyled implements [platform.Restyler].
func (c *captions) Restyled() <-chan struct{} { return c.restyled }

// place says how large the pictures are in the window, in pixels, and which share
// of them at the lower edge is taken.
func (c *captions) place(width, height int, raise float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.width == width && c.height == height && c.drawer.Raise == raise {
		return
	}
	c.width, c.height, c.drawer.Raise = width, height, raise
	select {
	case c.restyled <- struct{}{}:
	default:
	}
}

// nextText changes to the captions after those that are shown, of which the last
// ones are none.
func (u *ui) nextText(now time.Time) {
	status := u.player.Status()
	if len(status.Text) == 0 {
		u.say(now, "no captions")
		return
	}
	next := status.SelectedText + 1
	if next == len(status.Text) {
		next = -1
	}
	u.showText(next, status, now)
}

// toggleText takes the captions away, or shows those that were there last.
func (u *ui) toggleText(now time.Time) {
	status := u.player.Status()
	if len(status.Text) == 0 {
		u.say(now, "no captions")
		return
	}
	next := -1
	if status.SelectedText < 0 {
		if next = 0; u.lastText < len(status.Text) {
			next = u.lastText
		}
	}
	u.showText(next, status, now)
}

func (u *ui) showText(index int, status player.Status, now time.Time) {
	if status.SelectedText >= 0 {
		u.lastText = status.SelectedText
	}
	u.do(func(ctx context.Context) error { return u.player.SelectText(ctx, index) })
	if index < 0 {
		u.say(now, "captions off")
		return
	}
	u.say(now, "captions: %s", textText(status.Text[index]))
}

// textText names a text stream.
func textText(c player.TextChoice) string { return choiceText(c.Name, c.Language, c.Role) }

// choiceText names a stream by what is known of it.
func choiceText(name, language, role string) string {
	var more []string
	for _, s := range []string{language, role} {
		if s != "" {
			more = append(more, printable(s))
		}
	}
	if len(more) == 0 {
		return printable(name)
	}
	return fmt.Sprintf("%s [%s]", printable(name), strings.Join(more, ", "))
}
