package text

import (
	"math"
	"strconv"
	"strings"
)

// scale turns lengths of TTML into shares of the picture.
type scale struct {
	width, height float64 // of the root in pixels
	columns, rows float64 // of the grid of cells
}

// roots are what the pixels of documents that do not say so are counted in: the
// first that holds all regions.
var roots = [][2]float64{{640, 480}, {720, 576}, {1280, 720}, {1920, 1080}, {3840, 2160}, {7680, 4320}}

func newScale(root *element, regions map[string]*element) scale {
	s := scale{columns: 32, rows: 15}
	if cells := strings.Fields(root.attr("cellResolution")); len(cells) == 2 {
		columns, ok1 := number(cells[0])
		rows, ok2 := number(cells[1])
		if ok1 && ok2 && columns >= 1 && rows >= 1 {
			s.columns, s.rows = columns, rows
		}
	}
	if size := strings.Fields(root.attr("extent")); len(size) == 2 {
		w, h := parseLength(size[0]), parseLength(size[1])
		if w.unit == "px" && h.unit == "px" && w.n >= 1 && h.n >= 1 {
			s.width, s.height = w.n, h.n
			return s
		}
	}
	var right, bottom float64
	for _, region := range regions {
		for _, e := range append(region.children, region) {
			from, size := strings.Fields(e.attr("origin")), strings.Fields(e.attr("extent"))
			if len(from) == 2 && len(size) == 2 {
				right = max(right, pixels(from[0])+pixels(size[0]))
				bottom = max(bottom, pixels(from[1])+pixels(size[1]))
			}
		}
	}
	for _, root := range roots {
		if s.width, s.height = root[0], root[1]; right <= s.width && bottom <= s.height {
			break
		}
	}
	return s
}

// pixels is a length in pixels; 0 for one in another unit.
func pixels(s string) float64 {
	if l := parseLength(s); l.unit == "px" {
		return l.n
	}
	return 0
}

// length is a number with its unit; the unit is "" where it is none of TTML's.
type length struct {
	n    float64
	unit string
}

func parseLength(s string) length {
	for _, unit := range [...]string{"px", "%", "em", "rw", "rh", "c"} {
		if rest, ok := strings.CutSuffix(s, unit); ok {
			n, err := strconv.ParseFloat(rest, 64)
			if err != nil || math.IsNaN(n) || math.Abs(n) > 1e6 {
				return length{}
			}
			return length{n, unit}
		}
	}
	if n, err := strconv.ParseFloat(s, 64); err == nil && n == 0 {
		return length{0, "px"}
	}
	return length{}
}

// across is a horizontal length as a share of the picture's width; percent are
// of whole, em of size, a share of its height.
func (s scale) across(text string, whole, size float64) (float64, bool) {
	l := parseLength(text)
	switch l.unit {
	case "px":
		return l.n / s.width, true
	case "c":
		return l.n / s.columns, true
	case "em":
		return l.n * size * 9 / 16, true
	case "rh":
		return l.n / 100 * 9 / 16, true
	case "rw":
		return l.n / 100, true
	case "%":
		return l.n / 100 * whole, true
	}
	return 0, false
}

// down is a vertical length as a share of the picture's height.
func (s scale) down(text string, whole, size float64) (float64, bool) {
	l := parseLength(text)
	switch l.unit {
	case "px":
		return l.n / s.height, true
	case "c":
		return l.n / s.rows, true
	case "em":
		return l.n * size, true
	case "rw":
		return l.n / 100 * 16 / 9, true
	case "rh":
		return l.n / 100, true
	case "%":
		return l.n / 100 * whole, true
	}
	return 0, false
}
