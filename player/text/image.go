package text

import (
	"encoding/base64"
	"strings"

	"smoothplay/platform"
)

// picture returns the picture that e shows in place of text: smpte:backgroundImage
// of SMPTE ST 2052-1 5.5, or an image element of TTML2 with its data in it; nil:
// none that is there.
func (d *document) picture(e *element) *platform.CueImage {
	source := d.specify(e)[backgroundImage]
	for _, child := range e.children {
		if child.name == "image" && source == "" {
			source = child.attr("src")
		}
	}
	switch {
	case strings.HasPrefix(source, "#"):
		if image, ok := d.decoded[source]; ok {
			return copyOf(image)
		}
		image := d.images[source[1:]]
		if image == nil || image.attr("encoding") != "" && !strings.EqualFold(image.attr("encoding"), "base64") {
			return nil
		}
		var data strings.Builder
		for _, child := range image.children {
			data.WriteString(child.text)
		}
		d.decoded[source] = decodePNG(data.String())
		return copyOf(d.decoded[source])
	case strings.HasPrefix(source, "data:"):
		if _, data, ok := strings.Cut(source, ";base64,"); ok {
			return decodePNG(data)
		}
	}
	return nil
}

// copyOf returns the same picture, for another opacity.
func copyOf(image *platform.CueImage) *platform.CueImage {
	if image == nil {
		return nil
	}
	same := *image
	return &same
}

// decodePNG undoes base64 with white space in it.
func decodePNG(s string) *platform.CueImage {
	s = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n', '=':
			return -1
		}
		return r
	}, s)
	png, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil || len(png) == 0 {
		return nil
	}
	return &platform.CueImage{PNG: png, Opacity: 1}
}
