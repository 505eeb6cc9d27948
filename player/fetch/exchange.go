package fetch

import (
	"cmp"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/httpclient"
	"smoothplay/player/event"
)

// answer is the head of an answer, and when it came.
type answer struct {
	resp      *http.Response // nil: none came
	asked     *url.URL       // first
	url       *url.URL       // that answered
	started   time.Time
	firstByte time.Duration
}

// send asks for raw, with more headers, and once again where an answer 401 or 403 can be renewed.
func (c *Client) send(w *httpclient.Watch, raw string, encoding []string, more http.Header) (a answer, err error) {
	req, err := http.NewRequestWithContext(w, http.MethodGet, raw, nil)
	if err != nil {
		return a, &Error{Class: Bad, Code: event.BadURL, URL: event.RedactURL(raw), Err: bare(err)}
	}
	a.asked = req.URL
	c.setHeaders(req.Header, req.URL, encoding)
	maps.Copy(req.Header, more)
	if err := c.ask(w, req, &a); err != nil {
		return a, err
	}
	renewer, ok := c.doer.(platform.Renewer)
	if !ok || a.resp.StatusCode != http.StatusUnauthorized && a.resp.StatusCode != http.StatusForbidden {
		return a, nil
	}
	w.Within(httpclient.FirstByte, c.opt.FirstByte)
	fresh, err := renewer.Renew(req, a.resp.StatusCode)
	if err != nil {
		// The answer stands; what went wrong with its renewal says more of it.
		c.dismiss(w, a.resp)
		e := statusError(a.resp.StatusCode, a.url)
		e.Err = scrub(w.Why(err), req.URL)
		return a, e
	}
	if fresh == nil {
		return a, nil
	}
	a.resp.Body.Close()
	err = c.ask(w, fresh.WithContext(w), &a)
	return a, err
}

// ask sends one request and waits for the head of the answer.
func (c *Client) ask(w *httpclient.Watch, req *http.Request, a *answer) error {
	w.Within(httpclient.FirstByte, c.opt.FirstByte)
	a.resp, a.url, a.firstByte, a.started = nil, req.URL, 0, time.Now()
	resp, err := c.doer.Do(req)
	if err == nil && resp == nil {
		err = errors.New("the HTTP client of the device returned neither an answer nor an error")
	}
	if err != nil {
		return unanswered(w.Why(err), req.URL)
	}
	a.resp = resp
	a.firstByte = time.Since(a.started)
	if resp.Body == nil {
		resp.Body = http.NoBody
	}
	if resp.Request != nil && resp.Request.URL != nil {
		a.url = resp.Request.URL
	}
	return nil
}

// Bounds of what is read of a body that nobody wants, so that its connection can
// be used again.
const (
	dismissBytes = 16 << 10
	dismissTime  = 500 * time.Millisecond
)

// dismiss ends with an answer whose body is of no interest.
func (c *Client) dismiss(w *httpclient.Watch, resp *http.Response) {
	defer resp.Body.Close()
	if resp.ContentLength > dismissBytes || w.Fired() {
		return
	}
	w.Within(httpclient.Idle, dismissTime)
	b := c.pool.get(dismissBytes)
	defer c.pool.put(b)
	for n := 0; n < dismissBytes; {
		k, err := resp.Body.Read(b[:dismissBytes-n])
		if n += max(k, 1); err != nil {
			return
		}
	}
}

// failed tells whether the status of an answer is one without what was asked
// for. 206 without a Range asked for is what some caches send.
func failed(status int) bool {
	return status != http.StatusOK && status != http.StatusNonAuthoritativeInfo && status != http.StatusPartialContent
}

// cacheHeaders are those that tell how caches on the way dealt with a request,
// as net/http names them and as Result does.
var cacheHeaders = [...][2]string{{"Age", "age"}, {"Cache-Control", "cache-control"}, {"Via", "via"}, {"X-Cache", "x-cache"}}

// cacheNotes returns them; nil where there are none.
func cacheNotes(h http.Header) map[string]string {
	var notes map[string]string
	for _, name := range cacheHeaders {
		if v := h[name[0]]; len(v) > 0 {
			if notes == nil {
				notes = make(map[string]string, len(cacheHeaders))
			}
			notes[name[1]] = v[0][:min(len(v[0]), 256)]
		}
	}
	return notes
}

// childTrack finds the sparse pointer of an answer, where it stands in the
// Content-Type or in a header of its own, without its quotes ([MS-SSTR] 2.2.5).
func childTrack(h http.Header) string {
	const mark = "childtrack="
	value := h.Get("Content-Type")
	at := indexFold(value, mark)
	if at < 0 {
		value = h.Get("ChildTrack")
		if at = indexFold(value, mark); at < 0 {
			return strings.Trim(value, `" `)
		}
	}
	value = strings.TrimSpace(value[at+len(mark):])
	if quoted, ok := strings.CutPrefix(value, `"`); ok {
		value, _, _ = strings.Cut(quoted, `"`)
	}
	return value
}

// indexFold is strings.Index for a lower-case ASCII mark, in any letter case.
func indexFold(s, mark string) int {
	for i := 0; i+len(mark) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(mark)], mark) {
			return i
		}
	}
	return -1
}

// retryAfter reads the header Retry-After in its form of seconds (RFC 9110
// 10.2.3), bounded to a minute; 0: there is none.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(cmp.Or(h.Get("Retry-After"), "0"))
	if err != nil {
		return 0
	}
	return time.Duration(min(max(seconds, 0), 60)) * time.Second
}

// mediaType is a Content-Type without its parameters.
func mediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.TrimSpace(s)
}
