package httpclient

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// timesOut checks that err is a timeout of the phase, after exactly d.
func timesOut(t *testing.T, err error, phase Phase, start time.Time, d time.Duration) {
	t.Helper()
	var ne net.Error
	var late *TimeoutError
	if !errors.As(err, &ne) || !ne.Timeout() || !errors.As(err, &late) {
		t.Fatalf("got error %v, want a TimeoutError that is a net.Error", err)
	}
	if late.Phase != phase || late.After != d && phase != Idle {
		t.Errorf("got %v, want phase %d and limit %v", late, phase, d)
	}
	if got := time.Since(start); got != d {
		t.Errorf("%v: failed after %v, want %v", err, got, d)
	}
}

func TestTimeouts(t *testing.T) {
	t.Run("connect", func(t *testing.T) {
		inBubble(t, Config{Connect: 3 * time.Second}, nil, func(t *testing.T, c *Client, n *network) {
			start := time.Now()
			_, err := c.Do(newRequest(t, "http://nobody/"))
			timesOut(t, err, Connect, start, 3*time.Second)
			var op *net.OpError
			if !errors.As(err, &op) || op.Op != "dial" {
				t.Errorf("got %v, want a net.OpError of dial: it is a failure to connect", err)
			}
		})
	})
	hang := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	t.Run("first byte", func(t *testing.T) {
		inBubble(t, Config{FirstByte: 7 * time.Second}, hang, func(t *testing.T, c *Client, n *network) {
			start := time.Now()
			_, err := c.Do(newRequest(t, "http://host/"))
			timesOut(t, err, FirstByte, start, 7*time.Second)
		})
	})
	t.Run("first byte over a dead link", func(t *testing.T) {
		link, err := NewLink(Shape{{Duration: time.Hour}, {Duration: time.Hour, BPS: 1e6}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		inBubble(t, Config{FirstByte: 7 * time.Second, Link: link}, serveBytes(10), func(t *testing.T, c *Client, n *network) {
			start := time.Now()
			_, err := c.Do(newRequest(t, "http://host/"))
			timesOut(t, err, FirstByte, start, 7*time.Second)
		})
	})
	stall := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		for range 3 {
			w.Write(make([]byte, 100))
			w.(http.Flusher).Flush()
			time.Sleep(4 * time.Second)
		}
		<-r.Context().Done()
	}
	t.Run("idle", func(t *testing.T) {
		inBubble(t, Config{Idle: 5 * time.Second}, stall, func(t *testing.T, c *Client, n *network) {
			start := time.Now()
			resp, err := c.Do(newRequest(t, "http://host/"))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			// Bytes every 4 s are slow, not idle; then nothing comes for 5 s.
			timesOut(t, err, Idle, start, 13*time.Second)
			if len(b) != 300 {
				t.Errorf("read %d bytes before, want 300", len(b))
			}
		})
	})
	t.Run("idle over a link that dies", func(t *testing.T) {
		link, err := NewLink(Shape{{Duration: time.Second, BPS: 8000}, {Duration: time.Hour}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		inBubble(t, Config{Idle: 5 * time.Second, Link: link}, serveBytes(1<<20), func(t *testing.T, c *Client, n *network) {
			resp, err := c.Do(newRequest(t, "http://host/"))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			_, err = io.ReadAll(resp.Body)
			var late *TimeoutError
			if !errors.As(err, &late) || late.Phase != Idle {
				t.Errorf("got %v, want an idle timeout", err)
			}
		})
	})
	t.Run("reading slowly is not idle", func(t *testing.T) {
		inBubble(t, Config{Idle: time.Second}, serveBytes(20<<10), func(t *testing.T, c *Client, n *network) {
			resp, err := c.Do(newRequest(t, "http://host/"))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			buf := make([]byte, 10<<10)
			for range 2 {
				if _, err := io.ReadFull(resp.Body, buf); err != nil {
					t.Fatalf("after a pause of the reader: %v", err)
				}
				time.Sleep(time.Minute)
			}
		})
	})
}

func TestCancelEndsARead(t *testing.T) {
	hang := func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	inBubble(t, Config{}, hang, func(t *testing.T, c *Client, n *network) {
		ctx, cancel := context.WithCancel(t.Context())
		resp, err := c.Do(newRequest(t, "http://host/").WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		time.AfterFunc(time.Second, cancel)
		if _, err = io.ReadAll(resp.Body); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	})
}

func TestConnectionsAreKept(t *testing.T) {
	inBubble(t, Config{}, serveBytes(1<<20), func(t *testing.T, c *Client, n *network) {
		for range 5 {
			fetch(t, c, "http://host/")
			time.Sleep(30 * time.Second)
		}
		if n.dialled() != 1 {
			t.Errorf("5 requests used %d connections, want 1", n.dialled())
		}
	})
}

func TestHeaders(t *testing.T) {
	var got http.Header
	record := func(w http.ResponseWriter, r *http.Request) { got = r.Header.Clone() }
	cfg := Config{UserAgent: "box/2", Headers: http.Header{"x-extra": {"a"}, "Accept-Language": {"de"}}}
	inBubble(t, cfg, record, func(t *testing.T, c *Client, n *network) {
		req := newRequest(t, "http://host/")
		req.Header.Set("Accept-Language", "fr")
		if _, err := c.Do(req); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{"User-Agent": "box/2", "X-Extra": "a", "Accept-Language": "fr", "Accept-Encoding": ""} {
			if got.Get(name) != want {
				t.Errorf("%s: the server got %q, want %q", name, got.Get(name), want)
			}
		}
		if len(req.Header) != 1 {
			t.Errorf("the request of the caller was changed: %v", req.Header)
		}
	})
}

func TestCookies(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/in" {
			http.SetCookie(w, &http.Cookie{Name: "session", Value: "42", Path: "/"})
			http.Redirect(w, r, "/out", http.StatusFound)
			return
		}
		if c, err := r.Cookie("session"); err == nil {
			io.WriteString(w, c.Value)
		}
	}
	inBubble(t, Config{}, h, func(t *testing.T, c *Client, n *network) {
		for _, path := range []string{"/in", "/later"} {
			if _, b := fetch(t, c, "http://host"+path); string(b) != "42" {
				t.Errorf("%s: the server got cookie %q, want 42", path, b)
			}
		}
		if _, b := fetch(t, c, "http://other/later"); len(b) != 0 {
			t.Errorf("another host got cookie %q", b)
		}
	})
}

func TestRedirects(t *testing.T) {
	// The path lists the hosts to go through: /a/b is answered by a redirect to
	// host a with path /b.
	var last http.Header
	h := func(w http.ResponseWriter, r *http.Request) {
		last = r.Header.Clone()
		if next, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); next != "" {
			w.Header().Set("Location", "http://"+next+"/"+rest)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	}
	tests := []struct {
		url   string
		final string
		keeps bool // the headers that are not harmless
	}{
		{"http://site.com/", "http://site.com/", true},
		{"http://site.com/site.com/", "http://site.com/", true},
		{"http://site.com/cdn.site.com/", "http://cdn.site.com/", true},
		{"http://site.com/site.com:8080/", "http://site.com:8080/", true},
		{"http://site.com/other.com/", "http://other.com/", false},
		{"http://site.com/other.com/other.com/", "http://other.com/", false},
		{"http://site.com/evilsite.com/", "http://evilsite.com/", false},
		{"http://cdn.site.com/site.com/", "http://site.com/", false},
		{"http://3.4/1.2.3.4/", "http://1.2.3.4/", false},
		{"http://site.com/other.com/site.com/", "http://site.com/", false},
	}
	for _, tt := range tests {
		inBubble(t, Config{Headers: http.Header{"X-Token": {"s"}}}, h, func(t *testing.T, c *Client, n *network) {
			req := newRequest(t, tt.url+"?token=1")
			for _, name := range []string{"Authorization", "X-Own", "Accept", "Range"} {
				req.Header.Set(name, "s")
			}
			resp, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if got, _, _ := strings.Cut(resp.Request.URL.String(), "?"); got != tt.final {
				t.Errorf("%s: ended at %s, want %s", tt.url, got, tt.final)
			}
			for _, name := range []string{"Authorization", "X-Own", "X-Token"} {
				if (last.Get(name) != "") != tt.keeps {
					t.Errorf("%s: %s arrived: %v, want %v", tt.url, name, !tt.keeps, tt.keeps)
				}
			}
			for _, name := range []string{"Accept", "Range", "User-Agent"} {
				if last.Get(name) == "" {
					t.Errorf("%s: %s did not arrive", tt.url, name)
				}
			}
			if got := last.Get("Referer"); got != "" {
				t.Errorf("%s: Referer %q arrived, which nobody set", tt.url, got)
			}
		})
	}
}

func TestSameSiteKeepsToTLS(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		want     bool
	}{
		{"https://a.com", "http://a.com", false},
		{"http://a.com", "https://a.com", true},
		{"https://a.com", "https://B.A.com", true},
		{"http://[::1]", "http://[::1]:80", true},
	} {
		from, _ := url.Parse(tt.from)
		to, _ := url.Parse(tt.to)
		if got := sameSite(from, to); got != tt.want {
			t.Errorf("sameSite(%s, %s) = %v", tt.from, tt.to, got)
		}
	}
}

func TestRedirectsThatLeadNowhere(t *testing.T) {
	tests := []struct {
		location string
		max      int
		want     RedirectError
	}{
		{"/?secret=1", 0, RedirectError{Hops: 10}},
		{"/?secret=1", 3, RedirectError{Hops: 3}},
		{"/?secret=1", -1, RedirectError{Hops: 0}},
		{"file:///etc/secret", 0, RedirectError{Bad: true}},
		{"http://bad host/?secret=1", 0, RedirectError{Bad: true}},
	}
	for _, tt := range tests {
		h := func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", tt.location)
			w.WriteHeader(http.StatusFound)
		}
		inBubble(t, Config{MaxRedirects: tt.max}, h, func(t *testing.T, c *Client, n *network) {
			_, err := c.Do(newRequest(t, "http://user:secret@host/path?token=secret"))
			var re *RedirectError
			if !errors.As(err, &re) || re.Bad != tt.want.Bad || max(re.Hops, 0) != tt.want.Hops {
				t.Errorf("%s: got %v (%+v), want %+v", tt.location, err, re, tt.want)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: the message tells a secret: %v", tt.location, err)
			}
		})
	}
}

func TestRenew(t *testing.T) {
	inBubble(t, Config{}, nil, func(t *testing.T, c *Client, n *network) {
		if req, err := c.Renew(newRequest(t, "http://a/"), 403); req != nil || err != nil {
			t.Errorf("without Config.Renew: got %v, %v, want nil, nil", req, err)
		}
	})
	fresh := func(req *http.Request, status int) (*http.Request, error) {
		return http.NewRequest("GET", "http://fresh/", nil)
	}
	inBubble(t, Config{Renew: fresh}, nil, func(t *testing.T, c *Client, n *network) {
		if req, err := c.Renew(newRequest(t, "http://a/"), 403); err != nil || req.URL.Host != "fresh" {
			t.Errorf("got %v, %v", req, err)
		}
	})
}
