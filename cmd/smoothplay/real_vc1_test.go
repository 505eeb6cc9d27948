//go:build cgo

package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
)

// blocky encodes VC-1 (SMPTE 421M) of the plainest kind: key pictures whose blocks
// of 8x8 pixels have one grey each, as no free encoder does. Every difference
// between blocks is written with the escape code.
type blocky struct {
	width, height int // in macroblocks
	advanced      bool
	fields        bool // of an interlaced picture: a block lies in one of them

	bits []byte
	n    int
}

func (b *blocky) put(value uint64, bits int) {
	for i := bits - 1; i >= 0; i-- {
		if b.n%8 == 0 {
			b.bits = append(b.bits, 0)
		}
		b.bits[b.n/8] |= byte(value>>i&1) << (7 - b.n%8)
		b.n++
	}
}

// take returns what was put, in whole bytes.
func (b *blocky) take() []byte {
	out := b.bits
	b.bits, b.n = nil, 0
	return out
}

// config is STRUCT_C, annex J, or the sequence and entry point headers, 6.1 and
// 6.2.
func (b *blocky) config() []byte {
	if !b.advanced {
		b.put(0, 12)      // Simple Profile, no hints
		b.put(0b00011, 5) // the usual transform, and motion that is simple
		b.put(0, 14)
		b.put(1, 1)
		return b.take()
	}
	flag := uint64(0)
	if b.fields {
		flag = 1
	}
	b.put(3, 2) // Advanced Profile
	b.put(2, 3)
	b.put(1, 2) // 4:2:0
	b.put(0, 9) // no hints
	b.put(uint64(b.width*8-1), 12)
	b.put(uint64(b.height*8-1), 12)
	b.put(0, 1)
	b.put(flag, 1) // interlaced
	b.put(0, 2)
	b.put(1, 1)
	b.put(0, 3)
	b.put(1, 1) // marks the end
	sequence := b.take()
	b.put(0b01, 2) // closed entry
	b.put(0, 14)   // nothing but what must be
	b.put(1, 1)
	entry := b.take()
	return append(append(append([]byte{0x25, 0, 0, 1, 0x0f}, sequence...), 0, 0, 1, 0x0e), entry...)
}

// picture encodes a picture: grey is that of a block, by its place in the
// macroblock at x, y.
func (b *blocky) picture(grey func(x, y, block int) int) []byte {
	const quantizer = 4 // of which a DC counts 8: one grey
	if b.advanced {
		if b.fields {
			b.put(0b10, 2) // a frame of two fields
		}
		b.put(0b110, 3) // an I-picture
		b.put(0, 1)     // rounding
		if b.fields {
			b.put(0, 1)
		}
		b.put(quantizer, 5)
		b.put(0, 1)
		if b.fields {
			b.put(0, 5) // which macroblocks are in fields is said with each
		}
		b.put(0, 5) // as is prediction
	} else {
		b.put(0, 2)
		b.put(0, 1) // an I-picture
		b.put(0, 7)
		b.put(quantizer, 5)
		b.put(0, 1)
	}
	b.put(0, 3) // tables
	base := 0
	if b.advanced {
		base = 128
	}
	dc := map[[2]int]int{} // of luma, in blocks
	for y := range b.height {
		for x := range b.width {
			if b.fields {
				b.put(1, 1)
			}
			b.put(1, 1) // no block has more than its DC
			b.put(0, 1)
			for n := range 4 {
				u, v := 2*x+n%2, 2*y+n/2
				value := grey(x, y, n) - base
				dc[[2]int{u, v}] = value
				b.difference(value - b.predict(dc, u, v))
			}
			b.put(0, 2) // grey: as before
			b.put(0, 2)
		}
	}
	b.put(0, 8)
	return b.take()
}

