package origin

import (
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"strings"
)

// The client manifest, as far as one is made here; [MS-SSTR] 2.2.2.
type (
	xmlManifest struct {
		XMLName   xml.Name    `xml:"SmoothStreamingMedia"`
		Major     int         `xml:"MajorVersion,attr"`
		Minor     int         `xml:"MinorVersion,attr"`
		TimeScale uint64      `xml:"TimeScale,attr"`
		Duration  uint64      `xml:"Duration,attr"`
		Streams   []xmlStream `xml:"StreamIndex"`
	}
	xmlStream struct {
		Type      string     `xml:"Type,attr"`
		Name      string     `xml:"Name,attr"`
		Language  string     `xml:"Language,attr,omitempty"`
		TimeScale uint64     `xml:"TimeScale,attr"`
		Chunks    int        `xml:"Chunks,attr"`
		Count     int        `xml:"QualityLevels,attr"`
		URL       string     `xml:"Url,attr"`
		Levels    []xmlLevel `xml:"QualityLevel"`
		C         []xmlChunk `xml:"c"`
	}
	xmlLevel struct {
		Index         int    `xml:"Index,attr"`
		Bitrate       int64  `xml:"Bitrate,attr"`
		FourCC        string `xml:"FourCC,attr"`
		MaxWidth      int    `xml:"MaxWidth,attr,omitempty"`
		MaxHeight     int    `xml:"MaxHeight,attr,omitempty"`
		NALLength     int    `xml:"NALUnitLengthField,attr,omitempty"`
		SamplingRate  int    `xml:"SamplingRate,attr,omitempty"`
		Channels      int    `xml:"Channels,attr,omitempty"`
		BitsPerSample int    `xml:"BitsPerSample,attr,omitempty"`
		PacketSize    int    `xml:"PacketSize,attr,omitempty"`
		AudioTag      int    `xml:"AudioTag,attr,omitempty"`
		Private       string `xml:"CodecPrivateData,attr"`
	}
	xmlChunk struct {
		T uint64 `xml:"t,attr"`
		D uint64 `xml:"d,attr"`
	}
)

const usualTimeScale = 10_000_000

// makeManifest makes a client manifest from what the media files say of their
// tracks, for presentations that come without one.
func (p *packaged) makeManifest() ([]byte, error) {
	m := xmlManifest{Major: 2, TimeScale: usualTimeScale}
	places := map[string]int{}
	for i := range p.tracks {
		t := &p.tracks[i]
		scale, level, err := describe(t.moov, t.id)
		if err != nil {
			return nil, fmt.Errorf("%s, track %d: %w", t.file, t.id, err)
		}
		level.Bitrate = t.bitrate
		place, known := places[t.name]
		if !known {
			place = len(m.Streams)
			places[t.name] = place
			s := xmlStream{
				Type: t.kind.String(), Name: t.name, Language: t.language, TimeScale: scale, Chunks: len(t.spots),
				URL: "QualityLevels({bitrate})/Fragments(" + t.name + "={start time})",
			}
			for _, c := range t.spots {
				s.C = append(s.C, xmlChunk{c.time, c.duration})
			}
			m.Streams = append(m.Streams, s)
			last := t.spots[len(t.spots)-1]
			seconds := float64(last.time+last.duration) / float64(scale)
			m.Duration = max(m.Duration, uint64(seconds*usualTimeScale+0.5))
		}
		s := &m.Streams[place]
		level.Index = len(s.Levels)
		s.Levels = append(s.Levels, level)
		s.Count = len(s.Levels)
	}
	data, err := xml.MarshalIndent(m, "", "  ")
	return append([]byte(xml.Header), data...), err
}

// describe reads from a moov box what a manifest says of a track: the time scale
// of its fragments and its codec.
func describe(moov []byte, id uint32) (scale uint64, level xmlLevel, err error) {
	for b := range boxes(moov) {
		if b.kind != "trak" {
			continue
		}
		tkhd := fields{b: child(b.body, "tkhd")}
		tkhd.skip(fullTimes(&tkhd))
		if uint32(tkhd.uint(4)) != id {
			continue
		}
		mdhd := fields{b: child(b.body, "mdia", "mdhd")}
		mdhd.skip(fullTimes(&mdhd))
		scale = mdhd.uint(4)
		if scale == 0 {
			return 0, level, fmt.Errorf("its time scale is 0")
		}
		stsd := child(b.body, "mdia", "minf", "stbl", "stsd")
		if len(stsd) < 8 {
			return 0, level, fmt.Errorf("it has no sample description")
		}
		for entry := range boxes(stsd[8:]) {
			level, err = describeEntry(entry)
			return scale, level, err
		}
	}
	return 0, level, fmt.Errorf("it is not in the moov box")
}

