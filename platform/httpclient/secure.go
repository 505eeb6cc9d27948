package httpclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// tls reads the files of roots and of the client's certificate.
func (cfg *Config) tls() (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.RootsFile != "" {
		pem, err := os.ReadFile(cfg.RootsFile)
		if err != nil {
			return nil, fmt.Errorf("TLS roots: %w", err)
		}
		roots, err := x509.SystemCertPool()
		if err != nil {
			roots = x509.NewCertPool()
		}
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("TLS roots: %s holds no certificate in PEM", cfg.RootsFile)
		}
		t.RootCAs = roots
	}
	if cfg.CertFile == "" {
		if cfg.KeyFile != "" {
			return nil, fmt.Errorf("TLS client certificate: the key %s needs its certificate beside it", cfg.KeyFile)
		}
		return t, nil
	}
	key := cfg.KeyFile
	if key == "" {
		key = cfg.CertFile
	}
	pair, err := tls.LoadX509KeyPair(cfg.CertFile, key)
	if err != nil {
		return nil, fmt.Errorf("TLS client certificate from %s and %s: %w", cfg.CertFile, key, err)
	}
	t.Certificates = []tls.Certificate{pair}
	return t, nil
}

// proxyFunc reads Config.Proxy. Its errors quote no password.
func proxyFunc(s string) (func(*http.Request) (*url.URL, error), error) {
	switch s {
	case "":
		return http.ProxyFromEnvironment, nil
	case "direct":
		return nil, nil
	}
	if !strings.Contains(s, "://") {
		s = "http://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("proxy: not a URL; write http://host:port")
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		return nil, fmt.Errorf("proxy %s: the scheme must be http, https, socks5 or socks5h", u.Redacted())
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("proxy %s: names no host; write http://host:port", u.Redacted())
	}
	return http.ProxyURL(u), nil
}

// proxyConnected tells why a proxy opened no tunnel, as a net.OpError whose Op is
// "proxyconnect": the way in which net/http tells that it cannot be reached.
func proxyConnected(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &net.OpError{Op: "proxyconnect", Net: "tcp", Err: fmt.Errorf("the proxy answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))}
}
