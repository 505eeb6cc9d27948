package platformtest

import (
	"image"
)

// Mark is what a picture of the test content says about itself in black and
// white blocks: which picture it is, and from which level it came.
type Mark struct {
	Level int // 0 to 15; 0 is the lowest
	Frame int // 0 to 65535, counted in display order from the start
}

// A mark is one row of upright bars, like a bar code, along the upper edge of
// the picture: captions and progress bars, which lie below, do not hide it.
//
//	  picture width = 44 modules
//	|<------------------------------------------------------------>|
//	+--------------------------------------------------------------+ ---
//	|  ###.#. LLLL FFFF FFFF FFFF FFFF CCCC CCCC .#.###            |  1/12 of
//	+--------------------------------------------------------------+ --- height
//	|  the picture                                                 |
//
// # is white, . is black; L is the level, F the frame, C their CRC-8, each with
// the highest bit first. The two guards at the ends tell a reader where the
// code lies in a screenshot of any size.
const (
	markModules = 44 // across the whole width
	markQuiet   = 2  // black modules left and right
	markGuard   = 6  // modules of a guard
	markBits    = 28 // modules of data
	markSpan    = 2*markGuard + markBits

	markBand = 12 // the black band is 1/12 of the height; the bars fill its middle half

	markWhite = 235
	markBlack = 16
	// markContrast is the least difference between black and white that counts
	// as a mark.
	markContrast = 60
)

var markStart = [markGuard]bool{true, true, true, false, true, false}

// MarkBand returns the height in pixels of the band that the mark takes from
// the upper edge of a picture of the given height.
func MarkBand(height int) int { return (height + markBand - 1) / markBand }

// DrawMark draws m into a luma plane (video range) of stride bytes a row. A
// picture of at least 160x90 keeps it readable. What lies under the band is
// overwritten; the chroma of the band should be neutral.
func DrawMark(luma []byte, stride, width, height int, m Mark) {
	row := make([]byte, width)
	for x := range row {
		row[x] = markBlack
	}
	for i, white := range m.modules() {
		if !white {
			continue
		}
		x0 := (markQuiet + i) * width / markModules
		x1 := (markQuiet + i + 1) * width / markModules
		for x := x0; x < x1; x++ {
			row[x] = markWhite
		}
	}
	blank := make([]byte, width)
	for x := range blank {
		blank[x] = markBlack
	}
	band := MarkBand(height)
	for y := range band {
		src := blank
		if y >= band/4 && y < band-band/4 {
			src = row
		}
		copy(luma[y*stride:y*stride+width], src)
	}
}

// ReadMark reads the mark of a picture that fills the luma plane. It reports
// false where there is none or its checksum is wrong.
func ReadMark(luma []byte, stride, width, height int) (Mark, bool) {
	if width < markModules || height < markBand || stride < width || len(luma) < (MarkBand(height)-1)*stride+width {
		return Mark{}, false
	}
	y := MarkBand(height) / 2
	line := luma[y*stride : y*stride+width]
	module := float64(width) / markModules
	return readModules(line, markQuiet*module, module)
}

// FindMark looks for a mark anywhere in img: a screenshot in which the picture
// is scaled, has black bars beside it, or lies in a window on a larger screen.
// The upper edge of the picture must be visible.
func FindMark(img image.Image) (Mark, bool) {
	b := img.Bounds()
	line := make([]byte, b.Dx())
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := range line {
			line[x] = lumaAt(img, b.Min.X+x, y)
		}
		if m, ok := findInLine(line); ok {
			return m, true
		}
	}
	return Mark{}, false
}

// FlashArea is where the test content turns white for a moment each second, in
// a picture of the given size: a square in the lower right corner.
func FlashArea(width, height int) image.Rectangle {
	side := height * 2 / 9
	margin := height / 15
	return image.Rect(width-margin-side, height-margin-side, width-margin, height-margin)
}

// ReadFlash reports whether the flash of the test content is lit.
func ReadFlash(luma []byte, stride, width, height int) bool {
	r := FlashArea(width, height)
	r = r.Inset(r.Dx() / 4)
	sum := 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			sum += int(luma[y*stride+x])
		}
	}
	return !r.Empty() && sum/(r.Dx()*r.Dy()) > 160
}

