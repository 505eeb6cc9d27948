package origin

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"smoothplay/drm/piff"
	"smoothplay/drm/playready"
	"smoothplay/drm/playready/toy"
)

// Scheme is how an Origin encrypts.
type Scheme string

// The schemes. Those of PIFF write its uuid boxes, the others those of ISO/IEC
// 23001-7.
const (
	SchemeCTR  Scheme = "piff-ctr" // counter mode
	SchemeCBC  Scheme = "piff-cbc" // block chaining
	SchemeCENC Scheme = "cenc"     // counter mode
	SchemeCBCS Scheme = "cbcs"     // block chaining in a pattern
)

// Schemes are all of them.
var Schemes = []Scheme{SchemeCTR, SchemeCBC, SchemeCENC, SchemeCBCS}

// ContentKey is a key and its identifier, in the order of its text.
type ContentKey struct{ KID, Key [16]byte }

// Format writes the identifier, and never the key, whatever the verb.
func (k ContentKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, playready.GUIDText(k.KID)) }

// Protect says how an Origin encrypts the video and audio of all it serves. Text
// stays clear.
type Protect struct {
	Scheme Scheme // "": SchemeCTR; "ctr" and "cbc" are those of PIFF
	// Keys encrypt: the first one audio and video, further ones the highest levels
	// of video, the last one the very highest.
	Keys []ContentKey
	// Rotate is how long each key holds before another one takes its place, made
	// from it; each fragment names its own then. 0: for ever.
	Rotate time.Duration
	// LicenseURL goes into the protection header; "": none does.
	LicenseURL string
	// License is asked for what the PlayReady-shaped licence server gives out,
	// beside the key, which it is given; nil: no bounds. False refuses the key.
	License func(kid [16]byte, l toy.License) (toy.License, bool)
}

// complete checks p.
func (p *Protect) complete() (*Protect, error) {
	q := *p
	switch q.Scheme {
	case "", "ctr":
		q.Scheme = SchemeCTR
	case "cbc":
		q.Scheme = SchemeCBC
	case SchemeCTR, SchemeCBC, SchemeCENC, SchemeCBCS:
	default:
		return nil, fmt.Errorf("scheme %q is not known: use %s, %s, %s or %s", q.Scheme, SchemeCTR, SchemeCBC, SchemeCENC, SchemeCBCS)
	}
	if len(q.Keys) == 0 {
		return nil, errors.New("a key is needed")
	}
	return &q, nil
}

// key is the key that takes the place of base in a period of the rotation.
func (p *Protect) key(base ContentKey, period uint32) ContentKey {
	kid := base.KID
	binary.BigEndian.PutUint32(kid[12:], binary.BigEndian.Uint32(kid[12:])^period)
	key, _ := p.find(kid)
	return ContentKey{kid, key}
}

// find is the key of an identifier.
func (p *Protect) find(kid [16]byte) (key [16]byte, ok bool) {
	for _, base := range p.Keys {
		if kid == base.KID {
			return base.Key, true
		}
	}
	for _, base := range p.Keys {
		if p.Rotate > 0 && bytes.Equal(kid[:12], base.KID[:12]) {
			sum := sha256.Sum256(append(p.Keys[0].Key[:], kid[:]...))
			return [16]byte(sum[:]), true
		}
	}
	return key, false
}

// header is the Protection element of the manifest.
func (p *Protect) header() string {
	h := playready.Header{LicenseURL: p.LicenseURL}
	for _, k := range p.Keys {
		kid := playready.KID{ID: k.KID, Algorithm: "AESCTR"}
		if p.Scheme == SchemeCBC || p.Scheme == SchemeCBCS {
			kid.Algorithm = "AESCBC"
		} else if sum, err := playready.Checksum(k.Key[:], k.KID); err == nil {
			kid.Checksum = sum
		}
		h.KIDs = append(h.KIDs, kid)
	}
	if p.Scheme == SchemeCBC || p.Scheme == SchemeCBCS {
		h.Version = "4.3.0.0"
	}
	return `<Protection><ProtectionHeader SystemID="` + playready.GUIDText(playready.SystemID) + `">` +
		base64.StdEncoding.EncodeToString(h.Object()) + `</ProtectionHeader></Protection>`
}

// manifest puts the header into a client manifest.
func (p *Protect) manifest(data []byte) ([]byte, error) {
	text := string(utf8Of(data))
	at := strings.LastIndex(strings.ToLower(text), "</smoothstreamingmedia")
	if at < 0 {
		return nil, errors.New("the client manifest has no end to put a header before")
	}
	return []byte(text[:at] + p.header() + text[at:]), nil
}

// answer encrypts the answer to r, of a presentation whose streams are known.
func (p *Protect) answer(c catalogue, r request, a answer, tw twist) answer {
	if a.body == nil {
		return a
	}
	data, err := readAll(a.body)
	if err == nil && r.manifest {
		data, err = p.manifest(data)
	} else if err == nil {
		data, err = p.seal(c, r, data, tw.noIV)
	}
	if err != nil {
		return answer{err: fmt.Errorf("encrypting it: %w", err)}
	}
	out := bytesAnswer(data, a.body.mime)
	out.cache = a.cache
	return out
}

// seal encrypts a whole fragment and returns the part that r asks for; noIV leaves
// an initialisation vector out.
func (p *Protect) seal(c catalogue, r request, data []byte, noIV bool) ([]byte, error) {
	s, level := c.level(r)
	if s == nil || s.formats[level] == nil {
		return cutOf(data, r.part())
	}
	base := p.Keys[0]
	if n := len(p.Keys) - (len(s.formats) - level); s.kind == "video" && n > 0 {
		base = p.Keys[n]
	}
	period := uint32(0)
	if p.Rotate > 0 {
		period = uint32(time.Duration(float64(r.time)/float64(s.scale)*float64(time.Second)) / p.Rotate)
	}
	k := p.key(base, period)
	e, err := piff.NewEncrypter(k.Key[:])
	if err != nil {
		return nil, err
	}
	sealing := sealing{scheme: p.Scheme, kid: k.KID, named: p.Rotate > 0 || len(p.Keys) > 1, noIV: noIV, encrypter: e, format: s.formats[level]}
	seed := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", strings.ToLower(r.stream), r.bitrate, r.time))
	copy(sealing.iv[:], seed[:])
	moof, media, err := sealing.apply(data)
	if err != nil {
		return nil, err
	}
	return cutOut(moof, media, r.part()), nil
}
