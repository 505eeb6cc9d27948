package manifest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// stream reads a StreamIndex, [MS-SSTR] 2.2.2.3.
func (p *parser) stream() {
	if p.streams++; p.streams > p.limits.Streams {
		p.tooLarge(p.limits.Streams, "StreamIndex elements")
		return
	}
	begin, element := p.start, p.syntax(nil, "")
	s := Stream{
		Type:          strings.ToLower(p.string("type")),
		Subtype:       p.string("subtype"),
		Name:          p.string("name"),
		Language:      p.string("language"),
		URL:           p.template(),
		Parent:        p.string("parentstreamindex"),
		MaxWidth:      p.lenient("maxwidth", "width"),
		MaxHeight:     p.lenient("maxheight", "height"),
		DisplayWidth:  p.lenient("displaywidth"),
		DisplayHeight: p.lenient("displayheight"),
	}
	if output := p.boolean("manifestoutput"); output != nil {
		s.ManifestOutput = *output
	}
	fourCC, chunks := p.string("fourcc"), p.lenient("chunks")
	if p.inClip {
		chunks = 0 // those of the presentation that it is taken from
	}
	if s.Type != "video" && s.Type != "audio" && s.Type != "text" {
		p.warnf(begin, "StreamIndex of type %s was dropped; known are video, audio and text", quote([]byte(s.Type)))
		p.skip()
		return
	}
	bad := p.streamTimeScale(&s)

	list := chunkList{limit: p.limits.Chunks - p.chunks, tolerance: s.TimeScale / 100}
	var badLevel error
	for written := 0; p.child(); {
		switch {
		case p.is("c"):
			if bad == nil {
				bad = p.chunk(&list, &s)
			} else {
				p.skip()
			}
		case p.is("qualitylevel"):
			if err := p.level(&s, written, fourCC); err != nil {
				p.warn(fmt.Errorf("%s: level dropped: %w", describeStream(&s), err))
				if badLevel == nil {
					badLevel = err
				}
			}
			written++
		case p.is("customattributes"):
			s.Attributes = p.customAttributes(s.Attributes)
		case p.is("content"):
			p.content(&s)
		default:
			p.skip()
		}
	}
	if p.err != nil {
		return
	}
	if bad == nil {
		bad = p.finishChunks(&list, &s, begin, chunks)
	}
	if s.Type != "text" && bad == nil {
		switch {
		case len(s.Levels) > 0:
		case badLevel != nil:
			bad = badLevel
		default:
			element.Reason = "the stream has no QualityLevel"
			bad = element
		}
	}
	if bad != nil {
		p.dropStream(&s, begin, bad)
		return
	}
	p.chunks += list.count
	p.keepStream(s, begin)
}

// streamTimeScale sets the stream's TimeScale, which is the root's by default.
func (p *parser) streamTimeScale(s *Stream) error {
	s.TimeScale = p.out.TimeScale
	for _, name := range []string{"timescale", "streamtimescale"} {
		v, ok, err := p.number(name, math.MaxUint64)
		if err != nil {
			return err
		}
		if ok && v == 0 {
			p.warnf(p.start, "%s: TimeScale 0; it was read as %d", describeStream(s), s.TimeScale)
		} else if ok {
			s.TimeScale = v
			return nil
		}
	}
	return nil
}

func (p *parser) dropStream(s *Stream, begin int, cause error) {
	p.warnf(begin, "%s dropped: %v", describeStream(s), cause)
	switch s.Type {
	case "video":
		if p.videoError == nil {
			p.videoError = cause
		}
	case "audio":
		if p.audioError == nil {
			p.audioError = cause
		}
	}
}

func (p *parser) keepStream(s Stream, begin int) {
	if s.Type == "video" {
		for i := range s.Levels {
			s.MaxWidth = max(s.MaxWidth, s.Levels[i].Width)
			s.MaxHeight = max(s.MaxHeight, s.Levels[i].Height)
		}
	}
	for i := range p.out.Streams {
		other := &p.out.Streams[i]
		if other.Type == s.Type && other.Name == s.Name && (s.Name != "" || other.Language == s.Language) {
			p.warnf(begin, "another %s of the same name", describeStream(&s))
			break
		}
	}
	p.out.Streams = append(p.out.Streams, s)
}

// template reads a Url. Where its author broke the line, the white space of
// the break is no part of it.
func (p *parser) template() string {
	url := p.string("url")
	if !strings.ContainsAny(url, "\r\n") {
		return url
	}
	var b strings.Builder
	for url != "" {
		text := strings.TrimLeft(url, " \t\r\n")
		if space := url[:len(url)-len(text)]; !strings.ContainsAny(space, "\r\n") {
			b.WriteString(space)
		}
		end := strings.IndexAny(text, " \t\r\n")
		if end < 0 {
			end = len(text)
		}
		b.WriteString(text[:end])
		url = text[end:]
	}
	return b.String()
}