// modules returns the bars of the mark from left to right, true for white.
func (m Mark) modules() []bool {
	data := uint32(m.Level&0xf)<<16 | uint32(m.Frame&0xffff)
	data = data<<8 | uint32(crc8(data))
	out := make([]bool, 0, markSpan)
	out = append(out, markStart[:]...)
	for i := markBits - 1; i >= 0; i-- {
		out = append(out, data>>i&1 == 1)
	}
	for i := markGuard - 1; i >= 0; i-- { // the end guard mirrors the start
		out = append(out, markStart[i])
	}
	return out
}

// readModules reads a mark from a line of pixels in which its first bar begins
// at start and each is module pixels wide.
func readModules(line []byte, start, module float64) (Mark, bool) {
	var level [markSpan]int
	lo, hi := 255, 0
	for i := range level {
		// The middle half of the bar, at least one pixel.
		x0 := int(start + (float64(i)+0.25)*module)
		x1 := max(int(start+(float64(i)+0.75)*module), x0+1)
		if x0 < 0 || x1 > len(line) {
			return Mark{}, false
		}
		sum := 0
		for _, v := range line[x0:x1] {
			sum += int(v)
		}
		level[i] = sum / (x1 - x0)
		lo, hi = min(lo, level[i]), max(hi, level[i])
	}
	if hi-lo < markContrast {
		return Mark{}, false
	}
	white := func(i int) bool { return level[i] > (lo+hi)/2 }
	for i, want := range markStart {
		if white(i) != want || white(markSpan-1-i) != want {
			return Mark{}, false
		}
	}
	var data uint32
	for i := range markBits {
		data <<= 1
		if white(markGuard + i) {
			data |= 1
		}
	}
	if crc8(data>>8) != byte(data) {
		return Mark{}, false
	}
	return Mark{Level: int(data >> 24), Frame: int(data >> 8 & 0xffff)}, true
}

// findInLine looks for the two guards of a mark in a line of pixels, and reads
// what lies between.
func findInLine(line []byte) (Mark, bool) {
	edges := lineEdges(line)
	// edges[i] is where a run of white (even i) or black (odd i) begins.
	for i := 0; i+3 < len(edges); i += 2 {
		module := (edges[i+3] - edges[i]) / 5 // three white, one black, one white
		if module < 2 || !isGuard(edges[i+1]-edges[i], edges[i+2]-edges[i+1], edges[i+3]-edges[i+2], module) {
			continue
		}
		for j := i + 7; j < len(edges); j += 2 {
			span := edges[j] - edges[i]
			if span > (markSpan+4)*module {
				break
			}
			if span < (markSpan-4)*module ||
				!isGuard(edges[j]-edges[j-1], edges[j-1]-edges[j-2], edges[j-2]-edges[j-3], module) {
				continue
			}
			if m, ok := readModules(line, edges[i], span/markSpan); ok {
				return m, true
			}
		}
	}
	return Mark{}, false
}

// isGuard reports whether three runs are about 3, 1 and 1 modules wide.
func isGuard(three, one, last, module float64) bool {
	near := func(got, want float64) bool { return got > want-0.6 && got < want+0.6 }
	return near(three/module, 3) && near(one/module, 1) && near(last/module, 1)
}

// lineEdges returns where the line changes between black and white, beginning
// with the first change to white, to a fraction of a pixel.
func lineEdges(line []byte) []float64 {
	const middle = (markWhite + markBlack) / 2
	var edges []float64
	white := false
	for x, v := range line {
		if (v > middle) == white {
			continue
		}
		at := float64(x)
		if x > 0 { // between the centres of two pixels
			a, b := float64(line[x-1]), float64(v)
			at = float64(x) - 0.5 + (middle-a)/(b-a)
		}
		edges = append(edges, at)
		white = !white
	}
	if white {
		edges = append(edges, float64(len(line)))
	}
	return edges
}

func lumaAt(img image.Image, x, y int) byte {
	r, g, b, _ := img.At(x, y).RGBA()
	return byte((299*r + 587*g + 114*b) / 1000 >> 8)
}

// crc8 is the CRC-8 of the lowest 24 bits of v, polynomial 0x07, begun with
// 0xff so that an empty mark has a checksum too.
func crc8(v uint32) byte {
	crc := byte(0xff)
	for shift := 16; shift >= 0; shift -= 8 {
		crc ^= byte(v >> shift)
		for range 8 {
			if crc&0x80 != 0 {
				crc = crc<<1 ^ 0x07
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
