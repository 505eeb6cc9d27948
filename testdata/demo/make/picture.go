package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/gofont/goregular"

	"smoothplay/platform/platformtest"
)

var (
	bold    = newFont(gobold.TTF)
	mono    = newFont(gomonobold.TTF)
	regular = newFont(goregular.TTF)

	white = color.RGBA{0xff, 0xff, 0xff, 0xff}
	dim   = color.RGBA{0x9f, 0xb4, 0xc8, 0xff}
)

// painter draws the pictures of one level: a test card before a night sky with
// northern lights. All measures are those of 1280x720, times scale.
type painter struct {
	level level
	index int // of the level, 0 is the lowest
	scale float64

	rgba   *image.RGBA // what is drawn
	static *image.RGBA // what stands still, over the sky
	stars  []star
	grain  []int8
	yuv    []byte // the picture as I420
}

type star struct{ x, y, size, speed, phase float64 }

func newPainter(ladder []level, index int) *painter {
	l := ladder[index]
	p := &painter{
		level:  l,
		index:  index,
		scale:  float64(l.height) / 720,
		rgba:   image.NewRGBA(image.Rect(0, 0, l.width, l.height)),
		static: image.NewRGBA(image.Rect(0, 0, l.width, l.height)),
		grain:  make([]int8, 1<<16),
		yuv:    make([]byte, l.width*l.height*3/2),
	}
	r := rand.New(rand.NewPCG(7, 11)) // the same sky on each level
	for range 160 {
		depth := r.Float64()
		p.stars = append(p.stars, star{r.Float64() * 1400, 60 + r.Float64()*560, 0.8 + 1.6*depth, 12 + 60*depth*depth, r.Float64() * 6})
	}
	for i := range p.grain {
		p.grain[i] = int8(math.Round(r.NormFloat64() * grainLuma))
	}
	p.paintStatic(len(ladder))
	return p
}

// paint draws picture n and returns it as I420 in video range; the slice is
// reused by the next call.
func (p *painter) paint(n int) []byte {
	t := float64(n) / fps
	p.sky(t)
	p.starField(t)
	draw.Draw(p.rgba, p.rgba.Rect, p.static, image.Point{}, draw.Over)
	p.zonePlate(t)
	p.clock(n)
	p.counter(n)
	p.flash(n)
	p.toYUV(n)
	w, h := p.level.width, p.level.height
	platformtest.DrawMark(p.yuv, w, w, h, platformtest.Mark{Level: p.index, Frame: n})
	return p.yuv
}

// bell is exp(-d*d) for d from 0 to 3.
var bell = func() (table [3*bellSteps + 1]float64) {
	for i := range table {
		d := float64(i) / bellSteps
		table[i] = math.Exp(-d * d)
	}
	return table
}()

const bellSteps = 2048

// sky fills the picture with a gradient and three moving ribbons of light.
func (p *painter) sky(t float64) {
	w, h := p.level.width, p.level.height
	ribbons := [3]struct{ y, sway, wave, speed, soft, r, g, b float64 }{
		{230, 70, 5.1, 0.45, 95, 20, 150, 110},
		{330, 90, 3.7, -0.31, 120, 30, 90, 150},
		{170, 50, 7.3, 0.62, 60, 110, 50, 140},
	}
	pix := p.rgba.Pix
	for x := range w {
		u := float64(x) / float64(w)
		var centre, fade [3]float64
		for i, b := range ribbons {
			centre[i] = b.y + b.sway*math.Sin(b.wave*u+b.speed*2*t+float64(i)) + 18*math.Sin(23*u-1.7*t)
			// Curtains: bright and dark folds that drift along the ribbon.
			fade[i] = 0.55 + 0.45*math.Sin(31*u+9*math.Sin(3*u+b.speed*t)+3*b.speed*t)
		}
		for y := range h {
			v := float64(y) / p.scale
			down := v / 720
			r, g, b := 8+10*down, 12+34*down, 34+40*down
			for i, rb := range ribbons {
				d := (v - centre[i]) / rb.soft
				if d > 0 {
					d *= 2.2 // sharp below, long rays above
				}
				if d > -3 && d < 3 {
					k := bell[int(math.Abs(d)*bellSteps)] * fade[i]
					r, g, b = r+rb.r*k, g+rb.g*k, b+rb.b*k
				}
			}
			o := y*p.rgba.Stride + x*4
			pix[o], pix[o+1], pix[o+2], pix[o+3] = clamp(r), clamp(g), clamp(b), 255
		}
	}
}

