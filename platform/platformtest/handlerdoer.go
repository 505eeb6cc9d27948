package platformtest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	"smoothplay/platform"
)

// HandlerDoer returns a [platform.Doer] that gives each request to h, whatever
// its host, without a network: it works in testing/synctest bubbles. Bodies are
// streamed; the handler's context ends with the request's, or when the body is
// closed. A handler that panics cuts the answer off.
func HandlerDoer(h http.Handler) platform.Doer {
	return &http.Client{Transport: handlerTransport{h}}
}

type handlerTransport struct{ handler http.Handler }

// RoundTrip implements [http.RoundTripper].
func (t handlerTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	seen := req.Clone(ctx)
	seen.RequestURI = req.URL.RequestURI()
	seen.Host = req.URL.Host
	if seen.Body == nil {
		seen.Body = http.NoBody
	}
	body, writer := io.Pipe()
	w := &streamWriter{header: http.Header{}, body: writer, began: make(chan struct{})}
	go func() {
		defer seen.Body.Close()
		defer func() {
			err := io.EOF
			if p := recover(); ctx.Err() != nil {
				err = context.Cause(ctx)
			} else if p != nil {
				err = fmt.Errorf("the handler panicked (%v): %w", p, io.ErrUnexpectedEOF)
			}
			w.WriteHeader(http.StatusOK)
			writer.CloseWithError(err)
		}()
		t.handler.ServeHTTP(w, seen)
	}()
	stop := context.AfterFunc(ctx, func() { writer.CloseWithError(context.Cause(ctx)) })
	select {
	case <-w.began:
	case <-ctx.Done():
		cancel(nil)
		return nil, context.Cause(ctx)
	}
	return &http.Response{
		Status:        fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.sent,
		ContentLength: -1,
		Request:       req,
		Body:          &streamBody{body, func() { stop(); cancel(nil) }},
	}, nil
}

// streamBody is the reader's end of an answer.
type streamBody struct {
	*io.PipeReader
	end func()
}

func (b *streamBody) Close() error {
	b.end()
	return b.PipeReader.Close()
}

// streamWriter is the handler's end of an answer.
type streamWriter struct {
	header http.Header
	body   *io.PipeWriter
	once   sync.Once
	status int           // set before began is closed
	sent   http.Header   // likewise
	began  chan struct{} // closed when the answer has begun
}

func (w *streamWriter) Header() http.Header { return w.header }

func (w *streamWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.began)
	})
}

func (w *streamWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// Flush implements [http.Flusher]: what was written is there already.
func (w *streamWriter) Flush() { w.WriteHeader(http.StatusOK) }
