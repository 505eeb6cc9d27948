package overlay

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"golang.org/x/image/draw"

	"smoothplay/platform"
)

// maxPicture bounds the pixels of a picture of text: those of 4K.
const maxPicture = 3840 * 2160

// picture scales a picture of text into an area, in its own shape; an overlay
// without an image where it cannot be read.
func (c *Captions) picture(from *platform.CueImage, area image.Rectangle, on canvas) platform.Overlay {
	size, err := png.DecodeConfig(bytes.NewReader(from.PNG))
	if err != nil || area.Empty() || size.Width <= 0 || size.Height <= 0 || size.Width > maxPicture/size.Height ||
		!c.spend(size.Width*size.Height) || !c.spend(area.Dx()*area.Dy()) {
		return platform.Overlay{}
	}
	whole, err := png.Decode(bytes.NewReader(from.PNG))
	if err != nil {
		return platform.Overlay{}
	}
	width, height := area.Dx(), area.Dy()
	if width*size.Height > height*size.Width {
		width = height * size.Width / size.Height
	} else {
		height = width * size.Height / size.Width
	}
	if width == 0 || height == 0 {
		return platform.Overlay{}
	}
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	opacity := uint8(min(max(from.Opacity, 0), 1)*255 + 0.5)
	draw.ApproxBiLinear.Scale(m, m.Rect, whole, whole.Bounds(), draw.Over, &draw.Options{
		SrcMask: image.NewUniform(color.Alpha{opacity}),
	})
	return on.overlay(m, area.Min.X+(area.Dx()-width)/2, area.Min.Y+(area.Dy()-height)/2)
}
