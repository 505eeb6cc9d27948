package playready_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/drm/exchange"
	"smoothplay/drm/playready"
	"smoothplay/drm/playready/toy"
	"smoothplay/platform"
	"smoothplay/platform/platformtest"
)

var (
	secret = []byte("sixteen secrets!")
	kidHD  = [16]byte{1, 2, 3}
	kidSD  = [16]byte{4, 5, 6}
)

// service is a toy server that counts what it is asked.
type service struct {
	toy.Server
	asked, acknowledged atomic.Int64
	mu                  sync.Mutex
	seen                []http.Header
	wait                time.Duration
}

func newService() *service {
	return &service{Server: toy.Server{Licenses: func(kid [16]byte) (toy.License, bool) {
		return toy.License{Key: secret, MaxWidth: 1280, MaxHeight: 720}, kid == kidHD || kid == kidSD
	}}}
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, r.Header.Clone())
	s.mu.Unlock()
	if strings.Contains(r.Header.Get("SOAPAction"), "Acknowledge") {
		s.acknowledged.Add(1)
	} else {
		s.asked.Add(1)
	}
	time.Sleep(s.wait) // in a bubble
	s.Server.ServeHTTP(w, r)
}

// request asks for kid of a presentation whose header lists keys.
func request(kid [16]byte, listed ...[16]byte) platform.KeyRequest {
	h := playready.Header{LicenseURL: "http://user:pass@rm.example/lic?token=hidden"}
	for _, k := range listed {
		h.KIDs = append(h.KIDs, playready.KID{ID: k})
	}
	return platform.KeyRequest{KID: kid, ManifestURL: "http://host/m.ism/Manifest", Systems: []platform.ProtectionSystem{
		{SystemID: [16]byte{9}, Data: []byte("another system's")},
		{SystemID: playready.SystemID, Data: []byte("broken")},
		{SystemID: playready.SystemID, Data: h.Object()},
	}}
}

func TestProviderPassesTheExam(t *testing.T) {
	platformtest.TestKeyProvider(t, func(t *testing.T) (platform.KeyProvider, platform.Doer, platform.KeyRequest) {
		p := &playready.Provider{CDM: &toy.CDM{}}
		t.Cleanup(func() { p.Close() })
		return p, platformtest.HandlerDoer(newService()), request(kidHD, kidHD, kidSD)
	}, platformtest.InBubble())
}

