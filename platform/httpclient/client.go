package httpclient

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"

	"smoothplay/platform"
)

var (
	_ platform.Doer    = (*Client)(nil)
	_ platform.Renewer = (*Client)(nil)
)

// Config says how a Client reaches its servers. The zero Config is usable: each
// field says what zero means.
type Config struct {
	// UserAgent is sent with requests that name none; "": "smoothplay".
	UserAgent string
	// Headers are sent with every request that does not set them itself, to
	// whatever host it goes, so they should hold no secret. A redirect to
	// another site takes none of them along but the harmless ones (see Do).
	// New copies them.
	Headers http.Header
	// Cookies keeps cookies; nil: in memory, for this Client alone.
	Cookies http.CookieJar
	// MaxRedirects bounds the redirects of one request; 0: 10; negative: the
	// first one is an error.
	MaxRedirects int

	// Proxy is "" for the proxy that the environment names (HTTP_PROXY,
	// HTTPS_PROXY, NO_PROXY), "direct" for none, or a URL: http, https, socks5
	// or socks5h; host:port alone is an http proxy.
	Proxy string
	// RootsFile holds certificates in PEM that are trusted beside those of the
	// system; "": none.
	RootsFile string
	// CertFile and KeyFile hold the client's certificate and key in PEM; where
	// KeyFile is "", CertFile holds both. CertFile "": no certificate.
	CertFile, KeyFile string

	// Connect bounds the time to connect, and again that of the TLS handshake
	// (0: 4 s); FirstByte that from the request to the head of the answer (0:
	// 10 s); Idle that between two reads of a body (0: 8 s). Negative: unbounded.
	Connect, FirstByte, Idle time.Duration

	// Link shapes all that the Client receives; nil: as fast as it comes.
	Link *Link
	// Dial opens connections; nil: a net.Dialer. A test gives one end of a
	// net.Pipe.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Renew, when not nil, is what Client.Renew does.
	Renew func(req *http.Request, status int) (*http.Request, error)
}

// Client sends requests. It is safe for concurrent use.
type Client struct {
	http      http.Client
	transport *http.Transport
	headers   http.Header // canonical names; never changed
	renew     func(*http.Request, int) (*http.Request, error)
}

// New makes a Client. It reads the files that cfg names; an error says which
// field of cfg is wrong and why.
func New(cfg Config) (*Client, error) {
	setDefault(&cfg.Connect, 4*time.Second)
	setDefault(&cfg.FirstByte, 10*time.Second)
	setDefault(&cfg.Idle, 8*time.Second)
	if cfg.MaxRedirects == 0 {
		cfg.MaxRedirects = 10
	}
	if cfg.Cookies == nil {
		jar, err := cookiejar.New(nil)
		if err != nil {
			return nil, fmt.Errorf("cookies: %w", err)
		}
		cfg.Cookies = jar
	}
	proxy, err := proxyFunc(cfg.Proxy)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := cfg.tls()
	if err != nil {
		return nil, err
	}

	c := &Client{headers: make(http.Header), renew: cfg.Renew}
	for name, values := range cfg.Headers {
		c.headers[http.CanonicalHeaderKey(name)] = append([]string(nil), values...)
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "smoothplay"
	}
	if _, named := c.headers["User-Agent"]; !named {
		c.headers["User-Agent"] = []string{cfg.UserAgent}
	}
	c.transport = &http.Transport{
		Proxy:           proxy,
		DialContext:     cfg.dialer(),
		TLSClientConfig: tlsConfig,
		// A TLSClientConfig of one's own would switch HTTP/2 off.
		ForceAttemptHTTP2: true,
		// Who wants gzip asks for it: fragments do not shrink, and the size that
		// the server told would be lost.
		DisableCompression:     true,
		TLSHandshakeTimeout:    cfg.Connect,
		ResponseHeaderTimeout:  cfg.FirstByte,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    8,
		MaxResponseHeaderBytes: 256 << 10,
		// A connection of HTTP/2 that died silently would take every later
		// request with it.
		HTTP2: &http.HTTP2Config{SendPingTimeout: cfg.FirstByte, PingTimeout: cfg.Connect},
	}
	c.http = http.Client{
		Transport:     &transport{base: c.transport, link: cfg.Link, firstByte: cfg.FirstByte, idle: cfg.Idle},
		Jar:           cfg.Cookies,
		CheckRedirect: redirects(cfg.MaxRedirects),
	}
	return c, nil
}

// Do sends req and follows redirects: the Request of the answer names the URL
// that answered. A redirect to another site (another host that is no subdomain
// of the first), or from https to http, takes none of the request's headers
// along but those that say what the client is and wants (User-Agent, Accept and
// the like, Range, a Referer or Origin set by hand).
//
// The body of the answer must be closed. Reading it fails with an error whose
// Timeout method is true where no byte comes for longer than Config.Idle. Errors
// are of type *url.Error, whose URL has lost its user and query: they may be
// secret.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	resp, err := c.http.Do(c.withHeaders(req))
	if err != nil {
		if e, ok := err.(*url.Error); ok {
			e.URL = place(req.URL)
		}
		return nil, err
	}
	return resp, nil
}

// Renew calls Config.Renew; without one the answer stands.
func (c *Client) Renew(req *http.Request, status int) (*http.Request, error) {
	if c.renew == nil {
		return nil, nil
	}
	return c.renew(req, status)
}

// Close closes the connections that are idle. Those in use close after their
// answers were read; the Client stays usable.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// withHeaders returns req with the Client's headers, leaving req as it is.
func (c *Client) withHeaders(req *http.Request) *http.Request {
	own := *req
	own.Header = make(http.Header, len(req.Header)+len(c.headers))
	maps.Copy(own.Header, c.headers)
	maps.Copy(own.Header, req.Header)
	return &own
}

// dialer opens connections within the limit, and charges the link one round
// trip for each.
func (cfg *Config) dialer() func(ctx context.Context, network, address string) (net.Conn, error) {
	dial := cfg.Dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	limit, link := cfg.Connect, cfg.Link
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if limit > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeoutCause(ctx, limit, &TimeoutError{"connect", limit})
			defer cancel()
		}
		conn, err := dial(ctx, network, address)
		if err == nil && link != nil {
			err = link.roundTrip(ctx)
			if err != nil {
				conn.Close()
			}
		}
		if err != nil {
			// Whatever the stage it happened in, it is a failure to connect.
			if cause, ok := context.Cause(ctx).(*TimeoutError); ok {
				err = &net.OpError{Op: "dial", Net: network, Err: cause}
			}
			return nil, err
		}
		return conn, nil
	}
}

func setDefault(d *time.Duration, value time.Duration) {
	switch {
	case *d == 0:
		*d = value
	case *d < 0:
		*d = 0
	}
}

// place is the URL without what may be secret.
func place(u *url.URL) string {
	if u == nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
