package httpclient

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// RedirectError says that a request was redirected too often, or to a place that
// is none. It is permanent: asking again leads to the same.
type RedirectError struct {
	Hops int  // redirects followed before
	Bad  bool // the last one named no URL that can be asked
}

func (e *RedirectError) Error() string {
	if e.Bad {
		return "the server redirects to something that is no http or https address; check the address"
	}
	return fmt.Sprintf("gave up after %d redirects: the server seems to send the client round in circles; check the address and the cookies or headers it wants", e.Hops)
}

// Permanent is true: there is no use in trying again.
func (e *RedirectError) Permanent() bool { return true }

// harmless are the headers that a redirect may take to another site.
var harmless = map[string]bool{
	"Accept":          true,
	"Accept-Encoding": true,
	"Accept-Language": true,
	"Cache-Control":   true,
	"Origin":          true,
	"Pragma":          true,
	"Range":           true,
	"Referer":         true,
	"User-Agent":      true,
}

// redirects returns the rule that net/http asks before it follows a redirect.
// It bounds their number, and takes from the request what must not go where it
// leads. net/http starts each hop from the headers of the first request, so one
// hop off the site spoils all that follow, also those that lead back.
func redirects(limit int) func(req *http.Request, via []*http.Request) error {
	return func(req *http.Request, via []*http.Request) error {
		if len(via) > limit {
			return &RedirectError{Hops: len(via) - 1}
		}
		if via[0].Header.Get("Referer") == "" {
			// net/http puts the address it comes from, with the query and its
			// tokens.
			req.Header.Del("Referer")
		}
		safe := sameSite(via[0].URL, req.URL)
		for _, hop := range via {
			safe = safe && sameSite(via[0].URL, hop.URL)
		}
		if !safe {
			for name := range req.Header {
				if !harmless[name] {
					delete(req.Header, name)
				}
			}
		}
		return nil
	}
}

// sameSite tells whether what was meant for from may be sent to to: the same
// host or a subdomain of it, and not in the clear what was not so before.
func sameSite(from, to *url.URL) bool {
	if from.Scheme == "https" && to.Scheme != "https" {
		return false
	}
	a, b := strings.ToLower(from.Hostname()), strings.ToLower(to.Hostname())
	// A subdomain needs a name: 1.2.3.4 is none of 3.4, nor is [::1].
	return a == b || strings.HasSuffix(b, "."+a) && !strings.ContainsAny(b, ":%") && strings.Trim(b, "0123456789.") != ""
}

// checkLocation refuses a redirect that net/http would quote in full, tokens and
// all, in the error it makes of it.
func checkLocation(resp *http.Response) error {
	if resp.StatusCode < 300 || resp.StatusCode > 399 {
		return nil
	}
	location := resp.Header.Get("Location")
	if location == "" {
		return nil
	}
	u, err := url.Parse(location)
	if err != nil || u.IsAbs() && u.Scheme != "http" && u.Scheme != "https" {
		return &RedirectError{Bad: true}
	}
	return nil
}
