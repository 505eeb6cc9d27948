package drm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"smoothplay/drm/exchange"
	"smoothplay/drm/playready"
	"smoothplay/platform"
)

// Header is one ProtectionHeader of a manifest, [MS-SSTR] 2.2.2.2, as read.
type Header struct{ SystemID, Text string }

// System is what was found of one protection system.
type System struct {
	ID   [16]byte
	Name string
	// Data is the system's own header; nil where Text was neither base64 nor XML.
	Data []byte
	// KIDs are the keys that it names, in the order of their text; none where keys
	// come with the fragments, or the system is one of which only its name is known.
	KIDs [][16]byte
	// PlayReady is the header of that system, where it could be read.
	PlayReady *playready.Header
	// Err says why the header cannot be used; nil: it can.
	Err error
	// Warnings are what was wrong and could be put right.
	Warnings []string
}

// Protection is what the headers of a presentation say; it does not change.
type Protection struct {
	Systems []System // in the order of the headers
}

// Bounds on what is read; the rest is left out.
const (
	maxSystems = 32
	maxText    = 256 << 10
	maxKIDs    = 1024
)

// ErrForeign is the Err of a system of which only its name is known.
var ErrForeign = errors.New("its headers are not known to this player")

// ErrWrongKey says that a key is not the one that the presentation was encrypted
// with.
var ErrWrongKey = errors.New("the key is wrong")

// Read reads the protection headers of a presentation. What is wrong with one
// stands there.
func Read(headers []Header) *Protection {
	p := &Protection{}
	for _, h := range headers[:min(len(headers), maxSystems)] {
		p.Systems = append(p.Systems, readHeader(h))
	}
	return p
}

// With is p and the headers that came with a fragment (pssh boxes), which name the
// keys of what follows. Those that p has already add nothing: p itself is returned
// where all are of that sort. Where there are too many, half of them stay and of
// the others the oldest goes.
func (p *Protection) With(more []platform.ProtectionSystem) *Protection {
	systems := p.Systems
	for _, m := range more {
		if slices.ContainsFunc(systems, func(s System) bool { return s.ID == m.SystemID && bytes.Equal(s.Data, m.Data) }) {
			continue
		}
		if len(systems) >= maxSystems {
			systems = slices.Delete(slices.Clone(systems), maxSystems/2, maxSystems/2+1)
		}
		s := System{ID: m.SystemID, Name: SystemName(m.SystemID), Data: bytes.Clone(m.Data)}
		s.read()
		systems = append(slices.Clip(systems), s)
	}
	if len(systems) == len(p.Systems) && (len(systems) == 0 || &systems[0] == &p.Systems[0]) {
		return p
	}
	return &Protection{systems}
}

func readHeader(h Header) System {
	if len(h.SystemID) > 100 {
		h.SystemID = h.SystemID[:100]
	}
	s := System{Name: strings.ToValidUTF8(h.SystemID, "")}
	id, err := playready.ParseGUID(h.SystemID)
	if err != nil {
		s.Err = fmt.Errorf("SystemID %q: %w", s.Name, err)
		return s
	}
	s.ID, s.Name = id, SystemName(id)
	if len(h.Text) > maxText {
		s.Err = fmt.Errorf("the header has %d bytes, more than %d", len(h.Text), maxText)
		return s
	}
	if text := strings.TrimSpace(h.Text); strings.HasPrefix(text, "<") { // some write XML where base64 belongs
		s.Data = []byte(text)
		s.Warnings = append(s.Warnings, "the header is XML, not base64")
	} else if s.Data, err = playready.DecodeBase64(text); err != nil || len(s.Data) == 0 {
		s.Data = nil
		s.Err = errors.New("the header is neither base64 nor XML")
		return s
	}
	s.read()
	return s
}

// read reads Data.
func (s *System) read() {
	data := s.Data
	if body, kids, ok := readPssh(data); ok { // a whole pssh box, where its contents belong
		data, s.KIDs = body, kids
	}
	switch s.ID {
	case PlayReady:
		h, err := playready.Read(data)
		if err != nil {
			s.Err = err
			return
		}
		s.PlayReady, s.Data = h, data
		s.Warnings = append(s.Warnings, h.Warnings...)
		for _, k := range h.KIDs {
			if !slices.Contains(s.KIDs, k.ID) {
				s.KIDs = append(s.KIDs, k.ID)
			}
		}
	case ClearKey, dashIFClear:
	default:
		s.Err = ErrForeign
	}
}