// predict is the DC expected at block u, v, by its neighbours: 8.1.3.5.
func (b *blocky) predict(dc map[[2]int]int, u, v int) int {
	outside := 128
	if b.advanced {
		outside = 0
	}
	at := func(u, v int) int {
		if value, ok := dc[[2]int{u, v}]; ok && u >= 0 && v >= 0 {
			return value
		}
		return outside
	}
	above, corner, left := at(u, v-1), at(u-1, v-1), at(u-1, v)
	if b.advanced && (u == 0 || v == 0) {
		switch {
		case u > 0:
			return left
		case v > 0:
			return above
		}
		return 0
	}
	abs := func(n int) int { return max(n, -n) }
	if abs(above-corner) <= abs(corner-left) {
		return left
	}
	return above
}

func (b *blocky) difference(d int) {
	if d == 0 {
		b.put(1, 1)
		return
	}
	b.put(0x6078f, 24) // escape
	b.put(uint64(max(d, -d)), 8)
	b.put(map[bool]uint64{true: 1, false: 0}[d < 0], 1)
}

// serve makes a presentation of pictures of 40 ms, a second in each fragment.
func (b *blocky) serve(t *testing.T, fourCC string, pictures [][]byte) http.Handler {
	t.Helper()
	r := &remuxed{fragments: map[int64][]byte{}}
	var chunks strings.Builder
	for first := 0; first < len(pictures); first += 25 {
		f, err := mp4.CreateFragment(1, 1)
		if err != nil {
			t.Fatal(err)
		}
		group := pictures[first:min(first+25, len(pictures))]
		for _, data := range group {
			s := mp4.FullSample{Data: data}
			s.Size, s.Dur, s.Flags = uint32(len(data)), 40, 0x02000000
			f.AddFullSample(s)
		}
		var body bytes.Buffer
		if err := f.Encode(&body); err != nil {
			t.Fatal(err)
		}
		r.fragments[int64(first)*40] = body.Bytes()
		fmt.Fprintf(&chunks, `<c t="%d" d="%d"/>`, first*40, len(group)*40)
	}
	r.manifest = fmt.Sprintf(`<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="0">
<StreamIndex Type="video" Name="s" TimeScale="1000" Url="Q({bitrate})/F(s={start time})">
<QualityLevel Index="0" Bitrate="100000" FourCC="%s" MaxWidth="%d" MaxHeight="%d" CodecPrivateData="%X"/>%s
</StreamIndex></SmoothStreamingMedia>`, fourCC, b.width*16, b.height*16, b.config(), &chunks)
	return r
}

// VC-1 in its forms plays, picture by picture, without any file of Windows Media.
// Of interlaced pictures the second field shows other pictures, and is not seen
// where it does.
func TestRealVC1(t *testing.T) {
	for _, c := range []struct {
		fourCC           string
		advanced, fields bool
	}{{"WMV3", false, false}, {"WVC1", true, false}, {"WVC1", true, true}} {
		t.Run(fmt.Sprintf("%s, interlaced %v", c.fourCC, c.fields), func(t *testing.T) {
			b := &blocky{width: 22, height: 12, advanced: c.advanced, fields: c.fields}
			width, height := 16*b.width, 16*b.height
			luma := make([]byte, width*height)
			var pictures [][]byte
			for n := range countedFrames {
				platformtest.DrawMark(luma, width, width, height, platformtest.Mark{Frame: n})
				pictures = append(pictures, b.picture(func(x, y, block int) int {
					if y == 0 && (!c.fields || block < 2) { // the mark is in the first field
						return int(luma[width*height/24/width*width+16*x+8*(block%2)+4])
					}
					return 60 + (37*n+7*x+3*y+20*block)%120
				}))
			}
			countPictures(t, b.serve(t, c.fourCC, pictures), func(p *platform.Picture) (platformtest.Mark, bool) {
				if p.Interlaced {
					t.Error("the picture is still interlaced")
				}
				if c.fields { // from a row of the second field
					return platformtest.ReadMark(p.Planes[0][p.Strides[0]:], p.Strides[0], p.Width, p.Height)
				}
				return readMark(p)
			})
		})
	}
}