// level reads a QualityLevel, [MS-SSTR] 2.2.2.5, into the stream. The error, a
// *SyntaxError, is the reason why it was dropped.
func (p *parser) level(s *Stream, ordinal int, streamFourCC string) error {
	if p.levels++; p.levels > p.limits.Levels {
		p.tooLarge(p.limits.Levels, "QualityLevel elements")
		return nil
	}
	bitrate, _, err := p.number("bitrate", math.MaxInt64)
	l := Level{
		Index:         p.levelIndex(s, ordinal),
		Bitrate:       p.string("bitrate"),
		BitrateBPS:    int64(bitrate),
		NominalBPS:    int64(p.lenient("nominalbitrate")),
		Width:         p.lenient("maxwidth", "width"),
		Height:        p.lenient("maxheight", "height"),
		FourCC:        strings.ToUpper(p.string("fourcc")),
		CodecData:     p.hex("codecprivatedata"),
		WaveFormatEx:  p.hex("waveformatex"),
		SamplingRate:  p.lenient("samplingrate"),
		Channels:      p.lenient("channels"),
		BitsPerSample: p.lenient("bitspersample"),
		PacketSize:    p.lenient("packetsize"),
		AudioTag:      p.lenient("audiotag"),
		NALLength:     4,
		URL:           p.template(),
	}
	if l.FourCC == "" {
		l.FourCC = strings.ToUpper(streamFourCC)
	}
	if n := p.lenient("nalunitlengthfield"); 1 <= n && n <= 4 {
		l.NALLength = n
	} else if n != 0 {
		p.warnf(p.start, "NALUnitLengthField %d is not a length from 1 to 4; read as 4", n)
	}
	if f, err := strconv.ParseFloat(p.string("framerate"), 64); err == nil && f > 0 && f < math.MaxInt32 {
		l.FrameRate = f
	}
	template := l.URL
	if template == "" {
		template = s.URL
	}
	if err == nil {
		switch {
		case template == "" && s.Type != "text":
			err = p.syntax(nil, "neither the level nor its StreamIndex has a Url")
		case l.Bitrate == "" && needsBitrate(template):
			err = p.syntax(nil, "the level has no Bitrate, which its Url asks for")
		}
	}
	for p.child() {
		if p.is("customattributes") {
			l.Attributes = p.customAttributes(l.Attributes)
		} else {
			p.skip()
		}
	}
	if err == nil {
		s.Levels = append(s.Levels, l)
	}
	return err
}

// levelIndex is the level's Index, or its ordinal where that is absent.
func (p *parser) levelIndex(s *Stream, ordinal int) int {
	v, ok, err := p.number("index", math.MaxInt32)
	if err != nil {
		p.warn(err)
	}
	if !ok {
		return ordinal
	}
	for i := range s.Levels {
		if s.Levels[i].Index == int(v) {
			p.warnf(p.start, "%s: two levels have the Index %d", describeStream(s), v)
			break
		}
	}
	return int(v)
}

// hex reads an attribute of hexadecimal digits; nil where it is absent, empty
// or, with a warning, broken.
func (p *parser) hex(name string) []byte {
	a := p.attr(name)
	if a == nil {
		return nil
	}
	if len(a.value) > 2*p.limits.CodecData {
		p.tooLarge(p.limits.CodecData, "bytes of "+label(a.name))
		return nil
	}
	digits := appendWithoutSpace(nil, a.value)
	data := make([]byte, hex.DecodedLen(len(digits)))
	if _, err := hex.Decode(data, digits); err != nil {
		p.warn(p.syntax(a, fmt.Sprintf("%s is not a sequence of hexadecimal bytes; ignored", quote(digits))))
		return nil
	}
	if len(data) == 0 {
		return nil
	}
	return data
}

// payload reads an f element, [MS-SSTR] 2.2.2.6.1, of a stream whose payloads
// are in the manifest.
func (p *parser) payload(s *Stream, chunk int) {
	content := Payload{Chunk: chunk, Level: -1}
	if v, ok, err := p.number("i", math.MaxInt32); ok {
		content.Level = int(v)
	} else if err != nil {
		p.warn(err)
	}
	begin := p.start
	text := p.chars()
	text = bytes.TrimRight(appendWithoutSpace(text[:0], text), "=")
	if len(text) == 0 {
		return
	}
	data := make([]byte, base64.RawStdEncoding.DecodedLen(len(text)))
	if _, err := base64.RawStdEncoding.Decode(data, text); err != nil {
		p.warnf(begin, "%s: the content of an f element is not base64; dropped", describeStream(s))
		return
	}
	if p.oneMoreEmbedded() {
		content.Data = data
		s.Inline = append(s.Inline, content)
	}
}

// content reads the commands and markers of a StreamContent, [MS-SSTR] 2.2.2.3.1.
func (p *parser) content(s *Stream) {
	for p.child() {
		m := Marker{}
		switch {
		case p.is("scriptcommand"):
			m = Marker{Element: "ScriptCommand", Type: p.string("type"), Value: p.string("command")}
		case p.is("marker"):
			m = Marker{Element: "Marker", Type: p.string("type"), Value: p.string("value")}
		case p.is("sample"):
			m = Marker{Element: "Sample", Type: p.string("type"), Value: p.string("value")}
		default:
			p.skip()
			continue
		}
		begin := p.start
		t, ok, err := p.number("time", math.MaxUint64)
		if text := strings.TrimSpace(string(p.chars())); m.Value == "" {
			m.Value = text
		}
		switch {
		case err != nil:
			p.warn(err)
		case !ok:
			p.warnf(begin, "%s: a %s without Time was dropped", describeStream(s), m.Element)
		case p.oneMoreEmbedded():
			m.Time = Ticks(t)
			s.Markers = append(s.Markers, m)
		}
	}
}

func (p *parser) oneMoreEmbedded() bool {
	if p.embedded++; p.embedded > p.limits.Embedded {
		p.tooLarge(p.limits.Embedded, "inline payloads and markers")
		return false
	}
	return true
}
