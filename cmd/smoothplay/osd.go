package main

import (
	"slices"

	"smoothplay/platform"
	"smoothplay/render/overlay"
)

// osd turns a display into overlays.
type osd struct {
	painter *overlay.Painter
	shown   []uint64 // IDs of the overlays drawn last
}

// draw returns the overlays of d for a picture that is shown width x height
// pixels large; changed is false where they look as they did the last time.
func (o *osd) draw(d display, width, height int) (overlays []platform.Overlay, changed bool) {
	add := func(drawn platform.Overlay, err error) {
		// What cannot be drawn (in a window without area) is left out.
		if err == nil && drawn.Image != nil {
			overlays = append(overlays, drawn)
		}
	}
	if d.bar != nil {
		add(o.painter.Progress(*d.bar, width, height))
		add(o.painter.Preview(*d.bar, width, height))
	}
	if d.panel != nil {
		add(o.painter.Panel(*d.panel, width, height))
	}
	if d.message != "" {
		add(o.painter.Text(overlay.Text{Text: d.message, X: 1, Box: true}, width, height))
	}
	ids := make([]uint64, len(overlays))
	for i := range overlays {
		ids[i] = overlays[i].ID
	}
	changed = !slices.Equal(ids, o.shown)
	o.shown = ids
	return overlays, changed
}
