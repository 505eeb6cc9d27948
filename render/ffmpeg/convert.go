//go:build cgo

package ffmpeg

import (
	"errors"
	"fmt"
	"strings"

	"github.com/asticode/go-astiav"
)

// converter makes I420 of what sinks need not know: 4:2:2, 4:4:4, grey, RGB and
// more than ten bits. Smooth Streaming hardly carries these, so that the cost
// (a copy and an allocation for each picture) is left where it is.
type converter struct {
	scale         *astiav.SoftwareScaleContext
	from          astiav.PixelFormat
	width, height int
}

// toI420 writes the picture of from to to, which is empty. rgb reports that from
// had no colour matrix; the result has that of BT.601.
func (c *converter) toI420(to, from *pooledFrame) (rgb bool, err error) {
	if to == nil {
		return false, errors.New("out of memory for a frame")
	}
	format, width, height := from.PixelFormat(), from.Width(), from.Height()
	// A format named "yuvj" has the full range, which its like keeps.
	target := astiav.PixelFormatYuv420P
	if strings.HasPrefix(format.Name(), "yuvj") {
		target = astiav.PixelFormatYuvj420P
	}
	if c.scale == nil || c.from != format || c.width != width || c.height != height {
		c.close()
		scale, err := astiav.CreateSoftwareScaleContext(width, height, format, width, height, target, astiav.NewSoftwareScaleContextFlags(astiav.SoftwareScaleContextFlagBilinear))
		if err != nil {
			return false, fmt.Errorf("convert pictures of pixel format %s: not possible", format.Name())
		}
		c.scale, c.from, c.width, c.height = scale, format, width, height
	}
	to.SetWidth(width)
	to.SetHeight(height)
	to.SetPixelFormat(target)
	to.SetSampleAspectRatio(from.SampleAspectRatio())
	if err := to.AllocBuffer(0); err != nil {
		return false, errors.New("out of memory for a frame")
	}
	if err := c.scale.ScaleFrame(from.Frame, to.Frame); err != nil {
		return false, fmt.Errorf("convert a picture of pixel format %s: %s", format.Name(), err)
	}
	return strings.HasPrefix(format.Name(), "gbr") || strings.Contains(format.Name(), "rgb"), nil
}

func (c *converter) close() {
	if c.scale != nil {
		c.scale.Free()
		c.scale = nil
	}
}
