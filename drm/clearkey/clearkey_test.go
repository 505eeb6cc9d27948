package clearkey

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/drm/exchange"
	"smoothplay/drm/playready"
	"smoothplay/platform"
	"smoothplay/platform/platformtest"
)

var (
	secret = [16]byte([]byte("sixteen secrets!"))
	kidA   = [16]byte{0x09, 0xe3, 0x67, 0x02, 0x8f, 0x33, 0x43, 0x6c, 0xa5, 0xdd, 0x60, 0xff, 0xe6, 0x67, 0x1e, 0x70}
	kidB   = [16]byte{0xb}
)

// testSeed is the key seed of PlayReady's public test server.
const testSeed = "XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I"

// forms are how a secret of bytes might show.
func forms(b []byte) []string {
	return []string{
		string(b), hex.EncodeToString(b), base64.StdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b),
		strings.Trim(fmt.Sprint(b), "[]"), fmt.Sprintf("%#v", b)[7:20],
	}
}

func shows(s string, b []byte) bool {
	return slices.ContainsFunc(forms(b), func(form string) bool { return strings.Contains(strings.ToLower(s), strings.ToLower(form)) })
}

func TestAdd(t *testing.T) {
	key := hex.EncodeToString(secret[:])
	for _, pair := range []string{
		"09e367028f33436ca5dd60ffe6671e70:" + key,
		"{09E36702-8F33-436C-A5DD-60FFE6671E70}:" + strings.ToUpper(key),
		"AmfjCTOPbEOl3WD/5mcecA==:" + key,
		" 09e36702-8f33-436c-a5dd-60ffe6671e70 : " + base64.StdEncoding.EncodeToString(secret[:]),
	} {
		var k Keys
		if !k.Empty() {
			t.Error("not empty")
		}
		if err := k.Add(pair); err != nil {
			t.Errorf("%q: %v", pair, err)
			continue
		}
		r, err := k.Key(t.Context(), nil, platform.KeyRequest{KID: kidA})
		if err != nil || [16]byte(r.Key) != secret || k.Empty() || !slices.Equal(k.KIDs(), [][16]byte{kidA}) {
			t.Errorf("%q: %v, %v", pair, r, err)
		}
	}
	var k Keys
	for pair, want := range map[string]error{
		key:                                 ErrPair,
		"":                                  ErrPair,
		":" + key:                           ErrKID,
		key[1:] + ":" + key:                 ErrKID,
		key + ":":                           ErrKey,
		key + ":" + key[2:]:                 ErrKey,
		key + ":" + key + "00":              ErrKey,
		key + ":" + strings.Repeat("g", 32): ErrKey,
	} {
		if err := k.Add(pair); !errors.Is(err, want) || shows(err.Error(), secret[:]) || strings.Contains(err.Error(), key[1:8]) {
			t.Errorf("%q: %v, want %v", pair, err, want)
		}
	}
	if !k.Empty() {
		t.Error("something was added all the same")
	}
}

func TestRead(t *testing.T) {
	key := hex.EncodeToString(secret[:])
	file := "# keys of a test\r\n\r\n09e367028f33436ca5dd60ffe6671e70:" + key + "  # HD\r\n  0b000000-0000-0000-0000-000000000000:" + key + "\r\n"
	var k Keys
	if err := k.Read(strings.NewReader(file)); err != nil || !slices.Equal(k.KIDs(), [][16]byte{kidA, kidB}) {
		t.Errorf("%v, %x", err, k.KIDs())
	}
	for text, says := range map[string]string{
		file + "\n" + key:              "line 6: ",
		strings.Repeat("x", 2*maxLine): "line 1: ",
	} {
		if err := new(Keys).Read(strings.NewReader(text)); err == nil || !strings.HasPrefix(err.Error(), says) || shows(err.Error(), secret[:]) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	var many strings.Builder
	for i := range maxKeys + 1 {
		fmt.Fprintf(&many, "%032x:%s\n", i, key)
	}
	if err := new(Keys).Read(strings.NewReader(many.String())); !errors.Is(err, ErrTooMany) {
		t.Errorf("%v", err)
	}
	if err := new(Keys).Read(io.MultiReader(strings.NewReader("#\n"), failing{})); !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
}

var errDisk = errors.New("the disk is broken")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDisk }

