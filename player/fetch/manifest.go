package fetch

import (
	"context"
	"time"

	"smoothplay/platform/httpclient"
)

// Manifest is a manifest as it was received, unpacked where it was packed.
type Manifest struct {
	Body []byte // belongs to the caller
	// URL is the one that answered, after redirects: the base of the fragments.
	// It may hold secrets: event.RedactURL makes it fit for messages.
	URL    string
	Status int
	Host   string
	// Started is when the request was sent, FirstByte how long its answer took to
	// begin, Elapsed how long it took to end.
	Started            time.Time
	FirstByte, Elapsed time.Duration
	Bytes              int64             // received, before unpacking
	Cache              map[string]string // as in Result
}

// Manifest asks for the manifest at url, which must be complete (see
// manifest.ManifestURL). Errors are of type *Error, what to do then is in
// NextManifest.
func (c *Client) Manifest(ctx context.Context, url string) (*Manifest, error) {
	return c.ManifestWith(ctx, url, nil)
}

// ManifestWith is Manifest with a request that carries more (nil: nothing). What
// it carries is not part of Manifest.URL.
func (c *Client) ManifestWith(ctx context.Context, url string, more *Extra) (*Manifest, error) {
	c.book.ask(url)
	w := httpclient.NewWatch(ctx, httpclient.FirstByte, c.opt.FirstByte)
	defer w.Stop()
	a, err := c.send(w, more.on(url), packed, more.header())
	if err != nil {
		return nil, final(ctx, err, a.url)
	}
	if failed(a.resp.StatusCode) {
		c.dismiss(w, a.resp)
		return nil, final(ctx, statusError(a.resp.StatusCode, a.url), a.url)
	}
	defer a.resp.Body.Close()
	r := reception{client: c, watch: w, limit: c.opt.MaxManifestBytes, started: a.started}
	b, err := r.body(a.resp, 0)
	received := r.received
	if err == nil {
		// Some servers pack and do not say so. No manifest begins like gzip.
		b, err = r.unpacked(b)
	}
	if err == nil && len(b.bytes) == 0 {
		err = errEmpty
	}
	if err != nil {
		return nil, final(ctx, broken(err, a.resp.StatusCode, a.url), a.url)
	}
	effective := *a.url
	effective.Fragment, effective.RawFragment = "", ""
	effective.RawQuery = more.off(effective.RawQuery)
	m := &Manifest{
		Body: b.bytes, URL: effective.String(), Status: a.resp.StatusCode, Host: a.url.Host,
		Started: a.started, FirstByte: a.firstByte, Elapsed: time.Since(a.started),
		Bytes: received, Cache: cacheNotes(a.resp.Header),
	}
	c.book.find(url, m.URL)
	return m, nil
}
