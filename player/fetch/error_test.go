package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"smoothplay/platform/httpclient"
	"smoothplay/player/event"
)

func TestDiagnose(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	late := &httpclient.TimeoutError{Phase: httpclient.FirstByte}
	tests := []struct {
		err   error
		class Class
		code  event.Code
	}{
		{dial(&net.DNSError{Err: "no such host", Name: "x", IsNotFound: true}), Offline, event.HostUnknown},
		{dial(&net.DNSError{Err: "server misbehaving", Name: "x", IsTemporary: true}), Offline, event.Unreachable},
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), Offline, event.Refused},
		{dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)), Offline, event.Unreachable},
		{dial(late), Offline, event.Timeout},
		{late, Timeout, event.Timeout},
		{&net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, Timeout, event.Timeout},
		{os.NewSyscallError("sendto", syscall.ENETUNREACH), Offline, event.Unreachable},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, Offline, event.ConnectionLost},
		{io.EOF, Offline, event.ConnectionLost},
		{&net.OpError{Op: "proxyconnect", Err: dial(syscall.ECONNREFUSED)}, Offline, event.ProxyFailed},
		{&net.OpError{Op: "socks connect", Err: errors.New("no")}, Offline, event.ProxyFailed},
		{&httpclient.RedirectError{Hops: 10}, Bad, event.RedirectLoop},
		{x509.UnknownAuthorityError{}, Bad, event.TLSFailed},
		{tls.AlertError(42), Bad, event.TLSFailed},
		{http.ErrSchemeMismatch, Bad, event.TLSFailed},
	}
	u := &url.URL{Scheme: "http", Host: "host"}
	for _, tt := range tests {
		e := unanswered(&url.Error{Op: "Get", URL: "http://secret", Err: tt.err}, u)
		if e.Class != tt.class || e.Code != tt.code {
			t.Errorf("%v: got %v, %s, want %v, %s", tt.err, e.Class, e.Code, tt.class, tt.code)
		}
		if strings.Contains(e.Error(), "secret") || !errors.Is(e, tt.err) && !strings.Contains(e.Error(), tt.err.Error()) {
			t.Errorf("%v: the message is %q", tt.err, e)
		}
		if explanations[e.Code][0] == "" {
			t.Errorf("%s: is not explained", e.Code)
		}
	}
}

// TestRealNetworkErrors: what net and crypto/tls really return.
func TestRealNetworkErrors(t *testing.T) {
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = quiet
	secure.StartTLS()
	defer secure.Close()
	clear := httptest.NewServer(http.NotFoundHandler())
	defer clear.Close()
	rude, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer rude.Close()
	go func() {
		for {
			conn, err := rude.Accept()
			if err != nil {
				return
			}
			conn.Read(make([]byte, 1))
			conn.(*net.TCPConn).SetLinger(0)
			conn.Close()
		}
	}()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()

	doer, err := httpclient.New(httpclient.Config{Proxy: "direct"})
	if err != nil {
		t.Fatal(err)
	}
	defer doer.Close()
	c := New(doer, Options{})
	for u, want := range map[string]event.Code{
		secure.URL: event.TLSFailed,
		strings.Replace(clear.URL, "http:", "https:", 1): event.TLSFailed,
		"http://" + gone.Addr().String():                 event.Refused,
		"http://" + rude.Addr().String():                 event.ConnectionLost,
	} {
		_, err := c.Manifest(t.Context(), u)
		var e *Error
		if !errors.As(err, &e) || e.Code != want {
			t.Errorf("got %v, want code %s", err, want)
		}
	}
}

func TestClassOf(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Class
	}{
		{fmt.Errorf("asking: %w", &Error{Class: TooLarge}), TooLarge},
		{fmt.Errorf("asking: %w", context.Canceled), Cancelled},
		{errors.New("no moof"), Malformed},
	} {
		if got := ClassOf(tt.err); got != tt.want {
			t.Errorf("%v: got %v, want %v", tt.err, got, tt.want)
		}
	}
	for c := range Bad + 1 {
		if strings.Contains(c.String(), "(") {
			t.Errorf("class %d has no name", c)
		}
	}
}

func TestScrub(t *testing.T) {
	u, _ := url.Parse("http://user:hunter2@host/p?token=abc&x=1")
	err := scrub(fmt.Errorf("talking to %s: %w", u, io.EOF), u)
	if s := err.Error(); strings.Contains(s, "abc") || strings.Contains(s, "hunter2") {
		t.Errorf("the message tells secrets: %s", s)
	}
	if !errors.Is(err, io.EOF) {
		t.Error("the cause is lost")
	}
	if scrub(io.EOF, u) != io.EOF {
		t.Error("an error without secrets was changed")
	}
}
