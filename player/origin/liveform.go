package origin

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"smoothplay/player/manifest"
)

// liveForm is a manifest with places for what changes in an event: the head, and
// the c elements of each stream. All else stays as the packager wrote it.
type liveForm struct {
	scale   uint64     // ticks a second of the root's times
	root    []xml.Attr // without those that an event sets
	pieces  []string   // of XML; after piece i comes the list of stream i, after the last none
	streams []source   // in document order
}

// eventAttributes of the root are the Origin's to write, in lower case.
var eventAttributes = []string{
	"duration", "islive", "lookaheadcount", "lookaheadfragmentcount", "dvrwindowlength", "canseek", "canpause",
}

// newLiveForm takes a client manifest apart.
func newLiveForm(data []byte) (*liveForm, error) {
	f := &liveForm{scale: usualTimeScale}
	p := formParser{form: f, data: utf8Of(data)}
	p.xml = xml.NewDecoder(bytes.NewReader(p.data))
	p.xml.Strict = false
	p.xml.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	if err := p.parse(); err != nil {
		return nil, fmt.Errorf("the client manifest: %w", err)
	}
	return f, nil
}

// formParser goes through a manifest once. What it has gone through is kept
// as it stands up to kept, but for what is left out.
type formParser struct {
	form  *liveForm
	data  []byte
	xml   *xml.Decoder
	kept  int64           // up to here data is in piece, or left out
	piece strings.Builder // since the last list
	depth int

	stream strings.Builder // the StreamIndex element, chunks and all; for manifest.Parse
	begin  int64           // of what is to go into it
	inner  []string
	chunk  int64 // where the content of a c element begins
}

func (p *formParser) parse() error {
	for {
		at := p.xml.InputOffset()
		token, err := p.xml.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		switch e := token.(type) {
		case xml.StartElement:
			p.depth++
			if err := p.start(e, at); err != nil {
				return err
			}
		case xml.EndElement:
			p.end(e, at)
			p.depth--
		}
	}
	if p.form.root == nil || len(p.form.streams) == 0 || p.depth != 0 {
		return errors.New("it is no whole SmoothStreamingMedia with a StreamIndex")
	}
	p.form.pieces = append(p.form.pieces, p.piece.String())
	return nil
}

// keep puts what was gone through up to offset into the piece.
func (p *formParser) keep(offset int64) {
	p.piece.Write(p.data[p.kept:offset])
	p.kept = offset
}

func (p *formParser) start(e xml.StartElement, at int64) error {
	after := p.xml.InputOffset()
	switch name := e.Name.Local; {
	case p.depth == 1:
		if !strings.EqualFold(name, "SmoothStreamingMedia") {
			return fmt.Errorf("its root is %s", name)
		}
		p.form.root = []xml.Attr{}
		for _, a := range e.Attr {
			if strings.EqualFold(a.Name.Local, "timescale") {
				if n, err := strconv.ParseUint(strings.TrimSpace(a.Value), 10, 64); err == nil && n > 0 {
					p.form.scale = n
				}
			}
			if !slices.Contains(eventAttributes, strings.ToLower(a.Name.Local)) {
				p.form.root = append(p.form.root, a)
			}
		}
		p.kept = after
	case p.depth == 2 && strings.EqualFold(name, "StreamIndex"):
		p.keep(at)
		e.Attr = slices.DeleteFunc(slices.Clone(e.Attr), func(a xml.Attr) bool { return strings.EqualFold(a.Name.Local, "chunks") })
		p.piece.WriteString(startTag(name, append(e.Attr, xml.Attr{Name: xml.Name{Local: "Chunks"}, Value: "0"})))
		p.stream.Reset()
		p.stream.WriteString(startTag(name, e.Attr))
		p.kept, p.begin, p.inner = after, after, nil
	case p.depth == 3 && strings.EqualFold(name, "c"):
		p.piece.Write(bytes.TrimRight(p.data[p.kept:at], " \t\r\n"))
		p.kept, p.chunk = at, after
	}
	return nil
}

func (p *formParser) end(e xml.EndElement, at int64) {
	after := p.xml.InputOffset()
	switch name := e.Name.Local; {
	case p.depth == 3 && strings.EqualFold(name, "c"):
		p.inner = append(p.inner, strings.TrimSpace(string(p.data[p.chunk:max(at, p.chunk)])))
		p.kept = after
	case p.depth == 2 && strings.EqualFold(name, "StreamIndex"):
		p.keep(at)
		p.stream.Write(p.data[p.begin:at])
		p.finish(p.stream.String() + "</" + name + ">")
		p.piece.WriteString("</" + name + ">")
		p.kept = after
	case p.depth == 1:
		p.keep(at)
		p.kept = after
	}
}

// finish ends the piece before the list of a stream.
func (p *formParser) finish(element string) {
	p.form.pieces = append(p.form.pieces, p.piece.String())
	p.piece.Reset()
	alone := fmt.Sprintf(`<SmoothStreamingMedia MajorVersion="2" MinorVersion="2" Duration="0" TimeScale="%d">%s</SmoothStreamingMedia>`, p.form.scale, element)
	parsed, _ := manifest.Parse([]byte(alone), manifest.Limits{Chunks: maxChunks})
	s := source{Stream: manifest.Stream{TimeScale: p.form.scale}}
	// Text alone is nothing to play, which does not matter here.
	if parsed != nil && len(parsed.Streams) == 1 {
		s.Stream = parsed.Streams[0]
		if s.ManifestOutput || slices.ContainsFunc(p.inner, func(text string) bool { return text != "" }) {
			s.inner = p.inner
		}
	}
	// A stream that cannot be read stays in the manifest, without chunks.
	p.form.streams = append(p.form.streams, s)
}

func startTag(name string, attrs []xml.Attr) string {
	var b strings.Builder
	b.WriteString("<" + name)
	for _, a := range attrs {
		fmt.Fprintf(&b, " %s=\"", a.Name.Local)
		xml.EscapeText(&b, []byte(a.Value))
		b.WriteString("\"")
	}
	b.WriteString(">")
	return b.String()
}
