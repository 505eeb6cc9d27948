package cmcd

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxText bounds what Parse reads, in bytes.
const maxText = 8 << 10

// FromQuery reads the argument CMCD of a query, as it stands in a URL. There may
// be none: then the Data is empty.
func FromQuery(query string) (Data, error) {
	var found string
	for argument := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(argument, "=")
		if name != Name {
			continue
		}
		if found != "" {
			return Data{}, fmt.Errorf("cmcd: the query has more than one %s", Name)
		}
		text, err := url.PathUnescape(value)
		if err != nil {
			return Data{}, fmt.Errorf("cmcd: a %% is not followed by two hexadecimal digits")
		}
		found = text
	}
	return Parse(found)
}

// FromHeader reads the four headers. There may be none: then the Data is empty.
// A key in another header than its own is an error.
func FromHeader(h http.Header) (Data, error) {
	var d Data
	for g, name := range headers {
		for _, value := range h[name] {
			if err := d.read(value, group(g)); err != nil {
				return Data{}, err
			}
		}
	}
	return d, nil
}

// Parse reads the text that Query escapes: key=value,key,... It takes what the
// standard demands, and nothing else: known keys, ascending and each once,
// values of the type and rounding of their key.
func Parse(text string) (Data, error) {
	var d Data
	err := d.read(text, groups)
	return d, err
}

// read adds the keys of text, all of group g; groups: of any.
func (d *Data) read(text string, g group) error {
	if len(text) > maxText {
		return fmt.Errorf("cmcd: longer than %d bytes", maxText)
	}
	var keys []string
	for text != "" {
		key := text[:len(text)-len(strings.TrimLeft(text, "abcdefghijklmnopqrstuvwxyz"))]
		text = text[len(key):]
		value, hasValue := "", false
		if rest, ok := strings.CutPrefix(text, "="); ok {
			hasValue = true
			var err error
			if value, text, err = cutValue(rest); err != nil {
				return fmt.Errorf("cmcd: %s: %w", key, err)
			}
		}
		if n := len(keys); n > 0 && key <= keys[n-1] {
			return fmt.Errorf("cmcd: %s comes after %s: keys ascend, each once", key, keys[n-1])
		}
		keys = append(keys, key)
		if err := d.set(key, value, hasValue, g); err != nil {
			return err
		}
		if text == "" {
			break
		}
		if text[0] != ',' || len(text) == 1 {
			return fmt.Errorf("cmcd: after %s: a comma and another key, or the end, are expected", key)
		}
		text = text[1:]
	}
	return nil
}

// cutValue takes one value off text: a string in its quotes, or what stands
// before the next comma.
func cutValue(text string) (value, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexByte(text+",", ',')
		return text[:end], text[end:], nil
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return text[:i+1], text[i+1:], nil
		}
	}
	return "", "", fmt.Errorf("a quote is not closed")
}

// set takes one key. value is as written; hasValue tells "key=" from "key".
func (d *Data) set(key, value string, hasValue bool, in group) error {
	numbers := map[string]struct {
		to    *int64
		unit  int64
		group group
	}{
		"bl": {&d.Buffer, 100, request}, "br": {&d.Bitrate, 1, object}, "d": {&d.Duration, 1, object},
		"dl": {&d.Deadline, 100, request}, "mtp": {&d.Throughput, 100, request}, "rtp": {&d.Limit, 100, status},
		"tb": {&d.Top, 1, object},
	}
	flags := map[string]struct {
		to    *bool
		group group
	}{"bs": {&d.Starved, status}, "su": {&d.Startup, request}}
	strs := map[string]struct {
		to    *string
		group group
	}{"cid": {&d.Content, session}, "nor": {&d.Next, request}, "sid": {&d.Session, session}}
	tokens := map[string]struct {
		of    string
		group group
	}{"ot": {"m a v av i c tt k o", object}, "sf": {"d h s o", session}, "st": {"v l", session}}

	belongs := func(g group) error {
		if in != groups && in != g {
			return fmt.Errorf("cmcd: %s stands in %s and belongs into %s", key, headers[in], headers[g])
		}
		return nil
	}
	wrong := func(want string) error { return fmt.Errorf("cmcd: %s=%q: %s is expected", key, value, want) }
	if f, ok := flags[key]; ok {
		if hasValue {
			return wrong("no value")
		}
		*f.to = true
		return belongs(f.group)
	}
	if !hasValue {
		return fmt.Errorf("cmcd: %q is no key, or needs a value", key)
	}
	if n, ok := numbers[key]; ok {
		v, err := strconv.ParseUint(value, 10, 53)
		if err != nil || strconv.FormatUint(v, 10) != value || int64(v)%n.unit != 0 {
			return wrong(fmt.Sprintf("a whole number, to %d", n.unit))
		}
		*n.to = int64(v)
		return belongs(n.group)
	}
	if s, ok := strs[key]; ok {
		if *s.to, ok = unquoted(value); !ok || *s.to == "" || key != "nor" && len(*s.to) > maxID {
			return wrong("a text in quotes, of bounded length")
		}
		if key == "nor" {
			if text, err := url.PathUnescape(*s.to); err == nil {
				*s.to = text
			}
		}
		return belongs(s.group)
	}
	if t, ok := tokens[key]; ok {
		if !slices.Contains(strings.Fields(t.of), value) {
			return wrong("one of " + t.of)
		}
		switch key {
		case "ot":
			d.Object = ObjectType(value)
		case "sf":
			d.Format = value
		case "st":
			d.Stream = StreamType(value)
		}
		return belongs(t.group)
	}
	switch key {
	case "pr":
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsInf(v, 0) || v != v || v == 0 && math.Signbit(v) || strconv.FormatFloat(v, 'f', -1, 64) != value {
			return wrong("a decimal number")
		}
		d.Rate, d.Halted = v, v == 0
		return belongs(session)
	case "v":
		if value != "1" {
			return wrong("version 1")
		}
		return belongs(session)
	}
	return fmt.Errorf("cmcd: there is no key %s in version 1", key)
}

// unquoted undoes quoted.
func unquoted(value string) (text string, ok bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	var b strings.Builder
	for i := 1; i < len(value)-1; i++ {
		c := value[i]
		if c == '\\' {
			i++
			c = value[i]
		}
		if c < ' ' || c > '~' {
			return "", false
		}
		b.WriteByte(c)
	}
	return b.String(), true
}
