package fragment

import (
	"github.com/Eyevinn/mp4ff/avc"
	mp4bits "github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/hevc"

	"smoothplay/platform"
)

// config writes the sets as a decoder takes them: Annex B where nalLength is 0,
// else an avcC or hvcC record, ISO/IEC 14496-15 5.3.3.1 and 8.3.3.1.
func (s parameterSets) config(nalLength int) []byte {
	switch {
	case nalLength == 0:
		return s.annexB()
	case s.codec == platform.HEVC:
		return s.hvcC(nalLength)
	}
	return s.avcC(nalLength)
}

// avcC leaves out the chroma format and bit depths that High Profile may append:
// decoders read them in the SPS.
func (s parameterSets) avcC(nalLength int) []byte {
	sps := s.sps[0]
	r := avc.DecConfRec{AVCProfileIndication: sps[1], ProfileCompatibility: sps[2], AVCLevelIndication: sps[3],
		SPSnalus: s.sps, PPSnalus: s.pps, NoTrailingInfo: true}
	w := mp4bits.NewFixedSliceWriter(int(r.Size()))
	if r.EncodeSW(w) != nil {
		return nil
	}
	b := w.Bytes()
	b[4] = 0xfc | byte(nalLength-1) // mp4ff always writes 4
	return b
}

func (s parameterSets) hvcC(nalLength int) []byte {
	p := readHEVC(s.sps[0])
	r := hevc.DecConfRec{
		ConfigurationVersion:             1,
		GeneralProfileSpace:              byte(p.profile >> 6),
		GeneralTierFlag:                  p.profile>>5&1 != 0,
		GeneralProfileIDC:                byte(p.profile & 0x1f),
		GeneralProfileCompatibilityFlags: p.compatibility,
		GeneralConstraintIndicatorFlags:  p.constraints,
		GeneralLevelIDC:                  p.level,
		ChromaFormatIDC:                  p.chroma,
		BitDepthLumaMinus8:               p.luma,
		BitDepthChromaMinus8:             p.chromaDepth,
		NumTemporalLayers:                p.layers,
		TemporalIDNested:                 p.nested,
		LengthSizeMinusOne:               byte(nalLength - 1),
	}
	for _, a := range [...]struct {
		t    hevc.NaluType
		sets [][]byte
	}{{hevc.NALU_VPS, s.vps}, {hevc.NALU_SPS, s.sps}, {hevc.NALU_PPS, s.pps}} {
		if len(a.sets) > 0 {
			r.NaluArrays = append(r.NaluArrays, hevc.NewNaluArray(false, a.t, a.sets))
		}
	}
	w := mp4bits.NewFixedSliceWriter(int(r.Size()))
	if r.EncodeSW(w) != nil {
		return nil
	}
	return w.Bytes()
}

// picture is what is wanted of a sequence parameter set: the visible size, 0 by 0
// where it cannot be read.
type picture struct{ width, height int }

func (s parameterSets) dimensions() picture {
	if s.codec == platform.HEVC {
		return readHEVC(s.sps[0]).picture
	}
	return readAVC(s.sps[0])
}

// maxDimension is beyond every level of H.264 and HEVC.
const maxDimension = 1 << 14

// cropped is the size w x h less the given offsets; zero where that is nonsense.
func cropped(w, h, left, right, top, bottom, unitX, unitY uint64) picture {
	x, y := (left+right)*unitX, (top+bottom)*unitY
	if w > maxDimension || h > maxDimension || x >= w || y >= h {
		return picture{}
	}
	return picture{int(w - x), int(h - y)}
}

// readAVC reads the size out of an H.264 sequence parameter set, ISO/IEC 14496-10
// 7.3.2.1.1.
func readAVC(nal []byte) picture {
	r := bitReader{data: nal[1:]}
	profile := r.bits(8)
	r.bits(16) // constraints, level
	r.golomb() // id
	chroma, planes := uint64(1), false
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		chroma = r.golomb()
		if chroma == 3 {
			planes = r.flag()
		}
		r.golomb() // bit depths
		r.golomb()
		r.flag() // lossless
		if r.flag() {
			lists := 8
			if chroma == 3 {
				lists = 12
			}
			for i := range lists {
				if r.flag() {
					r.scalingList(i)
				}
			}
		}
	}
	r.golomb() // log2_max_frame_num
	switch r.golomb() {
	case 0:
		r.golomb()
	case 1:
		r.flag()
		r.golomb()
		r.golomb()
		n := r.golomb()
		if n > 255 {
			return picture{}
		}
		for range n {
			r.golomb()
		}
	}
	r.golomb() // reference frames
	r.flag()
	w, h := 16*(r.golomb()+1), 16*(r.golomb()+1)
	unitX, unitY := uint64(1), uint64(1)
	if !planes && (chroma == 1 || chroma == 2) {
		unitX = 2
		unitY = 3 - chroma // 4:2:0 halves the lines too
	}
	if !r.flag() { // fields
		h *= 2
		unitY *= 2
		r.flag()
	}
	r.flag() // direct_8x8_inference
	var left, right, top, bottom uint64
	if r.flag() {
		left, right, top, bottom = r.golomb(), r.golomb(), r.golomb(), r.golomb()
	}
	if r.failed || chroma > 3 {
		return picture{}
	}
	return cropped(w, h, left, right, top, bottom, unitX, unitY)
}

