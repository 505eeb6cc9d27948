package playready

import (
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"smoothplay/platform"
)

// Fault is a licence server's refusal, as it stands in the body of an answer of
// status 500. One that would not change by asking again wraps
// [platform.ErrKeyRefused].
type Fault struct {
	Code uint32 // of PlayReady: 0x8004C065, say; 0: the server states none
	Text string // the server's own words, cut to a line; may be ""
	URL  string // of the server, redacted
	// Status is that of HTTP; 500 by the protocol.
	Status int
	// RedirectURL is where to ask instead, with code 0x8004C60D; "": not stated.
	RedirectURL string
	Wait        time.Duration // Retry-After
}

// codeRedirect says that another server has the licence.
const codeRedirect = 0x8004C60D

// faultCodes are the codes that are documented: what they mean, and whether asking
// again may help.
var faultCodes = map[uint32]struct {
	says  string
	again bool
}{
	0x8004C065:   {"this device's certificate is revoked: it may play nothing protected until it is renewed", false},
	0x8004C600:   {"the server has an internal error", true},
	0x8004C601:   {"the server cannot read the request", true},
	0x8004C602:   {"the limit of devices of this account is reached: remove one first", false},
	0x8004C604:   {"the service refuses", false},
	0x8004C605:   {"the device must join the account's domain first", false},
	0x8004C606:   {"the device must renew its membership of the account's domain first", false},
	0x8004C60A:   {"the device is not a member of the account's domain", false},
	0x8004C60B:   {"the server does not speak this version of the protocol", false},
	0x8004C60C:   {"the server does not know the account", false},
	codeRedirect: {"another server has the licence", false},
}

// Error says who refused and why.
func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString("the PlayReady licence server " + f.URL + " refused")
	if f.Code != 0 {
		fmt.Fprintf(&b, " (0x%08X)", f.Code)
	}
	if c, ok := faultCodes[f.Code]; ok {
		b.WriteString(": " + c.says)
	}
	if f.Text != "" {
		b.WriteString(": " + strconv.Quote(f.Text))
	}
	return b.String()
}

// Unwrap returns [platform.ErrKeyRefused], or nil where asking again may help.
func (f *Fault) Unwrap() error {
	c, ok := faultCodes[f.Code]
	if ok && !c.again || !ok && f.Status >= 400 && f.Status < 500 {
		return platform.ErrKeyRefused
	}
	return nil
}

// RetryAfter is how long the server asks to stay away; 0: not stated.
func (f *Fault) RetryAfter() time.Duration { return f.Wait }

var codeInText = regexp.MustCompile(`\b0[xX]8004[0-9a-fA-F]{4}\b`)

// ParseFault reads a SOAP fault; nil: body is none.
func ParseFault(body []byte) *Fault {
	d := xml.NewDecoder(strings.NewReader(text(body)))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var f *Fault
	code, said := "", ""
	var value strings.Builder
	for depth := 0; depth <= maxDepth; {
		token, err := d.Token()
		if err != nil {
			break
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			value.Reset()
			if t.Name.Local == "Fault" && f == nil {
				f = &Fault{}
			}
		case xml.CharData:
			value.Write(t)
		case xml.EndElement:
			depth--
			v := strings.TrimSpace(value.String())
			value.Reset()
			switch {
			case f == nil || v == "":
			case t.Name.Local == "StatusCode":
				code = v
			case t.Name.Local == "faultstring", t.Name.Local == "Text" && said == "":
				said = v
			case t.Name.Local == "RedirectUrl":
				f.RedirectURL = v
			}
		}
	}
	if f == nil {
		return nil
	}
	if code == "" {
		code = codeInText.FindString(said)
	}
	if n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(code), "0x"), 16, 32); err == nil {
		f.Code = uint32(n)
	}
	f.Text = line(said)
	return f
}

// line cuts a server's words to what fits into a message.
func line(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(clip(s, 200))
}
