package playready

import (
	"encoding/xml"
	"io"
	"net/http"
	"strings"
)

// The headers of the protocol.
const (
	contentType       = "text/xml; charset=utf-8"
	actionAcquire     = `"http://schemas.microsoft.com/DRM/2007/03/protocols/AcquireLicense"`
	actionAcknowledge = `"http://schemas.microsoft.com/DRM/2007/03/protocols/AcknowledgeLicense"`
)

// unwrap takes the challenge and the headers out of a PlayReadyKeyMessage, which
// some licence clients write around them; any other message is returned as it is.
// The error is an *[Error].
func unwrap(message []byte) ([]byte, http.Header, error) {
	const where = "PlayReadyKeyMessage"
	source := text(message)
	d := xml.NewDecoder(strings.NewReader(source))
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var wrapped bool
	var challenge, name string
	var value strings.Builder
	encoding := ""
	header := http.Header{}
	for depth := 0; ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			if !wrapped {
				return message, nil, nil // whatever it is, it is for the server
			}
			return nil, nil, &Error{where, "cannot be read as XML", err}
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				if t.Name.Local != where {
					return message, nil, nil
				}
				wrapped = true
			}
			if depth > maxDepth {
				return nil, nil, fail(where, "more than %d elements in each other", maxDepth)
			}
			value.Reset()
			if t.Name.Local == "Challenge" {
				encoding = attribute(t, "encoding")
			}
		case xml.CharData:
			value.Write(t)
		case xml.EndElement:
			depth--
			v := strings.TrimSpace(value.String())
			value.Reset()
			switch t.Name.Local {
			case "Challenge":
				challenge = v
			case "name":
				name = v
			case "value":
				if name != "" {
					header.Set(name, v)
				}
				name = ""
			}
		}
	}
	if !wrapped {
		return message, nil, nil
	}
	if challenge == "" {
		return nil, nil, fail(where, "has no Challenge")
	}
	if encoding != "base64encoded" {
		return nil, nil, fail(where, "has a Challenge in the encoding %q, not base64encoded", clip(encoding, 20))
	}
	body, err := DecodeBase64(challenge)
	if err != nil {
		return nil, nil, &Error{where, "Challenge", err}
	}
	return body, header, nil
}
