package overlay

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"time"

	"smoothplay/platform"
)

// Progress is a bar along the lower edge of the canvas: where the playhead is,
// what is buffered, and the times. That of a live presentation is its window: on
// the left how far the playhead is behind, on the right a badge, lit at the edge.
type Progress struct {
	From, To time.Duration // of the presentation, or of the window of a live one
	Position time.Duration
	Buffered []Range
	Live     bool // From and To bound a window that moves
	AtEdge   bool // live: the playhead follows the edge
	Paused   bool
	// Pointer is where the mouse is over the bar, as a share of it, shown with
	// its time; negative: it is not.
	Pointer float64
	// Chapters are where chapters begin, which marks on the bar show, and Title is
	// the name of the one under the pointer; nil and "": there are none.
	Chapters []time.Duration
	Title    string
	// Thumbnail is a picture of the place under the pointer, see Preview; nil: there
	// is none.
	Thumbnail image.Image
}

// Range is a piece of time.
type Range struct{ From, To time.Duration }

const (
	barHeight = 0.012 // shares of the canvas
	barText   = 0.030
	maxRanges = 64
	maxMarks  = 500
)

var (
	groove   = color.NRGBA{255, 255, 255, 60}
	buffered = color.NRGBA{255, 255, 255, 110}
	played   = color.NRGBA{64, 156, 255, 255}
	onAir    = color.NRGBA{220, 38, 38, 255}
	offAir   = color.NRGBA{255, 255, 255, 60}
	notch    = color.NRGBA{255, 200, 40, 255}
)

// barRow is how the row of the bar is divided, in pixels of the canvas.
type barRow struct {
	height      int // of the row
	left, right int // of the bar
	top, bottom int // of the bar in the row
	face, bold  *typeface
	badge       image.Rectangle // in the row
}

func (p *Painter) barRow(c canvas) (barRow, error) {
	face, err := p.faces.get(int(barText*float64(c.height)+0.5), false)
	if err != nil {
		return barRow{}, err
	}
	bold, err := p.faces.get(int(barText*float64(c.height)+0.5), true)
	if err != nil {
		return barRow{}, err
	}
	height := 2*face.height + face.height/2
	thick := max(int(barHeight*float64(c.height)), 2)
	side := min(face.width(" 00:00:00 ")+int(margin*float64(c.width)), c.width/3)
	middle := height - face.height
	row := barRow{height: height, left: side, right: c.width - side, top: middle - thick/2, bottom: middle - thick/2 + thick, face: face, bold: bold}
	x, y := row.right+face.width("  "), (row.top+row.bottom)/2-face.height/2
	pad := face.height / 3
	row.badge = image.Rect(x, y-face.height/10, min(x+bold.width(badgeText)+2*pad, c.width), y+face.height+face.height/10)
	return row, nil
}

const badgeText = "LIVE"

// OnBadge reports whether a point of the canvas, in shares of it, is on the badge
// of a live bar.
func (p *Painter) OnBadge(x, y float64, width, height int) bool {
	c, err := newCanvas(width, height)
	if err != nil {
		return false
	}
	row, err := p.barRow(c)
	at := image.Pt(int(x*float64(c.width)), int(y*float64(c.height))-(c.height-row.height))
	return err == nil && at.In(row.badge)
}

// Share returns where on the bar a point of the canvas is, in shares of the bar;
// on is false where the point is above or beside it.
func (p *Painter) Share(x, y float64, width, height int) (share float64, on bool) {
	c, err := newCanvas(width, height)
	if err != nil {
		return 0, false
	}
	row, err := p.barRow(c)
	if err != nil || row.right <= row.left {
		return 0, false
	}
	px, py := x*float64(c.width), y*float64(c.height)
	share = (px - float64(row.left)) / float64(row.right-row.left)
	return share, share >= 0 && share <= 1 && py >= float64(c.height-row.height)
}

// Progress draws b on a canvas of a size in pixels.
func (p *Painter) Progress(b Progress, width, height int) (platform.Overlay, error) {
	c, err := newCanvas(width, height)
	if err != nil {
		return platform.Overlay{}, err
	}
	row, err := p.barRow(c)
	if err != nil {
		return platform.Overlay{}, err
	}
	d := b.draft(row)
	return p.once(fmt.Sprintf("progress %+v %v", d, c), func() (platform.Overlay, error) { return p.progress(d, row, c) })
}

