package origin

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/drm"
	"smoothplay/drm/clearkey"
	"smoothplay/drm/piff"
	"smoothplay/drm/playready"
	"smoothplay/drm/playready/toy"
	"smoothplay/platform"
	"smoothplay/platform/platformtest"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

var protectKeys = []ContentKey{
	{[16]byte{1, 2, 3, 15: 1}, [16]byte([]byte("the key of all!!"))},
	{[16]byte{1, 2, 3, 15: 2}, [16]byte([]byte("key of the best!"))},
}

// parse reads a fragment into memory of its own.
func parse(t *testing.T, data []byte, kind string) *fragment.Fragment {
	t.Helper()
	f := &fragment.Fragment{}
	if err := f.Parse(data, fragment.Options{Kind: kindOf(kind)}); err != nil {
		t.Fatal(err)
	}
	return f
}

// What is encrypted on the fly is the clear presentation, once decrypted, in every
// scheme, on demand and live, and its keys are where the licence servers say.
func TestProtect(t *testing.T) {
	for _, scheme := range Schemes {
		for _, manifestPath := range []string{"/demo.ism/Manifest", "/demo.isml/Manifest"} {
			for _, rotate := range []time.Duration{0, 4 * time.Second} {
				t.Run(string(scheme)+manifestPath+rotate.String(), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						testProtect(t, manifestPath, &Protect{Scheme: scheme, Keys: protectKeys, Rotate: rotate, LicenseURL: "http://host" + PlayReadyPath})
					})
				})
			}
		}
	}
}

