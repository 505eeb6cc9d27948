package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/platform/httpclient"
)

func TestFragment(t *testing.T) {
	body := bytes.Repeat([]byte("moof"), 50_000)
	h := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "identity" {
			t.Errorf("Accept-Encoding is %q, want identity", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Type", `video/mp4;ChildTrack="ad=123;x=5"`)
		w.Header().Set("X-Cache", "HIT")
		w.Header().Set("Age", "7")
		if r.URL.Path == "/chunked" {
			for part := range slices.Chunk(body, 10_000) {
				w.Write(part)
				w.(http.Flusher).Flush()
			}
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		time.Sleep(30 * time.Millisecond)
		w.Write(body)
	}
	bubble(t, h, func(t *testing.T, n *network) {
		c := n.client(t, Options{})
		for i, path := range []string{"/sized", "/chunked", "/sized", "/chunked"} {
			job := Job{URL: "http://host:80" + path, Track: 1, Chunk: 2, Level: 3, Attempt: 4}
			if i == 3 {
				job.SizeHint = 200_000
			}
			r := c.Fragment(t.Context(), job, nil)
			if r.Err != nil {
				t.Fatalf("%s: %v", path, r.Err)
			}
			if !bytes.Equal(r.Body.Bytes(), body) || r.Bytes != int64(len(body)) {
				t.Errorf("%s: got %d bytes, want %d", path, len(r.Body.Bytes()), len(body))
			}
			if r.Job != job || r.Status != 200 || r.Host != "host:80" || r.Effective != job.URL {
				t.Errorf("%s: got %+v", path, r)
			}
			if r.ContentType != "video/mp4" || r.ChildTrack != "ad=123;x=5" {
				t.Errorf("%s: content type %q, child track %q", path, r.ContentType, r.ChildTrack)
			}
			if want := map[string]string{"x-cache": "HIT", "age": "7"}; !reflect.DeepEqual(r.Cache, want) {
				t.Errorf("%s: cache says %v, want %v", path, r.Cache, want)
			}
			if path == "/sized" && (r.FirstByte != 30*time.Millisecond || r.Elapsed < r.FirstByte) {
				t.Errorf("%s: first byte after %v, all after %v", path, r.FirstByte, r.Elapsed)
			}
			r.Body.Release()
			r.Body.Release() // does nothing
		}
		if n.dials.Load() != 1 {
			t.Errorf("4 fragments took %d connections, want 1", n.dials.Load())
		}
	})
}

// TestAnswersThatLie: what a server says of the length of its answer, and what
// it does.
func TestAnswersThatLie(t *testing.T) {
	const ok = "HTTP/1.1 200 OK\r\n"
	tests := []struct {
		name, answer string
		class        Class
		body         string // where all is well
		received     int64
	}{
		{"longer than said", ok + "Content-Length: 5\r\n\r\nhello, world", 0, "hello", 5},
		{"shorter than said", ok + "Content-Length: 50\r\n\r\nhello", Truncated, "", 5},
		{"much shorter than said", ok + "Content-Length: 60000000\r\n\r\nhello", Truncated, "", 5},
		{"beyond the limit", ok + "Content-Length: 99999999999\r\n\r\nhello", TooLarge, "", 0},
		{"nothing", ok + "Content-Length: 0\r\n\r\n", Truncated, "", 0},
		{"no length", ok + "Connection: close\r\n\r\nhello", 0, "hello", 5},
		{"chunked", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 0, "hello", 5},
		{"chunked, cut in a chunk", ok + "Transfer-Encoding: chunked\r\n\r\n50\r\nhello", Truncated, "", 5},
		{"chunked, cut between chunks", ok + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", Truncated, "", 5},
		{"zipped, unasked", ok + "Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + string(zipped([]byte("hello"))), 0, "hello", 29},
		{"said to be zipped", ok + "Content-Encoding: gzip\r\nConnection: close\r\n\r\nhello", 0, "hello", 5},
		{"like gzip", ok + "Connection: close\r\n\r\n\x1f\x8b\x08", 0, "\x1f\x8b\x08", 3},
		{"no HTTP", "moof", Offline, "", 0},
		{"closed", "", Offline, "", 0},
		{"partial", "HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\n\r\nhello", 0, "hello", 5},
		{"no content", "HTTP/1.1 204 No Content\r\n\r\n", Status, "", 0},
	}
	log.SetOutput(io.Discard) // net/http tells of bytes that nobody asked for
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	for _, tt := range tests {
		bubble(t, nil, func(t *testing.T, n *network) {
			n.speak(says(tt.answer))
			c := n.client(t, Options{})
			start := time.Now()
			r := c.Fragment(t.Context(), Job{URL: "http://host/"}, nil)
			if r.Bytes != tt.received {
				t.Errorf("%s: received %d bytes, want %d", tt.name, r.Bytes, tt.received)
			}
			if time.Since(start) > time.Second {
				t.Errorf("%s: took %v", tt.name, time.Since(start))
			}
			if tt.body == "" {
				wantClass(t, r.Err, tt.class)
				if r.Body != nil {
					t.Errorf("%s: a body came with the error", tt.name)
				}
				return
			}
			if r.Err != nil || string(r.Body.Bytes()) != tt.body {
				t.Errorf("%s: got %v, want %q", tt.name, r.Err, tt.body)
			}
		})
	}
}

// TestMemoryIsNotTakenOnAServersWord: a claim of 60 MB costs what arrives.
func TestMemoryIsNotTakenOnAServersWord(t *testing.T) {
	bubble(t, nil, func(t *testing.T, n *network) {
		n.speak(says("HTTP/1.1 200 OK\r\nContent-Length: 60000000\r\n\r\nhello"))
		c := n.client(t, Options{SpareBytes: 1 << 30})
		c.Fragment(t.Context(), Job{URL: "http://host/"}, nil)
		if c.pool.held > 2*trusted {
			t.Errorf("took %d bytes for an answer of 5", c.pool.held)
		}
	})
}

func TestABodyThatEndsLate(t *testing.T) {
	// All bytes are there, but the end of the chunked coding or of the stream
	// does not come: nobody waits for it where the length is known.
	body := &tricky{read: func(ctx context.Context, p []byte, call int) (int, error) {
		if call == 0 {
			return copy(p, "hello"), nil
		}
		<-ctx.Done()
		return 0, ctx.Err()
	}}
	bubble(t, nil, func(t *testing.T, n *network) {
		start := time.Now()
		r := New(body, Options{}).Fragment(t.Context(), Job{URL: "http://host/"}, nil)
		if r.Err != nil || string(r.Body.Bytes()) != "hello" {
			t.Errorf("got %v", r.Err)
		}
		if d := time.Since(start); d != lingering {
			t.Errorf("took %v, want %v", d, lingering)
		}
	})
}

// tricky is a Doer whose answer says 5 bytes and reads as it likes.
type tricky struct {
	read  func(ctx context.Context, p []byte, call int) (int, error)
	ctx   context.Context
	calls int
}

func (d *tricky) Do(req *http.Request) (*http.Response, error) {
	d.ctx = req.Context()
	return &http.Response{StatusCode: 200, Body: d, ContentLength: 5}, nil
}

func (d *tricky) Read(p []byte) (int, error) {
	d.calls++
	return d.read(d.ctx, p, d.calls-1)
}

func (d *tricky) Close() error        { return nil }
func (d *tricky) FromStore() bool     { return true }
func (d *tricky) BandwidthBPS() int64 { return 8e6 }
func (d *tricky) DeliveredBPS() int64 { return 3e6 }

func TestStacksOfDevices(t *testing.T) {
	t.Run("info", func(t *testing.T) {
		d := &tricky{read: func(_ context.Context, p []byte, _ int) (int, error) { return copy(p, "hello"), nil }}
		r := New(d, Options{}).Fragment(t.Context(), Job{URL: "http://host/x"}, nil)
		if r.Err != nil || !r.FromStore || r.StackBPS != 8e6 || r.DeliveredBPS != 3e6 {
			t.Errorf("got %+v", r)
		}
		if r.Effective != "http://host/x" || r.Host != "host" {
			t.Errorf("without a Request in the answer: URL %q, host %q", r.Effective, r.Host)
		}
	})
	t.Run("no progress", func(t *testing.T) {
		d := &tricky{read: func(context.Context, []byte, int) (int, error) { return 0, nil }}
		r := New(d, Options{}).Fragment(t.Context(), Job{URL: "http://host/"}, nil)
		if e := wantClass(t, r.Err, Truncated); !errors.Is(e, io.ErrNoProgress) {
			t.Errorf("got %v", e)
		}
	})
	t.Run("nothing at all", func(t *testing.T) {
		d := doerFunc(func(*http.Request) (*http.Response, error) { return nil, nil })
		wantClass(t, New(d, Options{}).Fragment(t.Context(), Job{URL: "http://host/"}, nil).Err, Offline)
	})
	t.Run("no body", func(t *testing.T) {
		d := doerFunc(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, ContentLength: -1}, nil
		})
		wantClass(t, New(d, Options{}).Fragment(t.Context(), Job{URL: "http://host/"}, nil).Err, Truncated)
	})
	t.Run("a URL that is none", func(t *testing.T) {
		for _, u := range []string{"http://ho st/?secret", ":", "rtsp://host/", "http:///x"} {
			r := New(http.DefaultClient, Options{}).Fragment(t.Context(), Job{URL: u}, nil)
			if e := wantClass(t, r.Err, Bad); strings.Contains(e.Error(), "secret") {
				t.Errorf("the message tells a secret: %v", e)
			}
		}
	})
}

// TestTimeouts are those for Doers that have none of their own.
func TestTimeouts(t *testing.T) {
	stall := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			w.Header().Set("Content-Length", "1000")
			for range 3 {
				io.WriteString(w, "some")
				w.(http.Flusher).Flush()
				time.Sleep(4 * time.Second)
			}
		}
		<-r.Context().Done()
	}
	for path, want := range map[string]time.Duration{"/head": 7 * time.Second, "/body": 13 * time.Second} {
		bubble(t, stall, func(t *testing.T, n *network) {
			c := New(n.plainDoer(t), Options{FirstByte: 7 * time.Second, Idle: 5 * time.Second})
			for range 2 {
				start := time.Now()
				r := c.Fragment(t.Context(), Job{URL: "http://host" + path}, nil)
				wantClass(t, r.Err, Timeout)
				if got := time.Since(start); got != want || r.Elapsed != want {
					t.Errorf("%s: failed after %v (said %v), want %v", path, got, r.Elapsed, want)
				}
			}
		})
	}
}