// TestOneExchange: all who ask at the same time share an exchange; what it brought
// beyond is there for whoever asks next, once.
func TestOneExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.wait = time.Second
		doer := platformtest.HandlerDoer(s)
		p := &playready.Provider{CDM: &toy.CDM{Wrap: true, Acknowledge: true}, Header: http.Header{"authorization": {"Bearer x"}}}
		var g sync.WaitGroup
		for _, kid := range [][16]byte{kidHD, kidSD} {
			g.Go(func() {
				r, err := p.Key(t.Context(), doer, request(kid, kidHD, kidSD))
				if err != nil || !bytes.Equal(r.Key, secret) || r.MaxHeight != 720 {
					t.Errorf("%v, %v", r, err)
				}
			})
		}
		g.Wait()
		if n := s.asked.Load(); n != 1 {
			t.Errorf("%d exchanges for two keys at the same time", n)
		}
		for range 2 { // renewed: a new exchange brings both
			for _, kid := range [][16]byte{kidHD, kidSD} {
				if _, err := p.Key(t.Context(), doer, request(kid, kidHD, kidSD)); err != nil {
					t.Error(err)
				}
			}
		}
		if n := s.asked.Load(); n != 3 {
			t.Errorf("%d exchanges after two renewals, want 3", n)
		}
		if n := s.acknowledged.Load(); n != 3 {
			t.Errorf("%d acknowledged", n)
		}
		h := s.seen[0]
		if h.Get("Content-Type") != "text/xml; charset=utf-8" || !strings.Contains(h.Get("SOAPAction"), "protocols/AcquireLicense") ||
			h.Get("Authorization") != "Bearer x" || h.Get("X-Toy") != "wrapped" {
			t.Errorf("headers %v", h)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestProviderErrors: what goes wrong is named, whether it lasts is told, and
// secrets are not.
func TestProviderErrors(t *testing.T) {
	faulty := func(code uint32, says, redirect string) http.Handler {
		s := newService()
		s.Server.Fault = func(*http.Request, string) (uint32, string, string) { return code, says, redirect }
		return s
	}
	status := func(status int, body string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		})
	}
	for _, c := range []struct {
		name    string
		server  http.Handler
		change  func(p *playready.Provider, r *platform.KeyRequest)
		says    string
		refused bool
	}{
		{"revoked", faulty(0x8004C065, "no", ""), nil, "certificate is revoked", true},
		{"out of order", faulty(0x8004C600, "no", ""), nil, "internal error", false},
		{"custom data in the answer", faulty(0x8004C604, "token c-data is bad", ""), nil, `"token ... is bad"`, true},
		{"in a circle", faulty(0x8004C60D, "there", "http://other.example/lic"), nil, "other.example", true},
		{"redirect to nowhere", faulty(0x8004C60D, "there", ""), nil, "another server has the licence", true},
		{"forbidden", status(403, "go away"), nil, "answered 403 Forbidden: it does not know this user", true},
		{"not found", status(404, ""), nil, "check the address", true},
		{"too many", status(429, ""), nil, "429", false},
		{"unavailable", status(503, "<html>"), nil, "it is out of order", false},
		{"not a licence", status(200, "<html></html>"), nil, "no licence for key", true},
		{"not XML", status(200, "hello"), nil, "no toy licence", false},
		{"endless", status(200, strings.Repeat("x", exchange.MaxAnswer+1)), nil, "longer than a licence server's", false},
		{"key not given", newService(), func(_ *playready.Provider, r *platform.KeyRequest) { r.KID = [16]byte{7} }, "no licence for key 07", true},
		{"no header", newService(), func(_ *playready.Provider, r *platform.KeyRequest) { r.Systems = r.Systems[:1] }, "no PlayReady header", true},
		{"broken header", newService(), func(_ *playready.Provider, r *platform.KeyRequest) { r.Systems = r.Systems[:2] }, "PlayReady Object: ", true},
		{"no address", newService(), func(_ *playready.Provider, r *platform.KeyRequest) {
			r.Systems[2].Data = (&playready.Header{KIDs: []playready.KID{{ID: kidHD}}}).Object()
		}, "names no licence server", true},
		{"no URL", newService(), func(p *playready.Provider, _ *platform.KeyRequest) { p.LicenseURL = "rm.example?token=hidden" }, "is not one of HTTP", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &playready.Provider{CDM: &toy.CDM{}, CustomData: "c-data", Header: http.Header{"Authorization": {"Bearer hidden"}}}
			r := request(kidHD, kidHD, kidSD)
			if c.change != nil {
				c.change(p, &r)
			}
			_, err := p.Key(t.Context(), platformtest.HandlerDoer(c.server), r)
			if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, platform.ErrKeyRefused) != c.refused {
				t.Errorf("%v (refused: %v), want %q", err, errors.Is(err, platform.ErrKeyRefused), c.says)
			}
			if s := fmt.Sprint(err); strings.Contains(s, "hidden") || strings.Contains(s, "user:") || strings.Contains(s, "c-data") {
				t.Errorf("a secret shows: %v", err)
			}
			var w interface{ RetryAfter() time.Duration }
			if strings.Contains(c.says, "429") && (!errors.As(err, &w) || w.RetryAfter() != 7*time.Second) {
				t.Errorf("%v does not say when to ask again", err)
			}
		})
	}
}

