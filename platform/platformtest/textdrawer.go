package platformtest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
)

// OpenTextDrawer makes a drawer.
type OpenTextDrawer func(t *testing.T) platform.TextDrawer

// TestTextDrawer examines an implementation of [platform.TextDrawer].
func TestTextDrawer(t *testing.T, open OpenTextDrawer, opts ...Option) {
	t.Helper()
	examine(t, textDrawerRules, open, opts)
}

var textDrawerRules = []rule[OpenTextDrawer]{
	{"nothing-to-show",
		"nil means that nothing is to be shown",
		func(t *testing.T, open OpenTextDrawer) error {
			d := open(t)
			for _, cues := range [][]platform.Cue{nil, {}} {
				if overlays, err := d.Draw(cues, 640, 360); err != nil || overlays != nil {
					return fmt.Errorf("no cues became %d overlays (nil: %v), error %v", len(overlays), overlays == nil, err)
				}
			}
			return nil
		}},
	{"draws",
		"A TextDrawer draws cues for a picture of the given size in pixels.",
		func(t *testing.T, open OpenTextDrawer) error {
			d := open(t)
			for _, size := range [][2]int{{640, 360}, {1920, 1080}, {321, 181}, {360, 640}} {
				overlays, err := d.Draw(cue("Hello"), size[0], size[1])
				if err != nil {
					return err
				}
				if !ink(overlays) {
					return fmt.Errorf("for a picture of %d x %d it drew nothing that can be seen", size[0], size[1])
				}
			}
			return nil
		}},
	{"any-text",
		"lie within their canvas",
		func(t *testing.T, open OpenTextDrawer) error {
			d := open(t)
			for _, text := range []string{
				"", " ", "\n", "one\ntwo\nthree", strings.Repeat("a long line ", 200), strings.Repeat("\n", 200),
				strings.Repeat("unbroken", 500), "שלום العربية 日本語 😀", "\x00\xff\xfe", "tab\tand\rreturn",
			} {
				for _, size := range [][2]int{{640, 360}, {1920, 1080}, {16, 16}, {1, 1}} {
					overlays, err := d.Draw(cue(text), size[0], size[1])
					if err != nil {
						return fmt.Errorf("%.20q at %d x %d: %w", text, size[0], size[1], err)
					}
					if err := fits(overlays); err != nil {
						return fmt.Errorf("%.20q at %d x %d: %w", text, size[0], size[1], err)
					}
				}
			}
			many := make([]platform.Cue, 100)
			for i := range many {
				many[i] = cue(fmt.Sprint("cue ", i))[0]
			}
			overlays, err := d.Draw(many, 640, 360)
			return errors.Join(err, fits(overlays))
		}},
	{"no-picture",
		"A TextDrawer draws cues for a picture of the given size in pixels.",
		func(t *testing.T, open OpenTextDrawer) error {
			// The size is not known yet: an error will do, a panic will not.
			overlays, err := open(t).Draw(cue("Hello"), 0, 0)
			if err != nil {
				return nil
			}
			return fits(overlays)
		}},
	{"premultiplied",
		"Overlay is an RGBA image (premultiplied alpha)",
		func(t *testing.T, open OpenTextDrawer) error {
			overlays, err := open(t).Draw(cue("Hello, World\nonce more"), 1280, 720)
			if err != nil {
				return err
			}
			for _, o := range overlays {
				b := o.Image.Bounds()
				for y := b.Min.Y; y < b.Max.Y; y++ {
					for x := b.Min.X; x < b.Max.X; x++ {
						if c := o.Image.RGBAAt(x, y); max(c.R, c.G, c.B) > c.A {
							return fmt.Errorf("the pixel at (%d, %d) is %v: a colour above its alpha", x, y, c)
						}
					}
				}
			}
			return nil
		}},
	{"id-changes-with-the-pixels",
		"ID changes whenever the pixels do, so that a sink uploads each image once.",
		func(t *testing.T, open OpenTextDrawer) error {
			d := open(t)
			seen := map[uint64][]byte{}
			for _, text := range []string{"one", "two", "one", "one\ntwo", "two"} {
				for _, width := range []int{640, 1280} {
					overlays, err := d.Draw(cue(text), width, width*9/16)
					if err != nil {
						return err
					}
					for _, o := range overlays {
						pixels := fmt.Appendf(nil, "%v", o.Image.Bounds().Size())
						pixels = append(pixels, o.Image.Pix...)
						if former, ok := seen[o.ID]; ok && !bytes.Equal(former, pixels) {
							return fmt.Errorf("%q at a width of %d has ID %d, which other pixels had before", text, width, o.ID)
						}
						seen[o.ID] = pixels
					}
				}
			}
			return nil
		}},
	{"overlays-are-the-callers",
		"The overlays belong to the caller",
		func(t *testing.T, open OpenTextDrawer) error {
			d := open(t)
			overlays, err := d.Draw(cue("first"), 640, 360)
			if err != nil {
				return err
			}
			var before [][]byte
			for _, o := range overlays {
				before = append(before, bytes.Clone(o.Image.Pix))
			}
			for _, text := range []string{"second", "a third that is longer", "first"} {
				if _, err := d.Draw(cue(text), 640, 360); err != nil {
					return err
				}
			}
			for i, o := range overlays {
				if !bytes.Equal(o.Image.Pix, before[i]) {
					return errors.New("a later Draw has changed the pixels of an overlay")
				}
			}
			return nil
		}},
	{"restyled",
		"always the same one, with room for one value at least",
		func(t *testing.T, open OpenTextDrawer) error {
			r, ok := open(t).(platform.Restyler)
			if !ok {
				return unexamined("the drawer is no platform.Restyler")
			}
			if c := r.Restyled(); c == nil || c != r.Restyled() || cap(c) == 0 {
				return fmt.Errorf("the channels are %p and %p, with room for %d", c, r.Restyled(), cap(c))
			}
			return nil
		}},
}

func cue(text string) []platform.Cue {
	return []platform.Cue{{Begin: time.Second, End: 2 * time.Second, Text: text}}
}

// ink tells whether there is a pixel that can be seen.
func ink(overlays []platform.Overlay) bool {
	for _, o := range overlays {
		if o.Image == nil {
			continue
		}
		b := o.Image.Bounds()
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				if o.Image.RGBAAt(x, y).A > 0 {
					return true
				}
			}
		}
	}
	return false
}

// fits checks that overlays lie within their canvas.
func fits(overlays []platform.Overlay) error {
	for _, o := range overlays {
		if o.Image == nil || o.CanvasWidth <= 0 || o.CanvasHeight <= 0 {
			return fmt.Errorf("an overlay has no image (%v) or a canvas of %d x %d", o.Image == nil, o.CanvasWidth, o.CanvasHeight)
		}
		size := o.Image.Bounds().Size()
		if o.X < 0 || o.Y < 0 || o.X+size.X > o.CanvasWidth || o.Y+size.Y > o.CanvasHeight {
			return fmt.Errorf("an overlay of %v at (%d, %d) does not fit a canvas of %d x %d", size, o.X, o.Y, o.CanvasWidth, o.CanvasHeight)
		}
	}
	return nil
}