func TestCancel(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			w.(http.Flusher).Flush()
		}
		<-r.Context().Done()
	}
	for _, path := range []string{"/head", "/body"} {
		bubble(t, h, func(t *testing.T, n *network) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			start := time.Now()
			r := n.client(t, Options{}).Fragment(ctx, Job{URL: "http://host" + path}, nil)
			if wantClass(t, r.Err, Cancelled); !errors.Is(r.Err, context.Canceled) {
				t.Errorf("%s: got %v, want context.Canceled in it", path, r.Err)
			}
			if time.Since(start) != time.Second {
				t.Errorf("%s: returned after %v", path, time.Since(start))
			}
		})
	}
}

func TestOffline(t *testing.T) {
	bubble(t, nil, func(t *testing.T, n *network) {
		c := New(n.doer(t, httpclient.Config{Connect: 3 * time.Second}), Options{})
		start := time.Now()
		r := c.Fragment(t.Context(), Job{URL: "http://host/"}, nil)
		wantClass(t, r.Err, Offline)
		if time.Since(start) != 3*time.Second {
			t.Errorf("took %v", time.Since(start))
		}
		if r.Status != 0 || r.FirstByte != 0 || r.Host != "host" {
			t.Errorf("got %+v", r)
		}
	})
}

func TestStatusKeepsTheConnection(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusServiceUnavailable)
		switch r.URL.Path {
		case "/page":
			w.Write(make([]byte, 10_000))
		case "/endless":
			io.Copy(w, forever0{})
		case "/stuck":
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	}
	for path, dials := range map[string]int32{"/": 1, "/page": 1, "/endless": 3, "/stuck": 3} {
		bubble(t, h, func(t *testing.T, n *network) {
			c := n.client(t, Options{})
			for range 3 {
				start := time.Now()
				r := c.Fragment(t.Context(), Job{URL: "http://host" + path}, nil)
				e := wantClass(t, r.Err, Status)
				if r.Status != 503 || e.Status != 503 || r.RetryAfter != time.Minute {
					t.Errorf("%s: status %d, retry after %v", path, r.Status, r.RetryAfter)
				}
				if time.Since(start) > dismissTime {
					t.Errorf("%s: took %v", path, time.Since(start))
				}
			}
			if n.dials.Load() != dials {
				t.Errorf("%s: 3 requests took %d connections, want %d", path, n.dials.Load(), dials)
			}
		})
	}
}