func (p *painter) starField(t float64) {
	for _, s := range p.stars {
		x := math.Mod(s.x-s.speed*t+2800, 1400) - 60
		glow := 0.55 + 0.45*math.Sin(s.phase+3*t)
		c := color.NRGBA{255, 255, 240, uint8(255 * glow)}
		disc(p.rgba, x*p.scale, s.y*p.scale, s.size*p.scale*1.4, 0, c)
	}
}

// paintStatic draws all that stands still.
func (p *painter) paintStatic(levels int) {
	k := p.scale
	accent := p.level.accent
	// Title.
	bold.draw(p.static, "smoothplay", 48*k, 152*k, 76*k, white)
	regular.draw(p.static, "demo presentation", 52*k, 192*k, 30*k, dim)
	// The level.
	panel := color.NRGBA{6, 10, 24, 170}
	polygon(p.static, panel, 48*k, 232*k, 400*k, 232*k, 400*k, 452*k, 48*k, 452*k)
	polygon(p.static, accent, 48*k, 232*k, 60*k, 232*k, 60*k, 452*k, 48*k, 452*k)
	bold.draw(p.static, fmt.Sprintf("LEVEL %d/%d", p.index+1, levels), 80*k, 288*k, 48*k, accent)
	bold.draw(p.static, fmt.Sprintf("%d×%d", p.level.width, p.level.height), 80*k, 358*k, 60*k, white)
	bold.draw(p.static, fmt.Sprintf("%d kbit/s", p.level.bitrate/1000), 80*k, 426*k, 52*k, white)
	// The dial.
	cx, cy := clockX*k, clockY*k
	disc(p.static, cx, cy, 190*k, 0, color.NRGBA{6, 10, 24, 150})
	disc(p.static, cx, cy, 196*k, 188*k, white)
	for i := range fps {
		a := beatAngle(i)
		r0, width := 170.0, 2.0
		if i == beatFrame {
			r0, width = 150, 5
		}
		tick(p.static, cx, cy, r0*k, 186*k, width*k, a, white)
	}
	// The frame of the flash, and of the zone plate.
	r := platformtest.FlashArea(p.level.width, p.level.height)
	frame := r.Inset(-int(math.Round(6 * k)))
	draw.Draw(p.static, frame, image.NewUniform(white), image.Point{}, draw.Src)
	draw.Draw(p.static, r, image.NewUniform(color.RGBA{10, 12, 20, 255}), image.Point{}, draw.Src)
	bold.draw(p.static, "BEEP", float64(r.Min.X)+24*k, float64(frame.Min.Y)-14*k, 40*k, dim)
	disc(p.static, zoneX*k, zoneY*k, 106*k, 100*k, white)
	p.colourBars()
}

// colourBars draws the eight colours and a ramp along the lower edge.
func (p *painter) colourBars() {
	w, h, k := p.level.width, p.level.height, p.scale
	top := h - int(28*k)
	colours := []color.RGBA{{191, 191, 191, 255}, {191, 191, 0, 255}, {0, 191, 191, 255}, {0, 191, 0, 255},
		{191, 0, 191, 255}, {191, 0, 0, 255}, {0, 0, 191, 255}, {0, 0, 0, 255}}
	right := w * 13 / 20
	for x := range w {
		c := color.RGBA{A: 255}
		if x < right {
			c = colours[x*len(colours)/right]
		} else {
			v := uint8((x - right) * 255 / (w - right))
			c = color.RGBA{v, v, v, 255}
		}
		for y := top; y < h; y++ {
			p.static.SetRGBA(x, y, c)
		}
	}
}

const (
	clockX, clockY = 652, 400
	zoneX, zoneY   = 1130, 300
)

// clock draws the hand, which turns once a second and stands upright at the
// beat, and the seconds.
func (p *painter) clock(n int) {
	k := p.scale
	cx, cy := clockX*k, clockY*k
	hand := beatAngle(n)
	// A fading trail of a quarter turn.
	const steps = 24
	for i := range steps {
		a0, a1 := hand-math.Pi/2*float64(i)/steps, hand-math.Pi/2*float64(i+1)/steps
		c := p.level.accent
		alpha := 150 * (1 - float64(i)/steps)
		r := 166 * k
		sector(p.rgba, cx, cy, r, a0, a1, color.NRGBA{c.R, c.G, c.B, uint8(alpha)})
	}
	tick(p.rgba, cx, cy, 0, 168*k, 7*k, hand, white)
	disc(p.rgba, cx, cy, 92*k, 0, color.RGBA{8, 12, 28, 255})
	disc(p.rgba, cx, cy, 92*k, 87*k, p.level.accent)
	s := fmt.Sprintf("%02d", n/fps)
	mono.draw(p.rgba, s, cx-mono.width(s, 110*k)/2, cy+38*k, 110*k, white)
}

