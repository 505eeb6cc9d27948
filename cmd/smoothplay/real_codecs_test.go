//go:build cgo

package main

import (
	"bytes"
	endian "encoding/binary"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

// countedFrames is how many pictures the tests of codecs play: 3 s.
const countedFrames = 75

// counted writes pictures of which each bears its number, for an encoder.
func counted(t *testing.T, width, height int) (input []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "counted.yuv")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture := bytes.Repeat([]byte{128}, width*height*3/2)
	for n := range countedFrames {
		for i := range width * height {
			picture[i] = byte(60 + (i%width+i/width+5*n)%120)
		}
		platformtest.DrawMark(picture, width, width, height, platformtest.Mark{Frame: n})
		if _, err := file.Write(picture); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"-nostdin", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", fmt.Sprintf("%dx%d", width, height), "-r", "25", "-i", path}
}

// nals are the NAL units of data with start codes.
func nals(data []byte) (list [][]byte) {
	for i, part := range bytes.Split(data, []byte{0, 0, 1}) {
		if i > 0 {
			list = append(list, bytes.TrimRight(part, "\x00"))
		}
	}
	return list
}

// lengths puts lengths of size bytes before the NAL units of a sample, and leaves
// out those of the types given, by the first byte of the unit.
func lengths(t *testing.T, size int, without func(first byte) bool) func([]byte) []byte {
	return func(data []byte) (out []byte) {
		for _, nal := range nals(data) {
			if without(nal[0]) {
				continue
			}
			if size < 4 && len(nal) >= 1<<(8*size) {
				t.Fatalf("a NAL unit of %d bytes does not fit a length of %d", len(nal), size)
			}
			out = append(out, endian.BigEndian.AppendUint32(nil, uint32(len(nal)))[4-size:]...)
			out = append(out, nal...)
		}
		return out
	}
}

// Parameter sets and what decoding needs not, which belong into CodecPrivateData
// or nowhere.
func avcSet(first byte) bool  { t := first & 31; return t >= 6 && t <= 9 }
func hevcSet(first byte) bool { t := first >> 1 & 63; return t >= 32 && t <= 35 }

// sets are the parameter sets of a configuration with start codes, in the order
// of the types given.
func sets(extra []byte, typeOf func(byte) byte, order ...byte) (out []byte) {
	for _, want := range order {
		for _, nal := range nals(extra) {
			if typeOf(nal[0]) == want {
				out = append(append(out, 0, 0, 0, 1), nal...)
			}
		}
	}
	return out
}

// countPictures plays what handler serves and asserts that each picture is shown
// once, in order, at its time: its number is read by read.
func countPictures(t *testing.T, handler http.Handler, read func(*platform.Picture) (platformtest.Mark, bool)) {
	t.Helper()
	var got []int
	var first time.Duration
	w := watch(t, func(c *camera) playertest.Scenario {
		c.OnShow = func(f *platform.Frame, at time.Time) {
			if f.Picture == nil {
				return
			}
			m, ok := read(f.Picture)
			if !ok {
				t.Errorf("the picture of %v has no number", f.Picture.PTS)
			}
			if len(got) == 0 {
				first = f.Picture.PTS
			}
			if late := f.Picture.PTS - first - time.Duration(m.Frame)*period; late.Abs() > 2*time.Millisecond {
				t.Errorf("picture %d is said to be that of %v", m.Frame, f.Picture.PTS)
			}
			got = append(got, m.Frame)
		}
		return playertest.Scenario{Handler: handler, Path: "/x.ism/Manifest"}
	})
	w.completed()
	for _, e := range event.Bodies[event.Error](w.Events) {
		t.Errorf("%s: %s", e.Code, e.Message)
	}
	if !slices.Equal(got, frames(0, countedFrames)) {
		t.Errorf("the pictures shown are %v", got)
	}
	if s := w.Summary; s.PicturesDropped != 0 || s.PicturesDecoded != countedFrames {
		t.Errorf("%d pictures decoded, %d dropped", s.PicturesDecoded, s.PicturesDropped)
	}
}

// readDeepMark reads the mark of a picture of 10 bits.
func readDeepMark(p *platform.Picture) (platformtest.Mark, bool) {
	if p.Format != platform.I420P10 {
		return platformtest.Mark{}, false
	}
	luma := make([]byte, p.Width*p.Height)
	for y := range p.Height {
		for x := range p.Width {
			luma[y*p.Width+x] = byte(endian.LittleEndian.Uint16(p.Planes[0][y*p.Strides[0]+2*x:]) >> 2)
		}
	}
	return platformtest.ReadMark(luma, p.Width, p.Width, p.Height)
}

// Every form of H.264 and HEVC plays, picture by picture.
func TestRealPictureCodecs(t *testing.T) {
	x264 := []string{"-c:v", "libx264", "-preset", "veryfast", "-bf", "2", "-g", "25", "-pix_fmt", "yuv420p"}
	small := append(slices.Clone(x264), "-x264-params", "slice-max-size=200")
	x265 := []string{"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=25:bframes=2"}
	avcType := func(b byte) byte { return b & 31 }
	hevcType := func(b byte) byte { return b >> 1 & 63 }
	avc := []byte{7, 8}
	for _, c := range []struct {
		name, fourCC string
		encode       []string
		size         int // of the lengths; 0: start codes
		order        []byte
		depth        int
	}{
		{"H264", "H264", x264, 4, avc, 8},
		{"AVC1, PPS first", "AVC1", x264, 4, []byte{8, 7}, 8},
		{"DAVC, lengths of 2 bytes", "DAVC", x264, 2, avc, 8},
		{"X264, lengths of 1 byte", "X264", small, 1, avc, 8},
		{"H264, lengths of 3 bytes", "H264", x264, 3, avc, 8},
		{"AVCB, start codes", "AVCB", x264, 0, avc, 8},
		{"H264, sets in the samples", "H264", x264, 4, nil, 8},
		{"HVC1", "HVC1", append(x265, "-pix_fmt", "yuv420p"), 4, []byte{32, 33, 34}, 8},
		{"HEV1, sets in another order", "HEV1", append(x265, "-pix_fmt", "yuv420p"), 2, []byte{34, 33, 32}, 8},
		{"HVC1, 10 bits", "HVC1", append(x265, "-pix_fmt", "yuv420p10le"), 4, []byte{33, 34, 32}, 10},
		{"HEV1, sets in the samples", "HEV1", append(x265, "-pix_fmt", "yuv420p"), 4, nil, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "coded.ts")
			tool(t, "ffmpeg", slices.Concat(counted(t, 320, 180), c.encode, []string{"-muxdelay", "0", "-muxpreload", "0", path})...)
			typeOf, belongs := avcType, avcSet
			if strings.HasPrefix(c.fourCC, "H") && c.fourCC != "H264" {
				typeOf, belongs = hevcType, hevcSet
			}
			if c.order == nil {
				belongs = func(byte) bool { return false }
			}
			rewrite := lengths(t, c.size, belongs)
			if c.size == 0 {
				rewrite = nil
			}
			served := remux(t, path, "v:0", func(extra []byte, _ int) string {
				return fmt.Sprintf(`FourCC="%s" NALUnitLengthField="%d" CodecPrivateData="%X"`, c.fourCC, c.size, sets(extra, typeOf, c.order...))
			}, rewrite)
			read := readMark
			if c.depth == 10 {
				read = readDeepMark
			}
			countPictures(t, served, read)
		})
	}
}
