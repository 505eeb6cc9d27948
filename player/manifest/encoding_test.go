package manifest

import (
	"encoding/binary"
	"os"
	"testing"
	"unicode/utf16"
)

func toUTF16(text string, order binary.AppendByteOrder) []byte {
	var data []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		data = order.AppendUint16(data, unit)
	}
	return data
}

// TestEncodings holds that the bytes decide, whatever declaration and byte
// order mark say.
func TestEncodings(t *testing.T) {
	const text = "<?xml version=\"1.0\" encoding=\"utf-16\"?>\n<SmoothStreamingMedia MajorVersion=\"2\" MinorVersion=\"0\" Duration=\"1\">" +
		"<StreamIndex Type=\"video\" Name=\"größe €\U0001F3AC\" Url=\"u\"><QualityLevel/><c d=\"1\"/></StreamIndex></SmoothStreamingMedia>"
	const utf8Mark, leMark, beMark = "\xEF\xBB\xBF", "\xFF\xFE", "\xFE\xFF"
	le, be := string(toUTF16(text, binary.LittleEndian)), string(toUTF16(text, binary.BigEndian))
	tests := []struct {
		name, document string
		warnings       int
	}{
		{"UTF-8", text, 0},
		{"UTF-8 with mark", utf8Mark + text, 0},
		{"UTF-16LE", le, 0},
		{"UTF-16LE with mark", leMark + le, 0},
		{"UTF-16BE", be, 0},
		{"UTF-16BE with mark", beMark + be, 0},
		{"UTF-16LE with the mark of BE", beMark + le, 0},
		{"UTF-16BE with the mark of UTF-8", utf8Mark + be, 0},
		{"UTF-8 with the mark of UTF-16LE", leMark + text, 1},
		{"UTF-8 with the mark of UTF-16BE", beMark + text, 1},
		{"UTF-16LE after a line", "\n\x00" + le, 0},
		{"UTF-16LE with half a character at the end", le + "x", 0},
		{"UTF-8 with zeros at the end", text + "\x00\x00\x00", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := mustParse(t, []byte(test.document))
			if got := p.Streams[0].Name; got != "größe €\U0001F3AC" || len(p.Warnings) != test.warnings {
				t.Errorf("Name %q, warnings %q", got, p.Warnings)
			}
		})
	}
}

func TestBrokenEncodings(t *testing.T) {
	p := mustParse(t, []byte("<?xml version='1.0' encoding='utf-8'?><SmoothStreamingMedia MajorVersion='2' MinorVersion='0' Duration='1'>"+
		"<StreamIndex Type='video' Name='gr\xF6\xDFe' Url='u'><QualityLevel/></StreamIndex></SmoothStreamingMedia>"))
	if p.Streams[0].Name != "größe" || len(p.Warnings) != 1 {
		t.Errorf("ISO 8859-1: Name %q, warnings %q", p.Streams[0].Name, p.Warnings)
	}
	lone := "<\x00a\x00\x00\xD8b\x00\x00\xDC"
	if text, _ := toUTF8([]byte(lone)); string(text) != "<a\uFFFDb\uFFFD" {
		t.Errorf("lone surrogates: %q", text)
	}
	if text, warning := toUTF8(nil); len(text) != 0 || warning != "" {
		t.Errorf("nothing: %q %q", text, warning)
	}
}

// TestFixtureInUTF16 parses the same document in two encodings.
func TestFixtureInUTF16(t *testing.T) {
	data, err := os.ReadFile("testdata/vod.xml")
	if err != nil {
		t.Fatal(err)
	}
	want := dump(mustParse(t, data))
	if got := dump(mustParse(t, toUTF16(string(data), binary.LittleEndian))); got != want {
		t.Errorf("in UTF-16\n%s\nin UTF-8\n%s", got, want)
	}
}