// readPssh reads a box 'pssh', ISO/IEC 23001-7 8.1; false: b is none.
func readPssh(b []byte) (data []byte, kids [][16]byte, ok bool) {
	if len(b) < 32 || string(b[4:8]) != "pssh" || uint64(binary.BigEndian.Uint32(b)) != uint64(len(b)) {
		return nil, nil, false
	}
	version, rest := b[8], b[28:]
	if version > 0 {
		n := binary.BigEndian.Uint32(rest)
		rest = rest[4:]
		if uint64(n)*16+4 > uint64(len(rest)) {
			return nil, nil, false
		}
		for i := range n {
			if kid := [16]byte(rest[16*i:]); i < maxKIDs && !slices.Contains(kids, kid) {
				kids = append(kids, kid)
			}
		}
		rest = rest[16*n:]
	}
	n := binary.BigEndian.Uint32(rest)
	if uint64(n) > uint64(len(rest)-4) {
		return nil, nil, false
	}
	return rest[4 : 4+n], kids, true
}

// Protected reports whether there is any header.
func (p *Protection) Protected() bool { return len(p.Systems) > 0 }

// Pick chooses a system: the first of those preferred that can be used, else
// PlayReady, else the first that can; false: none can.
func (p *Protection) Pick(prefer ...[16]byte) (System, bool) {
	for _, id := range append(slices.Clone(prefer), PlayReady) {
		if i := slices.IndexFunc(p.Systems, func(s System) bool { return s.ID == id && s.Err == nil }); i >= 0 {
			return p.Systems[i], true
		}
	}
	i := slices.IndexFunc(p.Systems, func(s System) bool { return s.Err == nil })
	if i < 0 {
		return System{}, false
	}
	return p.Systems[i], true
}

// KIDs are the keys that the headers name, each once, in their order.
func (p *Protection) KIDs() [][16]byte {
	var all [][16]byte
	seen := map[[16]byte]bool{}
	for _, s := range p.Systems {
		for _, kid := range s.KIDs {
			if !seen[kid] && len(all) < maxKIDs {
				seen[kid] = true
				all = append(all, kid)
			}
		}
	}
	return all
}

// DefaultKID is the key of fragments that name none: the first of the system that
// Pick chooses. False: each fragment must name its own.
func (p *Protection) DefaultKID() (kid [16]byte, ok bool) {
	if s, ok := p.Pick(); ok && len(s.KIDs) > 0 {
		return s.KIDs[0], true
	}
	if all := p.KIDs(); len(all) > 0 {
		return all[0], true
	}
	return kid, false
}

// Request asks for a key; manifestURL is where the presentation came from.
func (p *Protection) Request(kid [16]byte, manifestURL string) platform.KeyRequest {
	r := platform.KeyRequest{KID: kid, ManifestURL: manifestURL}
	for _, s := range p.Systems {
		if s.Data != nil {
			r.Systems = append(r.Systems, platform.ProtectionSystem{SystemID: s.ID, Data: s.Data})
		}
	}
	return r
}

// Verify holds a clear key against the checksums in the headers: an error that
// wraps ErrWrongKey, or nil where it fits or nothing is known of it. Where headers
// disagree, one that fits is enough.
func (p *Protection) Verify(kid [16]byte, key []byte) error {
	var wrong error
	for _, s := range p.Systems {
		if s.PlayReady == nil {
			continue
		}
		k, _ := s.PlayReady.Key(kid)
		switch ok, known := k.Verify(key); {
		case ok:
			return nil
		case known:
			wrong = fmt.Errorf("key %x does not fit the checksum in the %s header: %w", kid, s.Name, ErrWrongKey)
		}
	}
	return wrong
}

// LicenseURLs are the licence servers that the headers name, each once, without
// what may be secret in them.
func (p *Protection) LicenseURLs() []string {
	var all []string
	for _, s := range p.Systems {
		if s.PlayReady == nil || s.PlayReady.LicenseURL == "" {
			continue
		}
		if u := exchange.RedactURL(s.PlayReady.LicenseURL); !slices.Contains(all, u) {
			all = append(all, u)
		}
	}
	return all
}

// String says what is needed to play: "PlayReady and Widevine, key
// 09e36702-8f33-436c-a5dd-60ffe6671e70, licences from https://rm.example/lic".
func (p *Protection) String() string {
	if !p.Protected() {
		return "not protected"
	}
	var names []string
	for _, s := range p.Systems {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	b := strings.Join(names, " and ")
	const most = 4
	switch kids := p.KIDs(); len(kids) {
	case 0:
		b += ", keys that come with the fragments"
	case 1:
		b += ", key " + playready.GUIDText(kids[0])
	default:
		b += fmt.Sprintf(", %d keys:", len(kids))
		for _, kid := range kids[:min(most, len(kids))] {
			b += " " + playready.GUIDText(kid)
		}
		if len(kids) > most {
			b += " ..."
		}
	}
	if urls := p.LicenseURLs(); len(urls) > 0 {
		b += ", licences from " + strings.Join(urls, " or ")
	}
	return b
}
