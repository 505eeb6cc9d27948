package fetch

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"smoothplay/platform"
	"smoothplay/platform/httpclient"
)

// network is a server behind net.Pipe: a network that lives in a bubble.
type network struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
	dials  atomic.Int32
}

func newNetwork(t *testing.T) *network {
	n := &network{conns: make(chan net.Conn), closed: make(chan struct{})}
	t.Cleanup(func() { n.Close() })
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

func (n *network) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	n.dials.Add(1)
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

// speak answers every request on every connection with what says writes, as it
// is, and closes the connection after.
func (n *network) speak(says func(conn net.Conn, r *http.Request)) {
	go func() {
		for {
			conn, err := n.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					says(conn, r)
				}
			}()
		}
	}()
}

// bubble runs f in a bubble with a network that serves h; nil: nobody serves.
func bubble(t *testing.T, h http.HandlerFunc, f func(t *testing.T, n *network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork(t)
		if h != nil {
			server := &http.Server{Handler: h}
			go server.Serve(n)
			t.Cleanup(func() { server.Close() })
		}
		f(t, n)
	})
}

// client is a Client over the default HTTP client on n.
func (n *network) client(t *testing.T, opt Options) *Client {
	t.Helper()
	return New(n.doer(t, httpclient.Config{}), opt)
}

func (n *network) doer(t *testing.T, cfg httpclient.Config) *httpclient.Client {
	t.Helper()
	cfg.Dial, cfg.Proxy = n.Dial, "direct"
	doer, err := httpclient.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(doer.Close)
	return doer
}

// plainDoer is a Doer without limits of its own.
func (n *network) plainDoer(t *testing.T) *http.Client {
	transport := &http.Transport{DialContext: n.Dial}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// says writes s to every request.
func says(s string) func(net.Conn, *http.Request) {
	return func(conn net.Conn, _ *http.Request) { io.WriteString(conn, s) }
}

// doerFunc is a Doer that is one function.
type doerFunc func(*http.Request) (*http.Response, error)

func (f doerFunc) Do(req *http.Request) (*http.Response, error) { return f(req) }

var _ platform.Doer = doerFunc(nil)

// wantClass checks that err is an *Error of the class.
func wantClass(t *testing.T, err error, class Class) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Class != class {
		t.Fatalf("got error %v (class %v), want one of class %v", err, ClassOf(err), class)
	}
	return e
}
