package fetch

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func zipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

func TestManifest(t *testing.T) {
	text := []byte(strings.Repeat("<SmoothStreamingMedia/>", 10_000))
	h := func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/zipped":
			if r.Header.Get("Accept-Encoding") != "gzip" {
				t.Errorf("gzip was not asked for")
			}
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(zipped(text))
		case "/zipped, unsaid":
			w.Header().Set("Content-Type", "text/xml")
			w.Write(zipped(text))
		case "/said to be zipped":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(text)
		case "/plain":
			w.Write(text)
		}
	}
	for _, path := range []string{"/zipped", "/zipped, unsaid", "/said to be zipped", "/plain"} {
		bubble(t, h, func(t *testing.T, n *network) {
			m, err := n.client(t, Options{}).Manifest(t.Context(), "http://host"+path)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if !bytes.Equal(m.Body, text) {
				t.Errorf("%s: got %d bytes, want the %d of the manifest", path, len(m.Body), len(text))
			}
			if small := strings.HasPrefix(path, "/zipped"); small != (m.Bytes < int64(len(text))) {
				t.Errorf("%s: received %d bytes of %d", path, m.Bytes, len(text))
			}
			if m.Status != 200 || m.Host != "host" {
				t.Errorf("%s: got status %d of host %q", path, m.Status, m.Host)
			}
		})
	}
}

func TestManifestThatCannotBeHad(t *testing.T) {
	// 64 MiB of nothing in 64 kB.
	bomb := zipped(make([]byte, 64<<20))
	tests := map[string]struct {
		h     http.HandlerFunc
		class Class
		says  string
	}{
		"bomb": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb)
		}, TooLarge, "larger than allowed"},
		"larger than allowed, said so": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(2<<20))
			io.Copy(w, io.LimitReader(forever0{}, 2<<20))
		}, TooLarge, "larger than allowed"},
		"without end": {func(w http.ResponseWriter, r *http.Request) {
			io.Copy(w, forever0{})
		}, TooLarge, "larger than allowed"},
		"empty": {func(w http.ResponseWriter, r *http.Request) {}, Truncated, "empty"},
		"cut gzip": {func(w http.ResponseWriter, r *http.Request) {
			w.Write(zipped(make([]byte, 1<<19))[:100])
		}, Malformed, "unpacked"},
		"other encoding": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			io.WriteString(w, "brotli")
		}, Bad, "br"},
		"404": {http.NotFound, Status, "(404 Not Found); check the address"},
		"599": {func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(599) }, Status, "(599); try again later"},
		"circle": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.String(), http.StatusFound)
		}, Bad, "redirects without end"},
	}
	for name, tt := range tests {
		bubble(t, tt.h, func(t *testing.T, n *network) {
			c := n.client(t, Options{MaxManifestBytes: 1 << 20})
			_, err := c.Manifest(t.Context(), "http://user:secret@host/a.ism/Manifest?token=secret")
			e := wantClass(t, err, tt.class)
			if !strings.Contains(err.Error(), tt.says) || !strings.HasPrefix(err.Error(), "http://host/a.ism/Manifest?token=...: ") {
				t.Errorf("%s: the message is %q", name, err)
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: the message tells a secret: %v", name, err)
			}
			if e.Code == "" || e.Code.Stage() == "" {
				t.Errorf("%s: the code is %q", name, e.Code)
			}
		})
	}
}

// forever0 reads zeros without end.
type forever0 struct{}

func (forever0) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestRedirectIsTheBase(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		if r.Host == "portal" {
			http.Redirect(w, r, "http://edge7/live/a.isml/Manifest?sid=1#top", http.StatusFound)
			return
		}
		io.WriteString(w, "x")
	}
	bubble(t, h, func(t *testing.T, n *network) {
		m, err := n.client(t, Options{}).Manifest(t.Context(), "http://portal/a")
		if err != nil {
			t.Fatal(err)
		}
		if want := "http://edge7/live/a.isml/Manifest?sid=1"; m.URL != want || m.Host != "edge7" {
			t.Errorf("got %s of host %s, want %s", m.URL, m.Host, want)
		}
	})
}

