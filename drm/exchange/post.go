package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"smoothplay/platform"
)

// MaxAnswer is the longest answer of a licence server that is read, in bytes.
const MaxAnswer = 1 << 20

// ErrTooLong says that an answer is longer than MaxAnswer.
var ErrTooLong = errors.New("the answer is longer than a licence server's")

// Message is what is sent to a licence server.
type Message struct {
	URL    string
	Header http.Header // may be nil
	Body   []byte
}

// Answer is what a licence server said.
type Answer struct {
	URL    string // that answered, for messages: redacted
	Status int
	Type   string // Content-Type
	Body   []byte
	// Wait is how long the server asks to stay away (Retry-After); 0: not stated.
	Wait time.Duration
}

// Post sends m and reads the answer, whatever its status. The error names the
// server, and wraps what the Doer said, ErrTooLong, or the end of ctx.
func Post(ctx context.Context, d platform.Doer, m Message) (*Answer, error) {
	name := RedactURL(m.URL)
	if u, err := url.Parse(m.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("the address of the licence server, %q, is not one of HTTP", name)
	}
	if d == nil {
		return nil, fmt.Errorf("asking the licence server %s: the device has no network", name)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.URL, bytes.NewReader(m.Body))
	if err != nil {
		return nil, fmt.Errorf("asking the licence server %s: %w", name, bare(err))
	}
	for k, v := range m.Header {
		req.Header[http.CanonicalHeaderKey(k)] = v
	}
	response, err := d.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking the licence server %s: %w", name, bare(err))
	}
	defer response.Body.Close()
	if r := response.Request; r != nil && r.URL != nil {
		name = RedactURL(r.URL.String())
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, MaxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer of the licence server %s: %w", name, bare(err))
	}
	if len(body) > MaxAnswer {
		return nil, fmt.Errorf("reading the answer of the licence server %s: %w", name, ErrTooLong)
	}
	return &Answer{
		URL: name, Status: response.StatusCode, Type: response.Header.Get("Content-Type"), Body: body, Wait: wait(response.Header),
	}, nil
}

// bare is err without the address that net/http writes into its errors.
func bare(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// wait reads Retry-After, in seconds or as a date, which is held against the
// server's own clock; at most an hour.
func wait(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil {
		return time.Duration(min(max(n, 0), 3600)) * time.Second
	}
	until, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return min(max(until.Sub(now), 0), time.Hour)
}

// RedactURL is raw as messages may hold it: scheme, host and path.
func RedactURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return "..."
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// StatusError is an answer that is none: a status of HTTP and no message. One that
// would not change by asking again wraps [platform.ErrKeyRefused].
type StatusError struct {
	URL    string // redacted
	Status int
	Wait   time.Duration
}

// Failed is the StatusError of a.
func (a *Answer) Failed() *StatusError { return &StatusError{a.URL, a.Status, a.Wait} }

// Error names the server, the status, and what to do.
func (e *StatusError) Error() string {
	what := ""
	switch {
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		what = ": it does not know this user, or does not let them play; check headers, token and custom data"
	case e.Status == http.StatusNotFound || e.Status == http.StatusGone:
		what = ": there is no such service, or it does not know the key; check the address"
	case e.Status >= 500:
		what = ": it is out of order"
	}
	return fmt.Sprintf("the licence server %s answered %d %s%s", e.URL, e.Status, http.StatusText(e.Status), what)
}

// Unwrap returns [platform.ErrKeyRefused], or nil where asking again makes sense.
func (e *StatusError) Unwrap() error {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return nil
	}
	if e.Status >= 400 && e.Status < 500 {
		return platform.ErrKeyRefused
	}
	return nil
}

// RetryAfter is how long the server asks to stay away; 0: not stated.
func (e *StatusError) RetryAfter() time.Duration { return e.Wait }
