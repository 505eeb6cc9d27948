package overlay

import (
	"fmt"
	"image"
	"image/draw"
	"strings"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Sizes of text in pixels: smaller cannot be read, larger would cost too much.
const (
	minSize = 6
	maxSize = 200
)

// A typeface is a font in one size. Not safe for concurrent use.
type typeface struct {
	face            font.Face
	ascent, descent int // pixels above and below the baseline
	height          int // from line to line
}

// typefaces opens fonts once and keeps a few sizes.
type typefaces struct {
	fonts [2]*opentype.Font // regular, bold
	sizes map[typefaceKey]*typeface
}

type typefaceKey struct {
	size int
	bold bool
}

// maxTypefaces is more than a window uses at a time; resizing it makes new ones.
const maxTypefaces = 16

func (t *typefaces) get(size int, bold bool) (*typeface, error) {
	key := typefaceKey{min(max(size, minSize), maxSize), bold}
	if f := t.sizes[key]; f != nil {
		return f, nil
	}
	index, data := 0, goregular.TTF
	if bold {
		index, data = 1, gobold.TTF
	}
	if t.fonts[index] == nil {
		f, err := opentype.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("read the built-in font: %w", err)
		}
		t.fonts[index] = f
	}
	face, err := opentype.NewFace(t.fonts[index], &opentype.FaceOptions{Size: float64(key.size), DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("make the built-in font %d pixels high: %w", key.size, err)
	}
	m := face.Metrics()
	f := &typeface{face: face, ascent: m.Ascent.Ceil(), descent: m.Descent.Ceil(), height: m.Height.Ceil()}
	if len(t.sizes) >= maxTypefaces || t.sizes == nil {
		t.sizes = make(map[typefaceKey]*typeface)
	}
	t.sizes[key] = f
	return f, nil
}

// width is that of a line, in pixels.
func (f *typeface) width(line string) int { return font.MeasureString(f.face, line).Ceil() }

// draw writes a line into a mask with its upper left corner at (x, y).
func (f *typeface) draw(to draw.Image, line string, x, y int) {
	d := font.Drawer{Dst: to, Src: image.Opaque, Face: f.face, Dot: fixed.P(x, y+f.ascent)}
	d.DrawString(line)
}

// wrap breaks text into lines of at most width pixels, at spaces where it can,
// and stops after limit lines.
func (f *typeface) wrap(text string, width, limit int) (lines []string) {
	for paragraph := range strings.SplitSeq(text, "\n") {
		var line string
		for word := range strings.FieldsSeq(paragraph) {
			if longer := line + " " + word; line != "" && f.width(longer) <= width {
				line = longer
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			for line = word; f.width(line) > width && len(lines) < limit; {
				head := f.head(line, width)
				lines, line = append(lines, head), line[len(head):]
			}
			if len(lines) >= limit {
				return lines[:limit]
			}
		}
		if lines = append(lines, line); len(lines) >= limit {
			return lines[:limit]
		}
	}
	return lines
}

// head is the longest beginning of word that fits, at least a character.
func (f *typeface) head(word string, width int) string {
	var x fixed.Int26_6
	for i, r := range word {
		advance, _ := f.face.GlyphAdvance(r)
		if x += advance; i > 0 && x.Ceil() > width {
			return word[:i]
		}
	}
	return word
}

// clean makes text of a stranger fit to draw: at most limit bytes of it, without
// control characters.
func clean(text string, limit int) string {
	if len(text) > limit {
		text = text[:limit]
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
