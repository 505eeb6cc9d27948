package httpclient

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

// TimeoutError says which wait was too long. Its Timeout method is true, as that
// of net.Error.
type TimeoutError struct {
	Phase string        // "connect", "first byte" or "idle"
	After time.Duration // the limit
}

func (e *TimeoutError) Error() string {
	switch e.Phase {
	case "connect":
		return fmt.Sprintf("no connection within %v", e.After)
	case "first byte":
		return fmt.Sprintf("no answer within %v", e.After)
	}
	return fmt.Sprintf("the answer stopped: no byte for %v", e.After)
}

// Timeout is true.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary is true; net.Error wants the method.
func (e *TimeoutError) Temporary() bool { return true }

// transport sends one request, one hop: the place where the link and the limits
// of a Client are enforced.
type transport struct {
	base            http.RoundTripper
	link            *Link // nil: not shaped
	firstByte, idle time.Duration
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	resp, err := t.send(ctx, req)
	if err != nil {
		cancel()
		return nil, err
	}
	// The body goes on under ctx: its end cancels.
	b := &body{raw: resp.Body, ctx: ctx, cancel: cancel, idle: t.idle, link: t.link}
	if t.link != nil {
		t.link.begin()
	}
	resp.Body = b
	resp.Request = req
	return resp, nil
}

// send returns the head of the answer, as late as the link would bring it.
func (t *transport) send(ctx context.Context, req *http.Request) (*http.Response, error) {
	own := req.WithContext(ctx)
	if t.link == nil {
		return t.checked(t.base.RoundTrip(own))
	}
	limited := ctx
	if t.firstByte > 0 {
		var done context.CancelFunc
		limited, done = context.WithTimeoutCause(ctx, t.firstByte, &TimeoutError{"first byte", t.firstByte})
		defer done()
	}
	if err := t.link.roundTrip(limited); err != nil {
		return nil, err
	}
	resp, err := t.checked(t.base.RoundTrip(own))
	if err != nil {
		return nil, err
	}
	if err := t.link.open(limited); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

func (t *transport) checked(resp *http.Response, err error) (*http.Response, error) {
	if err != nil {
		return nil, err
	}
	if err := checkLocation(resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// body is the body of an answer: shaped by the link, and broken off where it
// stands still.
type body struct {
	raw    io.ReadCloser
	ctx    context.Context // of this hop
	cancel context.CancelFunc
	link   *Link // nil: not shaped
	idle   time.Duration
	timer  *time.Timer // nil until the first read, and where idle is 0
	late   atomic.Bool // set by timer
	over   atomic.Bool // ended or closed
}

// Read is called by one goroutine at a time.
func (b *body) Read(p []byte) (int, error) {
	if b.idle > 0 {
		if b.timer == nil {
			b.timer = time.AfterFunc(b.idle, b.tooLate)
		} else {
			b.timer.Reset(b.idle)
		}
	}
	n, err := b.read(p)
	if b.timer != nil {
		b.timer.Stop()
	}
	if b.late.Load() && err != io.EOF {
		err = &TimeoutError{"idle", b.idle}
	}
	if err != nil {
		b.end()
	}
	return n, err
}

func (b *body) read(p []byte) (int, error) {
	if b.link == nil {
		return b.raw.Read(p)
	}
	n, err := b.raw.Read(p[:min(len(p), b.link.quantum())])
	if n > 0 {
		if late := b.link.carry(b.ctx, n, err != nil); late != nil {
			return 0, late
		}
	}
	return n, err
}

// tooLate runs on the timer's goroutine: it makes the read that waits return.
func (b *body) tooLate() {
	b.late.Store(true)
	b.cancel()
}

// Close may be called while a Read waits; that Read then fails.
func (b *body) Close() error {
	b.end()
	return b.raw.Close()
}

func (b *body) end() {
	if b.over.Swap(true) {
		return
	}
	b.cancel()
	if b.link != nil {
		b.link.end()
	}
}
