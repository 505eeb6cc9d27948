package manifest

import (
	"bytes"
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// ManifestURL completes what a user typed: an http or https URL whose path
// ends in .ism or .isml, with or without a slash, gets the /Manifest that the
// protocol asks for ([MS-SSTR] 2.2.1). Everything else, local paths included,
// is returned as it is, without white space around it. Messages do not repeat
// the URL, which may hold secrets.
func ManifestURL(raw string) (string, error) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return "", errors.New("the URL is empty")
	}
	scheme, _, _ := strings.Cut(raw, "://")
	if !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return raw, nil
	}
	u, err := url.Parse(raw)
	if escape := url.EscapeError(""); errors.As(err, &escape) {
		return "", errors.New("the URL cannot be read: a % in it is not followed by two hexadecimal digits")
	}
	if err != nil {
		return "", errors.New("the URL cannot be read: check its host, port and special characters")
	}
	if u.Hostname() == "" {
		return "", errors.New("the URL names no host: http://host/name.ism/Manifest is expected")
	}
	raw, _, _ = strings.Cut(raw, "#")
	path, query, hasQuery := strings.Cut(raw, "?")
	trimmed := strings.TrimRight(path, "/")
	lower := strings.ToLower(trimmed[min(len(authority(path)), len(trimmed)):])
	if strings.HasSuffix(lower, ".ism") || strings.HasSuffix(lower, ".isml") {
		path = trimmed + "/Manifest"
	}
	if hasQuery {
		path += "?" + query
	}
	return path, nil
}

// BaseURL is what the URLs of a presentation's fragments are relative to: the
// effective manifest URL, the one after redirects, up to and including its
// last slash, without query and fragment. The base of a base is itself.
func BaseURL(effective string) string {
	if i := strings.IndexAny(effective, "?#"); i >= 0 {
		effective = effective[:i]
	}
	root := len(authority(effective))
	if slash := strings.LastIndexByte(effective[root:], '/'); slash >= 0 {
		return effective[:root+slash+1]
	}
	if root > 0 {
		return effective[:root] + "/"
	}
	return ""
}

// ChunkURL is the URL of one fragment: the chunk of s that begins at t, in the
// quality l, which is one of the stream's levels ([MS-SSTR] 2.2.2.4 and
// 2.2.3). It is "" where neither has a template. base is the effective
// manifest URL or, saving a little work, its [BaseURL]; a query of the
// manifest's URL is not carried over. A stream that was merged has a base of its
// own.
//
// The template is taken literally but for {bitrate}, {start time} or
// {start_time}, and {CustomAttributes}, in any letter case. It may be
// relative, begin with a slash, or be a URL of http, https or the scheme of
// base; it may carry a query. Characters that no URL may hold are
// percent-encoded and all others left alone, so that the result passes through
// net/url and net/http unchanged: parentheses stay parentheses.
func ChunkURL(base string, s *Stream, l *Level, t Ticks) string {
	template := s.URL
	if l.URL != "" {
		template = l.URL
	}
	if template == "" {
		return ""
	}
	if s.Base != "" {
		base = s.Base
	}
	base = BaseURL(base)
	out := make([]byte, 0, len(base)+len(template)+48)
	root := authority(base)
	switch scheme := schemeOf(template); {
	case scheme == "http" || scheme == "https" || scheme != "" && scheme == schemeOf(base):
		// Absolute: the host is left as it is.
		host := authority(template)
		out, template = append(out, host...), template[len(host):]
	case strings.HasPrefix(template, "//") && root != "":
		host := authority("x:" + template)[len("x:"):]
		out = append(out, root[:strings.IndexByte(root, ':')+1]...)
		out, template = append(out, host...), template[len(host):]
	case strings.HasPrefix(template, "/"):
		out = append(out, root...)
	default:
		path := base[len(root):]
		path, template = climb(path, template)
		out = append(out, root...)
		out = appendLiteral(out, path, false)
	}
	return string(expand(out, template, l, t))
}

// InfoURL is the URL that asks what a fragment says of itself and of those that
// follow, without its media, made of that of the fragment ([MS-SSTR] 2.2.3.2).
// ok is false where the template does not name it in the usual way.
func InfoURL(chunk string) (url string, ok bool) { return withNoun(chunk, "FragmentInfo") }

