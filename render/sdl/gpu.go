//go:build cgo

package sdl

import (
	"errors"
	"image"
	"path/filepath"
	"strings"
	"unsafe"

	"github.com/veandco/go-sdl2/sdl"

	"smoothplay/platform"
)

// gpuPainter uploads planes as textures and leaves scaling and colours to a
// renderer of SDL.
type gpuPainter struct {
	renderer *sdl.Renderer
	name     string
	blend    sdl.BlendMode // for premultiplied alpha

	main    upload
	insets  []*upload
	sprites cache[*sdl.Texture]
}

// An upload is the texture of one picture.
type upload struct {
	texture       *sdl.Texture
	format        uint32
	mode          sdl.YUV_CONVERSION_MODE // that it was created under
	width, height int
	scaler        scaler
	picture       *platform.Picture // that the texture holds
}

// devices are what the drivers of GPUs put into /dev.
var devices = []string{"dri/renderD*", "mali*", "kgsl*", "galcore", "pvr*", "nvidia0", "vchiq"}

// mayHaveGPU reports whether it is worth the time to load OpenGL and look.
func mayHaveGPU() bool {
	for _, pattern := range devices {
		if found, _ := filepath.Glob("/dev/" + pattern); len(found) > 0 {
			return true
		}
	}
	return false
}

var errSoftwareGL = errors.New("OpenGL is rendered in software")

// newGPUPainter returns an error where the renderer would be software, unless
// anyway is set.
func newGPUPainter(window *sdl.Window, anyway bool) (*gpuPainter, error) {
	sdl.SetHint(sdl.HINT_RENDER_SCALE_QUALITY, "linear")
	renderer, err := sdl.CreateRenderer(window, -1, sdl.RENDERER_ACCELERATED|sdl.RENDERER_PRESENTVSYNC)
	if err != nil && anyway {
		renderer, err = sdl.CreateRenderer(window, -1, 0)
	}
	if err != nil {
		return nil, err
	}
	g := &gpuPainter{renderer: renderer, name: "renderer"}
	if info, err := renderer.GetInfo(); err == nil {
		g.name = info.Name
	}
	gl := glRenderer()
	if gl != "" {
		g.name += " (" + gl + ")"
	}
	for _, software := range []string{"llvmpipe", "softpipe", "swrast", "software rasterizer", "swiftshader"} {
		if !anyway && strings.Contains(strings.ToLower(gl), software) {
			g.close()
			return nil, errSoftwareGL
		}
	}
	g.blend = sdl.ComposeCustomBlendMode(sdl.BLENDFACTOR_ONE, sdl.BLENDFACTOR_ONE_MINUS_SRC_ALPHA, sdl.BLENDOPERATION_ADD,
		sdl.BLENDFACTOR_ONE, sdl.BLENDFACTOR_ONE_MINUS_SRC_ALPHA, sdl.BLENDOPERATION_ADD)
	return g, nil
}

func (g *gpuPainter) String() string { return g.name }

func (g *gpuPainter) paint(f *platform.Frame, area rect) error {
	if err := g.renderer.SetDrawColor(0, 0, 0, 255); err != nil {
		return err
	}
	if err := g.renderer.Clear(); err != nil {
		return err
	}
	if f.Picture != nil {
		if err := g.draw(&g.main, f.Picture, area); err != nil {
			return err
		}
	}
	for i := range f.Insets {
		inset := &f.Insets[i]
		at := area.share(inset.AtX, inset.AtY, inset.AtWidth, inset.AtHeight)
		if at.empty() || inset.Picture == nil {
			continue
		}
		for len(g.insets) <= i {
			g.insets = append(g.insets, &upload{})
		}
		if err := g.draw(g.insets[i], inset.Picture, at); err != nil {
			return err
		}
	}
	err := g.sprites.renew(f.Overlays, area, g.sprite,
		func(t *sdl.Texture, at rect) error { return g.renderer.Copy(t, nil, sdlRect(at)) },
		func(t *sdl.Texture) { _ = t.Destroy() })
	if err != nil {
		return err
	}
	g.renderer.Present()
	return nil
}

// draw uploads p where that is a new picture, and copies it to the screen.
func (g *gpuPainter) draw(u *upload, p *platform.Picture, at rect) error {
	if u.picture != p {
		mode, native := conversionMode(p)
		u.use(mode)
		var err error
		if native {
			err = u.planes(g.renderer, p)
		} else {
			err = u.converted(g.renderer, p)
		}
		if err != nil {
			return err
		}
		u.picture = p
	}
	return g.renderer.Copy(u.texture, nil, sdlRect(at))
}

