package fragment

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/Eyevinn/mp4ff/aac"

	"smoothplay/platform"
)

// audioTags are the WAVEFORMATEX format tags of 4.1 of the protocol notes. 65534,
// WAVEFORMATEXTENSIBLE, names no codec.
var audioTags = map[int]platform.Codec{
	0x0001: platform.PCMCodec,
	0x0055: platform.MP3,
	0x00ff: platform.AAC,
	0x0160: platform.WMA1,
	0x0161: platform.WMA2,
	0x0162: platform.WMAPro,
	0x0163: platform.WMALossless,
	0x1600: platform.AAC,
	0x1610: platform.AAC,
	0x2000: platform.AC3,
}

const tagExtensible = 0xfffe

var audioCodecs = map[string]platform.Codec{
	"AACL": platform.AAC, "AAC": platform.AAC, "AACP": platform.AAC, "AACH": platform.AAC, "MP4A": platform.AAC,
	"WMAP": platform.WMAPro, "WMAPRO": platform.WMAPro,
	"WMA2": platform.WMA2, "WMA": platform.WMA2, "WMAS": platform.WMA2,
	"WMAL": platform.WMALossless,
	"EC-3": platform.EAC3, "EC3": platform.EAC3, "DEC3": platform.EAC3,
	"AC-3": platform.AC3, "AC3": platform.AC3, "DAC3": platform.AC3,
	"DTSC": platform.DTS, "DTSH": platform.DTS, "DTSL": platform.DTS, "DTSE": platform.DTS,
	"OPUS": platform.Opus,
	"MP3":  platform.MP3, "PCM": platform.PCMCodec,
}

// waveFormat is a WAVEFORMATEX structure.
type waveFormat struct {
	tag, channels, rate    int
	bytesPerSecond         int64
	blockAlign, sampleBits int
	extra                  []byte // the bytes after it
}

const waveFormatSize = 18

// readWaveFormat reads a WAVEFORMATEX and what is appended to it.
func readWaveFormat(b []byte) (waveFormat, bool) {
	if len(b) < waveFormatSize {
		return waveFormat{}, false
	}
	le := binary.LittleEndian
	extra := b[waveFormatSize:]
	return waveFormat{
		tag:            int(le.Uint16(b)),
		channels:       int(le.Uint16(b[2:])),
		rate:           int(min(le.Uint32(b[4:]), 1<<30)),
		bytesPerSecond: int64(le.Uint32(b[8:])),
		blockAlign:     int(le.Uint16(b[12:])),
		sampleBits:     int(le.Uint16(b[14:])),
		extra:          extra[:min(len(extra), int(le.Uint16(b[16:])))],
	}, true
}

// wholeWaveFormat tells a whole WAVEFORMATEX in CodecPrivateData from the bare
// bytes that follow one: those of WMA Professional are 18 bytes long too, so the
// tag must be known and the length of the rest right.
func wholeWaveFormat(b []byte) (waveFormat, bool) {
	w, ok := readWaveFormat(b)
	if !ok || waveFormatSize+int(binary.LittleEndian.Uint16(b[16:])) != len(b) {
		return waveFormat{}, false
	}
	_, known := audioTags[w.tag]
	return w, known || w.tag == tagExtensible
}

