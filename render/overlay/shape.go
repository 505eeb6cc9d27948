package overlay

import (
	"slices"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"

	"smoothplay/platform"
)

// A span is text in one style, with its size in pixels.
type span struct {
	text  []rune
	style platform.CueStyle
	size  int
}

// A line is one that is shaped and fits its place; measures are in pixels.
type line struct {
	runs            []lineRun
	width           float32
	ascent, descent float32 // from the baseline, both positive
	size            int     // of the largest letters
	rightToLeft     bool    // of its paragraph
}

// lineRun is a piece of a line in one style and font, from left to right.
type lineRun struct {
	style  *platform.CueStyle
	size   int
	weight font.Weight // of the font
	shaping.Output
}

// shaper turns text into lines. Not safe for concurrent use.
type shaper struct {
	faces    faces
	harfbuzz shaping.HarfbuzzShaper
	split    shaping.Segmenter
}

// oneFace gives the segmenter nothing to choose: fonts are chosen by style.
type oneFace struct{ *font.Face }

func (f oneFace) ResolveFace(rune) *font.Face { return f.Face }

// paragraph shapes text without line breaks, and breaks it into lines of at most
// room pixels: as few as possible, of about the same width.
func (s *shaper) paragraph(spans []span, direction platform.CueDirection, family string, room int) []line {
	var text []rune
	var style []int // of each character, its span
	var chosen []*font.Face
	var previous *font.Face
	for i := range spans {
		for _, r := range spans[i].text {
			previous = s.faces.choose(r, &spans[i].style, family, previous)
			text = append(text, s.faces.substitute(r, previous))
			style, chosen = append(style, i), append(chosen, previous)
		}
	}
	if len(text) == 0 {
		return []line{s.empty(spans)}
	}
	towards := di.DirectionLTR
	if direction == platform.RightToLeft || direction == platform.DirectionAuto && startsRight(text) {
		towards = di.DirectionRTL
	}
	inputs := s.split.Split(shaping.Input{
		Text: text, RunEnd: len(text), Direction: towards, Face: chosen[0],
		Size: fixed.I(16), Language: language.NewLanguage("en"),
	}, oneFace{chosen[0]})
	var shaped []shaping.Output
	for _, in := range inputs {
		for from := in.RunStart; from < in.RunEnd; {
			to := from + 1
			for to < in.RunEnd && style[to] == style[from] && chosen[to] == chosen[from] {
				to++
			}
			piece := in
			piece.RunStart, piece.RunEnd = from, to
			piece.Face, piece.Size = chosen[from], fixed.I(spans[style[from]].size)
			shaped = append(shaped, s.harfbuzz.Shape(piece))
			from = to
		}
	}
	wrapped := balance(text, shaped, towards, room)
	lines := make([]line, len(wrapped))
	for i, w := range wrapped {
		lines[i] = s.line(w, spans, style, towards)
	}
	return lines
}

// balance breaks text into lines, and then makes the widest of them as narrow as
// the number of lines allows: two halves are read faster than a line and a word.
func balance(text []rune, shaped []shaping.Output, towards di.Direction, room int) []shaping.Line {
	wrap := func(width int) []shaping.Line {
		own := slices.Clone(shaped)
		for i := range own {
			own[i].Glyphs = slices.Clone(own[i].Glyphs) // spaces at the ends of lines lose their width
		}
		var w shaping.LineWrapper
		lines, _ := w.WrapParagraph(shaping.WrapConfig{Direction: towards}, width, text, shaping.NewSliceIterator(own))
		return lines
	}
	lines := wrap(room)
	if n := len(lines); n > 1 && n <= 4 {
		narrow, wide := room/n, room
		for wide-narrow > max(room/64, 1) {
			middle := (narrow + wide) / 2
			if tried := wrap(middle); len(tried) <= n {
				lines, wide = tried, middle
			} else {
				narrow = middle
			}
		}
	}
	return lines
}

// line measures a line and puts its runs in the order in which they are seen.
func (s *shaper) line(w shaping.Line, spans []span, style []int, towards di.Direction) line {
	l := line{rightToLeft: towards == di.DirectionRTL}
	slices.SortFunc(w, func(a, b shaping.Output) int { return int(a.VisualIndex - b.VisualIndex) })
	for _, out := range w {
		of := &spans[style[min(out.Runes.Offset, len(style)-1)]]
		l.runs = append(l.runs, lineRun{&of.style, of.size, s.faces.weight(out.Face), out})
		l.width += float(out.Advance)
		l.size = max(l.size, of.size)
		l.ascent = max(l.ascent, float(out.LineBounds.Ascent))
		l.descent = max(l.descent, -float(out.LineBounds.Descent))
	}
	return l
}

// empty is a line without text, as high as one with it.
func (s *shaper) empty(spans []span) line {
	size := minSize
	for i := range spans {
		size = max(size, spans[i].size)
	}
	return line{ascent: 0.95 * float32(size), descent: 0.25 * float32(size), size: size}
}

// startsRight tells whether the first letter with a direction is of a script that
// runs from right to left.
func startsRight(text []rune) bool {
	for _, r := range text {
		switch script := language.LookupScript(r); script {
		case language.Arabic, language.Hebrew, language.Syriac, language.Thaana, language.Nko:
			return true
		case language.Common, language.Inherited, language.Unknown:
		default:
			return false
		}
	}
	return false
}

// float is a length in pixels.
func float(v fixed.Int26_6) float32 { return float32(v) / 64 }
