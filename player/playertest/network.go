package playertest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"syscall"
)

// Network is an in-memory network with one server on it. Close and Reopen make
// the server die and come back.
type Network struct {
	mu     sync.Mutex
	closed bool              // guarded by mu, as all below
	conns  map[net.Conn]bool // open, both ends
	away   map[string]error  // hosts that cannot be reached, and why
	accept chan net.Conn
	done   chan struct{}
}

// NewNetwork returns a network without traffic.
func NewNetwork() *Network {
	return &Network{conns: map[net.Conn]bool{}, away: map[string]error{}, accept: make(chan net.Conn), done: make(chan struct{})}
}

// Dial connects to the server, whatever the address.
func (n *Network) Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	n.mu.Lock()
	if host, _, _ := net.SplitHostPort(addr); n.away[host] != nil {
		defer n.mu.Unlock()
		return nil, &net.OpError{Op: "dial", Net: network, Err: n.away[host]}
	}
	if n.closed {
		n.mu.Unlock()
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	}
	near, far := net.Pipe()
	n.conns[near], n.conns[far] = true, true
	n.mu.Unlock()
	select {
	case n.accept <- far:
		return near, nil
	case <-n.done:
		return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Remove takes a host from the network: connecting to it fails with err.
func (n *Network) Remove(host string, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.away[host] = err
}

// Close cuts all connections and refuses new ones.
func (n *Network) Close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for c := range n.conns {
		c.Close()
	}
	clear(n.conns)
}

// Reopen takes connections again.
func (n *Network) Reopen() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = false
}

// Serve answers with h until the returned function is called, which waits for
// everything to end.
func (n *Network) Serve(h http.Handler) (stop func()) {
	server := &http.Server{Handler: h}
	var wait sync.WaitGroup
	wait.Go(func() { _ = server.Serve(listener{n}) })
	return func() {
		close(n.done)
		n.Close()
		server.Close()
		wait.Wait()
	}
}

// listener is the server's end of a Network.
type listener struct{ *Network }

var errListenerClosed = errors.New("the listener is closed")

// Accept implements [net.Listener].
func (l listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accept:
		return c, nil
	case <-l.done:
		return nil, errListenerClosed
	}
}

// Close implements [net.Listener].
func (l listener) Close() error { return nil }

// Addr implements [net.Listener].
func (l listener) Addr() net.Addr { return &net.UnixAddr{Name: "playertest", Net: "pipe"} }
