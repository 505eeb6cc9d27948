//go:build cgo

package ffmpeg

import (
	"errors"
	"sync"

	"github.com/asticode/go-astiav"

	"smoothplay/platform"
)

// A pooledFrame is an AVFrame on loan; release gives it back.
type pooledFrame struct {
	*astiav.Frame
	release func()
}

// framePool keeps the frames of one decoder for reuse. Frames hold their own
// references to the pixels, so that they outlive decoder and pool.
type framePool struct {
	mu     sync.Mutex
	free   []*pooledFrame
	closed bool
}

// get returns an empty frame; nil: out of memory.
func (p *framePool) get() *pooledFrame {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		f := p.free[n-1]
		p.free = p.free[:n-1]
		return f
	}
	f := &pooledFrame{Frame: astiav.AllocFrame()}
	if f.Frame == nil {
		return nil
	}
	f.release = func() { p.put(f) }
	return f
}

func (p *framePool) put(f *pooledFrame) {
	f.Unref()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		f.Frame.Free()
		return
	}
	p.free = append(p.free, f)
}

func (p *framePool) isClosed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed
}

func (p *framePool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, f := range p.free {
		f.Frame.Free()
	}
	p.free = nil
}

// layouts are the pixel formats whose planes are handed out as they are.
var layouts = map[astiav.PixelFormat]platform.PixelFormat{
	astiav.PixelFormatYuv420P:     platform.I420,
	astiav.PixelFormatYuvj420P:    platform.I420,
	astiav.PixelFormatNv12:        platform.NV12,
	astiav.PixelFormatYuv420P10Le: platform.I420P10,
}

// picture makes the picture of a frame, which it takes over.
func (d *videoDecoder) picture(f *pooledFrame, s sent) (*platform.Picture, error) {
	space, full := colours(f.Frame)
	matrix := matrixOf(space)
	if _, ok := layouts[f.PixelFormat()]; !ok {
		to := d.pool.get()
		rgb, err := d.convert.toI420(to, f)
		f.release()
		if err != nil {
			if to != nil {
				to.release()
			}
			return nil, err
		}
		if f = to; rgb {
			matrix, full = platform.BT601, false
		}
	}
	fields := hasFields(f.Frame)
	if fields {
		to := d.pool.get()
		if to == nil {
			f.release()
			return nil, errors.New("out of memory for a frame")
		}
		if err := d.fields.whole(to, f); err != nil {
			to.release()
			return nil, err
		}
		f = to
	}
	p := &platform.Picture{
		PTS: s.pts, Duration: s.duration, Key: s.key, Source: s.source,
		Width: f.Width(), Height: f.Height(),
		Format: layouts[f.PixelFormat()], Matrix: matrix,
		FullRange:  full || f.PixelFormat() == astiav.PixelFormatYuvj420P,
		Interlaced: interlaced(f.Frame) && !fields,
		Free:       f.release,
	}
	p.AspectWidth, p.AspectHeight = aspect(f, s.source)
	chroma := (p.Height + 1) / 2
	p.Planes[0], p.Strides[0] = plane(f.Frame, 0, p.Height)
	p.Planes[1], p.Strides[1] = plane(f.Frame, 1, chroma)
	if p.Format != platform.NV12 {
		p.Planes[2], p.Strides[2] = plane(f.Frame, 2, chroma)
	}
	return p, nil
}

// aspect is the shape that the manifest wants, else the one that the stream
// says; 0:0 for square pixels.
func aspect(f *pooledFrame, source *platform.Format) (width, height int) {
	if source.AspectWidth > 0 && source.AspectHeight > 0 {
		return source.AspectWidth, source.AspectHeight
	}
	sar := f.SampleAspectRatio()
	if sar.Num() <= 0 || sar.Den() <= 0 || sar.Num() == sar.Den() {
		return 0, 0
	}
	return reduce(int64(f.Width())*int64(sar.Num()), int64(f.Height())*int64(sar.Den()))
}

// reduce returns a:b in its lowest terms; 0:0 where they do not fit 31 bits.
func reduce(a, b int64) (int, int) {
	x, y := a, b
	for y != 0 {
		x, y = y, x%y
	}
	if x == 0 || a/x >= 1<<31 || b/x >= 1<<31 {
		return 0, 0
	}
	return int(a / x), int(b / x)
}

func matrixOf(space astiav.ColorSpace) platform.Matrix {
	switch space {
	case astiav.ColorSpaceBt709:
		return platform.BT709
	case astiav.ColorSpaceBt470Bg, astiav.ColorSpaceSmpte170M, astiav.ColorSpaceFcc:
		return platform.BT601
	case astiav.ColorSpaceBt2020Ncl, astiav.ColorSpaceBt2020Cl:
		return platform.BT2020
	}
	return platform.MatrixUnknown
}
