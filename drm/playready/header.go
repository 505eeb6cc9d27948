package playready

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// Header is a WRMHEADER, with what an Object has beside it.
type Header struct {
	Version string // "4.0.0.0" to "4.3.0.0"; "" of an Object without header
	KIDs    []KID  // in the order of the header; none with OnDemand
	// OnDemand: keys change while the presentation plays, and come with its
	// fragments (DECRYPTORSETUP).
	OnDemand bool
	// LicenseURL is where licences are acquired (LA_URL), LicenseUIURL a page for
	// people (LUI_URL); "" where not stated.
	LicenseURL, LicenseUIURL string
	DomainID                 string // DS_ID, as written: base64 of a GUID
	CustomAttributes         string // what stands inside the element, XML as written
	// LicenseStore is a record of licences that came with the header, for the
	// CDM; nil: none.
	LicenseStore []byte
	// Warnings are what was wrong and could be put right or left out.
	Warnings []string
}

// KID is a key that a header names.
type KID struct {
	ID        [16]byte // in the order of its text
	Algorithm string   // "AESCTR", "AESCBC" or "COCKTAIL"; "" where not stated
	Checksum  []byte   // see [Checksum]; nil where not stated
}

// Bounds on what a header may hold.
const (
	maxKIDs     = 1024
	maxWarnings = 16
	maxDepth    = 32
)

// ErrVersion says that a header is of a version that is not known: such must not
// be used.
var ErrVersion = errors.New("the version is not known")

// Read reads a PlayReady Object, or a WRMHEADER without one around it. An Object
// may hold no header at all, but licences. The error is an *[Error].
func Read(data []byte) (*Header, error) {
	if len(data) > MaxObject {
		return nil, fail("PlayReady Object", "%d bytes, more than %d", len(data), MaxObject)
	}
	if isXML(data) {
		h, err := ParseHeader(data)
		if err == nil {
			h.warn("the header has no PlayReady Object around it")
		}
		return h, err
	}
	records, err := ParseObject(data)
	if err != nil {
		return nil, err
	}
	h := &Header{}
	if i := slices.IndexFunc(records, func(r Record) bool { return r.Type == RecordHeader }); i >= 0 {
		if h, err = ParseHeader(records[i].Value); err != nil {
			return nil, err
		}
	} else {
		h.warn("the PlayReady Object has no header")
	}
	for _, r := range records {
		if r.Type == RecordLicenseStore && h.LicenseStore == nil {
			h.LicenseStore = r.Value
		}
	}
	return h, nil
}

// isXML tells a bare header from an Object, whose first bytes are its length: that
// of one of 60 bytes looks like a '<'.
func isXML(data []byte) bool {
	s := strings.TrimLeft(text(data), " \t\r\n")
	return len(s) > 1 && s[0] == '<' && s[1] != 0
}

// ParseHeader reads a WRMHEADER in any encoding. A key identifier that cannot be
// read is left out with a warning. The error is an *[Error]; that of another
// version wraps ErrVersion.
func ParseHeader(data []byte) (*Header, error) {
	if len(data) > MaxObject {
		return nil, fail("WRMHEADER", "%d bytes, more than %d", len(data), MaxObject)
	}
	source := text(data)
	d := xml.NewDecoder(strings.NewReader(source))
	d.Strict = false // for & in addresses
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	p := headerParser{header: &Header{}, source: source, decoder: d}
	if err := p.parse(); err != nil {
		return nil, err
	}
	return p.header, nil
}

func (h *Header) warn(what string) {
	if len(h.Warnings) < maxWarnings {
		h.Warnings = append(h.Warnings, what)
	}
}

// Key is what the header says of a key; false: nothing.
func (h *Header) Key(kid [16]byte) (KID, bool) {
	i := slices.IndexFunc(h.KIDs, func(k KID) bool { return k.ID == kid })
	if i < 0 {
		return KID{}, false
	}
	return h.KIDs[i], true
}

// headerParser goes through the tokens of a header.
type headerParser struct {
	header  *Header
	source  string
	decoder *xml.Decoder
	path    []string // of open elements
	text    strings.Builder

	inner     int64  // where CUSTOMATTRIBUTES begin
	algorithm string // of version 4.0, which states one for all
	checksum  string
}

