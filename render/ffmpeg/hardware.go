//go:build cgo

package ffmpeg

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/asticode/go-astiav"

	"smoothplay/platform"
)

// accelerator is one way to the hardware.
type accelerator struct {
	name   string
	device astiav.HardwareDeviceType // HardwareDeviceTypeNone: the codec finds it
	suffix string                    // of the names of its codecs; "": those of software, with its help
	nodes  []string                  // patterns of files: where none is there, nor is the hardware
}

// accelerators are in the order in which "auto" tries them.
var accelerators = []accelerator{
	{"vaapi", astiav.HardwareDeviceTypeVAAPI, "", []string{"/dev/dri/renderD*"}},
	{"cuda", astiav.HardwareDeviceTypeCUDA, "", []string{"/dev/nvidia[0-9]*", "/dev/nvhost*", "/dev/dxg"}},
	{"drm", astiav.HardwareDeviceTypeDRM, "", []string{"/dev/media[0-9]*"}}, // stateless V4L2, in FFmpegs that have it
	{"v4l2m2m", astiav.HardwareDeviceTypeNone, "_v4l2m2m", []string{"/dev/video*"}},
}

// HardwareNames are what NewHardware takes.
func HardwareNames() []string {
	names := []string{"auto"}
	for _, a := range accelerators {
		names = append(names, a.name)
	}
	return names
}

// Hardware opens decoders of video that work on the hardware; their pictures are
// fetched into memory. A decoder does not fall back to software by itself: see
// platform/fallback. Safe for concurrent use.
type Hardware struct {
	name string
	ways []*way
}

var _ platform.Decoders = (*Hardware)(nil)

// way is an accelerator with its device, which is opened once.
type way struct {
	accelerator
	mu     sync.Mutex
	opened *astiav.HardwareDeviceContext
}

// NewHardware returns the decoders of a kind of hardware: one of HardwareNames.
// "auto" is whatever seems to be there, which may be nothing. Nothing is opened
// yet.
func NewHardware(name string) (*Hardware, error) {
	h := &Hardware{name: name}
	for _, a := range accelerators {
		if a.name == name || name == "auto" && a.present() {
			h.ways = append(h.ways, &way{accelerator: a})
		}
	}
	if len(h.ways) == 0 && name != "auto" {
		return nil, fmt.Errorf("there is no kind of hardware %q: it is one of %s", name, strings.Join(HardwareNames(), ", "))
	}
	return h, nil
}

func (a *accelerator) present() bool {
	return slices.ContainsFunc(a.nodes, func(pattern string) bool {
		found, _ := filepath.Glob(pattern)
		return len(found) > 0
	})
}

// Path names the hardware.
func (h *Hardware) Path() string { return h.name }

// Supports reports nil where this build of FFmpeg can ask the hardware to decode
// f; only opening a decoder tells whether it does.
func (h *Hardware) Supports(f platform.Format) error {
	for _, w := range h.ways {
		if _, _, err := w.find(&f); err == nil {
			return nil
		}
	}
	if len(h.ways) == 0 {
		return fmt.Errorf("there is no hardware that decodes: %w", platform.ErrUnsupported)
	}
	return fmt.Errorf("%s is not decoded there by this FFmpeg: %w", f.Codec, platform.ErrUnsupported)
}

// OpenVideo opens a decoder on the first hardware that takes f. It is also a
// platform.Effort, a platform.Threads and a platform.PathNamer.
func (h *Hardware) OpenVideo(f platform.Format) (platform.VideoDecoder, error) {
	if f.Kind != platform.Video {
		return nil, fmt.Errorf("%s stream where video was expected: %w", f.Kind, platform.ErrUnsupported)
	}
	var failed error
	for _, w := range h.ways {
		c, err := openCodec(f, 1, w)
		if err == nil {
			return &videoDecoder{pace: pace{max: 1, fixed: true}, on: w, codec: c, source: &c.format, pool: &framePool{}}, nil
		}
		failed = errors.Join(failed, err)
	}
	if failed == nil {
		failed = h.Supports(f)
	}
	return nil, failed
}

// OpenAudio fails: sound is decoded in software.
func (h *Hardware) OpenAudio(f platform.Format, _ platform.PCMFormat) (platform.AudioDecoder, error) {
	return nil, fmt.Errorf("%s codec %q on %s: %w", f.Kind, f.Codec, h.name, platform.ErrUnsupported)
}

// find names the decoder of FFmpeg for f, and the pixel format of its pictures
// while they are in the hardware; PixelFormatNone: they come in memory.
func (w *way) find(f *platform.Format) (*astiav.Codec, astiav.PixelFormat, error) {
	decoder, err := find(f)
	if err == nil && f.Kind == platform.Video && w.suffix != "" {
		decoder = astiav.FindDecoderByName(decoder.Name() + w.suffix)
	}
	if err == nil && f.Kind == platform.Video && decoder != nil {
		if w.device == astiav.HardwareDeviceTypeNone {
			return decoder, astiav.PixelFormatNone, nil
		}
		for _, c := range decoder.HardwareConfigs() {
			if c.HardwareDeviceType() == w.device && c.MethodFlags().Has(astiav.CodecHardwareConfigMethodFlagHwDeviceCtx) {
				return decoder, c.PixelFormat(), nil
			}
		}
	}
	return nil, astiav.PixelFormatNone, fmt.Errorf("%s codec %q on %s: %w", f.Kind, f.Codec, w.name, platform.ErrUnsupported)
}

// attach gives the context of a decoder its device.
func (w *way) attach(ctx *astiav.CodecContext, format astiav.PixelFormat) error {
	if w.device == astiav.HardwareDeviceTypeNone {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.opened == nil {
		device, err := astiav.CreateHardwareDeviceContext(w.device, "", nil)
		if err != nil {
			return fmt.Errorf("open the device of %s: %w", w.name, err)
		}
		w.opened = device
	}
	ctx.SetHardwareDeviceContext(w.opened)
	useHardware(ctx, format)
	return nil
}

// fetched moves the picture of a frame from the hardware into memory.
func (d *videoDecoder) fetched(f *pooledFrame) (*pooledFrame, error) {
	if !inHardware(f.Frame) {
		return f, nil
	}
	defer f.release()
	to := d.pool.get()
	if to == nil {
		return nil, errors.New("out of memory for a frame")
	}
	if err := fetch(to.Frame, f.Frame); err != nil {
		to.release()
		return nil, fmt.Errorf("fetch a picture from %s: %w", d.on.name, err)
	}
	return to, nil
}

// Path is "software" or the name of the hardware.
func (d *videoDecoder) Path() string {
	if d.on != nil {
		return d.on.name
	}
	return "software"
}