func TestProgress(t *testing.T) {
	const size = 1_000_000
	bubble(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(size))
		w.Write(make([]byte, size))
	}, func(t *testing.T, n *network) {
		for _, tt := range []struct {
			shape    string
			min, max int // calls
		}{
			{"8M:10s:100ms", 18, 21},      // 1 s: by time
			{"400k:1h:100ms", 75, 84},     // 20 s: by bytes
			{"800M:10s:100ms", 1, 2},      // 10 ms
			{"1M:1h:100ms", 8*10 - 5, 84}, // 8 s: by bytes
		} {
			shape, err := httpclient.ParseShape(tt.shape)
			if err != nil {
				t.Fatal(err)
			}
			link, err := httpclient.NewLink(shape, 0)
			if err != nil {
				t.Fatal(err)
			}
			c := New(n.doer(t, httpclient.Config{Link: link}), Options{})
			var told []Progress
			r := c.Fragment(t.Context(), Job{URL: "http://host/"}, func(p Progress) { told = append(told, p) })
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			r.Body.Release()
			if len(told) < tt.min || len(told) > tt.max {
				t.Errorf("%s: told %d times, want %d to %d", tt.shape, len(told), tt.min, tt.max)
			}
			for i, p := range told {
				if p.Size != size || p.FirstByte != r.FirstByte || p.FirstByte < 200*time.Millisecond {
					t.Fatalf("%s: told %+v, first byte was after %v", tt.shape, p, r.FirstByte)
				}
				if i == 0 {
					if p.Bytes != 0 || p.Elapsed != p.FirstByte {
						t.Errorf("%s: told %+v at the head", tt.shape, p)
					}
				} else if last := told[i-1]; p.Bytes-last.Bytes < progressBytes || p.Elapsed-last.Elapsed < progressTime {
					t.Errorf("%s: told %+v after %+v: too often", tt.shape, p, last)
				}
			}
		}
	})
}

