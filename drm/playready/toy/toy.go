// Package toy is a licence service for tests, in the envelope of PlayReady: SOAP
// requests, answers and faults as they go over the wire, around challenges and
// licences that are none of PlayReady's and protect nothing. What is tested with it
// is all that smoothplay itself does of a licence exchange.
//
//	[CDM].Challenge --> AcquireLicense: KIDs, custom data --> [Server]
//	[CDM].Response  <-- AcquireLicenseResponse: keys  <------/   \--> fault
package toy

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"smoothplay/drm/playready"
	"smoothplay/platform"
)

// License is what the server knows of a key, and what travels in a toy licence.
type License struct {
	Key                 []byte // 16 bytes
	MaxWidth, MaxHeight int    // 0: no bound
	Expires             time.Time
}

// Format writes no key, whatever the verb.
func (l License) Format(f fmt.State, _ rune) { fmt.Fprint(f, "{toy licence}") }

// wireLicense is a License in its base64 in XML.
type wireLicense struct {
	KID     string     `json:"kid"`
	Key     []byte     `json:"key"`
	Width   int        `json:"max_width,omitempty"`
	Height  int        `json:"max_height,omitempty"`
	Expires *time.Time `json:"expires,omitempty"`
}

const (
	protocol = "http://schemas.microsoft.com/DRM/2007/03/protocols"
	soap     = "http://schemas.xmlsoap.org/soap/envelope/"
)

// CDM is a [playready.CDM] for a [Server].
type CDM struct {
	// Wrap puts challenges into a PlayReadyKeyMessage.
	Wrap bool
	// Acknowledge sends a message after each answer.
	Acknowledge bool
	// Open makes what becomes of a licence; nil: its clear key.
	Open func(License) platform.KeyResult
}

// Challenge implements [playready.CDM]: it asks for all keys of the header, and
// for the one that is needed.
func (c *CDM) Challenge(_ context.Context, r playready.Request) (playready.Challenge, error) {
	kids := [][16]byte{r.KID}
	for _, k := range r.Header.KIDs {
		if k.ID != r.KID {
			kids = append(kids, k.ID)
		}
	}
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="` + soap + `"><soap:Body><AcquireLicense xmlns="` + protocol +
		`"><challenge><Challenge xmlns="` + protocol + `/messages"><LA>`)
	for _, kid := range kids {
		b.WriteString("<KID>" + playready.FormatKID(kid) + "</KID>")
	}
	b.WriteString("<CustomData>")
	if err := xml.EscapeText(&b, []byte(r.CustomData)); err != nil {
		return playready.Challenge{}, err
	}
	b.WriteString("</CustomData></LA></Challenge></challenge></AcquireLicense></soap:Body></soap:Envelope>")
	m := b.String()
	if c.Wrap {
		m = `<PlayReadyKeyMessage type="LicenseAcquisition"><LicenseAcquisition Version="1"><Challenge encoding="base64encoded">` +
			base64.StdEncoding.EncodeToString([]byte(m)) + `</Challenge><HttpHeaders><HttpHeader><name>X-Toy</name><value>wrapped</value>` +
			`</HttpHeader></HttpHeaders></LicenseAcquisition></PlayReadyKeyMessage>`
	}
	return playready.Challenge{Message: []byte(m), Session: kids}, nil
}

