package playready

import (
	"encoding/base64"
	"encoding/xml"
	"strings"
)

// Object writes the header as a PlayReady Object, for servers and tests; KIDs,
// LicenseURL, LicenseUIURL, DomainID and CustomAttributes go in. Version says
// which layout; "": 4.0.0.0 for one key, 4.2.0.0 for several or none. Version
// 4.0.0.0 holds the first key alone. Written out it must be shorter than 64 KB.
func (h *Header) Object() []byte {
	return AppendObject(nil, Record{RecordHeader, appendText16(nil, h.xml())})
}

func (h *Header) xml() string {
	version := h.Version
	if version == "" {
		version = "4.2.0.0"
		if len(h.KIDs) == 1 {
			version = "4.0.0.0"
		}
	}
	var b strings.Builder
	element := func(name, value string) {
		if value != "" {
			b.WriteString("<" + name + ">")
			xml.EscapeText(&b, []byte(value)) // to a strings.Builder: never fails
			b.WriteString("</" + name + ">")
		}
	}
	b.WriteString(`<WRMHEADER xmlns="http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader" version="` + version + `"><DATA>`)
	checksum := ""
	if version == "4.0.0.0" {
		var k KID
		if len(h.KIDs) > 0 {
			k = h.KIDs[0]
		}
		b.WriteString("<PROTECTINFO><KEYLEN>16</KEYLEN>")
		element("ALGID", algorithm(k))
		b.WriteString("</PROTECTINFO>")
		element("KID", FormatKID(k.ID))
		checksum = base64.StdEncoding.EncodeToString(k.Checksum)
	} else {
		b.WriteString("<PROTECTINFO>")
		if version != "4.1.0.0" {
			b.WriteString("<KIDS>")
		}
		for i, k := range h.KIDs {
			if i > 0 && version == "4.1.0.0" {
				break
			}
			b.WriteString(`<KID ALGID="` + algorithm(k) + `"`)
			if k.Checksum != nil {
				b.WriteString(` CHECKSUM="` + base64.StdEncoding.EncodeToString(k.Checksum) + `"`)
			}
			b.WriteString(` VALUE="` + FormatKID(k.ID) + `"></KID>`)
		}
		if version != "4.1.0.0" {
			b.WriteString("</KIDS>")
		}
		b.WriteString("</PROTECTINFO>")
	}
	element("CHECKSUM", checksum)
	element("LA_URL", h.LicenseURL)
	element("LUI_URL", h.LicenseUIURL)
	element("DS_ID", h.DomainID)
	if h.CustomAttributes != "" {
		b.WriteString("<CUSTOMATTRIBUTES>" + h.CustomAttributes + "</CUSTOMATTRIBUTES>")
	}
	if h.OnDemand && version != "4.0.0.0" {
		element("DECRYPTORSETUP", "ONDEMAND")
	}
	b.WriteString("</DATA></WRMHEADER>")
	return b.String()
}

func algorithm(k KID) string {
	if k.Algorithm == "" {
		return "AESCTR"
	}
	return k.Algorithm
}
