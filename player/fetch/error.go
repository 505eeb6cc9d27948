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
	"net/url"
	"strings"
	"syscall"

	"smoothplay/platform/httpclient"
	"smoothplay/player/event"
)

// Class groups failures by what can be done about them; see retry.go.
type Class uint8

// The classes.
const (
	Malformed Class = iota // received whole, and it is not what was asked for
	Offline                // no connection: name, route, host or network is missing
	Timeout                // a connection, but no answer, or one that stands still
	Status                 // an answer with a status that carries no fragment
	Truncated              // an answer that ended before its end
	TooLarge               // an answer beyond the limit of its kind
	Cancelled              // the caller wanted no more
	Bad                    // wrong whenever it is tried: address, TLS, redirects, encoding
)

var classNames = [...]string{"malformed", "offline", "timeout", "status", "truncated", "too large", "cancelled", "bad"}

// String returns the name of c.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class(%d)", uint8(c))
}

// ClassOf is the class of an error of this package. Any other error is taken for
// one of a parser, that what was received is Malformed.
func ClassOf(err error) Class {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Class
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Cancelled
	}
	return Malformed
}

// Error is a failed attempt to fetch something.
type Error struct {
	Class  Class
	Code   event.Code // the stable word for it
	Status int        // of the answer; 0: none came
	URL    string     // that was asked, or answered; redacted
	Err    error      // nil: the status says it all
}

// Error says where, what, and what to do. It tells no secrets.
func (e *Error) Error() string {
	if e.Class == Cancelled {
		return fmt.Sprintf("%s: given up: %v", e.URL, e.Err)
	}
	what := explanations[e.Code]
	cause := ""
	switch {
	case e.Status > 0 && e.Class == Status:
		cause = fmt.Sprintf(" (%s)", strings.TrimSpace(fmt.Sprint(e.Status, " ", http.StatusText(e.Status))))
		if e.Err != nil {
			cause += fmt.Sprintf(", and could not be renewed (%v)", e.Err)
		}
	case e.Err != nil:
		cause = fmt.Sprintf(" (%v)", e.Err)
	}
	return e.URL + ": " + what[0] + cause + "; " + what[1]
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// explanations say what a code means for a person, and what to do about it.
var explanations = map[event.Code][2]string{
	event.HostUnknown:      {"the host is not known", "check its name and the network"},
	event.Unreachable:      {"the host cannot be reached", "check the network and the address"},
	event.Refused:          {"nothing listens there", "check host and port, and that the server runs"},
	event.Timeout:          {"the server does not answer in time", "check the network, or try again later"},
	event.ConnectionLost:   {"the connection broke", "check the network and the server"},
	event.TLSFailed:        {"no secure connection", "check the clock of this device, and give the server's root certificate if it is a private one"},
	event.ProxyFailed:      {"the proxy does not let through", "check its address, user and password"},
	event.HTTPStatus:       {"the server does not deliver it", "check the address"},
	event.NotFound:         {"the server does not have it", "check the address"},
	event.NotYetThere:      {"the server does not have it yet", "try again in a moment"},
	event.AccessDenied:     {"the server denies access", "check the address, its token, and the headers or cookies that the server wants"},
	event.ServerError:      {"the server failed", "try again later"},
	event.RedirectLoop:     {"the server redirects without end", "check the address"},
	event.AnswerTooLarge:   {"the answer is larger than allowed", "check that the address is that of a Smooth Streaming presentation"},
	event.AnswerUnreadable: {"the answer cannot be unpacked", "check the server and what stands in front of it"},
	event.BadURL:           {"this is no address that can be asked", "write http://host/name.ism/Manifest"},
}

var (
	errTooLarge = errors.New("stopped reading at the limit")
	errEmpty    = errors.New("the answer is empty")
)

// encodingError says that a body cannot be unpacked.
type encodingError struct {
	encoding string
	err      error // nil: the encoding was not asked for
}

func (e *encodingError) Error() string {
	if e.err == nil {
		return "packed as " + e.encoding + ", which was not asked for"
	}
	return fmt.Sprintf("unpacking %s: %v", e.encoding, e.err)
}

func (e *encodingError) Unwrap() error { return e.err }

// unanswered makes an Error of what a Doer returned instead of an answer.
func unanswered(err error, u *url.URL) *Error {
	e := &Error{URL: event.RedactURL(u.String())}
	e.Class, e.Code = diagnose(err)
	e.Err = scrub(err, u)
	return e
}

// diagnose finds out why no answer came.
func diagnose(err error) (Class, event.Code) {
	var (
		op      *net.OpError
		dns     *net.DNSError
		timeout net.Error
		loop    *httpclient.RedirectError
		dial    = errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect" || op.Op == "socks connect")
	)
	switch {
	case errors.As(err, &loop):
		return Bad, event.RedirectLoop
	case errors.As(err, &dns) && dns.IsNotFound:
		return Offline, event.HostUnknown
	case dial && op.Op != "dial":
		return Offline, event.ProxyFailed
	case isTLS(err):
		return Bad, event.TLSFailed
	case errors.Is(err, syscall.ECONNREFUSED):
		return Offline, event.Refused
	case errors.As(err, &timeout) && timeout.Timeout():
		if dial {
			return Offline, event.Timeout
		}
		return Timeout, event.Timeout
	case dial, errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETDOWN):
		return Offline, event.Unreachable
	case strings.Contains(err.Error(), "unsupported protocol scheme"), strings.Contains(err.Error(), "no Host in request URL"):
		return Bad, event.BadURL // net/http has no type for these
	}
	return Offline, event.ConnectionLost
}

