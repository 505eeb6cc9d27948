//go:build cgo

package ffmpeg

import (
	"fmt"
	"math"
	"testing"

	"smoothplay/platform"
)

// A colour that goes into an encoder comes out of the picture, by the matrix and
// the range that it names, for every matrix, range and depth.
func TestColoursComeThrough(t *testing.T) {
	want := [3]float64{0xc0, 0x40, 0x20}
	weights := map[platform.Matrix][2]float64{platform.BT601: {0.299, 0.114}, platform.BT709: {0.2126, 0.0722}, platform.BT2020: {0.2627, 0.0593}}
	for _, matrix := range []struct {
		scale, tag string
		is         platform.Matrix
	}{{"bt601", "smpte170m", platform.BT601}, {"bt709", "bt709", platform.BT709}, {"bt2020", "bt2020nc", platform.BT2020}} {
		for _, span := range []string{"tv", "pc"} {
			for _, pixels := range []string{"yuv420p", "yuv420p10le", "yuv422p"} {
				t.Run(matrix.scale+" "+span+" "+pixels, func(t *testing.T) {
					c := makeClip(t, "-f", "lavfi", "-i", "color=c=0xC04020:s=320x180:r=25,format=gbrp", "-t", "0.2",
						"-vf", fmt.Sprintf("scale=out_color_matrix=%s:out_range=%s,format=%s", matrix.scale, span, pixels),
						"-c:v", "libx264", "-qp", "1", "-colorspace", matrix.tag, "-color_range", span)
					n := 0
					check := func(p *platform.Picture) error {
						defer p.Release()
						n++
						if p.Matrix != matrix.is || p.FullRange != (span == "pc") {
							t.Fatalf("matrix %v, full range %v", p.Matrix, p.FullRange)
						}
						var v [3]float64
						for i := range v {
							at := (p.Height/4)*p.Strides[i] + 60
							if p.Format == platform.I420P10 {
								v[i] = float64(int(p.Planes[i][at])|int(p.Planes[i][at+1])<<8) / 4
							} else {
								v[i] = float64(p.Planes[i][at])
							}
						}
						y, cb, cr := v[0], v[1]-128, v[2]-128
						if !p.FullRange {
							y, cb, cr = (y-16)*255/219, cb*255/224, cr*255/224
						}
						kr, kb := weights[p.Matrix][0], weights[p.Matrix][1]
						red, blue := y+2*(1-kr)*cr, y+2*(1-kb)*cb
						got := [3]float64{red, (y - kr*red - kb*blue) / (1 - kr - kb), blue}
						for i := range got {
							if math.Abs(got[i]-want[i]) > 3 {
								t.Errorf("the colour is %.0f, want %.0f", got, want)
								break
							}
						}
						return nil
					}
					d := openVideo(t, 1, c.format)
					for i := range c.samples {
						if err := d.Decode(&c.samples[i], check); err != nil {
							t.Fatal(err)
						}
					}
					if err := d.Drain(check); err != nil || n != len(c.samples) {
						t.Errorf("%d of %d pictures: %v", n, len(c.samples), err)
					}
				})
			}
		}
	}
}