// TestRedirect follows a server that points to another one.
func TestRedirect(t *testing.T) {
	s := newService()
	s.Server.Fault = func(r *http.Request, _ string) (uint32, string, string) {
		if r.Host == "rm.example" {
			return 0x8004C60D, "there", "http://other.example/lic"
		}
		return 0, "", ""
	}
	p := &playready.Provider{CDM: &toy.CDM{}}
	if r, err := p.Key(t.Context(), platformtest.HandlerDoer(s), request(kidHD, kidHD)); err != nil || !bytes.Equal(r.Key, secret) {
		t.Errorf("%v, %v", r, err)
	}
	// Never from a secure server to one that is not.
	p.LicenseURL = "https://rm.example/lic"
	var f *playready.Fault
	if _, err := p.Key(t.Context(), platformtest.HandlerDoer(s), request(kidHD, kidHD)); !errors.As(err, &f) || f.Code != 0x8004C60D {
		t.Errorf("from https to http: %v", err)
	}
}

// TestLeaderGivesUp: whoever makes the exchange may give up; those who wait go on
// with one of their own.
func TestLeaderGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.wait = time.Second
		doer := platformtest.HandlerDoer(s)
		p := &playready.Provider{CDM: &toy.CDM{}}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		var g sync.WaitGroup
		g.Go(func() {
			if _, err := p.Key(ctx, doer, request(kidHD, kidHD, kidSD)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v", err)
			}
		})
		time.Sleep(100 * time.Millisecond)
		g.Go(func() {
			if r, err := p.Key(t.Context(), doer, request(kidSD, kidHD, kidSD)); err != nil || !bytes.Equal(r.Key, secret) {
				t.Errorf("%v, %v", r, err)
			}
		})
		g.Wait()
	})
}

// storeCDM opens the licences that come with a presentation.
type storeCDM struct{ toy.CDM }

func (storeCDM) Challenge(context.Context, playready.Request) (playready.Challenge, error) {
	return playready.Challenge{}, nil
}

func (storeCDM) Response(_ context.Context, _ playready.Challenge, answer []byte) (playready.Licenses, error) {
	if answer != nil {
		return playready.Licenses{}, errors.New("nobody was asked")
	}
	return playready.Licenses{Keys: map[[16]byte]platform.KeyResult{kidHD: {Key: bytes.Clone(secret)}}}, nil
}

func TestLicenceAtHand(t *testing.T) {
	p := &playready.Provider{CDM: storeCDM{}}
	if r, err := p.Key(t.Context(), nil, request(kidHD)); err != nil || !bytes.Equal(r.Key, secret) {
		t.Errorf("%v, %v", r, err)
	}
	if _, err := (&playready.Provider{CDM: &toy.CDM{}}).Key(t.Context(), nil, request(kidHD)); err == nil || !strings.Contains(err.Error(), "no network") {
		t.Errorf("without a network: %v", err)
	}
}

// TestShowsNoSecret prints what holds keys and tokens with every verb.
func TestShowsNoSecret(t *testing.T) {
	p := &playready.Provider{CDM: &toy.CDM{}, CustomData: string(secret), LicenseURL: "http://h/?" + string(secret), Header: http.Header{"A": {string(secret)}}}
	if _, err := p.Key(t.Context(), platformtest.HandlerDoer(newService()), platform.KeyRequest{}); err == nil {
		t.Fatal("a key of nothing")
	}
	p.LicenseURL, p.CustomData = "", ""
	if _, err := p.Key(t.Context(), platformtest.HandlerDoer(newService()), request(kidHD, kidHD, kidSD)); err != nil {
		t.Fatal(err)
	}
	p.LicenseURL, p.CustomData = "http://h/?"+string(secret), string(secret)
	result := platform.KeyResult{Key: secret, MaxWidth: 1, Expires: time.Unix(0, 0)}
	values := []any{p, result, &result, exchange.Keys{kidHD: result}, toy.License{Key: secret}, playready.Licenses{Keys: exchange.Keys{kidHD: result}}, new(exchange.Batch)}
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			s := strings.ToLower(fmt.Sprintf(verb, v))
			for _, form := range []string{string(secret), hex.EncodeToString(secret), base64.StdEncoding.EncodeToString(secret), "115 105 120", "0x73, 0x69"} {
				if strings.Contains(s, strings.ToLower(form)) {
					t.Errorf("%s of %T shows a secret", verb, v)
				}
			}
		}
	}
}
