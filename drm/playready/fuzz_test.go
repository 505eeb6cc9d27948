package playready

import (
	"bytes"
	"errors"
	"testing"
)

func FuzzRead(f *testing.F) {
	header := wrm("4.2.0.0", `<PROTECTINFO><KIDS><KID ALGID="AESCTR" CHECKSUM="BGw1aYZ1YXM=" VALUE="`+kidBase+`"/></KIDS></PROTECTINFO>`)
	f.Add(object(header))
	f.Add([]byte(header))
	f.Add(utf16le(wrm("4.0.0.0", "<KID>"+kidBase+"</KID><CUSTOMATTRIBUTES><A>1</A></CUSTOMATTRIBUTES><LA_URL>http://h/?a&b</LA_URL>")))
	f.Add(AppendObject(nil, Record{RecordLicenseStore, []byte("x")}, Record{2, nil}))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		h, err := Read(data)
		if !bytes.Equal(before, data) {
			t.Fatal("the data was written to")
		}
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || h != nil {
				t.Fatalf("%+v, %v", h, err)
			}
			if len(err.Error()) > 400 {
				t.Fatalf("a message of %d bytes", len(err.Error()))
			}
			return
		}
		if len(h.KIDs) > maxKIDs || len(h.Warnings) > maxWarnings || len(h.CustomAttributes) > 3*MaxObject {
			t.Fatal("more than allowed")
		}
		// What was read can be written and reads the same, as far as it goes in.
		if h.Version == "" || h.CustomAttributes != "" || h.Version != "4.2.0.0" && h.Version != "4.3.0.0" {
			return
		}
		again, err := Read(h.Object())
		if err != nil && len(h.Object()) < MaxObject {
			t.Fatalf("written out: %v", err)
		}
		if err == nil && len(again.KIDs) != len(h.KIDs) {
			t.Fatalf("%+v became %+v", h, again)
		}
	})
}

func FuzzParseHeader(f *testing.F) {
	f.Add([]byte(wrm("4.0.0.0", "<PROTECTINFO><KEYLEN>16</KEYLEN><ALGID>AESCTR</ALGID></PROTECTINFO><KID>"+kidBase+"</KID>")))
	f.Add(utf16le(wrm("4.3.0.0", `<PROTECTINFO><KIDS><KID VALUE="`+otherKID+`"/></KIDS></PROTECTINFO><DECRYPTORSETUP>ONDEMAND</DECRYPTORSETUP>`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := ParseHeader(data)
		var e *Error
		if (err == nil) == (h == nil) || err != nil && !errors.As(err, &e) {
			t.Fatalf("%+v, %v", h, err)
		}
	})
}

// FuzzAnswer reads what a licence server may send, and what a licence client may
// hand out.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`<soap:Envelope><soap:Body><soap:Fault><faultstring>x 0x8004C600</faultstring><detail><Exception><StatusCode>0x8004C60D</StatusCode><RedirectUrl>http://h</RedirectUrl></Exception></detail></soap:Fault></soap:Body></soap:Envelope>`))
	f.Add([]byte(`<PlayReadyKeyMessage><LicenseAcquisition><Challenge encoding="base64encoded">aGVsbG8=</Challenge><HttpHeaders><HttpHeader><name>A</name><value>b</value></HttpHeader></HttpHeaders></LicenseAcquisition></PlayReadyKeyMessage>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if fault := ParseFault(data); fault != nil && len(fault.Error()) > 1200 {
			t.Fatalf("a message of %d bytes", len(fault.Error()))
		}
		var e *Error
		if _, _, err := unwrap(data); err != nil && !errors.As(err, &e) {
			t.Fatal(err)
		}
	})
}
