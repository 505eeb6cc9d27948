package drm

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"smoothplay/drm/playready"
	"smoothplay/platform"
)

var (
	kidA   = [16]byte{0xa, 1}
	kidB   = [16]byte{0xb, 2}
	kidC   = [16]byte{0xc, 3}
	secret = []byte("sixteen secrets!")
)

const playReadyID = "9A04F079-9840-4286-AB92-E65BE0885F95"

// object is a PlayReady header of keys, with the checksum of secret for the first.
func object(kids ...[16]byte) []byte {
	h := playready.Header{LicenseURL: "https://name:word@rm.example/lic?token=hidden"}
	for i, kid := range kids {
		k := playready.KID{ID: kid}
		if i == 0 {
			k.Checksum, _ = playready.Checksum(secret, kid)
		}
		h.KIDs = append(h.KIDs, k)
	}
	return h.Object()
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// pssh writes a box of version 1.
func pssh(id [16]byte, data []byte, kids ...[16]byte) []byte {
	b := append([]byte("\x00\x00\x00\x00pssh\x01\x00\x00\x00"), id[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(kids)))
	for _, k := range kids {
		b = append(b, k[:]...)
	}
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(data))), data...)
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

// TestRead reads headers of all sorts: what is wrong with one is said there, and
// the others serve.
func TestRead(t *testing.T) {
	p := Read([]Header{
		{"edef8ba9-79d6-4ace-a3c8-27dcd51d21ed", encode([]byte("theirs"))},
		{"{" + playReadyID + "}", "%%%"},
		{"9A04F079-9840-4286-AB92E65BE0885F95", "\n  " + encode(object(kidA, kidB)) + " \n"},
		{playReadyID, `<?xml version="1.0"?><EnvelopeEncryption/>`},
		{"nonsense", "AAAA"},
		{playReadyID, ""},
		{"1077efec-c0b2-4d02-ace3-3c1e52e2fb4b", encode(pssh(ClearKey, nil, kidB, kidC, kidC))},
		{strings.ToLower(playReadyID), encode(pssh(PlayReady, object(kidC)))},
		{playReadyID, strings.Repeat("A", maxText+1)},
	})
	says := []string{"not known to this player", "neither base64 nor XML", "", "<EnvelopeEncryption>", `SystemID "nonsense"`, "neither", "", "", "more than 262144"}
	names := []string{"Widevine", "PlayReady", "PlayReady", "PlayReady", "nonsense", "PlayReady", "Clear Key", "PlayReady", "PlayReady"}
	if len(p.Systems) != len(says) {
		t.Fatalf("%d systems", len(p.Systems))
	}
	for i, s := range p.Systems {
		if s.Name != names[i] || (s.Err == nil) != (says[i] == "") || s.Err != nil && !strings.Contains(s.Err.Error(), says[i]) {
			t.Errorf("header %d is of %s: %v, want %s: %q", i, s.Name, s.Err, names[i], says[i])
		}
	}
	if kids := p.KIDs(); !slices.Equal(kids, [][16]byte{kidA, kidB, kidC}) {
		t.Errorf("keys %x", kids)
	}
	if kid, ok := p.DefaultKID(); !ok || kid != kidA {
		t.Errorf("the default key is %x", kid)
	}
	if s, ok := p.Pick(); !ok || s.ID != PlayReady || len(s.KIDs) != 2 {
		t.Errorf("picked %+v", s)
	}
	if s, ok := p.Pick(widevine, ClearKey); !ok || s.ID != ClearKey {
		t.Errorf("picked %+v", s)
	}
	r := p.Request(kidB, "http://m")
	if r.KID != kidB || r.ManifestURL != "http://m" || len(r.Systems) != 5 || string(r.Systems[0].Data) != "theirs" {
		t.Errorf("%+v", r)
	}
	const want = "Widevine and PlayReady and nonsense and Clear Key, 3 keys: 0a010000-0000-0000-0000-000000000000 0b020000-0000-0000-0000-000000000000 " +
		"0c030000-0000-0000-0000-000000000000, licences from https://rm.example/lic"
	if p.String() != want {
		t.Errorf("%v", p)
	}
}