// Response implements [playready.CDM].
func (c *CDM) Response(_ context.Context, _ playready.Challenge, answer []byte) (playready.Licenses, error) {
	var envelope struct {
		Licenses []string `xml:"Body>AcquireLicenseResponse>AcquireLicenseResult>Response>LicenseResponse>Licenses>License"`
	}
	if err := xml.Unmarshal(answer, &envelope); err != nil {
		return playready.Licenses{}, errors.New("the answer is no toy licence")
	}
	l := playready.Licenses{Keys: map[[16]byte]platform.KeyResult{}}
	for _, text := range envelope.Licenses {
		b, err := base64.StdEncoding.DecodeString(text)
		var w wireLicense
		if err == nil {
			err = json.Unmarshal(b, &w)
		}
		kid, guid := playready.ParseGUID(w.KID)
		if err != nil || guid != nil || len(w.Key) != 16 {
			return playready.Licenses{}, errors.New("the answer holds a licence that is none")
		}
		open := License{Key: w.Key, MaxWidth: w.Width, MaxHeight: w.Height}
		if w.Expires != nil {
			open.Expires = *w.Expires
		}
		if c.Open != nil {
			l.Keys[kid] = c.Open(open)
			continue
		}
		l.Keys[kid] = platform.KeyResult{Key: open.Key, MaxWidth: open.MaxWidth, MaxHeight: open.MaxHeight, Expires: open.Expires}
	}
	if c.Acknowledge {
		l.Acknowledge = []byte("<AcknowledgeLicense/>")
	}
	return l, nil
}

// Server is the licence server, an [http.Handler]. Its fields are set before; what
// changes while it runs goes through Licenses.
type Server struct {
	// Licenses are asked for each request; a key that is not there is left out of the
	// answer.
	Licenses func(kid [16]byte) (License, bool)
	// Fault, if not nil, is asked before: a code of PlayReady that is not 0 refuses
	// the request, with words for people and, with 0x8004C60D, another server.
	Fault func(r *http.Request, customData string) (code uint32, says, redirect string)
}

// maxRequest bounds a request.
const maxRequest = 1 << 20

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil || r.Method != http.MethodPost {
		http.Error(w, "a licence request is a POST", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	if strings.Contains(r.Header.Get("SOAPAction"), "AcknowledgeLicense") {
		return
	}
	var request struct {
		LA *struct {
			KIDs       []string `xml:"KID"`
			CustomData string
		} `xml:"Body>AcquireLicense>challenge>Challenge>LA"`
	}
	if err := xml.Unmarshal(body, &request); err != nil || request.LA == nil {
		WriteFault(w, 0x8004C601, "the request is no challenge", "")
		return
	}
	if s.Fault != nil {
		if code, says, redirect := s.Fault(r, request.LA.CustomData); code != 0 {
			WriteFault(w, code, says, redirect)
			return
		}
	}
	io.WriteString(w, `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="`+soap+`"><soap:Body><AcquireLicenseResponse xmlns="`+protocol+
		`"><AcquireLicenseResult><Response xmlns="`+protocol+`/messages"><LicenseResponse><Version>1</Version><Licenses>`)
	for _, text := range request.LA.KIDs {
		kid, err := playready.ParseKID(text)
		l, ok := s.Licenses(kid)
		if err != nil || !ok {
			continue
		}
		wire := wireLicense{hex.EncodeToString(kid[:]), l.Key, l.MaxWidth, l.MaxHeight, nil}
		if !l.Expires.IsZero() {
			wire.Expires = &l.Expires
		}
		b, err := json.Marshal(wire)
		if err == nil {
			io.WriteString(w, "<License>"+base64.StdEncoding.EncodeToString(b)+"</License>")
		}
	}
	io.WriteString(w, "</Licenses></LicenseResponse></Response></AcquireLicenseResult></AcquireLicenseResponse></soap:Body></soap:Envelope>")
}

// WriteFault answers with status 500 and a SOAP fault of a code of PlayReady.
func WriteFault(w http.ResponseWriter, code uint32, says, redirect string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	io.WriteString(w, `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="`+soap+`"><soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>`)
	xml.EscapeText(w, []byte(says))
	fmt.Fprintf(w, `</faultstring><faultactor>toy</faultactor><detail><Exception><StatusCode>0x%08X</StatusCode>`, code)
	if redirect != "" {
		io.WriteString(w, "<RedirectUrl>")
		xml.EscapeText(w, []byte(redirect))
		io.WriteString(w, "</RedirectUrl>")
	}
	io.WriteString(w, "</Exception></detail></soap:Fault></soap:Body></soap:Envelope>")
}