func TestRenew(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Second)
		if r.URL.Query().Get("token") != "new" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		io.WriteString(w, "x")
	}
	renewed := 0
	renewTo := func(token string, err error) func(*http.Request, int) (*http.Request, error) {
		return func(req *http.Request, status int) (*http.Request, error) {
			renewed++
			if status != http.StatusForbidden {
				t.Errorf("asked to renew after %d", status)
			}
			if token == "" {
				return nil, err
			}
			fresh := req.Clone(context.Background())
			fresh.URL.RawQuery = "token=" + token
			return fresh, err
		}
	}
	tests := map[string]struct {
		renew  func(*http.Request, int) (*http.Request, error)
		asked  int
		status int
		says   string
	}{
		"renewed":         {renewTo("new", nil), 1, 200, ""},
		"in vain":         {renewTo("older", nil), 1, 403, "denies access"},
		"let it stand":    {renewTo("", nil), 1, 403, "denies access"},
		"failed to renew": {renewTo("", errors.New("no token=old left")), 1, 403, "could not be renewed (no ... left)"},
		"nobody renews":   {nil, 0, 403, "denies access"},
	}
	for name, tt := range tests {
		bubble(t, h, func(t *testing.T, n *network) {
			c := New(n.doer(t, httpclient.Config{Renew: tt.renew}), Options{})
			renewed = 0
			r := c.Fragment(t.Context(), Job{URL: "http://host/f?token=old"}, nil)
			if renewed != tt.asked || r.Status != tt.status {
				t.Errorf("%s: asked %d times to renew, status %d, want %d, %d", name, renewed, r.Status, tt.asked, tt.status)
			}
			if r.Elapsed != time.Second {
				t.Errorf("%s: the time of the last request is %v, want 1s", name, r.Elapsed)
			}
			switch {
			case tt.says == "":
				if r.Err != nil || r.Effective != "http://host/f?token=new" {
					t.Errorf("%s: got %v from %s", name, r.Err, r.Effective)
				}
			default:
				if wantClass(t, r.Err, Status); !strings.Contains(r.Err.Error(), tt.says) {
					t.Errorf("%s: the message is %q", name, r.Err)
				}
			}
			if m, err := c.Manifest(t.Context(), "http://host/m?token=old"); tt.says == "" && (err != nil || m.URL != "http://host/m?token=new") {
				t.Errorf("%s: the manifest is %+v, %v", name, m, err)
			}
		})
	}
}

