package overlay

import (
	"strings"

	"smoothplay/platform"
)

// Captions is a platform.TextDrawer: white letters with a dark outline, in the
// middle above the lower edge. The zero value is ready to use.
type Captions struct {
	// Raise lifts the captions by a share of the picture's height, as while a
	// progress bar is below them. It may be changed between calls of Draw.
	Raise float64

	painter Painter
}

var _ platform.TextDrawer = (*Captions)(nil)

const (
	// captionSize is that of broadcast subtitles: about 20 lines to a picture.
	captionSize = 0.05
	maxCues     = 8 // at a time
)

// Draw draws cues under each other, in their order.
func (c *Captions) Draw(cues []platform.Cue, width, height int) ([]platform.Overlay, error) {
	var text []string
	for _, cue := range cues[:min(len(cues), maxCues)] {
		if s := strings.TrimSpace(clean(cue.Text, maxText)); s != "" {
			text = append(text, s)
		}
	}
	if len(text) == 0 {
		return nil, nil
	}
	o, err := c.painter.Text(Text{
		Text: strings.Join(text, "\n"), Size: captionSize, Bold: true,
		X: 0.5, Y: 1 - min(max(c.Raise, 0), 1),
	}, width, height)
	if err != nil || o.Image == nil {
		return nil, err
	}
	return []platform.Overlay{o}, nil
}
