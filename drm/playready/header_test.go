package playready

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// The key identifiers of the examples: the text form, and what headers hold.
const (
	kidText  = "09e36702-8f33-436c-a5dd-60ffe6671e70"
	kidBase  = "AmfjCTOPbEOl3WD/5mcecA=="
	otherKID = "4Rplb+TbNES8tGkNFWTEHA==" // 6f651ae1-dbe4-4434-bcb4-690d1564c41c
)

func guid(t testing.TB, s string) [16]byte {
	t.Helper()
	g, err := ParseGUID(s)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// wrm writes a header of a version around the contents of DATA.
func wrm(version, data string) string {
	return `<WRMHEADER xmlns="http://schemas.microsoft.com/DRM/2007/03/PlayReadyHeader" version="` + version + `"><DATA>` + data + `</DATA></WRMHEADER>`
}

func utf16le(s string) []byte { return appendText16(nil, s) }

func object(header string) []byte {
	return AppendObject(nil, Record{RecordHeader, utf16le(header)})
}

func TestVersions(t *testing.T) {
	const custom = `<IIS_DRM_VERSION xmlns="">7.1.1064.0</IIS_DRM_VERSION>`
	kids := func(h *Header) string {
		var s []string
		for _, k := range h.KIDs {
			s = append(s, GUIDText(k.ID)+" "+k.Algorithm+" "+hex.EncodeToString(k.Checksum))
		}
		return strings.Join(s, ", ")
	}
	const (
		one = "09e36702-8f33-436c-a5dd-60ffe6671e70 AESCTR 046c35698675" + "6173"
		two = "6f651ae1-dbe4-4434-bcb4-690d1564c41c AESCTR 28b8f743340ffcd0"
	)
	for _, c := range []struct {
		name, header, kids string
		check              func(h *Header) bool
	}{
		{"4.0", wrm("4.0.0.0", `<PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>`+kidBase+`</KID><CHECKSUM>BGw1aYZ1YXM=</CHECKSUM>
			<LA_URL> http://rm.example/lic?a=1&amp;b=2 </LA_URL><LUI_URL>http://rm.example/page</LUI_URL><DS_ID>AH+03juKbUGbHl1V/QIwRA==</DS_ID>
			<CUSTOMATTRIBUTES>`+custom+`</CUSTOMATTRIBUTES>`), one, func(h *Header) bool {
			return h.LicenseURL == "http://rm.example/lic?a=1&b=2" && h.LicenseUIURL == "http://rm.example/page" &&
				h.DomainID == "AH+03juKbUGbHl1V/QIwRA==" && h.CustomAttributes == custom
		}},
		{"4.1", wrm("4.1.0.0", `<PROTECTINFO><KID ALGID="AESCTR" CHECKSUM="BGw1aYZ1YXM=" VALUE="`+kidBase+`"></KID></PROTECTINFO>`), one, nil},
		{"4.2", wrm("4.2.0.0", `<PROTECTINFO><KIDS><KID ALGID="AESCTR" CHECKSUM="BGw1aYZ1YXM=" VALUE="`+kidBase+`"/><KID ALGID="AESCTR" CHECKSUM="KLj3QzQP/NA=" VALUE="`+otherKID+`"/></KIDS></PROTECTINFO>`), one + ", " + two, nil},
		{"4.3", wrm("4.3.0.0", `<PROTECTINFO LICENSEREQUESTED="true"><KIDS><KID ALGID="AESCBC" VALUE="`+kidBase+`"/><KID VALUE="`+otherKID+`"/></KIDS></PROTECTINFO>`),
			"09e36702-8f33-436c-a5dd-60ffe6671e70 AESCBC , 6f651ae1-dbe4-4434-bcb4-690d1564c41c  ", nil},
		{"on demand", wrm("4.1.0.0", `<DECRYPTORSETUP>ONDEMAND</DECRYPTORSETUP>`) + "\x00", "", func(h *Header) bool { return h.OnDemand }},
		{"a bare &", wrm("4.0.0.0", `<KID>`+kidBase+`</KID><LA_URL>http://rm.example/lic?a=1&b=2</LA_URL>`), kidText + "  ",
			func(h *Header) bool { return h.LicenseURL == "http://rm.example/lic?a=1&b=2" }},
		{"the same key twice", wrm("4.2.0.0", `<PROTECTINFO><KIDS><KID VALUE="`+kidBase+`"/><KID VALUE="`+kidBase+`"/></KIDS></PROTECTINFO>`), kidText + "  ", nil},
		{"a KID that is none", wrm("4.2.0.0", `<PROTECTINFO><KIDS><KID VALUE="AAAA"/><KID VALUE="`+kidBase+`"/></KIDS></PROTECTINFO>`), kidText + "  ",
			func(h *Header) bool {
				return len(h.Warnings) == 1 && strings.Contains(h.Warnings[0], "3 bytes instead of 16")
			}},
		{"a KID in custom attributes", wrm("4.0.0.0", `<KID>`+kidBase+`</KID><CUSTOMATTRIBUTES><KID>`+otherKID+`</KID><LA_URL>no</LA_URL></CUSTOMATTRIBUTES>`), kidText + "  ",
			func(h *Header) bool { return h.LicenseURL == "" && strings.HasPrefix(h.CustomAttributes, "<KID>4R") }},
		{"unknown elements", wrm("4.0.0.0", `<NEW><KIND/></NEW><KID>`+kidBase+`</KID>`), kidText + "  ", nil},
		{"cut behind the key", wrm("4.0.0.0", `<KID>`+kidBase+`</KID>`)[:143], kidText + "  ", func(h *Header) bool { return len(h.Warnings) == 1 }},
		{"checksum that is none", wrm("4.0.0.0", `<KID>`+kidBase+`</KID><CHECKSUM>AAAA</CHECKSUM>`), kidText + "  ", func(h *Header) bool { return len(h.Warnings) == 1 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := Read(object(c.header))
			if err != nil {
				t.Fatal(err)
			}
			if kids(h) != c.kids {
				t.Errorf("keys %q, want %q", kids(h), c.kids)
			}
			if c.check != nil && !c.check(h) {
				t.Errorf("%+v", h)
			}
		})
	}
}

// TestEncodings reads the same header in every encoding, bare and in an Object.
func TestEncodings(t *testing.T) {
	const declaration = `<?xml version="1.0" encoding="utf-16"?>`
	header := wrm("4.0.0.0", "<KID>"+kidBase+"</KID><LUI_URL>http://h/\u00fc\U0001f511</LUI_URL>")
	be := func(s string) []byte {
		var b []byte
		for _, u := range utf16.Encode([]rune(s)) {
			b = binary.BigEndian.AppendUint16(b, u)
		}
		return b
	}
	for name, data := range map[string][]byte{
		"utf-16le":                     utf16le(header),
		"utf-16le, NULs at the end":    utf16le(header + "\x00\x00"),
		"utf-16le, odd byte at end":    append(utf16le(header), 0),
		"utf-16le, byte order mark":    append([]byte{0xff, 0xfe}, utf16le(header)...),
		"utf-16le, declaration":        utf16le(declaration + header),
		"utf-16be":                     be(header),
		"utf-16be, byte order mark":    append([]byte{0xfe, 0xff}, be(header)...),
		"utf-8":                        []byte(header),
		"utf-8, byte order mark":       append([]byte{0xef, 0xbb, 0xbf}, header...),
		"utf-8, declares other, space": []byte(declaration + "\r\n " + header),
	} {
		for where, whole := range map[string][]byte{"bare": data, "object": AppendObject(nil, Record{2, []byte("reserved")}, Record{RecordHeader, data})} {
			h, err := Read(whole)
			if err != nil {
				t.Errorf("%s, %s: %v", name, where, err)
				continue
			}
			if len(h.KIDs) != 1 || GUIDText(h.KIDs[0].ID) != kidText || h.LicenseUIURL != "http://h/\u00fc\U0001f511" || (where == "bare") != (len(h.Warnings) == 1) {
				t.Errorf("%s, %s: %+v", name, where, h)
			}
		}
	}
}

func TestObject(t *testing.T) {
	header := utf16le(wrm("4.0.0.0", "<KID>"+kidBase+"</KID>"))
	good := AppendObject(nil, Record{RecordHeader, header}, Record{RecordLicenseStore, []byte("licences")}, Record{77, nil})
	h, err := Read(append(good, "trailing"...))
	if err != nil || string(h.LicenseStore) != "licences" || len(h.KIDs) != 1 {
		t.Fatalf("%+v, %v", h, err)
	}
	if h, err := Read(AppendObject(nil, Record{RecordLicenseStore, []byte("licences")})); err != nil || h.Version != "" || string(h.LicenseStore) != "licences" {
		t.Errorf("licences alone: %+v, %v", h, err)
	}
	// An Object of 60 bytes begins with what could be a '<'.
	sixty := AppendObject(nil, Record{RecordLicenseStore, make([]byte, 50)})
	if h, err := Read(sixty); sixty[0] != '<' || err != nil || len(h.LicenseStore) != 50 {
		t.Errorf("an Object of 60 bytes: %+v, %v", h, err)
	}
	change := func(at int, to ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], to)
		return b
	}
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"nothing":             {nil, "too short"},
		"length beyond":       {change(0, 0xff, 0xff, 0, 0), "it has"},
		"length of 4 GB":      {change(0, 0xff, 0xff, 0xff, 0xff), "more than"},
		"length 0":            {change(0, 0, 0, 0, 0), "length of 0"},
		"65535 records":       {change(4, 0xff, 0xff), "65535 records"},
		"a record too many":   {change(4, 4), "record 4 of 4 is missing"},
		"record beyond":       {change(8, 0xff, 0xff), "record 1 states 65535 bytes"},
		"too long":            {make([]byte, MaxObject+1), "more than"},
		"envelope of AES-128": {[]byte(`<?xml version="1.0"?><EnvelopeEncryption><KeyUri>http://h</KeyUri></EnvelopeEncryption>`), "<EnvelopeEncryption>"},
		"no XML":              {object("\u4e00 is no header"), "is missing"},
		"version 5":           {object(wrm("5.0.0.0", "")), "version 5.0.0.0"},
		"no version":          {object("<WRMHEADER/>"), "version"},
		"deep":                {object(wrm("4.0.0.0", strings.Repeat("<A>", 100))), "in each other"},
		"broken at once":      {object("<WRMHEADER"), "cannot be read as XML"},
	} {
		_, err := Read(c.data)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
		if strings.Contains(name, "ersion") != errors.Is(err, ErrVersion) {
			t.Errorf("%s: is ErrVersion: %v", name, errors.Is(err, ErrVersion))
		}
	}
}