func (m *formatMaker) audio() error {
	f, l := &m.format, m.level
	f.SampleRate, f.Channels, f.BitsPerSample, f.BlockAlign = l.SamplingRate, l.Channels, l.BitsPerSample, l.PacketSize

	tag := l.AudioTag
	wave, whole := wholeWaveFormat(m.data)
	if !whole && len(m.data) == 0 {
		wave, whole = readWaveFormat(l.WaveFormatEx)
	}
	if whole { // the encoder's own words, all of one piece
		m.data, tag = wave.extra, wave.tag
		f.SampleRate, f.Channels = m.prefer("SamplingRate", wave.rate, f.SampleRate), m.prefer("Channels", wave.channels, f.Channels)
		f.BlockAlign = m.prefer("PacketSize", wave.blockAlign, f.BlockAlign)
		f.BitsPerSample = m.prefer("BitsPerSample", wave.sampleBits, f.BitsPerSample)
		if wave.bytesPerSecond > 0 {
			f.BitrateBPS = 8 * wave.bytesPerSecond
		}
	}
	codec, err := m.audioCodec(tag)
	if err != nil {
		return err
	}
	f.Codec = codec
	switch codec {
	case platform.AAC:
		return m.aac(tag)
	case platform.WMA1, platform.WMA2, platform.WMAPro, platform.WMALossless:
		return m.wma()
	case platform.EAC3:
		m.eac3()
	case platform.Opus:
		f.Config = bytes.Clone(m.data)
	case platform.PCMCodec:
		if f.SampleRate <= 0 || f.Channels <= 0 || f.BitsPerSample <= 0 {
			return m.unsupported("PCM needs SamplingRate, Channels and BitsPerSample")
		}
		f.BlockAlign = f.Channels * ((f.BitsPerSample + 7) / 8)
	}
	return nil
}

// prefer returns what WAVEFORMATEX says of a field, or else the manifest.
func (m *formatMaker) prefer(name string, wave, manifest int) int {
	if wave == 0 {
		return manifest
	}
	if manifest != 0 && manifest != wave {
		m.warn("%s is %d in the manifest and %d in WAVEFORMATEX, which wins", name, manifest, wave)
	}
	return wave
}

// audioCodec chooses by format tag, FourCC and Subtype. Where tag and FourCC
// disagree the tag is right: MP3 is announced as WMAP with tag 85.
func (m *formatMaker) audioCodec(tag int) (platform.Codec, error) {
	byTag, hasTag := audioTags[tag]
	byName, hasName := audioCodecs[key(m.level.FourCC)]
	codec := byName
	switch {
	case hasTag && hasName && byTag != byName:
		codec = byTag
		if byTag != platform.WMA2 || byName != platform.WMAPro { // that is a misprint, see below
			m.warn("FourCC %s contradicts format tag %d: taken as %s", m.level.FourCC, tag, codec)
		}
	case hasName:
	case hasTag:
		codec = byTag
		if m.level.FourCC != "" {
			m.warn("FourCC %q is not known, format tag %d is: taken as %s", m.level.FourCC, tag, codec)
		}
	case key(m.level.FourCC) != "":
		return "", m.unsupported("not known as audio")
	default:
		ok := false
		if codec, ok = audioCodecs[key(m.stream.Subtype)]; !ok {
			codec = platform.AAC
		}
		m.warn("neither FourCC nor a known AudioTag: taken as %s", codec)
	}
	// The specification prints tag 353 for WMA2 and WMAP alike; what is appended
	// to WAVEFORMATEX tells them apart.
	switch {
	case codec == platform.WMAPro && len(m.data) == 10:
		m.warn("10 bytes of CodecPrivateData are those of wma2")
		codec = platform.WMA2
	case codec == platform.WMA2 && len(m.data) == 18:
		m.warn("18 bytes of CodecPrivateData are those of wmapro")
		codec = platform.WMAPro
	}
	return codec, nil
}

// wma checks what the decoders of Windows Media Audio cannot do without.
func (m *formatMaker) wma() error {
	f := &m.format
	need := map[platform.Codec]int{platform.WMA1: 4, platform.WMA2: 6, platform.WMAPro: 18, platform.WMALossless: 18}[f.Codec]
	if len(m.data) < need {
		return m.unsupported("%s needs %d bytes of CodecPrivateData, %d are there", f.Codec, need, len(m.data))
	}
	f.Config = bytes.Clone(m.data)
	if f.Codec == platform.WMAPro && f.BitsPerSample == 0 {
		f.BitsPerSample = int(binary.LittleEndian.Uint16(f.Config))
	}
	if f.SampleRate <= 0 || f.Channels <= 0 || f.BlockAlign <= 0 || f.BitrateBPS <= 0 {
		return m.unsupported("%s needs SamplingRate, Channels, PacketSize and Bitrate", f.Codec)
	}
	return nil
}

