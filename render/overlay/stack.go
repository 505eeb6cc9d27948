package overlay

import (
	"image"
	"image/color"
	"slices"
	"strings"

	"smoothplay/platform"
)

// A stack are the cues that stand below each other in a region.
type stack struct {
	region platform.CueRegion
	cues   []platform.Cue
}

// usual is the region of cues that have none.
var usual = platform.CueRegion{X: safe, Y: safe, Width: 1 - 2*safe, Height: 1 - 2*safe, Display: platform.DisplayBottom}

// stacks shares cues out among regions, in the order in which these are drawn.
func stacks(cues []platform.Cue) []stack {
	var all []stack
	for _, c := range cues[:min(len(cues), maxCues)] {
		region := usual
		if c.Region != nil {
			region = *c.Region
		}
		i := slices.IndexFunc(all, func(s stack) bool { return s.region == region })
		if i < 0 {
			i = len(all)
			all = append(all, stack{region: region})
		}
		all[i].cues = append(all[i].cues, c)
	}
	slices.SortStableFunc(all, func(a, b stack) int { return a.region.Layer - b.region.Layer })
	return all
}

// placed is a line where it is to be drawn: its left edge, its upper edge, and its
// baseline, in pixels of the canvas.
type placed struct {
	line
	x, baseline float32
	top, bottom int
}

// layout is a stack with everything in its place.
type layout struct {
	lines  []placed
	area   image.Rectangle // of the region
	window color.NRGBA     // behind it; transparent: none
}

// lay breaks the cues of s into lines and puts them into its region. What does
// not fit stays legible: it goes over the edge of the region, but not of the
// picture as long as it fits there.
func (c *Captions) lay(s *stack, on canvas) layout {
	r := &s.region
	out := layout{area: on.pixels(r.X, r.Y, r.Width, r.Height), window: override(r.Background, c.Style.Window)}
	left, right := on.across(r.X+r.PaddingLeft), on.across(r.X+r.Width-r.PaddingRight)
	left, right = max(left, 0), min(right, on.width)
	if right-left < on.height/5 { // a region for a few letters only is a mistake
		room := min(on.height*2/3, on.width)
		left = min(max((left+right-room)/2, 0), on.width-room)
		right = left + room
	}
	height := 0
	for i := range s.cues {
		for _, l := range c.lines(&s.cues[i], right-left, on) {
			if len(out.lines) == maxLines {
				break
			}
			p := c.align(l, &s.cues[i], left, right, on)
			p.top, p.bottom = p.top+height, p.bottom+height
			p.baseline += float32(height)
			height = p.bottom
			out.lines = append(out.lines, p)
		}
	}
	top, bottom := on.down(r.Y+r.PaddingTop), on.down(r.Y+r.Height-r.PaddingBottom)
	var y int
	switch r.Display {
	case platform.DisplayTop:
		y = top
	case platform.DisplayCenter:
		y = (top + bottom - height) / 2
	default:
		y = bottom - height
	}
	floor := on.height - on.down(min(max(c.Raise, 0), 1))
	y = max(min(y, floor-height), 0)
	var around image.Rectangle
	for i := range out.lines {
		p := &out.lines[i]
		p.top, p.bottom, p.baseline = p.top+y, p.bottom+y, p.baseline+float32(y)
		pad := (p.bottom - p.top) / 3
		around = around.Union(image.Rect(int(p.x)-pad, p.top, int(p.x+p.width)+pad, p.bottom))
	}
	if c.Style.Window != nil { // what a user wants behind captions hides no more than it must
		out.area = around
	}
	return out
}

// lines shapes a cue.
func (c *Captions) lines(cue *platform.Cue, room int, on canvas) []line {
	runs := cue.Runs
	if runs == nil {
		runs = []platform.CueRun{{Text: cue.Text}}
	}
	if cue.NoWrap {
		room = on.width
	}
	var all []line
	var spans []span
	end := func() {
		if len(all) < maxLines {
			all = append(all, c.shaper.paragraph(spans, cue.Direction, c.Style.Family, max(room, 1))...)
		}
		spans = nil
	}
	seen := false
	for i := range runs {
		text := clean(runs[i].Text, min(maxText, c.text))
		c.text -= len(text)
		seen = seen || strings.TrimSpace(text) != ""
		for n := 0; ; n++ {
			before, after, more := strings.Cut(text, "\n")
			style := &runs[i].Style
			spans = append(spans, span{[]rune(before), *style, c.Style.size(style, on.height)})
			if !more {
				break
			}
			end()
			text = after
		}
	}
	end()
	if !seen {
		return nil
	}
	return all
}

// align places a line between two edges, and gives it its height.
func (c *Captions) align(l line, cue *platform.Cue, left, right int, on canvas) placed {
	p := placed{line: l, x: float32(left)}
	spare := float32(right-left) - l.width
	switch a := cue.Align; {
	case a == platform.AlignCenter:
		p.x += spare / 2
	case a == platform.AlignRight, a == platform.AlignEnd && !l.rightToLeft, a == platform.AlignStart && l.rightToLeft:
		p.x += spare
	}
	p.x = max(min(p.x, float32(on.width)-l.width), 0)
	text := l.ascent + l.descent
	height := max(text, 1.25*float32(l.size))
	if cue.LineHeight > 0 {
		height = max(float32(cue.LineHeight*c.Style.scale()*float64(on.height)), text*0.8)
	}
	p.baseline = (height-text)/2 + l.ascent
	p.bottom = int(height + 0.5)
	return p
}

// pixels is an area of the canvas given in shares.
func (c canvas) pixels(x, y, width, height float64) image.Rectangle {
	r := image.Rect(c.across(x), c.down(y), c.across(x+width), c.down(y+height))
	return r.Intersect(image.Rect(0, 0, c.width, c.height))
}

// across and down turn shares of the canvas into pixels.
func (c canvas) across(share float64) int { return round(share * float64(c.width)) }
func (c canvas) down(share float64) int   { return round(share * float64(c.height)) }

// round bounds what a cue of a stranger can ask for.
func round(v float64) int {
	if !(v > -4*maxCanvas) { // or no number
		return -4 * maxCanvas
	}
	return int(min(v, 4*maxCanvas) + 0.5)
}
