package text

import (
	"strconv"
	"strings"

	"smoothplay/platform"
)

// placement is a region that is resolved: where it is, and the style that its
// content inherits.
type placement struct {
	region *platform.CueRegion
	style  style
	always bool // its background is to be seen without content
}

// safe is the part of the picture that stays free at each edge where a document
// does not say where its text goes: EBU-TT-D and the broadcasters use as much.
const safe = 0.1

// place resolves a region.
func (d *document) place(e *element) *placement {
	if p := d.placed[e]; p != nil {
		return p
	}
	p := d.specify(e)
	made := &placement{style: d.compute(initial(), p)}
	made.region = d.area(p, &made.style)
	made.always = p[showBackground] == "always" && made.region.Background.A > 0
	// Not inherited:
	made.style.run.Background, made.style.gone = initial().run.Background, p[display] == "none"
	d.placed[e] = made
	return made
}

// initial is the style of an element that nothing was said of.
func initial() style { return style{opacity: 1, align: platform.AlignStart} }

// area reads where a region is. One that does not say stays clear of the edges.
func (d *document) area(p *properties, s *style) *platform.CueRegion {
	r := &platform.CueRegion{Width: 1, Height: 1, Display: platform.DisplayTop}
	em := d.em(s)
	size := strings.Fields(p[extent])
	if len(size) == 2 {
		r.Width, r.Height = d.share(size[0], em, d.scale.across, 1), d.share(size[1], em, d.scale.down, 1)
	}
	from := strings.Fields(p[origin])
	if len(from) == 2 {
		r.X, r.Y = d.share(from[0], em, d.scale.across, 0), d.share(from[1], em, d.scale.down, 0)
	}
	switch p[displayAlign] {
	case "center":
		r.Display = platform.DisplayCenter
	case "after":
		r.Display = platform.DisplayBottom
	case "":
		if len(size) != 2 && len(from) != 2 {
			r.Display = platform.DisplayBottom
		}
	}
	if len(size) != 2 && len(from) != 2 {
		r.X, r.Y, r.Width, r.Height = safe, safe, 1-2*safe, 1-2*safe
	} else if len(size) != 2 {
		r.Width, r.Height = max(1-r.X, 0), max(1-r.Y, 0)
	}
	d.pad(r, strings.Fields(p[padding]), em)
	if c, ok := parseColour(p[backgroundColor]); ok {
		r.Background = fade(c, c, s.opacity)
		if r.Background.A == 0 {
			r.Background = colours["transparent"]
		}
	}
	if z, err := strconv.ParseInt(p[zIndex], 10, 16); err == nil {
		r.Layer = int(z)
	}
	return r
}

// share reads a length that must lie near the picture.
func (d *document) share(text string, em float64, read func(string, float64, float64) (float64, bool), ifNone float64) float64 {
	n, ok := read(text, 1, em)
	if !ok {
		return ifNone
	}
	return min(max(n, -1), 2)
}

// pad reads tts:padding: before, end, after and start, or fewer.
func (d *document) pad(r *platform.CueRegion, words []string, em float64) {
	var before, end, after, start string
	switch len(words) {
	case 1:
		before, end, after, start = words[0], words[0], words[0], words[0]
	case 2:
		before, end, after, start = words[0], words[1], words[0], words[1]
	case 3:
		before, end, after, start = words[0], words[1], words[2], words[1]
	case 4:
		before, end, after, start = words[0], words[1], words[2], words[3]
	default:
		return
	}
	inside := func(n float64, ok bool, whole float64) float64 {
		if !ok {
			return 0
		}
		return min(max(n, 0), whole/2)
	}
	across := func(s string) float64 {
		n, ok := d.scale.across(s, r.Width, em)
		return inside(n, ok, r.Width)
	}
	down := func(s string) float64 {
		n, ok := d.scale.down(s, r.Height, em)
		return inside(n, ok, r.Height)
	}
	r.PaddingTop, r.PaddingRight, r.PaddingBottom, r.PaddingLeft = down(before), across(end), down(after), across(start)
}
