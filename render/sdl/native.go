package sdl

/*
#cgo CFLAGS: -O3
#cgo pkg-config: sdl2 libswscale libavutil
#include "native.h"
*/
import "C"

import (
	"errors"
	"unsafe"

	"github.com/veandco/go-sdl2/sdl"

	"smoothplay/platform"
)

// planes is a picture as the C code takes it: rows of width and height pixels.
type planes struct {
	c             C.sp_planes
	format        C.enum_AVPixelFormat
	width, height int
}

var errPlanes = errors.New("the planes of the picture are smaller than its size")

// planesOf checks that every row of p is there.
func planesOf(p *platform.Picture) (planes, error) {
	unit := 1
	out := planes{width: p.Width, height: p.Height}
	switch p.Format {
	case platform.I420:
		out.format = C.AV_PIX_FMT_YUV420P
	case platform.NV12:
		out.format = C.AV_PIX_FMT_NV12
	case platform.I420P10:
		out.format, unit = C.AV_PIX_FMT_YUV420P10LE, 2
	default:
		return planes{}, errors.New("this window takes planes, not the surfaces of another decoder")
	}
	if p.Width <= 0 || p.Height <= 0 {
		return planes{}, errPlanes
	}
	half, rows := (p.Width+1)/2*unit, (p.Height+1)/2
	sizes := [3][2]int{{p.Width * unit, p.Height}, {half, rows}, {half, rows}}
	if p.Format == platform.NV12 {
		sizes[1][0], sizes[2] = 2*half, [2]int{}
	}
	var at [3]*C.uint8_t
	for i, size := range sizes {
		if size[1] == 0 {
			continue
		}
		if p.Strides[i] < size[0] || len(p.Planes[i]) < p.Strides[i]*(size[1]-1)+size[0] {
			return planes{}, errPlanes
		}
		at[i] = (*C.uint8_t)(unsafe.SliceData(p.Planes[i]))
	}
	out.c = C.sp_planes{y: at[0], u: at[1], v: at[2],
		y_stride: C.int(p.Strides[0]), u_stride: C.int(p.Strides[1]), v_stride: C.int(p.Strides[2])}
	return out, nil
}

// A canvas is memory of B, G, R and one more byte a pixel.
type canvas struct {
	pix           []byte
	stride        int
	width, height int
}

// at returns the memory from a pixel on; r must be inside the canvas.
func (c *canvas) at(r rect) *C.uint8_t {
	return (*C.uint8_t)(unsafe.Pointer(&c.pix[r.y*c.stride+4*r.x]))
}

// The ways of converting; what the processor does not have is the next lower.
const (
	portable = C.SP_PORTABLE
	sse2     = C.SP_SSE2
	best     = C.SP_AVX2
)

// convert writes 8-bit planes to an area of their size.
func (c *canvas) convert(p *planes, at rect, k colours, vectors int) {
	ck := C.sp_colours{C.int16_t(k.y), C.int16_t(k.bias), C.int16_t(k.redV), C.int16_t(k.greenU), C.int16_t(k.greenV), C.int16_t(k.blueU)}
	C.sp_convert(p.c, c.at(at), C.int(c.stride), C.int(at.w), C.int(at.h), ck, C.int(vectors))
}

// blend draws a sprite with its upper left corner at (x, y), cut to the canvas.
func (c *canvas) blend(s *sprite, x, y int) {
	top, bottom := max(0, -y), min(s.height, c.height-y)
	if x < 0 || x+s.width > c.width {
		s = s.cut(max(0, -x), min(s.width, c.width-x))
	}
	if top >= bottom || s.width == 0 {
		return
	}
	C.sp_blend((*C.uint8_t)(unsafe.Pointer(&s.pix[top*s.width*4])), C.int(s.width*4),
		(*C.uint8_t)(unsafe.SliceData(c.pix)), C.ptrdiff_t((y+top)*c.stride+4*x), C.int(c.stride),
		(*C.int32_t)(unsafe.Pointer(&s.spans[2*top])), C.int(bottom-top))
}

// A scaler turns planes of one size and format into I420 of another size, in
// memory of its own.
type scaler struct {
	sws *C.struct_SwsContext
	mem []byte
}

func (s *scaler) close() {
	if s.sws != nil {
		C.sws_freeContext(s.sws)
	}
	*s = scaler{}
}

func (s *scaler) open(p *planes, width, height int) error {
	filter := C.int(C.SWS_BILINEAR) // takes in every pixel of what it makes smaller
	if width > p.width {
		filter = C.SWS_BICUBIC
	}
	s.sws = C.sws_getCachedContext(s.sws, C.int(p.width), C.int(p.height), p.format,
		C.int(width), C.int(height), C.AV_PIX_FMT_YUV420P, filter, nil, nil, nil)
	if s.sws == nil {
		return errors.New("the picture cannot be scaled")
	}
	return nil
}

// align is what the vector code of the scaler wants of strides, and may write
// beyond the end of a row.
const align = 64

// scale returns p at another size. The result is valid until the next call.
func (s *scaler) scale(p *planes, width, height int) (planes, error) {
	if err := s.open(p, width, height); err != nil {
		return planes{}, err
	}
	stride, half := aligned(width), aligned((width+1)/2)
	rows := (height + 1) / 2
	base := s.room(stride*height + 2*half*rows)
	out := planes{format: C.AV_PIX_FMT_YUV420P, width: width, height: height, c: C.sp_planes{
		y: base, y_stride: C.int(stride),
		u: (*C.uint8_t)(unsafe.Add(unsafe.Pointer(base), stride*height)), u_stride: C.int(half),
		v: (*C.uint8_t)(unsafe.Add(unsafe.Pointer(base), stride*height+half*rows)), v_stride: C.int(half),
	}}
	C.sp_scale(s.sws, p.c, C.int(p.height), out.c)
	return out, nil
}

func aligned(n int) int { return (n + align - 1) &^ (align - 1) }

// room returns n aligned bytes of the scaler's memory, with some to spare.
func (s *scaler) room(n int) *C.uint8_t {
	if len(s.mem) < n+2*align {
		s.mem = make([]byte, n+2*align)
	}
	p := unsafe.Pointer(unsafe.SliceData(s.mem))
	return (*C.uint8_t)(unsafe.Add(p, -uintptr(p)&(align-1)))
}

// glRenderer names the OpenGL of the current context; "" where there is none.
func glRenderer() string {
	if name := C.sp_gl_renderer(); name != nil {
		return C.GoString(name)
	}
	return ""
}

// hasBorders reports whether a window manager has put a frame around w.
func hasBorders(w *sdl.Window) bool { return C.sp_has_borders(unsafe.Pointer(w)) != 0 }
