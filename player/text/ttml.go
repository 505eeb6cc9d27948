package text

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"smoothplay/platform"
)

// Bounds of a document. Real ones are far below them.
const (
	maxElements = 1 << 16
	maxDepth    = 64
	maxCues     = 1 << 12 // of one document
	maxAttrs    = 64      // of one element
	maxVisits   = 1 << 18 // of elements while cues are made: what times within times can cost
)

// An element is one of a TTML document, or a piece of its character data.
type element struct {
	name     string // local; "": character data
	attrs    []xml.Attr
	children []*element
	text     string
	preserve bool // xml:space

	begin, end span // times, once they are known
	specified  *properties
	resolving  bool // its styles are being gathered: a reference back is a circle
}

// attr returns an attribute of the vocabulary of TTML.
func (e *element) attr(name string) string {
	for i := range e.attrs {
		if e.attrs[i].Name.Local == name {
			return strings.TrimSpace(e.attrs[i].Value)
		}
	}
	return ""
}

// document is a TTML document that is being read.
type document struct {
	root    *element
	space   string // the namespace of the root, whatever it is
	styles  map[string]*element
	regions map[string]*element
	images  map[string]*element // of SMPTE-TT
	clock   clock
	scale   scale

	placed  map[*element]*placement       // regions that are resolved
	order   []*element                    // the regions as they stand in the document
	decoded map[string]*platform.CueImage // pictures of SMPTE-TT that are decoded

	visits              int // of elements
	written, maxWritten int // bytes of text in cues
	cues                []platform.Cue
}

// readTTML reads a document and returns its cues in the order of the document.
// Of a broken one it returns what came before the fault, and an error.
func readTTML(data []byte) ([]platform.Cue, error) {
	d := &document{
		styles: map[string]*element{}, regions: map[string]*element{}, images: map[string]*element{},
		placed: map[*element]*placement{}, decoded: map[string]*platform.CueImage{},
		maxWritten: 2*len(data) + 1<<16,
	}
	fault := d.parse(data)
	if d.root == nil {
		return nil, fault
	}
	d.clock = newClock(d.root)
	d.index(d.root)
	d.scale = newScale(d.root, d.regions)
	if err := d.present(); fault == nil {
		fault = err
	}
	return d.cues, fault
}

// parse reads the elements of TTML and the pictures of SMPTE-TT into a tree, and
// leaves out everything foreign.
func (d *document) parse(data []byte) error {
	in := xml.NewDecoder(bytes.NewReader(data))
	in.Strict = false // a bare '&' or an entity of HTML does not cost the caption
	in.Entity = xml.HTMLEntity
	in.CharsetReader = charset
	var open []*element
	for count := 0; ; {
		token, err := in.Token()
		if errors.Is(err, io.EOF) && d.root == nil {
			return fmt.Errorf("TTML: %w", ErrUnknown)
		}
		if err != nil {
			return fmt.Errorf("TTML: %w", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if d.root == nil {
				if token.Name.Local != "tt" {
					return fmt.Errorf("TTML: the root is <%.40s>: %w", token.Name.Local, ErrUnknown)
				}
				d.space = token.Name.Space
			}
			if !d.known(token.Name) {
				if err := in.Skip(); err != nil {
					return fmt.Errorf("TTML: %w", err)
				}
				continue
			}
			if count++; count > maxElements || len(open) >= maxDepth {
				return fmt.Errorf("TTML: elements: %w", ErrTooLarge)
			}
			e := d.element(token)
			if len(open) == 0 {
				d.root = e
			} else {
				parent := open[len(open)-1]
				if e.attr("space") == "" {
					e.preserve = parent.preserve
				}
				parent.children = append(parent.children, e)
			}
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
			if len(open) == 0 {
				return nil // what follows belongs to somebody else
			}
		case xml.CharData:
			if len(open) == 0 {
				continue
			}
			if count++; count > maxElements {
				return fmt.Errorf("TTML: elements: %w", ErrTooLarge)
			}
			parent := open[len(open)-1]
			parent.children = append(parent.children, &element{text: string(token), preserve: parent.preserve})
		}
	}
}

// element copies a start tag, with the attributes that are read.
func (d *document) element(tag xml.StartElement) *element {
	e := &element{name: tag.Name.Local}
	for _, a := range tag.Attr {
		if len(e.attrs) == maxAttrs {
			break
		}
		switch {
		case a.Name.Local == "space" && isXML(a.Name.Space):
			e.preserve = a.Value == "preserve"
			e.attrs = append(e.attrs, a)
		case a.Name.Space == "", isXML(a.Name.Space), isTTML(a.Name.Space),
			a.Name.Space == d.space, isSMPTE(a.Name.Space):
			e.attrs = append(e.attrs, a)
		}
	}
	return e
}

// known tells the elements of TTML, whichever of its namespaces they are in, and
// the pictures of SMPTE-TT from what is foreign.
func (d *document) known(n xml.Name) bool {
	return n.Space == d.space || isTTML(n.Space) || n.Local == "image" && isSMPTE(n.Space)
}

// isTTML knows http://www.w3.org/ns/ttml, http://www.w3.org/2006/10/ttaf1 and
// http://www.w3.org/2006/04/ttaf1 with what hangs on them, and the usual prefixes
// where a document uses them without saying what they are.
func isTTML(space string) bool {
	switch space {
	case "tt", "tts", "ttp":
		return true
	}
	return (strings.Contains(space, "/ns/ttml") || strings.Contains(space, "ttaf1")) && !strings.HasSuffix(space, "#metadata")
}

func isXML(space string) bool {
	return space == "xml" || space == "http://www.w3.org/XML/1998/namespace"
}

func isSMPTE(space string) bool {
	return space == "smpte" || strings.Contains(space, "smpte-ra.org/schemas/2052")
}

// charset reads documents that state another encoding than UTF-8: those in UTF-16
// were converted before, and all else is taken for Latin 1.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "iso-8859-1", "latin1", "windows-1252", "us-ascii":
		data, err := io.ReadAll(in)
		if err != nil {
			return nil, err
		}
		text := make([]rune, len(data))
		for i, b := range data {
			text[i] = rune(b)
		}
		return strings.NewReader(string(text)), nil
	}
	return in, nil
}

// index finds what others refer to.
func (d *document) index(e *element) {
	into := map[string]map[string]*element{"style": d.styles, "region": d.regions, "image": d.images}[e.name]
	if id := e.attr("id"); into != nil && id != "" {
		into[id] = e
		if e.name == "region" {
			d.order = append(d.order, e)
		}
	}
	for _, child := range e.children {
		d.index(child)
	}
}
