//go:build cgo

package ffmpeg

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/asticode/go-astiav"

	"smoothplay/platform"
)

// The picture of the test: on the left a bar that moves with each field, on the
// right lines one pixel high that stand still.
const fieldWidth, fieldHeight, fieldPictures = 320, 180, 12

func fieldPixel(x, y, field int) byte {
	switch {
	case x >= fieldWidth/2+16:
		return byte(60 + 120*(y%2))
	case x >= fieldWidth/2-16:
		return 120
	case (x-6*field+1200)%96 < 24:
		return 200
	}
	return 40
}

// writeFields writes raw pictures of two fields each, the first of which has the
// rows of a parity.
func writeFields(t *testing.T, first int) (path string) {
	t.Helper()
	var raw []byte
	for n := range fieldPictures {
		for y := range fieldHeight {
			field := 2 * n
			if y%2 != first {
				field++
			}
			for x := range fieldWidth {
				raw = append(raw, fieldPixel(x, y, field))
			}
		}
		for range fieldWidth * fieldHeight / 2 {
			raw = append(raw, 128)
		}
	}
	path = filepath.Join(t.TempDir(), "fields.yuv")
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// apart is the mean difference of a part of p from what it should show.
func apart(p *platform.Picture, from, to int, want func(x, y int) byte) float64 {
	sum := 0
	for y := 2; y < p.Height-2; y++ {
		for x := from; x < to; x++ {
			d := int(p.Planes[0][y*p.Strides[0]+x]) - int(want(x, y))
			sum += max(d, -d)
		}
	}
	return float64(sum) / float64((to-from)*(p.Height-4))
}

// What moves is that of one instant, without a comb, and what stands still keeps
// every line.
func TestDeinterlace(t *testing.T) {
	for first, order := range []string{"tff", "bff"} {
		for _, pixels := range []string{"yuv420p", "yuvj420p"} {
			t.Run(order+" "+pixels, func(t *testing.T) {
				raw := writeFields(t, first)
				c := makeClip(t, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", fmt.Sprintf("%dx%d", fieldWidth, fieldHeight), "-r", "25", "-color_range", "tv", "-i", raw,
					"-vf", "setfield="+order, "-c:v", "libx264", "-qp", "4", "-bf", "0", "-flags", "+ildct+ilme", "-x264opts", order+"=1", "-pix_fmt", "yuv420p", "-color_range", map[string]string{"yuv420p": "tv", "yuvj420p": "pc"}[pixels])
				d := openVideo(t, 1, c.format)
				n := 0
				check := func(p *platform.Picture) error {
					defer p.Release()
					if p.Interlaced {
						t.Errorf("picture %d is still interlaced", n)
					}
					if moving := apart(p, 0, fieldWidth/2-16, func(x, y int) byte { return fieldPixel(x, y, 2*n) }); moving > 3 {
						t.Errorf("picture %d: what moves is off by %.1f", n, moving)
					}
					if still := apart(p, fieldWidth/2+24, fieldWidth, func(x, y int) byte { return fieldPixel(x, y, 0) }); still > 3 && n > 0 {
						t.Errorf("picture %d: what stands still is off by %.1f", n, still)
					}
					n++
					return nil
				}
				for i := range c.samples {
					if err := d.Decode(&c.samples[i], check); err != nil {
						t.Fatal(err)
					}
				}
				if err := d.Drain(check); err != nil || n != fieldPictures {
					t.Errorf("%d pictures: %v", n, err)
				}
			})
		}
	}
}

// BenchmarkDeinterlace is one picture of 1080 lines.
func BenchmarkDeinterlace(b *testing.B) {
	pool := &framePool{}
	defer pool.close()
	var frames []*pooledFrame
	for range 3 {
		f := pool.get()
		f.SetWidth(1920)
		f.SetHeight(1080)
		f.SetPixelFormat(astiav.PixelFormatYuv420P)
		if err := f.AllocBuffer(0); err != nil {
			b.Fatal(err)
		}
		for p, rows := range []int{1080, 540, 540} {
			pixels, _ := plane(f.Frame, p, rows)
			for i := range pixels {
				pixels[i] = byte(i*7 + len(frames))
			}
		}
		frames = append(frames, f)
	}
	for b.Loop() {
		deinterlace(frames[0].Frame, frames[1].Frame, frames[2].Frame)
	}
}
