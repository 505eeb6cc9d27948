package text

import (
	"fmt"
	"slices"

	"smoothplay/platform"
)

// around is what a piece of content inherits.
type around struct {
	style  style
	region *platform.CueRegion // nil: none is stated
	placed bool                // the region was taken into style
}

// present makes the cues of the document.
func (d *document) present() error {
	for _, child := range d.root.children {
		if child.name == "head" {
			continue
		}
		if child.name == "body" {
			d.timed(child, 0, Forever, false)
			d.backgrounds(child)
			if err := d.block(child, around{style: initial()}); err != nil {
				return err
			}
		}
	}
	return nil
}

// backgrounds makes cues of the regions that are to be seen without content. The
// initial value of tts:showBackground would show every background at all times;
// documents that state none do not mean that, and a box that never goes hides the
// picture: only those that say so are shown.
func (d *document) backgrounds(body *element) {
	for _, e := range d.order {
		if p := d.place(e); p.always && !p.style.gone && len(d.cues) < maxCues {
			d.cues = append(d.cues, platform.Cue{Begin: body.begin, End: body.end, Region: p.region})
		}
	}
}

// block makes the cues of a body, div or p.
func (d *document) block(e *element, in around) error {
	if d.visits++; d.visits > maxVisits || len(d.cues) >= maxCues {
		return fmt.Errorf("TTML: cues: %w", ErrTooLarge)
	}
	if e.begin >= e.end {
		return nil
	}
	in = d.enter(e, in)
	if in.style.gone {
		return nil
	}
	if image := d.picture(e); image != nil {
		image.Opacity = in.style.opacity
		d.cues = append(d.cues, platform.Cue{Begin: e.begin, End: e.end, Region: in.region, Image: image})
	}
	if e.name == "p" {
		return d.paragraph(e, in)
	}
	for _, child := range e.children {
		switch child.name {
		case "div", "p":
			if err := d.block(child, in); err != nil {
				return err
			}
		}
	}
	return nil
}

// enter takes the region and the style of e into what is around it. An element
// that states where it is, as old documents do in place of a region, gets one of
// its own.
func (d *document) enter(e *element, in around) around {
	if region := d.regions[e.attr("region")]; region != nil {
		p := d.place(region)
		base := p.style
		inherited := in.style
		in.style, in.region, in.placed = base, p.region, true
		if inherited != initial() {
			in.style = inherited // what body and div state is nearer than the region
			in.style.opacity = inherited.opacity * base.opacity
			in.style.gone = inherited.gone || base.gone
			fill(&in.style, &base)
		}
	}
	p := d.specify(e)
	in.style = d.compute(in.style, p)
	if p[origin] != "" && p[extent] != "" && (!in.placed || e.name == "p") {
		own := *p
		own[backgroundColor], own[opacity] = "", ""
		in.region, in.placed = d.area(&own, &in.style), true
	}
	return in
}

// fill takes from a region what is not stated nearer.
func fill(s, region *style) {
	if s.run.Colour == initial().run.Colour {
		s.run.Colour = region.run.Colour
	}
	if s.run.Family == "" {
		s.run.Family = region.run.Family
	}
	if !s.sized {
		s.run.Size, s.sized = region.run.Size, region.sized
	}
	if !s.aligned {
		s.align, s.aligned = region.align, region.aligned
	}
	if s.direction == platform.DirectionAuto {
		s.direction = region.direction
	}
	if s.line == 0 {
		s.line = region.line
	}
	if s.run.Outline == 0 {
		s.run.Outline, s.run.OutlineColour = region.run.Outline, region.run.OutlineColour
	}
	s.run.Bold = s.run.Bold || region.run.Bold
	s.run.Italic = s.run.Italic || region.run.Italic
	s.noWrap = s.noWrap || region.noWrap
}

// paragraph makes the cues of a p: one, or several where parts of it come and go.
func (d *document) paragraph(e *element, in around) error {
	times := e.changes([]span{e.begin, e.end}, e.begin, e.end)
	slices.Sort(times)
	times = slices.Compact(times)
	for i := range len(times) - 1 {
		d.visits += len(e.children)
		w := writer{document: d, at: times[i]}
		w.style = d.compute(in.style, d.setAt(e, times[i]))
		w.children(e, w.style)
		if w.failed {
			return fmt.Errorf("TTML: cues: %w", ErrTooLarge)
		}
		runs, text := w.finish()
		if text == "" {
			continue
		}
		c := platform.Cue{
			Begin: times[i], End: times[i+1], Text: text, Runs: runs, Region: in.region,
			Align: w.style.align, Direction: w.style.direction, LineHeight: w.style.line, NoWrap: w.style.noWrap,
		}
		if !w.style.aligned && in.region == nil {
			c.Align = platform.AlignCenter // nothing says where: as captions usually are
		}
		if len(runs) == 1 && runs[0].Style == (platform.CueStyle{}) && runs[0].Text == text {
			c.Runs = nil
		}
		if d.cues = append(d.cues, c); len(d.cues) > maxCues {
			return fmt.Errorf("TTML: cues: %w", ErrTooLarge)
		}
	}
	return nil
}

// setAt returns only what the set elements of e state at t: the rest is in the
// style of its paragraph already.
func (d *document) setAt(e *element, t span) *properties {
	var p properties
	for _, child := range e.children {
		if child.name == "set" && child.active(t) {
			p.own(child)
		}
	}
	return &p
}
