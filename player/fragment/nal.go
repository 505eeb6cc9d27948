package fragment

import (
	"bytes"
	"encoding/binary"
	"slices"

	"smoothplay/platform"
)

// nalReader walks over NAL units without copying: length-prefixed where length is
// 1 to 4, with Annex B start codes where it is 0.
type nalReader struct {
	data   []byte
	length int
	bad    bool // the data did not add up
}

// next returns the next NAL unit, never empty, or nil at the end.
func (r *nalReader) next() []byte {
	for len(r.data) > 0 {
		nal := r.cut()
		if len(nal) > 0 {
			return nal
		}
	}
	return nil
}

var startCode = []byte{0, 0, 1}

func (r *nalReader) cut() []byte {
	if r.length == 0 {
		at := bytes.Index(r.data, startCode)
		if at < 0 {
			r.data = nil
			return nil
		}
		r.data = r.data[at+len(startCode):]
		nal := r.data
		if end := bytes.Index(nal, startCode); end >= 0 {
			nal = nal[:end]
		}
		r.data = r.data[len(nal):]
		return bytes.TrimRight(nal, "\x00")
	}
	if len(r.data) < r.length {
		r.data, r.bad = nil, true
		return nil
	}
	size := uint64(0)
	for _, b := range r.data[:r.length] {
		size = size<<8 | uint64(b)
	}
	rest := r.data[r.length:]
	if size > uint64(len(rest)) {
		r.data, r.bad = nil, true
		return nil
	}
	r.data = rest[size:]
	return rest[:size]
}

// The types of NAL unit that matter here, ISO/IEC 14496-10 table 7-1 and ISO/IEC
// 23008-2 table 7-1.
const (
	avcSPS, avcPPS            = 7, 8
	hevcVPS, hevcSPS, hevcPPS = 32, 33, 34
)

func avcType(nal []byte) byte  { return nal[0] & 0x1f }
func hevcType(nal []byte) byte { return nal[0] >> 1 & 0x3f }

// Disposable reports whether no other sample of an H.264 or HEVC stream refers to
// the coded picture in data, so that it need not be decoded when it is not to be
// shown. data must be clear; f is the format of the sample. It is false where
// that is not certain, and for other codecs.
//
// H.264: nal_ref_idc is 0 in every slice. HEVC: every slice is of a sub-layer
// non-reference type in the highest sub-layer (pictures of higher ones could
// refer to it).
func Disposable(f *platform.Format, data []byte) bool {
	r := nalReader{data: data, length: f.NALLength}
	if r.length < 0 || r.length > 4 {
		return false
	}
	seen := false
	switch f.Codec {
	case platform.H264:
		for nal := r.next(); nal != nil; nal = r.next() {
			if t := avcType(nal); t >= 1 && t <= 5 {
				if nal[0]>>5&3 != 0 {
					return false
				}
				seen = true
			}
		}
	case platform.HEVC:
		layers := hevcLayers(f)
		for nal := r.next(); nal != nil; nal = r.next() {
			if t := hevcType(nal); t < hevcVPS {
				if len(nal) < 2 || t > 14 || t&1 != 0 || int(nal[1]&7) != layers {
					return false
				}
				seen = true
			}
		}
	}
	return seen && !r.bad
}

// hevcLayers is the number of temporal sub-layers that the configuration states;
// 0: not known. (nuh_temporal_id_plus1 of the highest is the same number.)
func hevcLayers(f *platform.Format) int {
	if f.NALLength == 0 || len(f.Config) < 23 {
		return 0
	}
	return int(f.Config[21] >> 3 & 7)
}

// ConfigFromSample makes the Format of a stream whose manifest has no parameter
// sets, or has others, from those that lead the clear key sample in data. f is
// the format so far and is not changed; it is returned itself where data says
// nothing new. It returns nil and false where data has no complete parameter
// sets, and for codecs other than H.264 and HEVC.
func ConfigFromSample(f *platform.Format, data []byte) (*platform.Format, bool) {
	if f.NALLength < 0 || f.NALLength > 4 {
		return nil, false
	}
	sets, ok := findSets(f.Codec, nalReader{data: data, length: f.NALLength})
	if !ok {
		return nil, false
	}
	config := sets.config(f.NALLength)
	if bytes.Equal(config, f.Config) {
		return f, true
	}
	n := *f
	n.Config = config
	if size := sets.dimensions(); n.Width == 0 || n.Height == 0 {
		n.Width, n.Height = size.width, size.height
	}
	return &n, true
}

// parameterSets are those of one decoder configuration.
type parameterSets struct {
	codec         platform.Codec
	vps, sps, pps [][]byte
}

// The most sets that a record holds: 5 bits for those of H.264, and more than
// anyone sends; and the most bytes of one, which has 16 bits for its length.
const (
	maxSets    = 31
	maxSetSize = 1<<16 - 1
)

// findSets collects the parameter sets among the NAL units of r, each once. It
// fails unless there are an SPS and a PPS.
func findSets(codec platform.Codec, r nalReader) (parameterSets, bool) {
	s := parameterSets{codec: codec}
	if codec != platform.H264 && codec != platform.HEVC {
		return s, false
	}
	for nal := r.next(); nal != nil; nal = r.next() {
		var to *[][]byte
		if codec == platform.H264 {
			switch avcType(nal) {
			case avcSPS:
				to = &s.sps
			case avcPPS:
				to = &s.pps
			}
		} else {
			switch hevcType(nal) {
			case hevcVPS:
				to = &s.vps
			case hevcSPS:
				to = &s.sps
			case hevcPPS:
				to = &s.pps
			}
		}
		if to != nil && len(nal) >= 4 && len(nal) <= maxSetSize && len(*to) < maxSets && !slices.ContainsFunc(*to, func(have []byte) bool { return bytes.Equal(have, nal) }) {
			*to = append(*to, nal)
		}
	}
	return s, len(s.sps) > 0 && len(s.pps) > 0
}

// annexB writes the sets with start codes, in the order in which they are used.
func (s parameterSets) annexB() []byte {
	var b []byte
	for _, sets := range [...][][]byte{s.vps, s.sps, s.pps} {
		for _, nal := range sets {
			b = append(binary.BigEndian.AppendUint32(b, 1), nal...)
		}
	}
	return b
}
