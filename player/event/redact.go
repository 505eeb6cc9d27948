package event

import (
	"net/url"
	"strings"
)

// RedactURL returns raw in a form fit for events, messages and logs: without
// user name, password and fragment, and with the values of its query replaced
// by "...". What is no URL loses what stands before an "@" and after a "?".
func RedactURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" {
		if at := strings.LastIndexByte(raw, '@'); at >= 0 {
			raw = "..." + raw[at:]
		}
		if place, _, cut := strings.Cut(raw, "?"); cut {
			raw = place + "?..."
		}
		return raw
	}
	if u.User == nil && u.Fragment == "" && u.RawQuery == "" {
		return raw
	}
	u.User = nil
	u.Fragment, u.RawFragment = "", ""
	if u.RawQuery != "" {
		pairs := strings.Split(u.RawQuery, "&")
		for i, pair := range pairs {
			if name, _, ok := strings.Cut(pair, "="); ok {
				pairs[i] = name + "=..."
			} else {
				pairs[i] = "..."
			}
		}
		u.RawQuery = strings.Join(pairs, "&")
	}
	return u.String()
}