func TestNothingToRead(t *testing.T) {
	p := Read(nil)
	if _, ok := p.Pick(); ok || p.Protected() || p.String() != "not protected" || len(p.KIDs()) != 0 {
		t.Errorf("%v", p)
	}
	if _, ok := p.DefaultKID(); ok {
		t.Error("a key of nothing")
	}
	p = Read(make([]Header, 1000))
	if len(p.Systems) != maxSystems {
		t.Errorf("%d systems of 1000 headers", len(p.Systems))
	}
	if _, ok := p.Pick(); ok {
		t.Error("picked a broken one")
	}
	many := Read([]Header{{playReadyID, encode(object(kidA, kidB, kidC, [16]byte{1}, [16]byte{2}))}})
	if s := many.String(); !strings.Contains(s, "5 keys: ") || !strings.Contains(s, " ..., licences") {
		t.Error(s)
	}
	if s := Read([]Header{{playReadyID, encode((&playready.Header{OnDemand: true}).Object())}}).String(); s != "PlayReady, keys that come with the fragments" {
		t.Error(s)
	}
}

// TestWith adds what came with fragments, for hours of rotation.
func TestWith(t *testing.T) {
	p := Read([]Header{{playReadyID, encode(object(kidA))}})
	same := []platform.ProtectionSystem{{SystemID: PlayReady, Data: object(kidA)}}
	if p.With(same) != p || p.With(nil) != p {
		t.Error("the same header made another Protection")
	}
	for i := range 200 {
		kid := [16]byte{0xff, byte(i)}
		next := p.With([]platform.ProtectionSystem{{SystemID: PlayReady, Data: object(kid)}, same[0]})
		if len(next.Systems) > maxSystems || !slices.Contains(next.KIDs(), kid) || !slices.Contains(next.KIDs(), kidA) || slices.Contains(p.KIDs(), kid) {
			t.Fatalf("after %d: %v", i, next)
		}
		p = next
	}
}

func TestVerify(t *testing.T) {
	p := Read([]Header{{playReadyID, encode(object(kidA, kidB))}})
	if err := p.Verify(kidA, secret); err != nil {
		t.Error(err)
	}
	wrong := []byte("fifteen secrets.")
	if err := p.Verify(kidA, wrong); !errors.Is(err, ErrWrongKey) || !strings.Contains(err.Error(), "does not fit the checksum in the PlayReady header") {
		t.Errorf("%v", err)
	}
	if err := p.Verify(kidB, wrong); err != nil {
		t.Errorf("without checksum: %v", err)
	}
	if err := p.Verify(kidC, wrong); err != nil {
		t.Errorf("not named: %v", err)
	}
}

func TestSystemNames(t *testing.T) {
	if s := SystemName([16]byte{1}); s != "01000000-0000-0000-0000-000000000000" {
		t.Error(s)
	}
	for _, id := range [][16]byte{PlayReady, ClearKey, dashIFClear, widevine, verimatrix, marlin, fairPlay} {
		if s := SystemName(id); strings.Contains(s, "-") {
			t.Errorf("%x is %s", id, s)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(playReadyID, encode(object(kidA, kidB)))
	f.Add("1077efec-c0b2-4d02-ace3-3c1e52e2fb4b", encode(pssh(ClearKey, []byte("x"), kidB, kidC)))
	f.Add(playReadyID, "<a/>")
	f.Fuzz(func(t *testing.T, id, text string) {
		p := Read([]Header{{id, text}})
		if len(p.Systems) != 1 || len(p.KIDs()) > maxKIDs || len(p.Systems[0].Data) > len(text) || p.String() == "" {
			t.Fatalf("%+v", p)
		}
		if kid, ok := p.DefaultKID(); ok {
			p.Verify(kid, secret)
			again := readSystems(p.Request(kid, "").Systems)
			if !slices.Contains(again.KIDs(), kid) && p.Systems[0].PlayReady != nil {
				t.Fatalf("the request does not name the key")
			}
		}
	})
}