func (p *headerParser) parse() error {
	for {
		before := p.decoder.InputOffset()
		token, err := p.decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			if p.header.Version == "" || len(p.header.KIDs) == 0 {
				return fail("WRMHEADER", "cannot be read as XML: %s", clip(err.Error(), 100)) // err may quote much of it
			}
			p.header.warn("the XML breaks off or is damaged")
			break
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := p.start(t); err != nil {
				return err
			}
		case xml.EndElement:
			p.end(before)
		case xml.CharData:
			p.text.Write(t)
		}
	}
	if p.header.Version == "" {
		return fail("WRMHEADER", "is missing")
	}
	for i := range p.header.KIDs { // of version 4.0
		k := &p.header.KIDs[i]
		if k.Algorithm == "" {
			k.Algorithm = p.algorithm
		}
		if k.Checksum == nil && len(p.header.KIDs) == 1 {
			k.Checksum = p.readChecksum(p.checksum)
		}
	}
	return nil
}

// custom reports whether what is read belongs to CUSTOMATTRIBUTES, which are
// anybody's XML.
func (p *headerParser) custom() bool { return slices.Contains(p.path, "CUSTOMATTRIBUTES") }

func (p *headerParser) start(t xml.StartElement) error {
	if len(p.path) >= maxDepth {
		return fail("WRMHEADER", "more than %d elements in each other", maxDepth)
	}
	p.text.Reset()
	name := t.Name.Local
	inner := p.custom()
	p.path = append(p.path, name)
	switch {
	case inner:
	case len(p.path) == 1:
		if name != "WRMHEADER" {
			return fail("WRMHEADER", "is missing: the XML is <%.40s>", name)
		}
		version := attribute(t, "version")
		switch version {
		case "4.0.0.0", "4.1.0.0", "4.2.0.0", "4.3.0.0":
		default:
			return &Error{"WRMHEADER", "version " + clip(version, 20), ErrVersion}
		}
		p.header.Version = version
	case name == "CUSTOMATTRIBUTES":
		p.inner = p.decoder.InputOffset()
	case name == "KID" && attribute(t, "VALUE") != "": // from version 4.1 on
		k := KID{Algorithm: attribute(t, "ALGID"), Checksum: p.readChecksum(attribute(t, "CHECKSUM"))}
		p.addKID(attribute(t, "VALUE"), k)
	}
	return nil
}

func (p *headerParser) end(before int64) {
	name := p.path[len(p.path)-1]
	p.path = p.path[:len(p.path)-1]
	value := strings.TrimSpace(p.text.String())
	p.text.Reset()
	h := p.header
	switch {
	case p.custom():
	case name == "CUSTOMATTRIBUTES":
		if h.CustomAttributes == "" && before > p.inner {
			h.CustomAttributes = strings.TrimSpace(p.source[p.inner:before])
		}
	case value == "":
	case name == "KID":
		p.addKID(value, KID{})
	case name == "ALGID":
		p.algorithm = clip(value, 20)
	case name == "CHECKSUM":
		p.checksum = value
	case name == "LA_URL":
		h.LicenseURL = value
	case name == "LUI_URL":
		h.LicenseUIURL = value
	case name == "DS_ID":
		h.DomainID = value
	case name == "DECRYPTORSETUP":
		h.OnDemand = value == "ONDEMAND"
	}
}

// addKID adds a key, unless it is there.
func (p *headerParser) addKID(value string, k KID) {
	id, err := ParseKID(value)
	if err != nil {
		p.header.warn("the KID " + clip(value, 60) + " is left out: " + err.Error())
		return
	}
	if _, there := p.header.Key(id); there {
		return
	}
	if len(p.header.KIDs) >= maxKIDs {
		p.header.warn("there are more keys than are looked at")
		return
	}
	k.ID, k.Algorithm = id, clip(k.Algorithm, 20)
	p.header.KIDs = append(p.header.KIDs, k)
}

func (p *headerParser) readChecksum(s string) []byte {
	if s == "" {
		return nil
	}
	b, err := DecodeBase64(s)
	if err != nil || len(b) != 8 && len(b) != 7 {
		p.header.warn("the CHECKSUM " + clip(s, 40) + " is none")
		return nil
	}
	return b
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// clip cuts s for a message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}
