package overlay

import (
	"image"
	"image/color"

	"smoothplay/platform"
)

// group is what is drawn in one go: the runs that look alike.
type group struct {
	look
	runs []placedRun
	area image.Rectangle // around their letters
}

type placedRun struct {
	run         *lineRun
	x, baseline float32
}

// maxGroups bounds the looks in a stack; runs beyond it take the last one.
const maxGroups = 16

// paint draws a stack; an overlay without an image where nothing is to be seen.
func (c *Captions) paint(l *layout, on canvas) platform.Overlay {
	groups, behind := c.groups(l, on)
	whole := image.Rectangle{}
	if l.window.A > 0 {
		whole = l.area
	}
	for _, b := range behind {
		whole = whole.Union(b.at)
	}
	for _, g := range groups {
		whole = whole.Union(g.area)
	}
	whole = whole.Intersect(image.Rect(0, 0, on.width, on.height))
	if whole.Empty() {
		return platform.Overlay{}
	}
	if !c.spend(whole.Dx() * whole.Dy()) {
		return platform.Overlay{}
	}
	m := image.NewRGBA(image.Rectangle{Max: whole.Size()})
	if l.window.A > 0 {
		fill(m, l.area.Sub(whole.Min), l.window)
	}
	for _, b := range behind {
		fill(m, b.at.Sub(whole.Min).Intersect(m.Rect), b.colour)
	}
	for i := range groups {
		g := &groups[i]
		g.area = g.area.Intersect(whole)
		size := g.area.Dx() * g.area.Dy()
		if !c.spend(size * (2 + 4*g.radius)) { // each pixel of an outline passes over all
			if g.radius = 0; !c.spend(2 * size) {
				break
			}
		}
		g.paint(m, whole)
	}
	return platform.Overlay{Image: m, X: whole.Min.X, Y: whole.Min.Y, CanvasWidth: on.width, CanvasHeight: on.height}
}

// patch is a colour behind a run.
type patch struct {
	at     image.Rectangle
	colour color.NRGBA
}

// groups sorts the runs by how they look, and finds what is behind them.
func (c *Captions) groups(l *layout, on canvas) (groups []group, behind []patch) {
	for i := range l.lines {
		p := &l.lines[i]
		x := p.x
		for n := range p.runs {
			r := &p.runs[n]
			from := x
			x += float(r.Advance)
			if r.style.Hidden {
				continue
			}
			if colour := c.Style.behind(r.style); colour.A > 0 {
				pad := 0
				if n == 0 || n == len(p.runs)-1 {
					pad = r.size / 5
				}
				at := image.Rect(int(from+0.5), p.top, int(x+0.5), p.bottom)
				if n == 0 {
					at.Min.X -= pad
				}
				if n == len(p.runs)-1 {
					at.Max.X += pad
				}
				behind = append(behind, patch{at, colour})
			}
			g := find(&groups, c.Style.look(r.style, r.size, on.height))
			g.runs = append(g.runs, placedRun{r, from, p.baseline})
			reach := r.size/2 + 2*g.radius + 2 // letters lean out of their advance
			high, low := float(r.LineBounds.Ascent), -float(r.LineBounds.Descent)
			g.area = g.area.Union(image.Rect(int(from)-reach, int(p.baseline-high)-reach, int(x)+reach, int(p.baseline+low)+reach))
		}
	}
	return groups, behind
}

// find returns the group of a look.
func find(groups *[]group, l look) *group {
	for i := range *groups {
		if (*groups)[i].look == l {
			return &(*groups)[i]
		}
	}
	if len(*groups) < maxGroups {
		*groups = append(*groups, group{look: l})
	}
	return &(*groups)[len(*groups)-1]
}

// paint draws a group onto m, which is the area whole of the canvas, and holds
// that of the group.
func (g *group) paint(m *image.RGBA, whole image.Rectangle) {
	area := g.area
	if area.Empty() || len(g.runs) == 0 {
		return
	}
	pen := newInk(area)
	for _, r := range g.runs {
		pen.run(r.run, r.x, r.baseline)
	}
	letters := pen.mask()
	on := m.SubImage(area.Sub(whole.Min)).(*image.RGBA)
	d := g.radius
	if d > 0 {
		switch g.edge {
		case EdgeShadow:
			stamp(on, g.outline, thicken(letters, max(d/2, 1)), d, d)
		case EdgeRaised:
			stamp(on, g.outline, letters, d, d)
			stamp(on, g.outline, letters, (d+1)/2, (d+1)/2)
		case EdgeDepressed:
			stamp(on, g.outline, letters, -d, -d)
			stamp(on, g.outline, letters, -(d+1)/2, -(d+1)/2)
		default:
			stamp(on, g.outline, thicken(letters, d), 0, 0)
		}
	}
	stamp(on, g.letters, letters, 0, 0)
}