func TestSeed(t *testing.T) {
	var k Keys
	for _, s := range []string{"", "%%", testSeed[:36]} {
		if err := k.SetSeed(s); !errors.Is(err, ErrSeed) || !k.Empty() {
			t.Errorf("%q: %v", s, err)
		}
	}
	if err := k.SetSeed(testSeed + "\n"); err != nil || k.Empty() {
		t.Fatal(err)
	}
	r, err := k.Key(t.Context(), nil, platform.KeyRequest{KID: kidA})
	sum, _ := playready.DecodeBase64("BGw1aYZ1YXM=") // published
	if err != nil {
		t.Fatal(err)
	}
	if ok, _ := (playready.KID{ID: kidA, Checksum: sum}).Verify(r.Key); !ok {
		t.Error("not the key of the test content")
	}
	if err := k.Add("09e367028f33436ca5dd60ffe6671e70:" + hex.EncodeToString(secret[:])); err != nil {
		t.Fatal(err)
	}
	if r, err := k.Key(t.Context(), nil, platform.KeyRequest{KID: kidA}); err != nil || [16]byte(r.Key) != secret {
		t.Errorf("a key that was added does not win: %v", err)
	}
}

func give(kid [16]byte) ([16]byte, bool) { return secret, kid == kidA || kid == kidB }

// request asks for kid of a presentation with a header of kidA and kidB.
func request(kid [16]byte) platform.KeyRequest {
	h := playready.Header{KIDs: []playready.KID{{ID: kidA}, {ID: kidB}}}
	return platform.KeyRequest{KID: kid, Systems: []platform.ProtectionSystem{{SystemID: playready.SystemID, Data: h.Object()}}}
}

func TestKeysPassTheExam(t *testing.T) {
	platformtest.TestKeyProvider(t, func(t *testing.T) (platform.KeyProvider, platform.Doer, platform.KeyRequest) {
		k := &Keys{}
		if err := k.Add("09e367028f33436ca5dd60ffe6671e70:" + hex.EncodeToString(secret[:])); err != nil {
			t.Fatal(err)
		}
		return k, nil, request(kidA)
	}, platformtest.InBubble())
}

func TestServerPassesTheExam(t *testing.T) {
	platformtest.TestKeyProvider(t, func(t *testing.T) (platform.KeyProvider, platform.Doer, platform.KeyRequest) {
		return &Server{URL: "http://keys.example/"}, platformtest.HandlerDoer(Handler(give)), request(kidA)
	}, platformtest.InBubble())
}

// TestOneRequestForAllKeys of the headers, whoever asks.
func TestOneRequestForAllKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		var body []byte
		doer := platformtest.HandlerDoer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			body, _ = io.ReadAll(r.Body)
			if r.Header.Get("Authorization") != "Bearer x" || r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("headers %v", r.Header)
			}
			time.Sleep(time.Second)
			r.Body = io.NopCloser(bytes.NewReader(body))
			Handler(give).ServeHTTP(w, r)
		}))
		s := &Server{URL: "http://keys.example/", Header: http.Header{"authorization": {"Bearer x"}}}
		var g sync.WaitGroup
		for _, kid := range [][16]byte{kidA, kidB} {
			g.Go(func() {
				if r, err := s.Key(t.Context(), doer, request(kid)); err != nil || [16]byte(r.Key) != secret {
					t.Errorf("%v, %v", r, err)
				}
			})
		}
		g.Wait()
		if n := asked.Load(); n != 1 {
			t.Errorf("%d requests", n)
		}
		var sent map[string]any
		if err := json.Unmarshal(body, &sent); err != nil || sent["type"] != "temporary" ||
			fmt.Sprint(sent["kids"]) != "[CeNnAo8zQ2yl3WD_5mcecA CwAAAAAAAAAAAAAAAAAAAA]" {
			t.Errorf("sent %s", body)
		}
		// A key that no header names is asked for alone.
		if _, err := s.Key(t.Context(), doer, platform.KeyRequest{KID: kidB}); err != nil || !bytes.Contains(body, []byte(`"kids":["CwAAAAAAAAAAAAAAAAAAAA"]`)) {
			t.Errorf("%s, %v", body, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAnswers(t *testing.T) {
	k := base64.RawURLEncoding.EncodeToString(secret[:])
	entry := func(kid, key string) string { return `{"kty":"oct","kid":"` + kid + `","k":"` + key + `"}` }
	const id = "CeNnAo8zQ2yl3WD_5mcecA"
	for _, c := range []struct {
		name, body string
		status     int
		want       error // nil: the key
	}{
		{"as specified", `{"keys":[` + entry(id, k) + `],"type":"temporary"}`, 200, nil},
		{"padded", `{"keys":[` + entry(id+"==", base64.StdEncoding.EncodeToString(secret[:])) + `]}`, 200, nil},
		{"a GUID", `{"keys":[` + entry("09e36702-8f33-436c-a5dd-60ffe6671e70", k) + `]}`, 200, nil},
		{"among others", `{"keys":[{},` + entry("x", "y") + `,` + entry("CwAAAAAAAAAAAAAAAAAAAA", k[:8]) + `,` + entry(id, k) + `],"more":1}`, 200, nil},
		{"half a key", `{"keys":[` + entry(id, k[:10]) + `]}`, 200, platform.ErrKeyRefused},
		{"another type", `{"keys":[{"kty":"RSA","kid":"` + id + `","k":"` + k + `"}]}`, 200, platform.ErrKeyRefused},
		{"none", `{"keys":[]}`, 200, platform.ErrKeyRefused},
		{"other JSON", `{"error":"` + k + `"}`, 200, ErrAnswer},
		{"a number", `{"keys":123456}`, 200, ErrAnswer},
		{"no JSON", string(secret[:]), 200, ErrAnswer},
		{"too long", strings.Repeat(" ", exchange.MaxAnswer+1), 200, exchange.ErrTooLong},
		{"forbidden", string(secret[:]), 403, platform.ErrKeyRefused},
	} {
		doer := platformtest.HandlerDoer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		}))
		r, err := (&Server{URL: "http://u:p@keys.example/?t=hidden"}).Key(t.Context(), doer, request(kidA))
		switch {
		case !errors.Is(err, c.want):
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		case err == nil && [16]byte(r.Key) != secret:
			t.Errorf("%s: another key", c.name)
		case err != nil && (shows(err.Error(), secret[:]) || strings.Contains(err.Error(), "hidden")):
			t.Errorf("%s: a secret shows: %v", c.name, err)
		}
	}
}

