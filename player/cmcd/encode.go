package cmcd

import (
	"net/http"
	"strconv"
	"strings"
)

// Name is the name of the argument in the query of a URL.
const Name = "CMCD"

// group is the header that a key belongs to, by how often its value changes.
type group uint8

const (
	object group = iota
	request
	session
	status
	groups
)

// headers are the headers of the groups, as net/http names them.
var headers = [groups]string{"Cmcd-Object", "Cmcd-Request", "Cmcd-Session", "Cmcd-Status"}

// pair is a key with its value as it is written; "": a key that is true.
type pair struct {
	key, value string
	group      group
}

// pairs lists what is told, ascending by key, as the standard wishes: the order
// is no fingerprint then.
func (d *Data) pairs() []pair {
	list := make([]pair, 0, 18)
	add := func(given bool, g group, key, value string) {
		if given {
			list = append(list, pair{key, value, g})
		}
	}
	number := func(given bool, g group, key string, n int64) {
		if given {
			add(true, g, key, strconv.FormatInt(n, 10))
		}
	}
	media := d.Object.media()
	number(media, request, "bl", d.Buffer)
	number(d.Bitrate > 0, object, "br", d.Bitrate)
	add(d.Starved, status, "bs", "")
	add(d.Content != "", session, "cid", quoted(d.Content[:min(len(d.Content), maxID)]))
	number(d.Duration > 0, object, "d", d.Duration)
	number(media, request, "dl", d.Deadline)
	number(d.Throughput > 0, request, "mtp", d.Throughput)
	add(d.Next != "", request, "nor", quoted(escaped(d.Next)))
	add(d.Object != "", object, "ot", string(d.Object))
	switch {
	case d.Halted:
		add(true, session, "pr", "0")
	case d.Rate != 0 && d.Rate != 1:
		add(true, session, "pr", strconv.FormatFloat(d.Rate, 'f', -1, 64))
	}
	number(d.Limit > 0, status, "rtp", d.Limit)
	add(d.Format != "", session, "sf", d.Format)
	add(d.Session != "", session, "sid", quoted(d.Session[:min(len(d.Session), maxID)]))
	add(d.Stream != "", session, "st", string(d.Stream))
	add(d.Startup, request, "su", "")
	number(d.Top > 0, object, "tb", d.Top)
	// v is left out: this is version 1.
	return list
}

// appendPair appends p and, where something stands before it, a comma.
func appendPair(b []byte, p pair) []byte {
	if len(b) > 0 {
		b = append(b, ',')
	}
	b = append(b, p.key...)
	if p.value != "" {
		b = append(append(b, '='), p.value...)
	}
	return b
}

// Query is d as an argument of a query, "CMCD=..."; "" where there is nothing to
// tell.
func (d Data) Query() string {
	var b []byte
	for _, p := range d.pairs() {
		b = appendPair(b, p)
	}
	if len(b) == 0 {
		return ""
	}
	return Name + "=" + escaped(string(b))
}

// Header is d as headers; those without a key are left out.
func (d Data) Header() http.Header {
	var values [groups][]byte
	for _, p := range d.pairs() {
		values[p.group] = appendPair(values[p.group], p)
	}
	h := make(http.Header, groups)
	for g, value := range values {
		if len(value) > 0 {
			h[headers[g]] = []string{string(value)}
		}
	}
	return h
}

// quoted is a string value: in quotes, with \ before quotes and \. What a header
// cannot hold is left out.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(text) {
		if c < ' ' || c > '~' {
			continue
		}
		if c == '"' || c == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	b.WriteByte('"')
	return b.String()
}

// escaped is text with all but the unreserved characters of RFC 3986 2.3
// percent-encoded.
func escaped(text string) string {
	const digits = "0123456789ABCDEF"
	b := make([]byte, 0, len(text)+len(text)/2)
	for _, c := range []byte(text) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~", c) >= 0:
			b = append(b, c)
		default:
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(b)
}
