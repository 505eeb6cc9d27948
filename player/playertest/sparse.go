package playertest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// Sparse is a text stream of a Presentation that carries data.
type Sparse struct {
	Name, Subtype string
	Alone         bool // it has no parent
	Inline        bool // the manifest carries its data, and nothing else does
	Data          []Datum
}

// Datum is one fragment of a Sparse stream.
type Datum struct {
	At, Length time.Duration
	Payload    string
}

// describe writes the stream into a manifest whose times begin at offset.
func (s *Sparse) describe(b *strings.Builder, offset uint64) {
	parent := ` ParentStreamIndex="video"`
	if s.Alone {
		parent = ""
	}
	fmt.Fprintf(b, `<StreamIndex Type="text" Name="%s" Subtype="%s"%s ManifestOutput="%t" Url="QualityLevels({bitrate})/Fragments(%s={start time})"><QualityLevel Index="0" Bitrate="0" FourCC=""/>`,
		s.Name, s.Subtype, parent, s.Inline, s.Name)
	for _, d := range s.Data {
		fmt.Fprintf(b, `<c t="%d" d="%d">`, offset+uint64(d.At/100), uint64(d.Length/100))
		if s.Inline {
			b.WriteString("<f>" + base64.StdEncoding.EncodeToString([]byte(d.Payload)) + "</f>")
		}
		b.WriteString("</c>")
	}
	b.WriteString("</StreamIndex>\n")
}

// fragment is the body of the fragment at t; nil: there is none.
func (s *Sparse) fragment(t, offset uint64) []byte {
	for _, d := range s.Data {
		if s.Inline || offset+uint64(d.At/100) != t {
			continue
		}
		trun := []byte{0, 0, 3, 1, 0, 0, 0, 1, 0, 0, 0, 0}
		trun = binary.BigEndian.AppendUint32(trun, uint32(d.Length/100))
		trun = binary.BigEndian.AppendUint32(trun, uint32(len(d.Payload)))
		build := func() []byte {
			return box("moof", box("mfhd", make([]byte, 8)), box("traf", box("tfhd", []byte{0, 2, 0, 0, 0, 0, 0, 1}), box("trun", trun)))
		}
		binary.BigEndian.PutUint32(trun[8:], uint32(len(build())+8))
		return append(build(), box("mdat", []byte(d.Payload))...)
	}
	return nil
}