func TestManifestTakesItsTime(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(200 * time.Millisecond)
		w.(http.Flusher).Flush()
		time.Sleep(300 * time.Millisecond)
		io.WriteString(w, "x")
	}
	bubble(t, h, func(t *testing.T, n *network) {
		start := time.Now()
		m, err := n.client(t, Options{}).Manifest(t.Context(), "http://host/")
		if err != nil {
			t.Fatal(err)
		}
		if !m.Started.Equal(start) || m.FirstByte != 200*time.Millisecond || m.Elapsed != 500*time.Millisecond {
			t.Errorf("started after %v, first byte %v, elapsed %v", m.Started.Sub(start), m.FirstByte, m.Elapsed)
		}
	})
}

// TestHeadersStayHome: the user's headers go to the sites that were asked for,
// and not to where they lead.
func TestHeadersStayHome(t *testing.T) {
	got := make(map[string]string) // what each host was told last
	h := func(w http.ResponseWriter, r *http.Request) {
		got[r.Host] = r.Header.Get("X-Token") + r.Header.Get("Authorization") + "," + r.Header.Get("Referer")
		if r.Host == "portal" {
			http.Redirect(w, r, "http://edge/a.ism/Manifest", http.StatusFound)
			return
		}
		io.WriteString(w, "x")
	}
	bubble(t, h, func(t *testing.T, n *network) {
		headers := http.Header{"x-token": {"T"}, "Authorization": {"A"}, "Referer": {"R"}, "Accept-Encoding": {"br"}}
		c := n.client(t, Options{Headers: headers})
		fetchAll := func(urls ...string) {
			for _, u := range urls {
				r := c.Fragment(t.Context(), Job{URL: u}, nil)
				if r.Err != nil {
					t.Fatal(r.Err)
				}
				r.Body.Release()
			}
		}
		m, err := c.Manifest(t.Context(), "http://portal/a.ism/Manifest")
		if err != nil {
			t.Fatal(err)
		}
		// A refresh asks where the manifest was found.
		if _, err := c.Manifest(t.Context(), m.URL); err != nil {
			t.Fatal(err)
		}
		fetchAll("http://edge/a.ism/f1", "http://sub.portal/f", "http://else/f")
		for host, want := range map[string]string{"portal": "TA,R", "edge": ",R", "sub.portal": "TA,R", "else": ",R"} {
			if got[host] != want {
				t.Errorf("%s was told %q, want %q", host, got[host], want)
			}
		}
		// What the user asks for himself is his own business.
		if _, err := c.Manifest(t.Context(), "http://else/b.ism/Manifest"); err != nil {
			t.Fatal(err)
		}
		fetchAll("http://else/b.ism/f")
		if got["else"] != "TA,R" {
			t.Errorf("the second presentation was told %q", got["else"])
		}
	})
}

func TestAppendQuery(t *testing.T) {
	var asked string
	h := func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String()
		switch r.URL.Path {
		case "/in":
			http.Redirect(w, r, "/led/Manifest?sid=9", http.StatusFound)
		case "/bare":
			http.Redirect(w, r, "/c/Manifest", http.StatusFound)
		}
		io.WriteString(w, "x")
	}
	bubble(t, h, func(t *testing.T, n *network) {
		on := n.client(t, Options{AppendQuery: true})
		off := n.client(t, Options{})
		for _, u := range []string{"/a/Manifest?token=1%2F&x", "/a/b/Manifest?t=2", "/in?t=3", "/bare?t=4", "/d/Manifest"} {
			for _, c := range []*Client{on, off} {
				if _, err := c.Manifest(t.Context(), "http://host"+u); err != nil {
					t.Fatal(err)
				}
			}
		}
		for path, want := range map[string]string{
			"/a/f":     "/a/f?token=1%2F&x",
			"/a/f?q=1": "/a/f?q=1&token=1%2F&x",
			"/a/b/f":   "/a/b/f?t=2",
			"/led/f":   "/led/f?sid=9",
			"/c/f":     "/c/f?t=4",
			"/d/f":     "/d/f",
		} {
			for c, want := range map[*Client]string{on: want, off: path} {
				r := c.Fragment(t.Context(), Job{URL: "http://host" + path}, nil)
				if r.Err != nil || asked != want {
					t.Errorf("%s: asked for %s, want %s (%v)", path, asked, want, r.Err)
				}
				r.Body.Release()
			}
		}
	})
}