func testProtect(t *testing.T, path string, protect *Protect) {
	live := Live{Window: 30 * time.Second}
	clear, sealed := newOrigin(t, Config{Live: &live}), newOrigin(t, Config{Live: &live, Protect: protect})
	p, err := manifest.Parse(body(t, sealed, path), manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var headers []drm.Header
	for _, h := range p.Protections {
		headers = append(headers, drm.Header{SystemID: h.SystemID, Text: h.Data})
	}
	said := drm.Read(headers)
	if len(said.KIDs()) != 2 || len(said.LicenseURLs()) != 1 {
		t.Fatalf("the header says %v", said)
	}
	doer := platformtest.HandlerDoer(sealed)
	providers := []platform.KeyProvider{
		&clearkey.Server{URL: "http://host" + ClearKeyPath}, &playready.Provider{CDM: &toy.CDM{}},
	}
	ivs, kids := map[string]bool{}, map[[16]byte]bool{}
	snap, err := timeline.New(p)
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Streams {
		s := &p.Streams[i]
		if s.Type == "text" { // stays clear
			n := snap.Stream(i).Chunk(snap.Stream(i).First())
			url := strings.TrimPrefix(manifest.ChunkURL("http://host"+strings.TrimSuffix(path, "Manifest"), s, &s.Levels[0], n.T), "http://host")
			if !bytes.Equal(body(t, sealed, url), body(t, clear, url)) {
				t.Errorf("%s: text is not as it was", url)
			}
			continue
		}
		for q := range s.Levels {
			for c := range min(5, snap.Stream(i).Len()) {
				n := snap.Stream(i).Chunk(snap.Stream(i).First() + c)
				url := strings.TrimPrefix(manifest.ChunkURL("http://host"+strings.TrimSuffix(path, "Manifest"), s, &s.Levels[q], n.T), "http://host")
				want, data := parse(t, body(t, clear, url), s.Type), body(t, sealed, url)
				checkSaio(t, data)
				if info := body(t, sealed, strings.Replace(url, "Fragments(", "FragmentInfo(", 1)); !bytes.HasPrefix(data, info) || len(info) == 0 {
					t.Errorf("%s: FragmentInfo is not the beginning of the fragment", url)
				}
				got := parse(t, data, s.Type)
				if got.Encryption == nil || len(got.Samples) != len(want.Samples) {
					t.Fatalf("%s: encrypted %v, %d samples for %d", url, got.Encryption != nil, len(got.Samples), len(want.Samples))
				}
				if got.Time != want.Time {
					t.Errorf("%s: time %d for %d", url, got.Time, want.Time)
				}
				kid, _ := said.DefaultKID()
				kid = got.Encryption.Protection(0, kid).KID
				kids[kid] = true
				result, err := providers[len(kids)%2].Key(t.Context(), doer, said.Request(kid, ""))
				if err != nil {
					t.Fatal(err)
				}
				d, err := piff.New(result.Key)
				if err != nil {
					t.Fatal(err)
				}
				noise := 0
				for k := range got.Samples {
					how := got.Encryption.Protection(k, kid)
					if protect.Scheme != SchemeCBCS && ivs[string(how.IV)] {
						t.Fatalf("%s: an IV is used twice", url)
					}
					ivs[string(how.IV)] = true
					if !bytes.Equal(got.Samples[k].Data, want.Samples[k].Data) {
						noise++
					}
					if err := d.DecryptBytes(got.Samples[k].Data, &how); err != nil {
						t.Fatalf("%s: %v", url, err)
					}
					if !bytes.Equal(got.Samples[k].Data, want.Samples[k].Data) {
						t.Fatalf("%s: sample %d does not become clear", url, k)
					}
				}
				if noise == 0 {
					t.Errorf("%s: nothing of it is encrypted", url)
				}
			}
		}
	}
	if least := 2; len(kids) < least || protect.Rotate > 0 && len(kids) < 2*least {
		t.Errorf("%d keys are used", len(kids))
	}
}

// checkSaio holds the offset in a saio box against where the entries of senc are.
func checkSaio(t *testing.T, data []byte) {
	t.Helper()
	traf := child(data, "moof", "traf")
	saio, senc := child(traf, "saio"), child(traf, "senc")
	if saio == nil {
		return
	}
	at := bytes.Index(data, senc)
	if got := int(binary.BigEndian.Uint32(saio[8:])); got != at+8 {
		t.Errorf("saio says %d, the entries of senc are at %d", got, at+8)
	}
}

func TestProtectRefuses(t *testing.T) {
	for name, p := range map[string]*Protect{"no key": {}, "scheme": {Scheme: "rot13", Keys: protectKeys}} {
		if _, err := New(Config{Protect: p}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Licence servers fail as they are told to.
func TestLicenseFaults(t *testing.T) {
	kid := protectKeys[0].KID
	request := (&drm.Protection{}).Request(kid, "")
	object := (&playready.Header{KIDs: []playready.KID{{ID: kid}}, LicenseURL: "http://host" + PlayReadyPath}).Object()
	request.Systems = []platform.ProtectionSystem{{SystemID: playready.SystemID, Data: object}}
	for name, provider := range map[string]func() platform.KeyProvider{
		"clear key": func() platform.KeyProvider { return &clearkey.Server{URL: "http://host" + ClearKeyPath} },
		"PlayReady": func() platform.KeyProvider { return &playready.Provider{CDM: &toy.CDM{}} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOrigin(t, Config{Protect: &Protect{Keys: protectKeys}})
				ask := func() (key []byte, took time.Duration, err error) {
					began := time.Now()
					r, err := provider().Key(t.Context(), platformtest.HandlerDoer(o), request)
					return r.Key, time.Since(began), err
				}
				right := protectKeys[0].Key[:]
				if key, took, err := ask(); err != nil || !bytes.Equal(key, right) || took != 0 {
					t.Fatalf("without a fault: after %v %v", took, err)
				}
				set := func(text string) {
					faults, err := ParseFaults(text)
					if err != nil {
						t.Fatal(err)
					}
					o.SetFaults(faults)
				}
				set("licence-500@every:2")
				if _, _, err := ask(); err != nil {
					t.Errorf("the first of licence-500@every:2: %v", err)
				}
				if _, _, err := ask(); err == nil || !strings.Contains(err.Error(), "http://host/licence/") || !strings.Contains(err.Error(), "order") && !strings.Contains(err.Error(), "0x8004C600") {
					t.Errorf("licence-500: %v", err)
				}
				set("licence-slow@7s")
				if key, took, err := ask(); err != nil || !bytes.Equal(key, right) || took != 7*time.Second {
					t.Errorf("licence-slow: after %v %v", took, err)
				}
				set("licence-slow")
				if _, took, err := ask(); err != nil || took != 3*time.Second {
					t.Errorf("licence-slow: after %v %v", took, err)
				}
				set("wrong-key")
				if key, _, err := ask(); err != nil || bytes.Equal(key, right) || len(key) != 16 {
					t.Errorf("wrong-key: the right one, or %v", err)
				}
				set("die")
				if _, _, err := ask(); err == nil {
					t.Error("die: an answer")
				}
			})
		})
	}
}

// A fragment that lacks an initialisation vector is refused, and the box is named.
func TestMissingIV(t *testing.T) {
	for _, scheme := range Schemes {
		for _, rotate := range []time.Duration{0, 4 * time.Second} {
			o := newOrigin(t, Config{Protect: &Protect{Scheme: scheme, Keys: protectKeys[:1], Rotate: rotate}, Faults: Faults{{Kind: FaultMissingIV, Fragment: 2}}})
			p, err := manifest.Parse(body(t, o, "/demo.ism/Manifest"), manifest.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			snap, err := timeline.New(p)
			if err != nil {
				t.Fatal(err)
			}
			for i := range p.Streams {
				s := &p.Streams[i]
				if s.Type == "text" {
					continue
				}
				for n := range 2 {
					c := snap.Stream(i).Chunk(snap.Stream(i).First() + n)
					url := strings.TrimPrefix(manifest.ChunkURL("http://host/demo.ism/", s, &s.Levels[0], c.T), "http://host")
					var f fragment.Fragment
					var bad *fragment.BoxError
					switch err := f.Parse(body(t, o, url), fragment.Options{Kind: kindOf(s.Type)}); {
					case n == 0 && (err != nil || f.Encryption == nil):
						t.Errorf("%s %s: %v", scheme, url, err)
					case n == 1 && (!errors.As(err, &bad) || !slices.Contains([]string{"senc", "uuid senc", "sgpd"}, strings.Trim(bad.Box, `"`))):
						t.Errorf("%s %s: %v", scheme, url, err)
					}
				}
			}
		}
	}
}

// The names that the short forms had before still work.
func TestSchemeNames(t *testing.T) {
	for name, want := range map[Scheme]Scheme{"": SchemeCTR, "ctr": SchemeCTR, "cbc": SchemeCBC, "piff-ctr": "piff-ctr", "piff-cbc": "piff-cbc", "cenc": "cenc", "cbcs": "cbcs"} {
		p, err := (&Protect{Scheme: name, Keys: protectKeys}).complete()
		if err != nil || p.Scheme != want {
			t.Errorf("%q: %v, %v", name, p, err)
		}
	}
}