// fullTimes reads the head of a tkhd or mdhd box and returns the size of the
// creation and modification times that follow.
func fullTimes(f *fields) int {
	if version, _ := f.full(); version == 1 {
		return 16
	}
	return 8
}

// describeEntry reads a sample entry, ISO/IEC 14496-12 8.5.2 and 14496-15.
func describeEntry(entry box) (xmlLevel, error) {
	f := fields{b: entry.body}
	f.skip(8) // reserved, data_reference_index
	switch entry.kind {
	case "avc1", "avc3":
		return describeAVC(f)
	case "stpp":
		return xmlLevel{FourCC: "TTML"}, nil
	case "wvtt":
		return xmlLevel{FourCC: "WVTT"}, nil
	case "mp4a":
		f.skip(8)
		l := xmlLevel{FourCC: "AACL", AudioTag: 255, PacketSize: 4}
		l.Channels, l.BitsPerSample = int(f.uint(2)), int(f.uint(2))
		f.skip(4)
		l.SamplingRate = int(f.uint(4) >> 16)
		config := audioSpecificConfig(child(f.b, "esds"))
		if len(config) == 0 {
			return l, fmt.Errorf("its esds box holds no AudioSpecificConfig")
		}
		if aot := config[0] >> 3; aot == 5 || aot == 29 {
			l.FourCC = "AACH"
		}
		l.Private = hexOf(config)
		return l, nil
	}
	return xmlLevel{}, fmt.Errorf("no manifest can be made for codec %q; give the presentation an .ismc file", entry.kind)
}

// describeAVC reads width, height and the avcC box of an AVC sample entry.
func describeAVC(f fields) (xmlLevel, error) {
	f.skip(16)
	l := xmlLevel{FourCC: "H264", MaxWidth: int(f.uint(2)), MaxHeight: int(f.uint(2))}
	f.skip(50)
	c := fields{b: child(f.b, "avcC")}
	c.skip(4) // version, profile, compatibility, level
	if length := int(c.uint(1)&3) + 1; length != 4 {
		l.NALLength = length
	}
	var private []byte
	for _, mask := range []uint64{0x1f, 0xff} { // sequence, then picture parameter sets
		for range c.uint(1) & mask {
			n := int(c.uint(2))
			if n > len(c.b) {
				return l, fmt.Errorf("its avcC box is cut short")
			}
			private = append(append(private, 0, 0, 0, 1), c.b[:n]...)
			c.skip(n)
		}
	}
	if c.short || private == nil {
		return l, fmt.Errorf("it has no avcC box with parameter sets")
	}
	l.Private = hexOf(private)
	return l, nil
}

// audioSpecificConfig finds the DecoderSpecificInfo in an esds box, ISO/IEC
// 14496-1 7.2.6.
func audioSpecificConfig(esds []byte) []byte {
	if len(esds) < 4 {
		return nil
	}
	b := esds[4:]
	for len(b) >= 2 {
		tag, size := b[0], 0
		b = b[1:]
		for range 4 {
			if len(b) == 0 {
				return nil
			}
			c := b[0]
			b = b[1:]
			size = size<<7 | int(c&0x7f)
			if c&0x80 == 0 {
				break
			}
		}
		size = min(size, len(b))
		switch tag {
		case 3: // ES_Descriptor: ES_ID and flags, which name what else follows
			if size < 3 {
				return nil
			}
			flags := b[2]
			b = b[3:]
			if flags&0x80 != 0 {
				b = b[min(2, len(b)):]
			}
			if flags&0x40 != 0 && len(b) > 0 {
				b = b[min(1+int(b[0]), len(b)):]
			}
			if flags&0x20 != 0 {
				b = b[min(2, len(b)):]
			}
		case 4: // DecoderConfigDescriptor
			b = b[min(13, size):]
		case 5: // DecoderSpecificInfo
			return b[:size]
		default:
			b = b[size:]
		}
	}
	return nil
}

func hexOf(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
