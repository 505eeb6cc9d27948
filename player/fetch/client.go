package fetch

import (
	"net/http"
	"net/url"
	"time"

	"smoothplay/platform"
)

// Options says how a Client asks. The zero Options is usable.
type Options struct {
	// Headers are sent with every request to the sites of the manifests that
	// Client.Manifest was asked for, and to no other: where a redirect leads to
	// another site, that site gets only User-Agent, Accept-Language, Referer and
	// Origin of them. New copies them.
	Headers http.Header
	// AppendQuery puts the query of the manifest's URL on the URL of every
	// fragment: that of the URL that answered or, where it has none, that of the
	// URL asked for.
	AppendQuery bool
	// MaxManifestBytes bounds a manifest, also when it is unpacked (0: 16 MiB);
	// MaxFragmentBytes bounds a fragment (0: 64 MiB).
	MaxManifestBytes, MaxFragmentBytes int64
	// FirstByte bounds the time from a request to the head of its answer,
	// connecting included (0: 20 s); Idle that between two reads of a body (0:
	// 10 s). They are for Doers that have no limits, or laxer ones, of their own.
	FirstByte, Idle time.Duration
	// SpareBytes bounds the memory kept for later fragments; 0: 8 MiB.
	SpareBytes int64
}

// Client fetches over one platform.Doer. It is safe for concurrent use. Where
// the Doer is a platform.Renewer it is asked once for each answer 401 and 403.
type Client struct {
	doer platform.Doer
	opt  Options
	pool pool
	book book
}

// New makes a Client.
func New(doer platform.Doer, opt Options) *Client {
	setDefault(&opt.MaxManifestBytes, 16<<20)
	setDefault(&opt.MaxFragmentBytes, 64<<20)
	setDefault(&opt.SpareBytes, 8<<20)
	setDefault(&opt.FirstByte, 20*time.Second)
	setDefault(&opt.Idle, 10*time.Second)
	headers := make(http.Header, len(opt.Headers))
	for name, values := range opt.Headers {
		headers[http.CanonicalHeaderKey(name)] = append([]string(nil), values...)
	}
	opt.Headers = headers
	c := &Client{doer: doer, opt: opt}
	c.pool.limit = opt.SpareBytes
	return c
}

func setDefault[T int64 | time.Duration](v *T, value T) {
	if *v <= 0 {
		*v = value
	}
}

// The encodings asked for. Fragments do not shrink; manifests do, a lot. The
// slices are shared by all requests: nobody changes a header's values in place.
var (
	plain  = []string{"identity"}
	packed = []string{"gzip"}
)

// setHeaders fills in the headers of a request for u.
func (c *Client) setHeaders(h http.Header, u *url.URL, encoding []string) {
	h["Accept-Encoding"] = encoding
	if len(c.opt.Headers) == 0 {
		return
	}
	home := c.book.isHome(u)
	for name, values := range c.opt.Headers {
		switch name {
		case "Accept-Encoding":
			continue
		case "User-Agent", "Accept-Language", "Referer", "Origin":
		default:
			if !home {
				continue
			}
		}
		h[name] = values
	}
}
