package text

import (
	stdcolor "image/color"
	"strconv"
	"strings"

	"smoothplay/platform"
)

// style is the computed style of an element: what a run takes, and what stands
// for the whole paragraph.
type style struct {
	run       platform.CueStyle
	sized     bool // run.Size was stated somewhere; else it is that of the port
	align     platform.CueAlign
	aligned   bool
	direction platform.CueDirection
	line      float64 // height of lines, share of the picture's; 0: normal
	noWrap    bool
	opacity   float64 // of this and all that it stands in
	gone      bool    // display none
	bidi      string  // unicodeBidi of this element alone
	ruby      string  // tts:ruby of this element alone
}

// em is the size that lengths in em and percent refer to, as a share of the
// picture's height: a cell high where nothing is stated, TTML1 8.2.9.
func (d *document) em(s *style) float64 {
	if s.sized {
		return s.run.Size
	}
	return 1 / d.scale.rows
}

// compute returns the style of an element that states p in one of style parent.
func (d *document) compute(parent style, p *properties) style {
	s := parent
	s.bidi, s.ruby = p[unicodeBidi], p[ruby]
	if c, ok := parseColour(p[color]); ok {
		s.run.Colour = seen(c)
	}
	if c, ok := parseColour(p[backgroundColor]); ok {
		s.run.Background = c
	}
	if p[fontFamily] != "" {
		s.run.Family = p[fontFamily]
	}
	if sizes := strings.Fields(p[fontSize]); len(sizes) > 0 {
		em := d.em(&parent)
		if size, ok := d.scale.down(sizes[len(sizes)-1], em, em); ok && size > 0 {
			s.run.Size, s.sized = min(size, 1), true
		}
	}
	choose(&s.run.Bold, p[fontWeight], "bold", "normal")
	choose(&s.run.Italic, p[fontStyle], "italic", "normal")
	choose(&s.run.Italic, p[fontStyle], "oblique", "")
	choose(&s.run.Hidden, p[visibility], "hidden", "visible")
	choose(&s.noWrap, p[wrapOption], "noWrap", "wrap")
	for _, word := range strings.Fields(p[textDecoration]) {
		switch word {
		case "none":
			s.run.Underline, s.run.LineThrough, s.run.OverLine = false, false, false
		case "underline", "noUnderline":
			s.run.Underline = word == "underline"
		case "lineThrough", "noLineThrough":
			s.run.LineThrough = word == "lineThrough"
		case "overline", "noOverline":
			s.run.OverLine = word == "overline"
		}
	}
	if align, ok := alignments[p[textAlign]]; ok {
		s.align, s.aligned = align, true
	}
	switch p[direction] {
	case "ltr":
		s.direction = platform.LeftToRight
	case "rtl":
		s.direction = platform.RightToLeft
	}
	if p[lineHeight] == "normal" {
		s.line = 0
	} else if line, ok := d.scale.down(p[lineHeight], d.em(&s), d.em(&s)); ok && line > 0 {
		s.line = min(line, 1)
	}
	d.outline(&s, p[textOutline])
	if n, err := strconv.ParseFloat(p[opacity], 64); err == nil && n >= 0 {
		s.opacity *= min(n, 1)
	}
	s.gone = s.gone || p[display] == "none"
	return s
}

// outline reads tts:textOutline: a colour, a thickness, and how much it is
// blurred, which is left out.
func (d *document) outline(s *style, value string) {
	if value == "none" {
		s.run.Outline, s.run.OutlineColour = -1, stdcolor.NRGBA{}
		return
	}
	words := strings.Fields(value)
	if len(words) == 0 {
		return
	}
	if c, ok := parseColour(words[0]); ok {
		s.run.OutlineColour = seen(c)
		words = words[1:]
	}
	if len(words) > 0 {
		if width, ok := d.scale.down(words[0], d.em(s), d.em(s)); ok && width >= 0 {
			if s.run.Outline = min(width, 0.05); width == 0 {
				s.run.Outline = -1
			}
		}
	}
}

// choose sets a switch where the value is one of two words.
func choose(to *bool, value, yes, no string) {
	switch value {
	case yes:
		*to = true
	case no:
		*to = false
	}
}

var alignments = map[string]platform.CueAlign{
	"left": platform.AlignLeft, "right": platform.AlignRight, "center": platform.AlignCenter,
	"middle": platform.AlignCenter, "start": platform.AlignStart, "end": platform.AlignEnd,
	"justify": platform.AlignStart,
}

// seen keeps a colour that is transparent apart from one that is not stated.
func seen(c stdcolor.NRGBA) stdcolor.NRGBA {
	if c == (stdcolor.NRGBA{}) {
		c.R = 1
	}
	return c
}

// shown is the run style with the opacity put into its colours.
func (s *style) shown() platform.CueStyle {
	run := s.run
	if s.opacity < 1 {
		run.Colour = fade(run.Colour, colours["white"], s.opacity)
		run.Background = fade(run.Background, stdcolor.NRGBA{}, s.opacity)
		run.OutlineColour = fade(run.OutlineColour, colours["black"], s.opacity)
	}
	return run
}
