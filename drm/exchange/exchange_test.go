package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
)

func TestPost(t *testing.T) {
	server := platformtest.HandlerDoer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		b.ReadFrom(r.Body)
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Date", "Sun, 06 Nov 1994 08:49:37 GMT")
		w.Header().Set("Retry-After", r.Header.Get("X-Wait"))
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.RequestURI(), b.String())
	}))
	for value, want := range map[string]time.Duration{
		"": 0, "12": 12 * time.Second, "-3": 0, "999999": time.Hour, "soon": 0,
		"Sun, 06 Nov 1994 08:50:37 GMT": time.Minute, "Sun, 06 Nov 1994 08:00:00 GMT": 0, "Sun, 06 Nov 2094 08:49:37 GMT": time.Hour,
	} {
		a, err := Post(t.Context(), server, Message{URL: "http://u:p@h/lic?a=b", Header: http.Header{"x-wait": {value}}, Body: []byte("message")})
		if err != nil {
			t.Fatal(err)
		}
		if a.Status != 500 || string(a.Body) != "POST /lic?a=b message" || a.Type != "text/plain" || a.URL != "http://h/lic" || a.Wait != want {
			t.Errorf("%q: %+v, want to wait %v", value, a, want)
		}
		if e := a.Failed(); e.RetryAfter() != want || errors.Is(e, platform.ErrKeyRefused) {
			t.Errorf("%v", e)
		}
	}
}

// doerFunc is a Doer.
type doerFunc func(*http.Request) (*http.Response, error)

func (f doerFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

func TestPostNamesNoSecret(t *testing.T) {
	down := errors.New("connection refused")
	d := doerFunc(func(r *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: down}
	})
	_, err := Post(t.Context(), d, Message{URL: "http://name:word@h:8080/lic?token=hidden"})
	if !errors.Is(err, down) || err.Error() != "asking the licence server http://h:8080/lic: connection refused" {
		t.Errorf("%v", err)
	}
	for _, raw := range []string{"", "h/lic", "ftp://h/", "http:///lic", "http://name:word@h/%zz?token=hidden", "data:hidden"} {
		if _, err := Post(t.Context(), d, Message{URL: raw}); err == nil || errors.Is(err, down) || strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "word") {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

// closer is a decrypter that knows that it was closed.
type closer struct{ closed int }

func (*closer) Decrypt(*platform.Sample, platform.SampleProtection) error { return nil }
func (c *closer) Close() error                                            { c.closed++; return nil }

// TestBatchDiscards what nobody takes: replaced, evicted, or left at the end.
func TestBatchDiscards(t *testing.T) {
	var b Batch
	var made []*closer
	a, other := [16]byte{1}, [16]byte{2}
	run := func(context.Context) (Keys, error) {
		c := &closer{}
		made = append(made, c)
		return Keys{a: {Key: make([]byte, 16)}, other: {Decrypter: c}}, nil
	}
	ask := func(group string, kid [16]byte) {
		t.Helper()
		if _, err := b.Key(t.Context(), group, kid, run); err != nil {
			t.Fatal(err)
		}
	}
	ask("g", a)
	ask("g", a) // brings other again
	if len(made) != 2 || made[0].closed != 1 || made[1].closed != 0 {
		t.Errorf("replaced: %+v", made)
	}
	ask("g", other) // is taken
	ask("g", a)
	for i := range maxGroups {
		ask(fmt.Sprint(i), a)
	}
	if len(made) != 3+maxGroups || made[1].closed != 0 || made[2].closed != 1 || made[3].closed != 0 {
		t.Errorf("%d made; taken, evicted, kept: %+v", len(made), made[1:4])
	}
	b.Close()
	for i, c := range made[3:] {
		if c.closed != 1 {
			t.Errorf("the decrypter of group %d was closed %d times", i, c.closed)
		}
	}
}

func TestBatchSharesFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Batch
		down, runs := errors.New("down"), 0
		var g sync.WaitGroup
		for i := range 4 {
			g.Go(func() {
				_, err := b.Key(t.Context(), "g", [16]byte{byte(i)}, func(context.Context) (Keys, error) {
					runs++
					time.Sleep(time.Second)
					return nil, down
				})
				if err != down {
					t.Errorf("%v", err)
				}
			})
		}
		g.Wait()
		if runs != 1 {
			t.Errorf("%d exchanges", runs)
		}
	})
}

// TestBatchSurvivesPanics: those who wait are told.
func TestBatchSurvivesPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Batch
		go func() {
			defer func() { recover() }()
			b.Key(t.Context(), "g", [16]byte{1}, func(context.Context) (Keys, error) {
				time.Sleep(time.Second)
				panic("a driver's")
			})
		}()
		synctest.Wait()
		if _, err := b.Key(t.Context(), "g", [16]byte{2}, nil); err == nil || !strings.Contains(err.Error(), "broke off") {
			t.Errorf("%v", err)
		}
	})
}

// TestSameKeyTwice: two who wait for the same key make two exchanges, since a key is
// given out once.
func TestSameKeyTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b Batch
		var g sync.WaitGroup
		for range 3 {
			g.Go(func() {
				r, err := b.Key(t.Context(), "g", [16]byte{1}, func(context.Context) (Keys, error) {
					time.Sleep(time.Second)
					return Keys{{1}: {Key: make([]byte, 16)}}, nil
				})
				if err != nil || len(r.Key) != 16 {
					t.Errorf("%v, %v", r, err)
				}
			})
		}
		g.Wait()
	})
}
