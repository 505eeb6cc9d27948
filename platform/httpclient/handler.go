package httpclient

import (
	"net/http"
)

// Handler puts a server behind the link: each request waits for one round trip
// before next sees it, and the answers of all requests share the rate. Where a
// client goes away, the write that waits returns the error of the request's
// context. A nil Link returns next itself.
func (l *Link) Handler(next http.Handler) http.Handler {
	if l == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.roundTrip(r.Context()) != nil || l.open(r.Context()) != nil {
			return // nobody waits for the answer any more
		}
		l.begin()
		defer l.end()
		next.ServeHTTP(&linkWriter{ResponseWriter: w, link: l, request: r}, r)
	})
}

// linkWriter writes no faster than its link carries.
type linkWriter struct {
	http.ResponseWriter
	link    *Link
	request *http.Request
}

func (w *linkWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		n := min(len(p), w.link.quantum())
		if err := w.link.carry(w.request.Context(), n, n == len(p)); err != nil {
			return written, err
		}
		m, err := w.ResponseWriter.Write(p[:n])
		written += m
		if err != nil {
			return written, err
		}
		if flusher, ok := w.ResponseWriter.(http.Flusher); ok && len(p) > n {
			flusher.Flush()
		}
		p = p[n:]
	}
	return written, nil
}

// Unwrap is for http.ResponseController.
func (w *linkWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