// KeyFramesURL is the URL that asks for those samples of a fragment alone at which
// decoding can begin ([MS-SSTR] 2.2.3); otherwise it is like [InfoURL].
func KeyFramesURL(chunk string) (url string, ok bool) { return withNoun(chunk, "KeyFrames") }

// withNoun is the URL of a fragment with another noun.
func withNoun(chunk, noun string) (url string, ok bool) {
	path, _, _ := strings.Cut(chunk, "?")
	i := strings.LastIndex(strings.ToLower(path), "/fragments(")
	if i < 0 {
		return "", false
	}
	return chunk[:i+1] + noun + chunk[i+1+len("Fragments"):], true
}

// climb resolves leading "./" and "../" of a relative reference, RFC 3986
// 5.2.4. path ends in a slash or is empty.
func climb(path, template string) (string, string) {
	for {
		switch {
		case strings.HasPrefix(template, "./"):
			template = template[2:]
		case strings.HasPrefix(template, "../"):
			template = template[3:]
			if up := strings.LastIndexByte(strings.TrimSuffix(path, "/"), '/'); up >= 0 {
				path = path[:up+1]
			}
		default:
			return path, template
		}
	}
}

// expand appends the template with its placeholders replaced.
func expand(out []byte, template string, l *Level, t Ticks) []byte {
	for {
		brace := strings.IndexByte(template, '{')
		if brace < 0 {
			return appendLiteral(out, template, false)
		}
		out = appendLiteral(out, template[:brace], false)
		template = template[brace:]
		end := strings.IndexByte(template, '}')
		switch name := template[1:max(end, 1)]; {
		case isBitrate(name):
			out = appendLiteral(out, l.Bitrate, true)
		case strings.EqualFold(name, "start time"), strings.EqualFold(name, "start_time"):
			out = strconv.AppendUint(out, uint64(t), 10)
		case strings.EqualFold(name, "customattributes"):
			out = appendAttributes(out, l.Attributes)
		default:
			end = 0
			out = appendLiteral(out, "{", false)
		}
		template = template[end+1:]
	}
}

// appendAttributes appends the level's attributes as name=value, joined by
// commas. Where there are none, the comma before them goes too.
func appendAttributes(out []byte, list []Attribute) []byte {
	if len(list) == 0 {
		before := out
		for bytes.HasSuffix(before, []byte("%20")) {
			before = before[:len(before)-len("%20")]
		}
		if n := len(before); n > 0 && before[n-1] == ',' {
			return before[:n-1]
		}
		return out
	}
	for i, a := range list {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendLiteral(out, a.Name, true)
		out = append(out, '=')
		out = appendLiteral(out, a.Value, true)
	}
	return out
}

// needsBitrate says whether a template asks for a level's Bitrate.
func needsBitrate(template string) bool {
	for {
		_, rest, found := strings.Cut(template, "{")
		if !found {
			return false
		}
		if name, _, found := strings.Cut(rest, "}"); found && isBitrate(name) {
			return true
		}
		template = rest
	}
}

func isBitrate(name string) bool { return strings.EqualFold(name, "bitrate") }

// appendLiteral appends text of a URL behind its host and percent-encodes what
// must not stand there. A valid escape is kept. A value is a piece of data
// within one path segment, so it cannot hold a '/' or '?' either.
func appendLiteral(out []byte, text string, value bool) []byte {
	const digits = "0123456789ABCDEF"
	for i := 0; i < len(text); i++ {
		c := text[i]
		keep := false
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
			keep = true
		case c == '%':
			keep = i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2])
		case c == '/' || c == '?':
			keep = !value
		default:
			keep = strings.IndexByte("-_.~!$&'()*+,;=:@[]", c) >= 0
		}
		if keep {
			out = append(out, c)
		} else {
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return out
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// schemeOf is the scheme, in lower case, of a URL with "://"; "" where it has none.
func schemeOf(u string) string {
	scheme, _, found := strings.Cut(u, "://")
	if !found || strings.ContainsAny(scheme, "/?#{") {
		return ""
	}
	return strings.ToLower(scheme)
}

// authority is the begin of a URL up to its path, such as "http://host:80"; ""
// where the URL is a path.
func authority(u string) string {
	colon := strings.Index(u, "//")
	if colon < 1 || u[colon-1] != ':' || strings.IndexAny(u[:colon-1], "/?#{") >= 0 {
		return ""
	}
	host := colon + len("//")
	if end := strings.IndexAny(u[host:], "/?#"); end >= 0 {
		return u[:host+end]
	}
	return u
}
