package text

import (
	"math"
	"strconv"
	"strings"

	"smoothplay/platform"
)

// settings are those of a cue of WebVTT, in shares of the picture; NaN: not
// stated.
type settings struct {
	line, position, size float64
	lineAlign            string // "start", "center" or "end": which edge of the cue line is at
	positionAlign        string // "line-left", "center" or "line-right"
	align                string
}

// vttLine is the height of a line that numbered lines are counted in: WebVTT's
// letters are a twentieth of the picture's height.
const vttLine = 0.0533

// readSettings reads the words after the times of a cue. Vertical text is shown
// as horizontal.
func readSettings(words []string, areas map[string]settings) settings {
	s := settings{line: math.NaN(), position: math.NaN(), size: math.NaN(), lineAlign: "start"}
	for i, word := range words {
		name, value, ok := strings.Cut(word, ":")
		if !ok || i > 16 {
			continue
		}
		value, edge, _ := strings.Cut(value, ",")
		switch name {
		case "region":
			if area, ok := areas[value]; ok {
				s.line, s.lineAlign, s.position, s.size, s.positionAlign = area.line, area.lineAlign, area.position, area.size, area.positionAlign
			}
		case "line":
			if n, ok := percent(value); ok {
				s.line = n
			} else if n, err := strconv.Atoi(value); err == nil && n > -100 && n < 100 {
				// Numbered from the upper edge, or from the lower one; as far as there are
				// lines.
				if s.line = min(float64(n)*vttLine, 1-vttLine); n < 0 {
					s.line, s.lineAlign = max(1+float64(n+1)*vttLine, vttLine), "end"
				}
			}
			if edge != "" {
				s.lineAlign = edge
			}
		case "position":
			if n, ok := percent(value); ok {
				s.position, s.positionAlign = n, edge
			}
		case "size":
			if n, ok := percent(value); ok {
				s.size = n
			}
		case "align":
			s.align = value
		}
	}
	return s
}

// percent reads 61% as 0.61.
func percent(s string) (float64, bool) {
	s, ok := strings.CutSuffix(s, "%")
	n, ok2 := number(s)
	return min(n, 100) / 100, ok && ok2
}

// apply sets where c stands. Without settings that is left to the port.
func (s settings) apply(c *platform.Cue) {
	switch s.align {
	case "start":
		c.Align = platform.AlignStart
	case "end":
		c.Align = platform.AlignEnd
	case "left":
		c.Align = platform.AlignLeft
	case "right":
		c.Align = platform.AlignRight
	}
	if math.IsNaN(s.line) && math.IsNaN(s.position) && math.IsNaN(s.size) {
		return
	}
	r := &platform.CueRegion{X: 0, Y: safe, Width: 1, Height: 1 - 2*safe}
	s.across(r, c.Align)
	if !math.IsNaN(s.line) {
		switch s.lineAlign {
		case "end":
			r.Y, r.Height, r.Display = 0, s.line, platform.DisplayBottom
		case "center", "middle":
			half := min(s.line, 1-s.line)
			r.Y, r.Height, r.Display = s.line-half, 2*half, platform.DisplayCenter
		default:
			r.Y, r.Height, r.Display = s.line, 1-s.line, platform.DisplayTop
		}
	}
	c.Region = r
}

// across sets the left edge and the width of a cue box, WebVTT 7.2.
func (s settings) across(r *platform.CueRegion, align platform.CueAlign) {
	edge := s.positionAlign
	if edge == "" {
		switch align {
		case platform.AlignLeft, platform.AlignStart:
			edge = "line-left"
		case platform.AlignRight, platform.AlignEnd:
			edge = "line-right"
		}
	}
	position := s.position
	if math.IsNaN(position) {
		position = map[string]float64{"line-left": 0, "line-right": 1}[edge]
		if edge != "line-left" && edge != "line-right" {
			position = 0.5
		}
	}
	room := 2 * min(position, 1-position)
	switch edge {
	case "line-left", "start":
		room = 1 - position
	case "line-right", "end":
		room = position
	}
	r.Width = room
	if !math.IsNaN(s.size) {
		r.Width = min(s.size, room)
	}
	switch edge {
	case "line-left", "start":
		r.X = position
	case "line-right", "end":
		r.X = position - r.Width
	default:
		r.X = position - r.Width/2
	}
}

// readArea reads a REGION block: as much of it as cues that do not scroll need.
func readArea(definition string) (id string, area settings) {
	lines, width := 3.0, 1.0
	anchor, view := [2]float64{0, 1}, [2]float64{0, 1}
	for i, word := range strings.Fields(definition) {
		name, value, ok := strings.Cut(word, ":")
		if !ok || i > 16 {
			continue
		}
		pair := func(to *[2]float64) {
			x, y, _ := strings.Cut(value, ",")
			across, ok1 := percent(x)
			down, ok2 := percent(y)
			if ok1 && ok2 {
				*to = [2]float64{across, down}
			}
		}
		switch name {
		case "id":
			id = value
		case "width":
			if n, ok := percent(value); ok {
				width = n
			}
		case "lines":
			if n, err := strconv.Atoi(value); err == nil && n > 0 && n < 100 {
				lines = float64(n)
			}
		case "regionanchor":
			pair(&anchor)
		case "viewportanchor":
			pair(&view)
		}
	}
	bottom := view[1] + (1-anchor[1])*lines*vttLine
	left := min(max(view[0]-anchor[0]*width, 0), 1)
	return id, settings{
		line: min(max(bottom, 0), 1), lineAlign: "end",
		position: left, positionAlign: "line-left", size: min(width, 1-left),
	}
}