func TestHandlerRefuses(t *testing.T) {
	doer := platformtest.HandlerDoer(Handler(give))
	for _, c := range []struct {
		method, kind, body string
		status             int
	}{
		{"GET", "application/json", "", 405}, {"POST", "text/plain", "{}", 415}, {"POST", "application/json", "{", 400},
		{"POST", "application/json; charset=utf-8", `{"kids":["x"]}`, 200},
	} {
		req, err := http.NewRequestWithContext(context.Background(), c.method, "http://h/", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", c.kind)
		answer, err := doer.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.StatusCode != c.status {
			t.Errorf("%+v: %d", c, answer.StatusCode)
		}
	}
}

// TestShowsNoKey prints what holds keys with every verb.
func TestShowsNoKey(t *testing.T) {
	k := &Keys{}
	if err := errors.Join(k.Add("09e367028f33436ca5dd60ffe6671e70:"+hex.EncodeToString(secret[:])), k.SetSeed(base64.StdEncoding.EncodeToString(append(secret[:], secret[:]...)))); err != nil {
		t.Fatal(err)
	}
	s := &Server{URL: "http://h/?" + string(secret[:]), Header: http.Header{"A": {string(secret[:])}}}
	if _, err := s.Key(t.Context(), platformtest.HandlerDoer(Handler(give)), request(kidA)); err != nil {
		t.Fatal(err)
	}
	r, err := k.Key(t.Context(), nil, platform.KeyRequest{KID: kidA})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{k, s, r, &r, struct{ R platform.KeyResult }{r}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			if shows(fmt.Sprintf(verb, v), secret[:]) {
				t.Errorf("%s of %T shows a key", verb, v)
			}
		}
		if b, err := json.Marshal(v); err == nil && v != any(s) && shows(string(b), secret[:]) {
			t.Errorf("the JSON of %T shows a key: %s", v, b)
		}
	}
}

func FuzzAdd(f *testing.F) {
	f.Add("09e367028f33436ca5dd60ffe6671e70:" + hex.EncodeToString(secret[:]))
	f.Add("# x\nAmfjCTOPbEOl3WD/5mcecA==:" + base64.StdEncoding.EncodeToString(secret[:]))
	f.Fuzz(func(t *testing.T, text string) {
		var k Keys
		k.SetSeed(text)
		if err := k.Read(strings.NewReader(text)); err == nil {
			for _, kid := range k.KIDs() {
				if r, err := k.Key(t.Context(), nil, platform.KeyRequest{KID: kid}); err != nil || len(r.Key) != 16 {
					t.Fatalf("%v, %v", r, err)
				}
			}
		}
	})
}

func FuzzLicense(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"oct","kid":"CeNnAo8zQ2yl3WD_5mcecA","k":"CeNnAo8zQ2yl3WD_5mcecA"}],"type":"temporary"}`))
	f.Add([]byte(`{"keys":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, err := parseLicense(body)
		if (err == nil) == (keys == nil) || err != nil && !errors.Is(err, ErrAnswer) {
			t.Fatalf("%v, %v", keys, err)
		}
		for _, k := range keys {
			if len(k.Key) != 16 {
				t.Fatalf("a key of %d bytes", len(k.Key))
			}
		}
	})
}
