package playready

import (
	"errors"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
)

func TestFaults(t *testing.T) {
	const soap = `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault>` +
		`<faultcode>soap:Server</faultcode><faultstring>`
	const end = `</soap:Fault></soap:Body></soap:Envelope>`
	for _, c := range []struct {
		name, body, says string
		code             uint32
		refused          bool
	}{
		{"revoked", soap + "System.Web.Services.Protocols.SoapException: Server was unable\n at X</faultstring><faultactor>a</faultactor><detail><Exception><StatusCode>0x8004C065</StatusCode></Exception></detail>" + end,
			`refused (0x8004C065): this device's certificate is revoked: it may play nothing protected until it is renewed: "System.Web.Services.Protocols.SoapException: Server was unable"`, 0x8004C065, true},
		{"internal", soap + "</faultstring><detail><Exception><StatusCode>0x8004c600</StatusCode></Exception></detail>" + end, "(0x8004C600): the server has an internal error", 0x8004C600, false},
		{"in the text alone", soap + "Device limit reached (0x8004C602)</faultstring>" + end, "remove one first", 0x8004C602, true},
		{"no code", soap + "No entitlement \x07for this user</faultstring>" + end, `refused: "No entitlement `, 0, false},
		{"SOAP 1.2", `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Reason><s:Text>Go away</s:Text></s:Reason></s:Fault></s:Body></s:Envelope>`, `"Go away"`, 0, false},
		{"cut", soap + "half a text</faultstring><detail><Exce", `"half a text"`, 0, false},
		{"unknown code", soap + "</faultstring><detail><StatusCode>0x80041234</StatusCode></detail>" + end, "(0x80041234)", 0x80041234, false},
	} {
		body := strings.ReplaceAll(c.body, "\x07", "&#x9;")
		f := ParseFault([]byte(body))
		if f == nil {
			t.Errorf("%s: no fault", c.name)
			continue
		}
		f.URL, f.Status, f.Wait = "http://rm.example/lic", 500, time.Minute
		if f.Code != c.code || !strings.Contains(f.Error(), c.says) || errors.Is(f, platform.ErrKeyRefused) != c.refused ||
			strings.ContainsAny(f.Error(), "\n\t") || !strings.HasPrefix(f.Error(), "the PlayReady licence server http://rm.example/lic refused") || f.RetryAfter() != time.Minute {
			t.Errorf("%s: %+v: %v", c.name, f, f)
		}
	}
	for _, body := range []string{"", "<html><body>Fault</body></html>", "no XML", "<a", `{"error":1}`} {
		if f := ParseFault([]byte(body)); f != nil {
			t.Errorf("%q is %v", body, f)
		}
	}
	if f := (&Fault{Status: 403}); !errors.Is(f, platform.ErrKeyRefused) {
		t.Error("a fault without code and with 403 is not lasting")
	}
	long := ParseFault([]byte(soap + strings.Repeat("<![CDATA[x]]>", 10000) + "</faultstring>" + end))
	if len(long.Error()) > 400 {
		t.Errorf("a message of %d bytes", len(long.Error()))
	}
}

func TestUnwrap(t *testing.T) {
	const head = `<PlayReadyKeyMessage type="LicenseAcquisition"><LicenseAcquisition Version="1">`
	const tail = `<HttpHeaders><HttpHeader><name>Content-Type</name><value>text/xml</value></HttpHeader><HttpHeader><name>SOAPAction</name><value>"x"</value></HttpHeader></HttpHeaders></LicenseAcquisition></PlayReadyKeyMessage>`
	wrapped := head + `<Challenge encoding="base64encoded">aGVsbG8=</Challenge>` + tail
	for _, m := range [][]byte{[]byte(wrapped), utf16le(wrapped), utf16le("\ufeff" + wrapped)} {
		body, header, err := unwrap(m)
		if err != nil || string(body) != "hello" || header.Get("SOAPAction") != `"x"` || header.Get("Content-Type") != "text/xml" {
			t.Errorf("%q, %v, %v", body, header, err)
		}
	}
	for _, m := range []string{"<soap:Envelope/>", "anything", "", "<a", "\x00\x01\xff"} {
		if body, header, err := unwrap([]byte(m)); err != nil || string(body) != m || header != nil {
			t.Errorf("%q became %q, %v, %v", m, body, header, err)
		}
	}
	for m, says := range map[string]string{
		head + tail: "has no Challenge",
		head + `<Challenge encoding="hex">00</Challenge>` + tail:           "encoding",
		head + `<Challenge encoding="base64encoded">%%</Challenge>` + tail: "not base64",
		head: "cannot be read",
	} {
		_, _, err := unwrap([]byte(m))
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", m, err)
		}
	}
}
