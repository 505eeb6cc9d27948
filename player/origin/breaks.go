package origin

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// BreaksName is the name of the sparse stream that Breaks adds.
const BreaksName = "scte35"

// Breaks adds to every presentation with video or audio a sparse stream that
// announces breaks for advertisements: a splice_insert of SCTE 35 for each, in
// the envelope of Azure Media Services.
type Breaks struct {
	First  time.Duration // the first break; 0: Every
	Every  time.Duration // from one break to the next; required
	Length time.Duration // of a break, as announced; 0: 10 s
	Notice time.Duration // how long before a break its fragment lies; 0: at the break
	Inline bool          // the manifest carries the payloads, too
}

func (b *Breaks) complete() (*Breaks, error) {
	c := *b
	if c.Every < time.Second {
		return nil, errors.New("breaks are at least 1 s apart")
	}
	if c.First == 0 {
		c.First = c.Every
	}
	if c.Length == 0 {
		c.Length = 10 * time.Second
	}
	if c.Notice < 0 || c.Notice >= c.Every || c.Notice > c.First {
		return nil, errors.New("a break is announced after the one before it, and after the start")
	}
	return &c, nil
}

// withBreaks is a presentation with a sparse stream of breaks.
type withBreaks struct {
	presentation
	breaks *Breaks
	client []byte
	zero   uint64 // tick at which the presentation begins
	count  int    // breaks
}

// add puts the stream into p; what has nothing to attach it to stays as it is.
func (b *Breaks) add(p presentation) presentation {
	data, err := p.manifest()
	if err != nil {
		return p
	}
	text := string(utf8Of(data))
	parsed, err := manifest.Parse([]byte(text), manifest.Limits{})
	if err != nil {
		return p
	}
	snap, err := timeline.New(parsed)
	end := strings.LastIndex(text, "</SmoothStreamingMedia>")
	parent := ""
	for i := range parsed.Streams {
		s := &parsed.Streams[i]
		if parent == "" && s.Type != "text" && s.Parent == "" {
			parent = s.Name
			if parent == "" {
				parent = s.Type
			}
		}
		if s.Name == BreaksName {
			return p
		}
	}
	if err != nil || end < 0 || parent == "" {
		return p
	}
	w := &withBreaks{presentation: p, breaks: b, zero: uint64(snap.Zero() / 100)}
	for at := b.First; at < snap.Duration(); at += b.Every {
		w.count++
	}
	var s strings.Builder
	fmt.Fprintf(&s, `<StreamIndex Type="text" Subtype="DATA" Name="%s" TimeScale="10000000" ParentStreamIndex="%s" ManifestOutput="%t" QualityLevels="1" Url="QualityLevels({bitrate})/Fragments(%s={start time})">`,
		BreaksName, parent, b.Inline, BreaksName)
	s.WriteString(`<QualityLevel Index="0" Bitrate="0" CodecPrivateData="" FourCC=""><CustomAttributes><Attribute Name="Scheme" Value="urn:scte:scte35:2013:bin"/></CustomAttributes></QualityLevel>`)
	for i := range w.count {
		fmt.Fprintf(&s, `<c t="%d" d="%d">`, w.time(i), uint64(b.Length/100))
		if b.Inline {
			s.WriteString("<f>" + base64.StdEncoding.EncodeToString(w.message(i)) + "</f>")
		}
		s.WriteString("</c>")
	}
	s.WriteString("</StreamIndex>\n")
	// What declared another encoding is UTF-8 now.
	head, rest, found := strings.Cut(text[:end], "?>")
	if found && strings.HasPrefix(head, "<?xml") {
		head, rest = `<?xml version="1.0"`, "?>"+rest
	}
	w.client = []byte(head + rest + s.String() + text[end:])
	return w
}

func (w *withBreaks) manifest() ([]byte, error) { return w.client, nil }

// time is that of the fragment of break i.
func (w *withBreaks) time(i int) uint64 {
	return w.zero + uint64((w.breaks.First+time.Duration(i)*w.breaks.Every-w.breaks.Notice)/100)
}

