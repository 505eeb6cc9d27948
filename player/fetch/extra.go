package fetch

import (
	"net/http"
	"slices"
	"strings"
)

// Extra is what a request carries beside what it asks for. It must not be
// changed while the request goes on.
type Extra struct {
	// Query is an argument NAME=VALUE, escaped, that becomes the last one of the
	// URL's query. Those before it stay byte for byte as they are: they may be
	// signed.
	Query string
	// Header is sent to whichever server answers, so it must hold no secret. Its
	// names are canonical; it is not changed.
	Header http.Header
}

// on puts the argument on a URL.
func (x *Extra) on(raw string) string {
	if x == nil || x.Query == "" {
		return raw
	}
	raw, _, _ = strings.Cut(raw, "#")
	switch {
	case !strings.Contains(raw, "?"):
		return raw + "?" + x.Query
	case strings.HasSuffix(raw, "?"), strings.HasSuffix(raw, "&"):
		return raw + x.Query
	}
	return raw + "&" + x.Query
}

// header is what is sent as headers.
func (x *Extra) header() http.Header {
	if x == nil {
		return nil
	}
	return x.Header
}

// off takes the argument from the query of a URL that answered: servers repeat
// it where they redirect.
func (x *Extra) off(query string) string {
	if x == nil {
		return query
	}
	name, _, _ := strings.Cut(x.Query, "=")
	if name == "" || !strings.Contains(query, name+"=") {
		return query
	}
	arguments := strings.Split(query, "&")
	return strings.Join(slices.DeleteFunc(arguments, func(a string) bool { return strings.HasPrefix(a, name+"=") }), "&")
}