// draft is a Progress in pixels and words: two with the same draft look alike.
type draft struct {
	played      int
	buffered    [][2]int
	left, right string
	pointer     int // negative: none
	label       string
	chapters    []int
	paused      bool
	live, lit   bool // there is a badge, and it is lit
}

func (b *Progress) draft(row barRow) draft {
	length := max(b.To-b.From, 1)
	share := func(t time.Duration) float64 { return min(max(float64(t-b.From)/float64(length), 0), 1) }
	pixel := func(s float64) int { return int(math.Round(s * float64(row.right-row.left))) }
	d := draft{played: pixel(share(b.Position)), left: Clock(b.Position - b.From), right: Clock(length), pointer: -1, paused: b.Paused}
	if b.Live {
		d.left, d.right, d.live, d.lit = "-"+Clock(max(b.To-b.Position, 0)), "", true, b.AtEdge
		if b.AtEdge {
			d.left = ""
		}
	}
	for _, r := range b.Buffered[:min(len(b.Buffered), maxRanges)] {
		if from, to := pixel(share(r.From)), pixel(share(r.To)); to > from {
			d.buffered = append(d.buffered, [2]int{from, to})
		}
	}
	for _, at := range b.Chapters[:min(len(b.Chapters), maxMarks)] {
		if at > b.From && at < b.To {
			d.chapters = append(d.chapters, pixel(share(at)))
		}
	}
	if b.Pointer >= 0 && b.Pointer <= 1 {
		d.pointer = pixel(b.Pointer)
		at := time.Duration(b.Pointer * float64(length))
		if d.label = Clock(at); b.Live {
			d.label = "-" + Clock(length-at)
		}
		if b.Title != "" {
			d.label += "  " + b.Title
		}
	}
	return d
}

func (p *Painter) progress(d draft, row barRow, c canvas) (platform.Overlay, error) {
	m := image.NewRGBA(image.Rect(0, 0, c.width, row.height))
	dim(m)
	bar := image.Rect(row.left, row.top, row.right, row.bottom)
	part := func(from, to int) image.Rectangle {
		return image.Rect(row.left+from, row.top, row.left+to, row.bottom).Intersect(bar)
	}
	fill(m, bar, groove)
	for _, r := range d.buffered {
		fill(m, part(r[0], r[1]), buffered)
	}
	fill(m, part(0, d.played), played)
	thick := row.bottom - row.top
	for _, x := range d.chapters {
		fill(m, image.Rect(row.left+x-max(1, thick/6), row.top-thick/4, row.left+x+max(1, thick/6), row.bottom+thick/4), notch)
	}
	knob := image.Rect(row.left+d.played-thick/2, row.top-thick/2, row.left+d.played+thick-thick/2, row.bottom+thick/2)
	fill(m, knob, white)

	y := (row.top+row.bottom)/2 - row.face.height/2
	write := func(text string, x, y int) {
		row.face.draw(m, text, min(max(x, 0), c.width-row.face.width(text)), y)
	}
	write(d.left, row.left-row.face.width(d.left+"  "), y)
	write(d.right, row.right+row.face.width("  "), y)
	if d.live {
		colour := offAir
		if d.lit {
			colour = onAir
		}
		fill(m, row.badge, colour)
		row.bold.draw(m, badgeText, row.badge.Min.X+(row.badge.Dx()-row.bold.width(badgeText))/2, y)
	}
	if d.paused {
		side := row.face.ascent
		x := int(margin * float64(c.width))
		for i := range 2 {
			fill(m, image.Rect(x+i*side/2, y+side/4, x+i*side/2+side/4, y+side+side/8), white)
		}
	}
	if d.pointer >= 0 {
		fill(m, image.Rect(row.left+d.pointer, row.top-thick, row.left+d.pointer+max(1, thick/4), row.bottom+thick), white)
		write(d.label, row.left+d.pointer-row.face.width(d.label)/2, row.top-thick-row.face.height)
	}
	return c.overlay(m, 0, c.height-row.height), nil
}

// dim darkens an image from nothing at its upper edge to well readable below.
func dim(m *image.RGBA) {
	height := m.Rect.Dy()
	for y := range height {
		fill(m, image.Rect(0, y, m.Rect.Dx(), y+1), color.NRGBA{A: uint8(200 * math.Sqrt(float64(y+1)/float64(height)))})
	}
}

// Clock writes a time as 0:42 or 1:02:03, rounded down to seconds.
func Clock(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	s := int64(d / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%s%d:%02d:%02d", sign, s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%s%d:%02d", sign, s/60, s%60)
}
