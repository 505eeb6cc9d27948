package httpclient

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
)

// network is a server behind net.Pipe: a network that lives in a bubble.
type network struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once

	mu    sync.Mutex
	dials []string // addresses, in order
}

func newNetwork(t *testing.T, h http.Handler) *network {
	n := &network{conns: make(chan net.Conn), closed: make(chan struct{})}
	if h != nil {
		server := &http.Server{Handler: h}
		go server.Serve(n)
		t.Cleanup(func() { server.Close() })
	}
	return n
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

func (n *network) Addr() net.Addr { return &net.UnixAddr{Name: "bubble", Net: "pipe"} }

// Dial waits for ctx where nobody serves: a host that does not answer.
func (n *network) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dials = append(n.dials, address)
	n.mu.Unlock()
	near, far := net.Pipe()
	select {
	case n.conns <- far:
		return near, nil
	case <-n.closed:
		return nil, errors.New("network closed")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (n *network) dialled() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.dials)
}

// inBubble runs f with a Client of cfg over a network that h serves.
func inBubble(t *testing.T, cfg Config, h http.HandlerFunc, f func(t *testing.T, c *Client, n *network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var handler http.Handler
		if h != nil {
			handler = h
		}
		n := newNetwork(t, handler)
		cfg.Dial = n.Dial
		cfg.Proxy = "direct"
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		f(t, c, n)
	})
}

func newRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// fetch asks for url and reads the answer to its end.
func fetch(t *testing.T, c *Client, url string) (*http.Response, []byte) {
	t.Helper()
	resp, err := c.Do(newRequest(t, url))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, b
}

// serveBytes answers with n zero bytes.
func serveBytes(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(n))
		chunk := make([]byte, 16<<10)
		for left := n; left > 0; left -= len(chunk) {
			if _, err := w.Write(chunk[:min(len(chunk), left)]); err != nil {
				return
			}
		}
	}
}
