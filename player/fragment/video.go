package fragment

import (
	"bytes"
	"encoding/binary"

	"smoothplay/platform"
)

// videoCodecs are the FourCCs of 4.1 of the protocol notes, upper case.
var videoCodecs = map[string]platform.Codec{
	"H264": platform.H264, "AVC1": platform.H264, "AVC3": platform.H264, "X264": platform.H264,
	"DAVC": platform.H264, "AVCB": platform.H264,
	"HVC1": platform.HEVC, "HEV1": platform.HEVC, "HEVC": platform.HEVC, "H265": platform.HEVC,
	"DVHE": platform.HEVC, "DVH1": platform.HEVC, // the base layer of Dolby Vision
	"WVC1": platform.VC1, "OVC1": platform.VC1, "VC-1": platform.VC1,
	"WMV3": platform.WMV3,
}

// The start codes of VC-1 Advanced Profile, SMPTE 421M annex E.
var (
	vc1Sequence   = []byte{0, 0, 1, 0x0f}
	vc1EntryPoint = []byte{0, 0, 1, 0x0e}
)

func (m *formatMaker) video() error {
	f, l := &m.format, m.level
	f.Width, f.Height = l.Width, l.Height
	// Every level of a stream is shown in the stream's display size: the shape is
	// the same for all, so that the picture does not jump at a switch.
	f.AspectWidth, f.AspectHeight = aspect(m.stream.DisplayWidth, m.stream.DisplayHeight)

	codec, ok := videoCodecs[key(l.FourCC)]
	switch {
	case ok:
	case l.FourCC != "":
		return m.unsupported("not known as video")
	default:
		if codec, ok = videoCodecs[key(m.stream.Subtype)]; !ok {
			if codec, ok = sniffVideo(m.data); !ok {
				return m.unsupported("no FourCC, and CodecPrivateData does not tell the codec")
			}
		}
		m.warn("no FourCC: taken as %s", codec)
	}
	f.Codec = codec
	switch codec {
	case platform.VC1:
		return m.vc1()
	case platform.WMV3:
		return m.wmv3()
	}
	m.nal()
	return nil
}

// aspect reduces w:h; 0:0 unless both are positive.
func aspect(w, h int) (int, int) {
	if w <= 0 || h <= 0 {
		return 0, 0
	}
	a, b := w, h
	for b != 0 {
		a, b = b, a%b
	}
	return w / a, h / a
}

// sniffVideo tells a codec from CodecPrivateData alone.
func sniffVideo(data []byte) (platform.Codec, bool) {
	if bytes.Contains(data, vc1Sequence) {
		return platform.VC1, true
	}
	for _, codec := range [...]platform.Codec{platform.H264, platform.HEVC} {
		if sets, ok := findSets(codec, nalReader{data: data}); ok && sets.dimensions().width > 0 {
			return codec, true
		}
	}
	return "", false
}

// nal configures H.264 and HEVC from the parameter sets in CodecPrivateData.
func (m *formatMaker) nal() {
	f := &m.format
	f.NALLength = m.level.NALLength
	if f.NALLength < 1 || f.NALLength > 4 {
		if f.NALLength != 0 {
			m.warn("NALUnitLengthField %d is impossible: taken as 4", f.NALLength)
		}
		f.NALLength = 4
	}
	if key(f.FourCC) == "AVCB" {
		f.NALLength = 0
	}
	if len(m.data) == 0 {
		m.warn("no CodecPrivateData: parameter sets are expected in the samples")
		return
	}
	if length, ok := recordLength(f.Codec, m.data); ok && f.NALLength > 0 {
		m.warn("CodecPrivateData is a decoder configuration record, used as it is")
		f.Config, f.NALLength = bytes.Clone(m.data), length
		return
	}
	sets, ok := findSets(f.Codec, nalReader{data: m.data})
	if !ok {
		m.warn("CodecPrivateData holds no %s parameter sets: they are expected in the samples", f.Codec)
		return
	}
	size := sets.dimensions()
	switch {
	case size.width == 0:
		m.warn("the sequence parameter set cannot be read")
	case f.Width == 0 || f.Height == 0:
		f.Width, f.Height = size.width, size.height
	case f.Width != size.width || f.Height != size.height:
		m.warn("the manifest says %dx%d, the sequence parameter set %dx%d", f.Width, f.Height, size.width, size.height)
	}
	f.Config = sets.config(f.NALLength)
}

// recordLength recognises an avcC or hvcC record in place of Annex B parameter
// sets, and returns the length size that it states.
func recordLength(codec platform.Codec, data []byte) (int, bool) {
	at := 4
	if codec == platform.HEVC {
		at = 21
	}
	if len(data) < at+3 || data[0] != 1 {
		return 0, false
	}
	return int(data[at]&3) + 1, true
}

// vc1 takes the sequence and entry-point headers out of CodecPrivateData, which
// begins with a byte that binds them into ASF, or even with a whole media type.
func (m *formatMaker) vc1() error {
	at := bytes.Index(m.data, vc1Sequence)
	if at < 0 {
		return m.unsupported("no VC-1 sequence header (0000010F) in CodecPrivateData")
	}
	f := &m.format
	f.Config = bytes.Clone(m.data[at:])
	if !bytes.Contains(f.Config, vc1EntryPoint) {
		m.warn("no VC-1 entry point header (0000010E) in CodecPrivateData")
	}
	if f.Width == 0 || f.Height == 0 {
		// SMPTE 421M 6.1: 16 bits of profile, level and rates, then half the size
		// less one, 12 bits each.
		r := bitReader{data: f.Config[4:]}
		r.bits(16)
		w, h := 2*(int(r.bits(12))+1), 2*(int(r.bits(12))+1)
		if !r.failed {
			f.Width, f.Height = w, h
		}
	}
	return nil
}

// wmv3 takes STRUCT_C of SMPTE 421M annex J out of CodecPrivateData.
func (m *formatMaker) wmv3() error {
	f, data := &m.format, m.data
	if len(data) > 40 && binary.LittleEndian.Uint32(data) == 40 { // a whole BITMAPINFOHEADER
		data = data[40:]
	}
	if len(data) < 4 {
		return m.unsupported("CodecPrivateData of %d bytes, the sequence header takes 4", len(data))
	}
	if f.Width == 0 || f.Height == 0 {
		return m.unsupported("MaxWidth and MaxHeight are missing; WMV3 has them nowhere else")
	}
	f.Config = bytes.Clone(data)
	return nil
}
