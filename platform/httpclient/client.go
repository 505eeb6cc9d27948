package httpclient

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
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
	// (0: 4 s); FirstByte that from the request to the head of its answer,
	// connecting included (0: 10 s); Idle the wait for more of a body (0: 8 s).
	// Negative: unbounded.
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
	transport       *http.Transport
	link            *Link       // nil: not shaped
	headers         http.Header // canonical names; never changed
	cookies         http.CookieJar
	maxRedirects    int           // not negative
	firstByte, idle time.Duration // 0: unbounded
	renew           func(*http.Request, int) (*http.Request, error)
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

	c := &Client{
		link: cfg.Link, headers: make(http.Header), cookies: cfg.Cookies, maxRedirects: max(cfg.MaxRedirects, 0),
		firstByte: cfg.FirstByte, idle: cfg.Idle, renew: cfg.Renew,
	}
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
		Proxy:                  proxy,
		OnProxyConnectResponse: proxyConnected,
		DialContext:            cfg.dialer(),
		TLSClientConfig:        tlsConfig,
		// A TLSClientConfig of one's own would switch HTTP/2 off.
		ForceAttemptHTTP2: true,
		// Who wants gzip asks for it: fragments do not shrink, and the size that
		// the server told would be lost.
		DisableCompression:     true,
		TLSHandshakeTimeout:    cfg.Connect,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConnsPerHost:    8,
		MaxResponseHeaderBytes: 256 << 10,
		// A connection of HTTP/2 that died silently would take every later
		// request with it.
		HTTP2: &http.HTTP2Config{SendPingTimeout: cfg.FirstByte, PingTimeout: cfg.Connect},
	}
	return c, nil
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
			ctx, cancel = context.WithTimeoutCause(ctx, limit, &TimeoutError{Connect, limit})
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