// TestPublishedHead: an Object whose head has the numbers that are published of a
// real one, 908 bytes with one record of 898.
func TestPublishedHead(t *testing.T) {
	header := wrm("4.0.0.0", "<KID>"+kidBase+"</KID>")
	header = strings.Replace(header, "</DATA>", "<CUSTOMATTRIBUTES>"+strings.Repeat("x", 449-len(header)-len("<CUSTOMATTRIBUTES></CUSTOMATTRIBUTES>"))+"</CUSTOMATTRIBUTES></DATA>", 1)
	b := object(header)
	if want := []byte("\x8c\x03\x00\x00\x01\x00\x01\x00\x82\x03\x3c\x00"); !bytes.HasPrefix(b, want) {
		t.Errorf("head % x, want % x", b[:12], want)
	}
}

func TestGUIDs(t *testing.T) {
	id := guid(t, kidText)
	if FormatKID(id) != kidBase || GUIDText(id) != kidText || SwapGUID(SwapGUID(id)) != id {
		t.Errorf("%s, %s", FormatKID(id), GUIDText(id))
	}
	for _, s := range []string{
		kidBase, " " + kidBase + "\n", strings.TrimRight(kidBase, "="), "AmfjCTOPbEOl3WD_5mcecA",
		kidText, "{" + strings.ToUpper(kidText) + "}", strings.ReplaceAll(kidText, "-", ""), "09e36702-8f33-436c-a5dd60ffe6671e70",
	} {
		if got, err := ParseKID(s); err != nil || got != id {
			t.Errorf("%q: %x, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "AAAA", "%%%", kidText + "0", kidText[1:], "g9e36702-8f33-436c-a5dd-60ffe6671e70", strings.Repeat("0", 1000)} {
		if got, err := ParseKID(s); !errors.Is(err, ErrGUID) || got != [16]byte{} {
			t.Errorf("%q: %x, %v", s, got, err)
		}
		if _, err := ParseGUID(s); !errors.Is(err, ErrGUID) {
			t.Errorf("%q: %v", s, err)
		}
	}
	// Published pairs.
	for text, base := range map[string]string{
		"6f651ae1-dbe4-4434-bcb4-690d1564c41c": otherKID,
		"f81d4fae-7dec-11d0-a765-00a0c91e6bf6": "rk8d+Ox90BGnZQCgyR5r9g==",
	} {
		if got := FormatKID(guid(t, text)); got != base {
			t.Errorf("%s is %s, want %s", text, got, base)
		}
	}
	if g := guid(t, "{9A04F079-9840-4286-AB92E65BE0885F95}"); g != SystemID {
		t.Errorf("%x", g)
	}
}

// testSeed is the key seed of the public test server.
const testSeed = "XVBovsmzhP9gRIZxWfFta3VVRPzVEWmJsazEJ46I"

// TestSeed: keys of the test seed have the checksums that Microsoft's documents
// show; in the other byte order of the identifier they have not.
func TestSeed(t *testing.T) {
	seed, err := base64.StdEncoding.DecodeString(testSeed)
	if err != nil {
		t.Fatal(err)
	}
	for base, sum := range map[string]string{
		kidBase: "BGw1aYZ1YXM=", otherKID: "KLj3QzQP/NA=",
		"0IbHou/5s0yzM80yOkKEpQ==": "xNvWVxoWk04=", "/qgG2xbs4k2SKCxx6bhWqw==": "GnKaQIRacPU=", "q5HgCTj40kGeNVhTH9Gexw==": "w+OZVr8vzrQ=",
	} {
		kid, err := ParseKID(base)
		if err != nil {
			t.Fatal(err)
		}
		key, err := DeriveKey(append(slices.Clone(seed), "more than 30 bytes"...), kid)
		if err != nil {
			t.Fatal(err)
		}
		k := KID{ID: kid, Algorithm: "AESCTR"}
		if k.Checksum, err = DecodeBase64(sum); err != nil {
			t.Fatal(err)
		}
		if ok, known := k.Verify(key[:]); !ok || !known {
			t.Errorf("%s: the checksum of its key is not %s", base, sum)
		}
		wrong, err := DeriveKey(seed, SwapGUID(kid))
		if err != nil {
			t.Fatal(err)
		}
		if ok, known := k.Verify(wrong[:]); ok || !known {
			t.Errorf("%s: a key of the other byte order has the checksum, too", base)
		}
		if ok, _ := k.Verify(key[:8]); ok {
			t.Errorf("%s: half a key passes", base)
		}
	}
	if _, err := DeriveKey(seed[:29], [16]byte{}); !errors.Is(err, ErrSeed) {
		t.Errorf("a short seed: %v", err)
	}
	for _, k := range []KID{{}, {Algorithm: "AESCBC", Checksum: make([]byte, 8)}, {Algorithm: "COCKTAIL", Checksum: make([]byte, 7)}} {
		if _, known := k.Verify(make([]byte, 16)); known {
			t.Errorf("%+v has nothing to compare with", k)
		}
	}
}

// TestWritten headers read as what was written.
func TestWritten(t *testing.T) {
	sum := []byte("\x04\x6c\x35\x69\x86\x75\x61\x73")
	one := []KID{{guid(t, kidText), "AESCTR", sum}}
	both := append(slices.Clone(one), KID{SwapGUID(guid(t, kidText)), "AESCBC", nil})
	for _, h := range []Header{
		{Version: "4.0.0.0", KIDs: one, LicenseURL: "http://rm/lic?a=1&b=<2>", LicenseUIURL: "http://rm/ui", DomainID: "AA==", CustomAttributes: "<X>1</X>"},
		{Version: "4.1.0.0", KIDs: one},
		{Version: "4.1.0.0", OnDemand: true},
		{Version: "4.2.0.0", KIDs: both},
		{Version: "4.3.0.0", KIDs: both, OnDemand: true},
		{KIDs: one}, {KIDs: both},
	} {
		got, err := Read(h.Object())
		if err != nil {
			t.Fatal(err)
		}
		if h.Version == "" {
			h.Version = map[int]string{1: "4.0.0.0", 2: "4.2.0.0"}[len(h.KIDs)]
		}
		if !slices.EqualFunc(got.KIDs, h.KIDs, func(a, b KID) bool {
			return a.ID == b.ID && a.Algorithm == b.Algorithm && bytes.Equal(a.Checksum, b.Checksum)
		}) || got.Version != h.Version || got.LicenseURL != h.LicenseURL || got.LicenseUIURL != h.LicenseUIURL || got.DomainID != h.DomainID ||
			got.CustomAttributes != h.CustomAttributes || got.OnDemand != h.OnDemand || got.Warnings != nil {
			t.Errorf("wrote %+v, read %+v", h, got)
		}
	}
}

// TestLongNamesInErrors: what XML is wrong with may be long, the message is not.
func TestLongNamesInErrors(t *testing.T) {
	for _, data := range [][]byte{utf16le("<\u3030" + strings.Repeat("\u0962", 600)), []byte("<a>&" + strings.Repeat("x", 5000))} {
		if _, err := Read(data); err == nil || len(err.Error()) > 400 {
			t.Errorf("%v", err)
		}
	}
}
