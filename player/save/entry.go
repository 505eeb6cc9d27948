package save

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/Eyevinn/mp4ff/mp4"

	"smoothplay/platform"
)

// entries are the sample entries for the codecs that MP4 has one for. Windows
// Media Audio has none of its own in the standards; PIFF and FFmpeg know "owma".
var entries = map[platform.Codec]string{
	platform.H264: "avc1", platform.HEVC: "hvc1", platform.VC1: "vc-1",
	platform.AAC: "mp4a", platform.MP3: "mp4a", platform.AC3: "ac-3", platform.EAC3: "ec-3",
	platform.WMA1: "owma", platform.WMA2: "owma", platform.WMAPro: "owma", platform.WMALossless: "owma",
}

// waveTags are the format tags of Windows Media Audio in WAVEFORMATEX.
var waveTags = map[platform.Codec]uint16{
	platform.WMA1: 0x160, platform.WMA2: 0x161, platform.WMAPro: 0x162, platform.WMALossless: 0x163,
}

// canHold says why MP4 cannot hold samples of a format; nil: it can.
func canHold(f *platform.Format) error {
	if entries[f.Codec] == "" {
		return fmt.Errorf("MP4 has no place for %s", f.Codec)
	}
	return nil
}

// sampleEntry writes the description of samples, ISO/IEC 14496-12 8.5.2.
func (w *tables) sampleEntry(f *description) {
	kind := entries[f.Codec]
	switch {
	case f.Encryption != nil && f.Kind == platform.Video:
		kind = "encv"
	case f.Encryption != nil:
		kind = "enca"
	}
	w.box(kind, func() {
		w.u32(0, 1) // reserved, and the only data reference
		if f.Kind == platform.Video {
			w.video(&f.Format)
		} else {
			w.audio(&f.Format)
		}
		if f.Encryption != nil {
			w.scheme(f)
		}
	})
}

func (w *tables) video(f *platform.Format) {
	w.bytes(make([]byte, 16))
	w.u32(uint32(min(f.Width, math.MaxUint16))<<16 | uint32(min(f.Height, math.MaxUint16)))
	w.u32(72<<16, 72<<16, 0) // dots an inch
	var rest [38]byte        // one picture a sample, no name, 24 bits of colour
	rest[1], rest[35] = 1, 24
	binary.BigEndian.PutUint16(rest[36:], math.MaxUint16)
	w.bytes(rest[:])
	switch f.Codec {
	case platform.H264:
		w.box("avcC", func() { w.bytes(f.Config) })
	case platform.HEVC:
		w.box("hvcC", func() { w.bytes(f.Config) })
	case platform.VC1:
		w.box("dvc1", func() { w.bytes(vc1Description(f.Config)) })
	}
	if f.AspectWidth > 0 && f.AspectHeight > 0 && f.Width > 0 && f.Height > 0 {
		h, v := reduce(int64(f.AspectWidth)*int64(f.Height), int64(f.AspectHeight)*int64(f.Width))
		if h != v {
			w.made(&mp4.PaspBox{HSpacing: h, VSpacing: v})
		}
	}
	w.bitrate(f)
}

// reduce is a:b in the smallest numbers.
func reduce(a, b int64) (uint32, uint32) {
	x, y := a, b
	for y != 0 {
		x, y = y, x%y
	}
	return uint32(a / x), uint32(b / x)
}

func (w *tables) bitrate(f *platform.Format) {
	if f.BitrateBPS > 0 && f.BitrateBPS <= math.MaxUint32 {
		w.made(&mp4.BtrtBox{MaxBitrate: uint32(f.BitrateBPS), AvgBitrate: uint32(f.BitrateBPS)})
	}
}

func (w *tables) audio(f *platform.Format) {
	sampleBits := f.BitsPerSample
	if sampleBits <= 0 {
		sampleBits = 16
	}
	rate := f.SampleRate
	if rate > math.MaxUint16 {
		rate = 0 // it does not fit, and is in the configuration
	}
	w.u32(0, 0, uint32(min(f.Channels, 255))<<16|uint32(sampleBits), 0, uint32(rate)<<16)
	switch f.Codec {
	case platform.AAC:
		esds := mp4.CreateEsdsBox(f.Config)
		esds.DecConfigDescriptor.MaxBitrate = uint32(min(f.BitrateBPS, math.MaxUint32))
		esds.DecConfigDescriptor.AvgBitrate = esds.DecConfigDescriptor.MaxBitrate
		w.made(esds)
	case platform.MP3:
		w.box("esds", func() { w.bytes(mp3Description(f)) })
	case platform.AC3:
		w.box("dac3", func() { w.bytes(f.Config) })
	case platform.EAC3:
		w.box("dec3", func() { w.bytes(f.Config) })
	default:
		w.box("wfex", func() { w.bytes(waveDescription(f)) })
	}
	w.bitrate(f)
}

// mp3Description is the content of an esds box without specific configuration,
// ISO/IEC 14496-1 7.2.6.
func mp3Description(f *platform.Format) []byte {
	const mpeg1, mpeg2 = 0x6b, 0x69
	kind := byte(mpeg1)
	if f.SampleRate > 0 && f.SampleRate < 32000 {
		kind = mpeg2
	}
	b := []byte{0, 0, 0, 0, 3, 21, 0, 1, 0, 4, 13, kind, 0x15, 0, 0, 0}
	rate := uint32(min(f.BitrateBPS, math.MaxUint32))
	b = binary.BigEndian.AppendUint32(b, rate)
	b = binary.BigEndian.AppendUint32(b, rate)
	return append(b, 6, 1, 2)
}

// waveDescription is a WAVEFORMATEX with what follows it.
func waveDescription(f *platform.Format) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(nil, waveTags[f.Codec])
	b = le.AppendUint16(b, uint16(f.Channels))
	b = le.AppendUint32(b, uint32(f.SampleRate))
	b = le.AppendUint32(b, uint32(f.BitrateBPS/8))
	b = le.AppendUint16(b, uint16(f.BlockAlign))
	b = le.AppendUint16(b, uint16(f.BitsPerSample))
	b = le.AppendUint16(b, uint16(len(f.Config)))
	return append(b, f.Config...)
}

// vc1Description is the content of a dvc1 box for Advanced Profile, SMPTE RP 2025
// 6.1: what may come is all allowed, since nobody looked, and the picture rate is
// not told. The sequence and entry-point headers follow.
func vc1Description(headers []byte) []byte {
	const advanced = 12
	level := byte(4)
	if len(headers) > 4 {
		level = headers[4] >> 3 & 7
	}
	b := []byte{advanced<<4 | level<<1, level << 5, 0, 0xff, 0xff, 0xff, 0xff}
	return append(b, headers...)
}