// eac3 takes the dec3 payload out of what follows WAVEFORMATEX in a
// WAVEFORMATEXTENSIBLE: 2 bytes, a channel mask, and the GUID of Dolby Digital
// Plus stand before it. Decoders do well without.
func (m *formatMaker) eac3() {
	guid := []byte{0xaf, 0x87, 0xfb, 0xa7, 0x02, 0x2d, 0xfb, 0x42, 0xa4, 0xd4, 0x05, 0xcd, 0x93, 0x84, 0x3b, 0xdd}
	if len(m.data) < 22 || !bytes.Equal(m.data[6:22], guid) {
		if len(m.data) > 0 {
			m.warn("CodecPrivateData is not that of E-AC-3: ignored")
		}
		return
	}
	m.format.Config = bytes.Clone(m.data[22:])
	if m.format.Channels == 0 {
		m.format.Channels = bits.OnesCount32(binary.LittleEndian.Uint32(m.data[2:]))
	}
}

// aac uses the AudioSpecificConfig in CodecPrivateData, or makes one from
// SamplingRate and Channels, ISO/IEC 14496-3 1.6.2.1.
func (m *formatMaker) aac(tag int) error {
	f, data := &m.format, m.data
	const tagHEAAC = 0x1610
	if tag == tagHEAAC && len(data) >= 14 { // after HEAACWAVEINFO
		data = data[12:]
	}
	if rate, channels, ok := readASC(data); ok {
		f.Config = bytes.Clone(data)
		if f.SampleRate <= 0 {
			f.SampleRate = rate
		}
		if f.Channels <= 0 {
			f.Channels = channels
		}
		return nil
	}
	if len(data) > 0 {
		m.warn("CodecPrivateData %x is no AudioSpecificConfig: one is made from the attributes", data[:min(len(data), 8)])
	}
	if f.SampleRate <= 0 || f.SampleRate >= 1<<24 {
		return m.unsupported("neither CodecPrivateData nor SamplingRate tells the sampling rate")
	}
	if f.Channels <= 0 || f.Channels == 7 || f.Channels > 8 {
		m.warn("Channels is %d: taken as 2", f.Channels)
		f.Channels = 2
	}
	c := aac.AudioSpecificConfig{ObjectType: aac.AAClc, SamplingFrequency: f.SampleRate, ChannelConfiguration: byte(f.Channels)}
	if f.Channels == 8 {
		c.ChannelConfiguration = 7
	}
	if key(f.FourCC) == "AACH" {
		// No one says whether SamplingRate is that of the core or of the output;
		// no core runs above 24 kHz. The decoder's word is the last.
		if c.SamplingFrequency > 24000 {
			c.SamplingFrequency /= 2
		}
		c.ObjectType, c.ExtensionFrequency = aac.HEAACv1, 2*c.SamplingFrequency
	}
	var b bytes.Buffer
	if err := c.Encode(&b); err != nil {
		return m.unsupported("no AudioSpecificConfig can be made: %v", err)
	}
	f.Config = b.Bytes()
	return nil
}

// readASC reads rate and channels of the core out of an AudioSpecificConfig;
// channels is 0 where they are stated elsewhere.
func readASC(data []byte) (rate, channels int, ok bool) {
	rates := [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}
	r := bitReader{data: data, plain: true}
	object := r.bits(5)
	if object == 31 {
		object = 32 + r.bits(6)
	}
	switch index := r.bits(4); {
	case index < uint64(len(rates)):
		rate = rates[index]
	case index == 15:
		rate = int(r.bits(24))
	}
	channels = int(r.bits(4))
	if channels == 7 {
		channels = 8
	}
	return rate, channels, !r.failed && object != 0 && rate != 0 && channels <= 8
}