// counter writes the frame counter and the time code.
func (p *painter) counter(n int) {
	k := p.scale
	polygon(p.rgba, color.NRGBA{6, 10, 24, 170}, 48*k, 476*k, 400*k, 476*k, 400*k, 672*k, 48*k, 672*k)
	mono.draw(p.rgba, fmt.Sprintf("%04d", n), 74*k, 584*k, 126*k, white)
	s := n / fps
	mono.draw(p.rgba, fmt.Sprintf("%02d:%02d:%02d", s/60, s%60, n%fps), 78*k, 650*k, 60*k, dim)
}

func (p *painter) flash(n int) {
	if isFlash(n) {
		r := platformtest.FlashArea(p.level.width, p.level.height)
		draw.Draw(p.rgba, r, image.NewUniform(white), image.Point{}, draw.Src)
	}
}

// zonePlate draws rings that grow finer outward and move: the hardest part of
// the picture for a coder and a scaler.
func (p *painter) zonePlate(t float64) {
	k := p.scale
	cx, cy, r := zoneX*k, zoneY*k, 100*k
	for y := int(cy - r); y <= int(cy+r); y++ {
		for x := int(cx - r); x <= int(cx+r); x++ {
			dx, dy := (float64(x)-cx)/k, (float64(y)-cy)/k
			d2 := dx*dx + dy*dy
			if d2 > 100*100 {
				continue
			}
			v := clamp(128 + 100*math.Cos(d2/240-5*t))
			p.rgba.SetRGBA(x, y, color.RGBA{v, v, v, 255})
		}
	}
}

// beatAngle is the angle of the hand in picture n: 0 is upright.
func beatAngle(n int) float64 {
	return 2 * math.Pi * float64((n-beatFrame+fps)%fps) / fps
}

// tick draws a radial line from r0 to r1.
func tick(dst draw.Image, cx, cy, r0, r1, width, angle float64, c color.Color) {
	sin, cos := math.Sincos(angle)
	px, py := cos*width/2, sin*width/2
	x0, y0, x1, y1 := cx+sin*r0, cy-cos*r0, cx+sin*r1, cy-cos*r1
	polygon(dst, c, x0-px, y0-py, x1-px, y1-py, x1+px, y1+py, x0+px, y0+py)
}

func sector(dst draw.Image, cx, cy, r, a0, a1 float64, c color.Color) {
	s0, c0 := math.Sincos(a0)
	s1, c1 := math.Sincos(a1)
	polygon(dst, c, cx, cy, cx+s0*r, cy-c0*r, cx+s1*r, cy-c1*r)
}

// toYUV converts to I420, video range: BT.709 from 720 lines up, else BT.601,
// as a player takes it where nothing is said. Grain is added to the luma.
func (p *painter) toYUV(n int) {
	w, h := p.level.width, p.level.height
	kr, kb := 0.299, 0.114
	if h >= 720 {
		kr, kb = 0.2126, 0.0722
	}
	kg := 1 - kr - kb
	fix := func(v float64) int { return int(math.Round(v * 65536)) }
	yr, yg, yb := fix(kr*219/255), fix(kg*219/255), fix(kb*219/255)
	cu, cv := 112.0/255/(1-kb), 112.0/255/(1-kr)
	ur, ug, ub := fix(-kr*cu), fix(-kg*cu), fix((1-kb)*cu)
	vr, vg, vb := fix((1-kr)*cv), fix(-kg*cv), fix(-kb*cv)
	luma, u, v := p.yuv[:w*h], p.yuv[w*h:w*h*5/4], p.yuv[w*h*5/4:]
	shift := n * 7919
	for y := 0; y < h; y += 2 {
		for x := 0; x < w; x += 2 {
			var r, g, b int
			for _, at := range [4]int{0, 1, w, w + 1} {
				o := y*w + x + at
				px := p.rgba.Pix[o*4 : o*4+3 : o*4+3]
				pr, pg, pb := int(px[0]), int(px[1]), int(px[2])
				r, g, b = r+pr, g+pg, b+pb
				l := 16 + (yr*pr+yg*pg+yb*pb+32768)>>16
				luma[o] = byte(min(max(l+int(p.grain[(o*31+shift+o>>7*17)&0xffff]), 16), 235))
			}
			c := (y/2)*(w/2) + x/2
			u[c] = byte(128 + (ur*r+ug*g+ub*b+131072)>>18)
			v[c] = byte(128 + (vr*r+vg*g+vb*b+131072)>>18)
		}
	}
	neutral := (platformtest.MarkBand(h) + 1) / 2 * (w / 2)
	for i := range neutral { // no colour under the mark
		u[i], v[i] = 128, 128
	}
}

func clamp(v float64) uint8 { return uint8(min(max(v, 0), 255)) }
