//go:build cgo

package ffmpeg

import (
	"errors"

	"github.com/asticode/go-astiav"
)

// deinterlacer makes whole pictures of those that hold two fields, one for each.
// The lines of the first field stay. Where nothing has moved since the picture
// before, so do those of the second, and with them the full height; where
// something has, they are made of the lines around them, without the comb that two
// instants in one picture show. It delays nothing, holds one picture, and costs
// about a millisecond for one of 1080 lines.
type deinterlacer struct {
	before *pooledFrame // the last interlaced picture, as decoded; nil: none
}

// hasFields reports whether f is interlaced, in a pixel format that the
// deinterlacer takes: those of 8 bits that are handed out as they are.
func hasFields(f *astiav.Frame) bool {
	switch f.PixelFormat() {
	case astiav.PixelFormatYuv420P, astiav.PixelFormatYuvj420P, astiav.PixelFormatNv12:
		return interlaced(f)
	}
	return false
}

// whole writes to to, which is empty, the picture of f, which it takes over.
func (d *deinterlacer) whole(to, f *pooledFrame) error {
	before := d.before
	if before != nil && (before.Width() != f.Width() || before.Height() != f.Height() || before.PixelFormat() != f.PixelFormat()) {
		d.forget()
		before = nil
	}
	to.SetWidth(f.Width())
	to.SetHeight(f.Height())
	to.SetPixelFormat(f.PixelFormat())
	if to.AllocBuffer(0) != nil || copyProperties(to.Frame, f.Frame) != nil {
		f.release()
		return errors.New("out of memory for a frame")
	}
	from := f.Frame
	if before != nil {
		from = before.Frame
	}
	deinterlace(to.Frame, f.Frame, from)
	d.forget()
	d.before = f
	return nil
}

// forget lets go of the picture before: the next one does not follow it.
func (d *deinterlacer) forget() {
	if d.before != nil {
		d.before.release()
		d.before = nil
	}
}
