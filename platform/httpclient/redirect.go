package httpclient

import (
	"fmt"
	"net/url"
	"strings"
)

// RedirectError says that a request was redirected too often, or to a place that
// is none. Asking again leads to the same.
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

// harmless are the headers that a redirect may take to another site.
var harmless = map[string]bool{
	"Accept":          true,
	"Accept-Encoding": true,
	"Accept-Language": true,
	"Cache-Control":   true,
	"Cmcd-Object":     true, // CTA-5004: of a session, not of a user
	"Cmcd-Request":    true,
	"Cmcd-Session":    true,
	"Cmcd-Status":     true,
	"Origin":          true,
	"Pragma":          true,
	"Range":           true,
	"Referer":         true,
	"User-Agent":      true,
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
