//go:build cgo

package sdl

import (
	"github.com/veandco/go-sdl2/sdl"

	"smoothplay/platform"
)

// A painter puts frames into one window. All calls come from the goroutine of
// Run.
type painter interface {
	// paint shows f, its main picture in area; the rest of the window is black.
	// A frame without a picture shows its overlays on black.
	paint(f *platform.Frame, area rect) error
	// expose shows again what was painted last; false: paint it again.
	expose() bool
	close()
	// String names the way of painting.
	String() string
}

// memoryPainter converts into the memory that SDL shares with the display server.
type memoryPainter struct {
	window *sdl.Window

	main    scaler
	insets  []*scaler
	sprites cache[*sprite]
	shadow  *sdl.Surface // where the window's memory is not B, G, R, x

	memory  *sdl.Surface // that was painted last; nil: none
	pixels  uintptr      // of memory
	area    rect         // that was painted last
	painted bool
}

func (m *memoryPainter) String() string { return "memory" }

func (m *memoryPainter) paint(f *platform.Frame, area rect) error {
	memory, err := m.window.GetSurface()
	if err != nil {
		return err
	}
	target, err := m.target(memory)
	if err != nil {
		return err
	}
	whole := target != m.memory || uintptr(target.Data()) != m.pixels || area != m.area
	if whole || f.Picture == nil {
		if err := target.FillRect(nil, 0xff000000); err != nil {
			return err
		}
		m.memory, m.pixels, m.area = target, uintptr(target.Data()), area
	}
	c := canvas{pix: target.Pixels(), stride: int(target.Pitch), width: int(target.W), height: int(target.H)}
	if err := m.compose(&c, f, area); err != nil {
		return err
	}
	dirty := sdl.Rect{X: int32(area.x), Y: int32(area.y), W: int32(area.w), H: int32(area.h)}
	if whole {
		dirty = sdl.Rect{W: target.W, H: target.H}
	}
	if target != memory {
		if err := target.Blit(&dirty, memory, &dirty); err != nil {
			return err
		}
	}
	m.painted = true
	return m.window.UpdateSurfaceRects([]sdl.Rect{dirty})
}

// target returns the memory to paint in: the window's own, where that has the
// layout that the conversion writes.
func (m *memoryPainter) target(memory *sdl.Surface) (*sdl.Surface, error) {
	f := memory.Format
	if f.BytesPerPixel == 4 && f.Rmask == 0xff0000 && f.Gmask == 0xff00 && f.Bmask == 0xff {
		return memory, nil
	}
	if m.shadow == nil || m.shadow.W != memory.W || m.shadow.H != memory.H {
		if m.shadow != nil {
			m.shadow.Free()
		}
		var err error
		if m.shadow, err = sdl.CreateRGBSurfaceWithFormat(0, memory.W, memory.H, 32, uint32(sdl.PIXELFORMAT_RGB888)); err != nil {
			return nil, err
		}
	}
	return m.shadow, nil
}

// compose draws the parts of f from back to front.
func (m *memoryPainter) compose(c *canvas, f *platform.Frame, area rect) error {
	if area.x < 0 || area.y < 0 || area.x+area.w > c.width || area.y+area.h > c.height || area.empty() {
		return nil // the window is about to be told its new size
	}
	if f.Picture != nil {
		if err := draw(c, &m.main, f.Picture, area); err != nil {
			return err
		}
	}
	for i := range f.Insets {
		inset := &f.Insets[i]
		at := area.share(inset.AtX, inset.AtY, inset.AtWidth, inset.AtHeight)
		if at.empty() || inset.Picture == nil {
			continue
		}
		for len(m.insets) <= i {
			m.insets = append(m.insets, &scaler{})
		}
		if err := draw(c, m.insets[i], inset.Picture, at); err != nil {
			return err
		}
	}
	inner := canvas{pix: c.pix[area.y*c.stride+4*area.x:], stride: c.stride, width: area.w, height: area.h}
	return m.sprites.renew(f.Overlays, rect{w: area.w, h: area.h}, makeSprite,
		func(s *sprite, at rect) error { inner.blend(s, at.x, at.y); return nil },
		func(*sprite) {})
}

func (m *memoryPainter) expose() bool {
	return m.painted && m.window.UpdateSurface() == nil
}

func (m *memoryPainter) close() {
	m.main.close()
	for _, s := range m.insets {
		s.close()
	}
	if m.shadow != nil {
		m.shadow.Free()
	}
}

// draw converts p into an area of c, scaled where the sizes differ.
func draw(c *canvas, s *scaler, p *platform.Picture, at rect) error {
	from, err := planesOf(p)
	if err != nil {
		return err
	}
	if p.Width != at.w || p.Height != at.h || p.Format == platform.I420P10 {
		if from, err = s.scale(&from, at.w, at.h); err != nil {
			return err
		}
	}
	c.convert(&from, at, coloursOf(matrixOf(p), p.FullRange), best)
	return nil
}
