package httpclient

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// writePEM writes blocks to a file of its own and returns its name.
func writePEM(t *testing.T, blocks ...*pem.Block) string {
	t.Helper()
	var b []byte
	for _, block := range blocks {
		b = append(b, pem.EncodeToMemory(block)...)
	}
	name := filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// clientPair makes a self-signed certificate and its key.
func clientPair(t *testing.T) (cert *x509.Certificate, certBlock, keyBlock *pem.Block) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "box 7"},
		NotAfter:     time.Now().Add(time.Hour),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return cert, &pem.Block{Type: "CERTIFICATE", Bytes: der}, &pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}
}

func TestTLS(t *testing.T) {
	client, certBlock, keyBlock := clientPair(t)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Proto+" "+r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	trusted := x509.NewCertPool()
	trusted.AddCert(client)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: trusted}
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	roots := writePEM(t, &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})

	good := map[string]Config{
		"two files": {RootsFile: roots, CertFile: writePEM(t, certBlock), KeyFile: writePEM(t, keyBlock)},
		"one file":  {RootsFile: roots, CertFile: writePEM(t, keyBlock, certBlock)},
	}
	for name, cfg := range good {
		cfg.Proxy = "direct"
		c, err := New(cfg)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, b := fetch(t, c, server.URL)
		if want := "HTTP/2.0 box 7"; string(b) != want {
			t.Errorf("%s: the server saw %q, want %q", name, b, want)
		}
		c.Close()
	}

	t.Run("unknown root", func(t *testing.T) {
		cfg := good["one file"]
		cfg.RootsFile = ""
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		var bad *tls.CertificateVerificationError
		if _, err := c.Do(newRequest(t, server.URL)); !errors.As(err, &bad) {
			t.Errorf("got %v, want a tls.CertificateVerificationError", err)
		}
	})
	t.Run("wrong files", func(t *testing.T) {
		empty := writePEM(t)
		for want, cfg := range map[string]Config{
			"no such file":               {RootsFile: "/nowhere"},
			"holds no certificate":       {RootsFile: empty},
			"TLS client certificate":     {CertFile: empty},
			"needs its certificate":      {KeyFile: empty},
			"open /nowhere":              {CertFile: writePEM(t, certBlock), KeyFile: "/nowhere"},
			"the scheme must be":         {Proxy: "ftp://host:1"},
			"names no host":              {Proxy: "http://:80"},
			"not a URL; write http://":   {Proxy: "http://user:secret@ho st"},
			"proxy socks4://user:xxxxx@": {Proxy: "socks4://user:secret@host"},
		} {
			_, err := New(cfg)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got error %v, want one that says %q", err, want)
			} else if strings.Contains(err.Error(), "secret") {
				t.Errorf("the message tells a secret: %v", err)
			}
		}
	})
}

// newProxy is a proxy that answers every request itself, saying what it was
// asked.
func newProxy(t *testing.T) *httptest.Server {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "proxy got "+r.URL.String()+" "+r.Header.Get("Proxy-Authorization"))
	}))
	t.Cleanup(proxy.Close)
	return proxy
}

func TestProxyFromConfig(t *testing.T) {
	proxy := newProxy(t)
	address := strings.TrimPrefix(proxy.URL, "http://")
	for _, tt := range []struct{ proxy, want string }{
		{proxy.URL, "proxy got http://far.invalid/x "},
		{address, "proxy got http://far.invalid/x "},
		{"http://user:pass@" + address, "proxy got http://far.invalid/x Basic dXNlcjpwYXNz"},
	} {
		c, err := New(Config{Proxy: tt.proxy})
		if err != nil {
			t.Fatal(err)
		}
		if _, b := fetch(t, c, "http://far.invalid/x"); string(b) != tt.want {
			t.Errorf("%s: got %q, want %q", tt.proxy, b, tt.want)
		}
		c.Close()
	}
}

func TestProxyRefusesATunnel(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusProxyAuthRequired)
	}))
	defer proxy.Close()
	c, err := New(Config{Proxy: proxy.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.Do(newRequest(t, "https://far.invalid/"))
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "proxyconnect" || !strings.Contains(err.Error(), "407") {
		t.Errorf("got %v, want a net.OpError of proxyconnect that says 407", err)
	}
}

func TestProxySOCKS(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() { // RFC 1928, for one connection, answering the request itself
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(10 * time.Second))
		r := bufio.NewReader(conn)
		hello := make([]byte, 3)
		io.ReadFull(r, hello)
		conn.Write([]byte{5, 0})
		head := make([]byte, 5)
		io.ReadFull(r, head)
		name := make([]byte, int(head[4])+2)
		io.ReadFull(r, name)
		conn.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
		if _, err := http.ReadRequest(r); err == nil {
			body := string(name[:len(name)-2])
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"+body)
		}
	}()
	c, err := New(Config{Proxy: "socks5://" + listener.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, b := fetch(t, c, "http://far.invalid/x"); string(b) != "far.invalid" {
		t.Errorf("the proxy was asked for %q, want far.invalid", b)
	}
}

// TestProxyFromEnvironment runs itself in a process of its own: net/http reads
// the environment once.
func TestProxyFromEnvironment(t *testing.T) {
	if os.Getenv("HTTPCLIENT_TEST_PROXIED") != "" {
		for proxy, want := range map[string]bool{"": true, "direct": false} {
			c, err := New(Config{Proxy: proxy, Connect: 2 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			resp, err := c.Do(newRequest(t, "http://far.invalid/x"))
			if err == nil {
				resp.Body.Close()
			}
			if (err == nil) != want {
				t.Errorf("Config.Proxy %q: got %v, want an answer of the proxy: %v", proxy, err, want)
			}
		}
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestProxyFromEnvironment$")
	cmd.Env = append(os.Environ(), "HTTPCLIENT_TEST_PROXIED=1", "http_proxy=", "NO_PROXY=", "no_proxy=", "REQUEST_METHOD=", "HTTP_PROXY="+newProxy(t).URL)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