func TestConcurrentFragments(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		w.Write(bytes.Repeat([]byte(r.URL.Path[1:2]), 100_000))
	}
	bubble(t, h, func(t *testing.T, n *network) {
		c := n.client(t, Options{})
		done := make(chan error)
		for i := range 8 {
			go func() {
				var err error
				for range 20 {
					r := c.Fragment(t.Context(), Job{URL: fmt.Sprint("http://host/", i)}, nil)
					if err = r.Err; err != nil {
						break
					}
					if len(bytes.Trim(r.Body.Bytes(), fmt.Sprint(i))) != 0 {
						err = errors.New("bytes of another fragment")
						break
					}
					r.Body.Release()
				}
				done <- err
			}()
		}
		for range 8 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestDiagnosis(t *testing.T) {
	_, refused := net.Dial("tcp", "127.0.0.1:1")
	if refused == nil {
		t.Skip("something listens on port 1")
	}
	d := doerFunc(func(*http.Request) (*http.Response, error) { return nil, refused })
	r := New(d, Options{}).Fragment(t.Context(), Job{URL: "http://u:p@host/f?k=v"}, nil)
	e := wantClass(t, r.Err, Offline)
	if want := "http://host/f?k=...: nothing listens there ("; !strings.HasPrefix(e.Error(), want) {
		t.Errorf("the message is %q, want %q...", e, want)
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add(`video/mp4;ChildTrack="ad=123456789"`, "")
	f.Add(`childtrack=`, "99999999999999999999")
	f.Add("", `x="`)
	f.Fuzz(func(t *testing.T, contentType, own string) {
		h := http.Header{"Content-Type": {contentType}, "Childtrack": {own}, "Retry-After": {own}, "Age": {own}}
		got := childTrack(h)
		if !strings.Contains(contentType, got) && !strings.Contains(own, got) {
			t.Errorf("child track %q is in neither %q nor %q", got, contentType, own)
		}
		if d := retryAfter(h); d < 0 || d > time.Minute {
			t.Errorf("retry after %v", d)
		}
		if len(cacheNotes(h)["age"]) > 256 {
			t.Error("the note of a cache is not bounded")
		}
		mediaType(contentType)
	})
}