// use makes the colours of a mode those of the texture. SDL has one mode for
// the process, and a texture takes it over when it is created.
func (u *upload) use(mode sdl.YUV_CONVERSION_MODE) {
	if mode != u.mode {
		u.destroy()
	}
	u.mode = mode
	sdl.SetYUVConversionMode(mode)
}

// conversionMode is how SDL has to read the planes of p; native is false where
// SDL has no way.
func conversionMode(p *platform.Picture) (mode sdl.YUV_CONVERSION_MODE, native bool) {
	matrix := matrixOf(p)
	switch {
	case p.Format == platform.I420P10:
	case matrix == platform.BT601 && p.FullRange:
		return sdl.YUV_CONVERSION_JPEG, true
	case matrix == platform.BT601:
		return sdl.YUV_CONVERSION_BT601, true
	case matrix == platform.BT709 && !p.FullRange:
		return sdl.YUV_CONVERSION_BT709, true
	}
	return sdl.YUV_CONVERSION_BT601, false
}

// ready makes the texture one of a format and size.
func (u *upload) ready(r *sdl.Renderer, format uint32, width, height int) error {
	if u.texture != nil && u.format == format && u.width == width && u.height == height {
		return nil
	}
	u.destroy()
	t, err := r.CreateTexture(format, sdl.TEXTUREACCESS_STREAMING, int32(width), int32(height))
	if err != nil {
		return err
	}
	u.texture, u.format, u.width, u.height = t, format, width, height
	return nil
}

// pixelFormatNV12 is SDL_PIXELFORMAT_NV12, which go-sdl2 does not name.
const pixelFormatNV12 = 'N' | 'V'<<8 | '1'<<16 | '2'<<24

// planes uploads p as it is.
func (u *upload) planes(r *sdl.Renderer, p *platform.Picture) error {
	if _, err := planesOf(p); err != nil {
		return err
	}
	if p.Format == platform.NV12 {
		if err := u.ready(r, pixelFormatNV12, p.Width, p.Height); err != nil {
			return err
		}
		return u.texture.UpdateNV(nil, p.Planes[0], p.Strides[0], p.Planes[1], p.Strides[1])
	}
	if err := u.ready(r, uint32(sdl.PIXELFORMAT_IYUV), p.Width, p.Height); err != nil {
		return err
	}
	return u.texture.UpdateYUV(nil, p.Planes[0], p.Strides[0], p.Planes[1], p.Strides[1], p.Planes[2], p.Strides[2])
}

// converted uploads p as RGB.
func (u *upload) converted(r *sdl.Renderer, p *platform.Picture) error {
	if err := u.ready(r, uint32(sdl.PIXELFORMAT_ARGB8888), p.Width, p.Height); err != nil {
		return err
	}
	pix, stride, err := u.texture.Lock(nil)
	if err != nil {
		return err
	}
	defer u.texture.Unlock()
	c := canvas{pix: pix, stride: stride, width: p.Width, height: p.Height}
	return draw(&c, &u.scaler, p, rect{w: p.Width, h: p.Height})
}

func (u *upload) destroy() {
	if u.texture != nil {
		_ = u.texture.Destroy()
	}
	u.texture, u.picture = nil, nil
}

// sprite uploads an overlay; the GPU scales it.
func (g *gpuPainter) sprite(m *image.RGBA, _ rect) (*sdl.Texture, error) {
	size := m.Rect.Size()
	t, err := g.renderer.CreateTexture(uint32(sdl.PIXELFORMAT_ABGR8888), sdl.TEXTUREACCESS_STATIC, int32(size.X), int32(size.Y))
	if err != nil {
		return nil, err
	}
	if err := t.Update(nil, unsafe.Pointer(unsafe.SliceData(m.Pix)), m.Stride); err != nil {
		_ = t.Destroy()
		return nil, err
	}
	if t.SetBlendMode(g.blend) != nil {
		_ = t.SetBlendMode(sdl.BLENDMODE_BLEND) // only edges come out a little darker
	}
	return t, nil
}

func (g *gpuPainter) expose() bool { return false }

func (g *gpuPainter) close() {
	g.main.scaler.close()
	for _, u := range g.insets {
		u.scaler.close()
	}
	_ = g.renderer.Destroy() // and its textures with it
}

func sdlRect(r rect) *sdl.Rect {
	return &sdl.Rect{X: int32(r.x), Y: int32(r.y), W: int32(r.w), H: int32(r.h)}
}
