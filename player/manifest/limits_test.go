package manifest

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

func TestLimits(t *testing.T) {
	level, stream := `<QualityLevel Bitrate="1" CodecPrivateData="00112233"/>`, func(content string) string {
		return `<StreamIndex Type="video" Url="u" ManifestOutput="true">` + content + `</StreamIndex>`
	}
	plain := document(`Duration="1"`, stream(level+`<c d="1"/>`))
	tests := []struct {
		name     string
		document []byte
		fits     Limits // the document is just within
		breaks   Limits // and just beyond
	}{
		{"bytes", plain, Limits{Bytes: int64(len(plain))}, Limits{Bytes: int64(len(plain)) - 1}},
		{"depth", plain, Limits{Depth: 3}, Limits{Depth: 2}},
		{"streams", document(`Duration="1"`, stream(level)+stream(level)), Limits{Streams: 2}, Limits{Streams: 1}},
		{"levels of one stream", document(`Duration="1"`, stream(level+level)), Limits{Levels: 2}, Limits{Levels: 1}},
		{"levels of all streams", document(`Duration="1"`, stream(level)+stream(level)), Limits{Levels: 2}, Limits{Levels: 1}},
		{"chunks", document(`Duration="1"`, stream(level+`<c d="1"/><c d="1"/>`)), Limits{Chunks: 2}, Limits{Chunks: 1}},
		{"repeated chunks", document(`Duration="1"`, stream(level+`<c d="1" r="1000"/>`)), Limits{Chunks: 1000}, Limits{Chunks: 999}},
		{"chunks of all streams", document(`Duration="1"`, stream(level+`<c d="1" r="9"/>`)+stream(level+`<c d="1" r="9"/>`)), Limits{Chunks: 18}, Limits{Chunks: 17}},
		{"last chunks", document(`Duration="9"`, stream(level+`<c t="0" r="9"/>`)), Limits{Chunks: 9}, Limits{Chunks: 8}},
		{"codec data", plain, Limits{CodecData: 4}, Limits{CodecData: 3}},
		{"payloads", document(`Duration="1"`, stream(level+`<c d="1"><f>QQ==</f><f>QQ==</f></c>`)), Limits{Embedded: 2}, Limits{Embedded: 1}},
		{"markers", document(`Duration="1"`, stream(level+`<Content><Marker Time="1"/><Sample Time="1"/></Content>`)), Limits{Embedded: 2}, Limits{Embedded: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Parse(test.document, test.fits); err != nil {
				t.Errorf("within %+v: %v", test.fits, err)
			}
			if _, err := Parse(test.document, test.breaks); !errors.Is(err, ErrTooLarge) {
				t.Errorf("beyond %+v: %v, want ErrTooLarge", test.breaks, err)
			}
		})
	}
	t.Run("defaults", func(t *testing.T) {
		many := func(n int, s string) string { return strings.Repeat(s, n) }
		for name, data := range map[string][]byte{
			"bytes":       []byte(many(16<<20+1, "x")),
			"depth":       document("", many(32, "<a>")+many(32, "</a>")),
			"attributes":  document(many(257, `a="" `), ""),
			"streams":     document("", many(257, `<StreamIndex Type="smell"/>`)),
			"levels":      document("", stream(many(4097, `<QualityLevel/>`))),
			"chunks":      document("", stream(`<c d="1" r="4194305"/>`)),
			"r of 64 bit": document("", stream(`<c t="5" d="1" r="18446744073709551615"/>`)),
		} {
			if _, err := Parse(data, Limits{}); !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s: %v, want ErrTooLarge", name, err)
			}
		}
	})
}

// TestMemoryIsBounded parses hostile documents of 4 MB, each of a single kind
// of thing, and holds that all that is ever allocated, garbage of growing
// slices included, is a small multiple.
func TestMemoryIsBounded(t *testing.T) {
	const size, most = 4 << 20, 20
	fill := func(open, unit, end string) []byte {
		return document(`Duration="1"`, open+strings.Repeat(unit, size/len(unit))+end)
	}
	stream, close := `<StreamIndex Type="video" Url="u" ManifestOutput="true"><QualityLevel/>`, `</StreamIndex>`
	for name, data := range map[string][]byte{
		"chunks":            fill(stream, `<c d="1"/><c d="2"/>`, close),
		"equal times":       fill(stream, `<c t="1"/>`, close),
		"useless chunks":    fill(stream, `<c/>`, close),
		"payloads":          fill(stream+`<c d="1">`, `<f>QQ</f>`, `</c>`+close),
		"one payload":       fill(stream+`<c d="1"><f>`, `QQ Q `, `</f></c>`+close),
		"references":        fill(`<LogUrl>`, `&#65;`, `</LogUrl>`),
		"ampersands":        fill(`<LogUrl>`, `&`, `</LogUrl>`),
		"markers":           fill(stream+`<Content>`, `<Sample Time="1"/>`, `</Content>`+close),
		"bad markers":       fill(stream+`<Content>`, `<Sample/>`, `</Content>`+close),
		"custom attributes": fill(`<CustomAttributes>`, `<Attribute Name=""/>`, `</CustomAttributes>`),
		"protections":       fill(`<Protection>`, `<ProtectionHeader/>`, `</Protection>`),
		"levels":            fill(stream, `<QualityLevel/>`, close),
		"attributes":        fill(`<a `, `a="" `, `/>`),
		"depth":             fill(``, `<a>`, ``),
		"end tags":          fill(``, `</a>`, ``),
		"comments":          fill(``, `<!---->`, ``),
		"name":              fill(`<`, `a`, `/>`),
		"UTF-16":            []byte("<\x00" + strings.Repeat("\x00\x30", size/2)),
		"Latin-1":           []byte("<" + strings.Repeat("\xFF", size)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p, err := Parse(data, Limits{})
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(p)
		if got := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(data)); got > most {
			t.Errorf("%s: %.1f bytes allocated for each byte of input, want at most %d (%v)", name, got, most, err)
		} else {
			t.Log(fmt.Sprintf("%-18s %5.2f", name, got), err)
		}
	}
}
