package fetch

import (
	"net/url"
	"slices"
	"strings"
	"sync"

	"smoothplay/player/manifest"
)

// pages bounds how many presentations a book remembers, and how many sites.
const pages = 16

// book remembers which sites the user asked for, and the queries of manifests.
type book struct {
	mu    sync.Mutex
	homes []*url.URL
	found []found // the latest last
}

// found is a manifest that was had.
type found struct {
	base  string // effective, see manifest.BaseURL
	query string
}

// ask notes that a manifest is asked for: its site may be told the user's
// headers, unless it only is where an earlier manifest led to (a live
// presentation is refreshed from there).
func (b *book) ask(raw string) {
	u, err := url.Parse(raw)
	if err != nil {
		return
	}
	base := manifest.BaseURL(raw)
	b.mu.Lock()
	defer b.mu.Unlock()
	led := slices.ContainsFunc(b.found, func(f found) bool { return f.base == base })
	if led || slices.ContainsFunc(b.homes, func(home *url.URL) bool { return sameSite(home, u) }) {
		return
	}
	if len(b.homes) == pages {
		b.homes = slices.Delete(b.homes, 0, 1)
	}
	b.homes = append(b.homes, u)
}

// isHome tells whether u is on a site that the user asked for.
func (b *book) isHome(u *url.URL) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.homes, func(home *url.URL) bool { return sameSite(home, u) })
}

// find notes where a manifest was found, and the query that its fragments get.
func (b *book) find(asked, effective string) {
	f := found{manifest.BaseURL(effective), queryOf(effective)}
	if f.query == "" {
		f.query = queryOf(asked)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.found = slices.DeleteFunc(b.found, func(o found) bool { return o.base == f.base })
	if len(b.found) == pages {
		b.found = slices.Delete(b.found, 0, 1)
	}
	b.found = append(b.found, f)
}

// withQuery puts on the URL of a fragment the query of its manifest: the one
// with the longest base that the URL begins with, else the latest.
func (b *book) withQuery(raw string) string {
	b.mu.Lock()
	query, longest := "", -1
	for _, f := range b.found {
		switch match := strings.HasPrefix(raw, f.base); {
		case match && len(f.base) >= longest:
			query, longest = f.query, len(f.base)
		case longest < 0:
			query = f.query
		}
	}
	b.mu.Unlock()
	if query == "" {
		return raw
	}
	raw, _, _ = strings.Cut(raw, "#")
	if strings.Contains(raw, "?") {
		return raw + "&" + query
	}
	return raw + "?" + query
}

func queryOf(raw string) string {
	raw, _, _ = strings.Cut(raw, "#")
	_, query, _ := strings.Cut(raw, "?")
	return query
}

// sameSite tells whether what was meant for from may be sent to to: the same
// host or a subdomain of it, and not in the clear what was not so before.
func sameSite(from, to *url.URL) bool {
	if from.Scheme == "https" && to.Scheme != "https" {
		return false
	}
	a, b := strings.ToLower(from.Hostname()), strings.ToLower(to.Hostname())
	// A subdomain needs a name: 1.2.3.4 is none of 3.4.
	return a == b || a != "" && strings.HasSuffix(b, "."+a) && !strings.ContainsAny(b, ":%") && strings.Trim(b, "0123456789.") != ""
}
