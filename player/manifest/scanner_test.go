package manifest

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// outline lists elements, attributes and character data as our scanner finds them.
func outline(document []byte) (string, error) {
	s := scanner{text: document, maxDepth: 1000}
	var b strings.Builder
	var element func()
	element = func() {
		fmt.Fprintf(&b, "<%s", s.name)
		for _, a := range s.attrs {
			fmt.Fprintf(&b, " %s=%q", a.name, newlines(appendUnescaped(nil, a.value)))
		}
		b.WriteString(">")
		s.data, s.collect = nil, true
		for s.child() {
			fmt.Fprintf(&b, "%s", newlines(s.data))
			element()
			s.data, s.collect = nil, true
		}
		fmt.Fprintf(&b, "%s</>", newlines(s.data))
		s.data = nil
	}
	if s.root() == nil {
		return "", ErrNotManifest
	}
	if s.child() {
		element()
	}
	return b.String(), s.err
}

// newlines does what XML asks for at line ends, which the scanner leaves to
// those whom it matters to.
func newlines(b []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
}

// referenceOutline is the same by encoding/xml, for a document whose tags match.
func referenceOutline(document []byte) (string, error) {
	checked := xml.NewDecoder(bytes.NewReader(document))
	if err := checked.Decode(new(struct{ XMLName xml.Name })); err != nil {
		return "", err
	}
	d := xml.NewDecoder(bytes.NewReader(document))
	var b strings.Builder
	for depth := 0; ; {
		token, err := d.RawToken()
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			depth++
			fmt.Fprintf(&b, "<%s", rawName(token.Name))
			for _, a := range token.Attr {
				fmt.Fprintf(&b, " %s=%q", rawName(a.Name), a.Value)
			}
			b.WriteString(">")
		case xml.EndElement:
			b.WriteString("</>")
			if depth--; depth == 0 {
				return b.String(), nil
			}
		case xml.CharData:
			if depth > 0 {
				b.Write(token)
			}
		}
	}
}

func rawName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

// TestScannerAgreesWithReference compares with encoding/xml where that library
// accepts a document.
func TestScannerAgreesWithReference(t *testing.T) {
	documents := [][]byte{
		[]byte("<x e=\"\r\" f=\"\r\n\">\r</x>"),
		[]byte(`<a/>`), []byte(`<a></a >`), []byte("<?xml version='1.0'?>\n<!-- > --><a b='\"' c=\"'\"\r\n d = '>' />"),
		[]byte(`<a>x&lt;y&#65;&#x42;&amp;amp;<b>in</b>]]&gt;<![CDATA[<c>&amp;]]]>z<?pi <x>?></a>`),
		[]byte("<a:b xmlns:a='u'><a:c a:d='e'/>\n\t</a:b>"), []byte(`<a b="1"c="2"/>`), []byte(`<a><a><a/></a><b/></a>`),
	}
	files, _ := filepath.Glob("testdata/*.xml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, data)
	}
	compared := 0
	for _, document := range documents {
		want, err := referenceOutline(document)
		if err != nil {
			continue
		}
		compared++
		if got, err := outline(document); err != nil || got != want {
			t.Errorf("%s\nis read as\n%s (%v)\nand by encoding/xml as\n%s", document, got, err, want)
		}
	}
	if compared < 10 {
		t.Errorf("only %d documents were compared", compared)
	}
}

func TestUnescape(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"", ""}, {"plain", "plain"}, {"&lt;&gt;&amp;&quot;&apos;", `<>&"'`}, {"a&#65;&#x41;&#X41;b", "aAA&#X41;b"},
		{"a & b && c&", "a & b && c&"}, {"&nbsp;&;&#;&#x;&#-1;", "&nbsp;&;&#;&#x;&#-1;"}, {"?a=1&b=2", "?a=1&b=2"},
		{"&amp;lt;", "&lt;"}, {"&#x110000;&#xD800;", "\uFFFD\uFFFD"}, {"&#x0000000000041;", "&#x0000000000041;"}, {"&#8364;", "€"},
	}
	for _, test := range tests {
		if got := string(appendUnescaped(nil, []byte(test.raw))); got != test.want {
			t.Errorf("%q is %q, want %q", test.raw, got, test.want)
		}
	}
}
