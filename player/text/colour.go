package text

import (
	stdcolor "image/color"
	"strconv"
	"strings"
)

// colours are those of TTML1 8.3.10 and of the classes of WebVTT.
var colours = map[string]stdcolor.NRGBA{
	"transparent": {},
	"black":       {0, 0, 0, 255},
	"silver":      {192, 192, 192, 255},
	"gray":        {128, 128, 128, 255},
	"grey":        {128, 128, 128, 255},
	"white":       {255, 255, 255, 255},
	"maroon":      {128, 0, 0, 255},
	"red":         {255, 0, 0, 255},
	"purple":      {128, 0, 128, 255},
	"fuchsia":     {255, 0, 255, 255},
	"magenta":     {255, 0, 255, 255},
	"green":       {0, 128, 0, 255},
	"lime":        {0, 255, 0, 255},
	"olive":       {128, 128, 0, 255},
	"yellow":      {255, 255, 0, 255},
	"navy":        {0, 0, 128, 255},
	"blue":        {0, 0, 255, 255},
	"teal":        {0, 128, 128, 255},
	"aqua":        {0, 255, 255, 255},
	"cyan":        {0, 255, 255, 255},
	"orange":      {255, 165, 0, 255},
}

// parseColour reads a name, #rrggbb, #rrggbbaa, rgb(r,g,b) or rgba(r,g,b,a) with
// numbers to 255.
func parseColour(s string) (stdcolor.NRGBA, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if c, ok := colours[s]; ok {
		return c, true
	}
	if hex, ok := strings.CutPrefix(s, "#"); ok {
		if len(hex) == 6 {
			hex += "ff"
		}
		n, err := strconv.ParseUint(hex, 16, 32)
		if err != nil || len(hex) != 8 {
			return stdcolor.NRGBA{}, false
		}
		return stdcolor.NRGBA{uint8(n >> 24), uint8(n >> 16), uint8(n >> 8), uint8(n)}, true
	}
	inner, ok := strings.CutPrefix(s, "rgb")
	if !ok || !strings.HasSuffix(inner, ")") {
		return stdcolor.NRGBA{}, false
	}
	inner = strings.TrimPrefix(strings.TrimSuffix(inner, ")"), "a")
	parts := strings.Split(strings.TrimPrefix(inner, "("), ",")
	if len(parts) != 3 && len(parts) != 4 {
		return stdcolor.NRGBA{}, false
	}
	n := [4]uint8{3: 255}
	for i, part := range parts {
		v, err := strconv.ParseUint(strings.TrimSpace(part), 10, 8)
		if err != nil {
			return stdcolor.NRGBA{}, false
		}
		n[i] = uint8(v)
	}
	return stdcolor.NRGBA{n[0], n[1], n[2], n[3]}, true
}

// fade makes a colour less opaque; the zero colour stands for another where
// something is drawn at all.
func fade(c, ifZero stdcolor.NRGBA, opacity float64) stdcolor.NRGBA {
	if opacity >= 1 {
		return c
	}
	if c == (stdcolor.NRGBA{}) {
		c = ifZero
	}
	c.A = uint8(float64(c.A)*opacity + 0.5)
	if c == (stdcolor.NRGBA{}) {
		c.R = 1 // transparent, not zero
	}
	return c
}