// hevcSequence is what an hvcC record repeats of the sequence parameter set.
type hevcSequence struct {
	picture
	profile       byte // space, tier and idc as in the first byte
	compatibility uint32
	constraints   uint64 // 48 bits
	level         byte
	layers        byte // temporal sub-layers, at least 1
	nested        byte
	chroma        byte
	luma          byte // bits beyond 8
	chromaDepth   byte
}

// readHEVC reads the head of an HEVC sequence parameter set, ISO/IEC 23008-2
// 7.3.2.2.1. Where that fails, picture is zero and the rest as far as it came.
func readHEVC(nal []byte) hevcSequence {
	r := bitReader{data: nal[2:]}
	var s hevcSequence
	r.bits(4)
	sub := int(r.bits(3))
	s.layers = byte(sub + 1)
	s.nested = byte(r.bits(1))
	s.profile = byte(r.bits(8))
	s.compatibility = uint32(r.bits(32))
	s.constraints = r.bits(48)
	s.level = byte(r.bits(8))
	present := uint64(0)
	if sub > 0 {
		present = r.bits(16) // two bits for each of eight sub-layers
	}
	for i := range sub {
		if present>>(15-2*i)&1 != 0 {
			r.bits(44)
			r.bits(44)
		}
		if present>>(14-2*i)&1 != 0 {
			r.bits(8)
		}
	}
	r.golomb() // id
	chroma := r.golomb()
	if chroma > 3 || sub > 6 {
		r.failed = true
		chroma = 1
	}
	s.chroma = byte(chroma)
	planes := chroma == 3 && r.flag()
	w, h := r.golomb(), r.golomb()
	var left, right, top, bottom uint64
	if r.flag() {
		left, right, top, bottom = r.golomb(), r.golomb(), r.golomb(), r.golomb()
	}
	luma, chromaDepth := r.golomb(), r.golomb()
	if r.failed || luma > 7 || chromaDepth > 7 {
		return s
	}
	s.luma, s.chromaDepth = byte(luma), byte(chromaDepth)
	unitX, unitY := uint64(1), uint64(1)
	if !planes && (chroma == 1 || chroma == 2) {
		unitX, unitY = 2, 3-chroma
	}
	s.picture = cropped(w, h, left, right, top, bottom, unitX, unitY)
	return s
}

// bitReader reads bit by bit, most significant first. After the end it yields
// zeros and failed is set.
type bitReader struct {
	data   []byte
	plain  bool // no emulation prevention bytes to leave out
	pos    int
	zeros  int // zero bytes just read
	have   uint
	word   byte
	failed bool
}

func (r *bitReader) bit() uint64 {
	if r.have == 0 {
		if !r.plain && r.zeros >= 2 && r.pos < len(r.data) && r.data[r.pos] == 3 {
			r.pos++
			r.zeros = 0
		}
		if r.pos >= len(r.data) {
			r.failed = true
			return 0
		}
		r.word, r.have = r.data[r.pos], 8
		r.pos++
		if r.zeros++; r.word != 0 {
			r.zeros = 0
		}
	}
	r.have--
	return uint64(r.word>>r.have) & 1
}

// bits reads up to 64 bits.
func (r *bitReader) bits(n int) uint64 {
	v := uint64(0)
	for range n {
		v = v<<1 | r.bit()
	}
	return v
}

func (r *bitReader) flag() bool { return r.bit() != 0 }

// golomb reads an unsigned Exp-Golomb code of up to 32 bits, ISO/IEC 14496-10 9.1.
func (r *bitReader) golomb() uint64 {
	zeros := 0
	for r.bit() == 0 {
		if zeros++; r.failed || zeros > 32 {
			r.failed = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.bits(zeros)
}

// scalingList skips list i of an H.264 scaling matrix.
func (r *bitReader) scalingList(i int) {
	size := 16
	if i >= 6 {
		size = 64
	}
	last, next := int64(8), int64(8)
	for range size {
		if next != 0 {
			v := r.golomb()
			delta := int64(v+1) >> 1
			if v&1 == 0 {
				delta = -delta
			}
			next = (last + delta + 256) & 255
		}
		if next != 0 {
			last = next
		}
	}
}
