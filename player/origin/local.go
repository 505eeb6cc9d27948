package origin

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"smoothplay/platform"
)

// Local returns a Doer that answers file:// URLs from the disk, as an Origin
// does but without a socket, and leaves all others to next. The URL may name a
// manifest (x.ism/Manifest, a file Manifest in a folder laid out as served, an
// .ismc file), an .ism file, or the folder of either; the URL of the answer is
// the one that fragments are relative to, as after a redirect. Safe for
// concurrent use. With a nil next, other URLs are an error.
func Local(next platform.Doer) platform.Doer {
	// Reading one's own disk is no service: the root is the whole of it.
	o, err := New(Config{Folders: map[string]fs.FS{"": os.DirFS("/")}, NoDemo: true})
	if err != nil {
		panic(err) // the configuration above is complete
	}
	return &local{o, next}
}

type local struct {
	origin *Origin
	next   platform.Doer
}

func (l *local) Do(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "file" {
		if l.next == nil {
			return nil, fmt.Errorf("%s: only file URLs can be read here", r.URL.Redacted())
		}
		return l.next.Do(r)
	}
	if r.Body != nil {
		r.Body.Close()
	}
	if r.URL.Host != "" && r.URL.Host != "localhost" {
		return nil, fmt.Errorf("%s: a file URL names no host; want file:///path", r.URL.Redacted())
	}
	if r.Method != "" && r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, fmt.Errorf("%s %s: files can be read only", r.Method, r.URL.Redacted())
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	a := l.origin.answer(r.URL.Path)
	if a.location != "" {
		r = r.Clone(r.Context())
		r.URL = &url.URL{Scheme: "file", Path: a.location}
		a = l.origin.answer(a.location)
	}
	return respond(r, a), nil
}

// respond makes the response of a server out of an answer.
func respond(r *http.Request, a answer) *http.Response {
	status, mime := http.StatusOK, ""
	var body io.ReadCloser
	size := int64(0)
	switch {
	case a.err != nil:
		status, mime = http.StatusInternalServerError, "text/plain; charset=utf-8"
		if errors.Is(a.err, fs.ErrNotExist) {
			status = http.StatusNotFound
		}
		body, size = io.NopCloser(strings.NewReader(a.err.Error())), int64(len(a.err.Error()))
	default:
		body, size, mime = a.body, a.body.size, a.body.mime
	}
	if r.Method == http.MethodHead {
		body.Close()
		body = http.NoBody
	}
	return &http.Response{
		Status:     strconv.Itoa(status) + " " + http.StatusText(status),
		StatusCode: status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {mime}, "Content-Length": {strconv.FormatInt(size, 10)}},
		Body:          body,
		ContentLength: size,
		Request:       r,
	}
}
