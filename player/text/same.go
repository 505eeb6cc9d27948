package text

import (
	"bytes"
	"slices"

	"smoothplay/platform"
)

// same tells whether two cues look alike, whenever they are shown.
func same(a, b *platform.Cue) bool {
	return a.Text == b.Text && a.Align == b.Align && a.Direction == b.Direction &&
		a.LineHeight == b.LineHeight && a.NoWrap == b.NoWrap && slices.Equal(a.Runs, b.Runs) &&
		equal(a.Region, b.Region) && sameImage(a.Image, b.Image)
}

func equal[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

func sameImage(a, b *platform.CueImage) bool {
	return a == b || a != nil && b != nil && a.Opacity == b.Opacity && bytes.Equal(a.PNG, b.PNG)
}