// message is the payload of break i.
func (w *withBreaks) message(i int) []byte {
	m := binary.BigEndian.AppendUint32(nil, 1)
	m = binary.BigEndian.AppendUint32(m, uint32(i+1))
	m = binary.BigEndian.AppendUint32(m, uint32(w.breaks.Notice/100))
	at := w.zero + uint64((w.breaks.First+time.Duration(i)*w.breaks.Every)/100)
	return append(m, spliceInsert(uint32(i+1), at/1000*9, uint64(w.breaks.Length)*9/100_000)...)
}

func (w *withBreaks) fragment(r request) (*content, error) {
	if !strings.EqualFold(r.stream, BreaksName) {
		return w.presentation.fragment(r)
	}
	for i := range w.count {
		if w.time(i) != r.time {
			continue
		}
		moof, media := sparseFragment(w.time(i), uint64(w.breaks.Length/100), w.message(i))
		data := cutOut(moof, media, r.part())
		return &content{bytes.NewReader(data), io.NopCloser(nil), int64(len(data)), "application/mp4"}, nil
	}
	return nil, fmt.Errorf("stream %q at time %d: %w", r.stream, r.time, fs.ErrNotExist)
}

// spliceInsert writes a splice_info_section with a splice_insert that leaves the
// network at pts for d, in 90 kHz; SCTE 35 9.6, 9.7.3.
func spliceInsert(id uint32, pts, d uint64) []byte {
	const mask = 1<<33 - 1
	command := binary.BigEndian.AppendUint32(nil, id)
	command = append(command, 0x7f, 0xef) // not canceled; out of network, program splice, with a duration, not immediate
	command = append(command, 0xfe|byte(pts&mask>>32))
	command = binary.BigEndian.AppendUint32(command, uint32(pts))
	command = append(command, 0xfe|byte(d&mask>>32)) // returns by itself
	command = binary.BigEndian.AppendUint32(command, uint32(d))
	command = append(command, 0, 1, 0, 0) // unique_program_id, avail_num, avails_expected
	section := []byte{0xfc, 0x30, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xf0, byte(len(command)), 5}
	section = append(section, command...)
	section = append(section, 0, 0) // no descriptors
	binary.BigEndian.PutUint16(section[1:], 0x3000|uint16(len(section)-3+4))
	return binary.BigEndian.AppendUint32(section, crcMPEG(section))
}

// crcMPEG is the CRC_32 of ISO/IEC 13818-1.
func crcMPEG(data []byte) uint32 {
	crc := ^uint32(0)
	for _, b := range data {
		crc ^= uint32(b) << 24
		for range 8 {
			carry := crc >> 31
			crc <<= 1
			crc ^= carry * 0x04c11db7
		}
	}
	return crc
}

// sparseFragment is a fragment of one sample.
func sparseFragment(t, d uint64, sample []byte) (moof, media []byte) {
	tfxd := binary.BigEndian.AppendUint64([]byte(uuidTfxd+"\x01\x00\x00\x00"), t)
	tfxd = binary.BigEndian.AppendUint64(tfxd, d)
	trun := []byte{0, 0, 3, 1, 0, 0, 0, 1, 0, 0, 0, 0}
	trun = binary.BigEndian.AppendUint32(trun, uint32(d))
	trun = binary.BigEndian.AppendUint32(trun, uint32(len(sample)))
	write := func() []byte {
		out := openBox(nil, "moof")
		out = writeBox(out, "mfhd", make([]byte, 8))
		start := len(out)
		out = openBox(out, "traf")
		out = writeBox(out, "tfhd", []byte{0, 2, 0, 0, 0, 0, 0, 1})
		out = writeBox(out, "trun", trun)
		out = writeBox(out, "uuid", tfxd)
		closeBox(out, start)
		closeBox(out, 0)
		return out
	}
	binary.BigEndian.PutUint32(trun[8:], uint32(len(write())+8))
	return write(), sample
}