// isTLS tells whether a secure connection failed for a reason that stays: a
// certificate, or a server that speaks no TLS.
func isTLS(err error) bool {
	var (
		verify *tls.CertificateVerificationError
		record tls.RecordHeaderError
		alert  tls.AlertError
		root   x509.UnknownAuthorityError
		name   x509.HostnameError
		cert   x509.CertificateInvalidError
	)
	return errors.As(err, &verify) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &root) || errors.As(err, &name) || errors.As(err, &cert) ||
		errors.Is(err, http.ErrSchemeMismatch) ||
		strings.Contains(err.Error(), "remote error: tls: ")
}

// statusError makes an Error of a status that carries nothing.
func statusError(status int, u *url.URL) *Error {
	e := &Error{Class: Status, Code: event.HTTPStatus, Status: status, URL: event.RedactURL(u.String())}
	switch {
	case status == http.StatusNotFound || status == http.StatusGone:
		e.Code = event.NotFound
	case status == http.StatusPreconditionFailed:
		e.Code = event.NotYetThere
	case status == http.StatusUnauthorized || status == http.StatusForbidden || status == http.StatusProxyAuthRequired:
		e.Code = event.AccessDenied
	case status >= 500:
		e.Code = event.ServerError
	}
	return e
}

// broken makes an Error of what went wrong within a body.
func broken(err error, status int, u *url.URL) *Error {
	e := &Error{Class: Truncated, Code: event.ConnectionLost, Status: status, URL: event.RedactURL(u.String())}
	var encoding *encodingError
	var timeout net.Error
	switch {
	case errors.Is(err, errTooLarge):
		e.Class, e.Code = TooLarge, event.AnswerTooLarge
	case errors.As(err, &encoding):
		e.Class, e.Code = Bad, event.AnswerUnreadable
		if encoding.err != nil {
			e.Class = Malformed
		}
	case errors.As(err, &timeout) && timeout.Timeout():
		e.Class, e.Code = Timeout, event.Timeout
	case err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	e.Err = scrub(err, u)
	return e
}

// final makes the error that a caller gets: where its context ended, that is
// why, whatever it looked like.
func final(ctx context.Context, err error, u *url.URL) error {
	if ctx.Err() == nil {
		return err
	}
	e := &Error{Class: Cancelled, Err: context.Cause(ctx)}
	if u != nil {
		e.URL = event.RedactURL(u.String())
	}
	return e
}

// bare takes the URL off an error of net/http and net/url.
func bare(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// scrub takes off an error what it may repeat of a URL's secrets.
func scrub(err error, u *url.URL) error {
	err = bare(err)
	text := err.Error()
	clean := text
	if u.RawQuery != "" {
		clean = strings.ReplaceAll(clean, u.RawQuery, "...")
	}
	if password, ok := u.User.Password(); ok && password != "" {
		clean = strings.ReplaceAll(clean, password, "...")
	}
	if clean == text {
		return err
	}
	return &scrubbed{clean, err}
}

// scrubbed is an error with another text.
type scrubbed struct {
	text string
	err  error
}

func (s *scrubbed) Error() string { return s.text }
func (s *scrubbed) Unwrap() error { return s.err }
