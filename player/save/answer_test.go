package save

import (
	"bytes"
	"io"
	"net/http"
)

// answer is a response in memory.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

func (a *answer) response(r *http.Request) *http.Response {
	return &http.Response{StatusCode: a.status, Header: a.header, Request: r, ContentLength: int64(a.body.Len()),
		Body: io.NopCloser(&a.body)}
}
