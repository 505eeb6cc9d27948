package origin

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
)

// handled is a presentation that an http.Handler serves on demand.
type handled struct {
	handler http.Handler
	folder  string // its path, without slashes around it
}

func (p *handled) manifest() ([]byte, error) {
	data, _, err := p.get("Manifest")
	return data, err
}

func (p *handled) fragment(r request) (*content, error) {
	data, mime, err := p.get(fmt.Sprintf("QualityLevels(%d)/Fragments(%s=%d)", r.bitrate, r.stream, r.time))
	if level, _, ok := strings.Cut(r.raw, "/"); ok && err != nil { // with the attributes of its URL
		data, mime, err = p.get(fmt.Sprintf("%s/Fragments(%s=%d)", level, r.stream, r.time))
	}
	if err != nil {
		return nil, err
	}
	start, end := int64(0), int64(len(data))
	if r.part() != whole {
		if start, end, err = locate(bytes.NewReader(data), 0, end, r.part()); err != nil {
			return nil, err
		}
	}
	return &content{bytes.NewReader(data[start:end]), io.NopCloser(nil), end - start, mime}, nil
}

// get asks the handler, in the process.
func (p *handled) get(name string) (data []byte, mime string, err error) {
	path := "/" + p.folder + "/" + name
	r := &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: path}, RequestURI: path, Header: http.Header{}, Body: http.NoBody,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	w := &capture{header: http.Header{}}
	p.handler.ServeHTTP(w, r)
	switch {
	case w.status == http.StatusNotFound:
		return nil, "", fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	case w.status != 0 && w.status != http.StatusOK:
		return nil, "", fmt.Errorf("%s: its handler answers %d", path, w.status)
	}
	return w.body.Bytes(), w.header.Get("Content-Type"), nil
}

// capture keeps an answer.
type capture struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *capture) Header() http.Header { return c.header }

func (c *capture) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

func (c *capture) Write(p []byte) (int, error) {
	c.WriteHeader(http.StatusOK)
	return c.body.Write(p)
}
