package manifest

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// A scanner walks through the elements of a UTF-8 XML document without copying
// it. The reader of an element calls child until it is false, which consumes
// the element's end tag, or skip or chars, which do so at once:
//
//	for s.child() {
//		if s.is("c") {
//			… s.attr("d") …
//		}
//		s.skip()
//	}
//
// Errors are sticky: after one, child is false and the rest does nothing.
//
// It is more tolerant than encoding/xml where servers are sloppy (a bare '&',
// letter case, undeclared prefixes, anything after the root) and knows no
// entities but the predefined ones: a document type declaration is skipped.
type scanner struct {
	text     []byte
	pos      int
	maxDepth int
	err      error

	// The start tag read last; valid until the next one.
	name  []byte
	start int // offset of its '<'
	attrs []attr

	open    []openTag // the elements around pos, outermost first
	empty   bool      // the start tag read last was <x/>: its end is still to be reported
	collect bool      // gather character data in data
	data    []byte
}

type attr struct {
	name  []byte
	value []byte // raw: references not replaced
	off   int    // offset of the name
}

type openTag struct {
	name []byte
	off  int
}

// child advances to the next child of the element that is being read; false at
// the element's end.
func (s *scanner) child() bool {
	if s.err != nil {
		return false
	}
	if s.empty {
		s.empty = false
		s.open = s.open[:len(s.open)-1]
		return false
	}
	for {
		lt := bytes.IndexByte(s.text[s.pos:], '<')
		if lt < 0 {
			s.truncated()
			return false
		}
		if s.collect {
			s.data = appendUnescaped(s.data, s.text[s.pos:s.pos+lt])
		}
		s.pos += lt
		if s.pos+1 == len(s.text) {
			s.truncated()
			return false
		}
		switch s.text[s.pos+1] {
		case '!', '?':
			if !s.passMarkup() {
				return false
			}
		case '/':
			s.endTag()
			return false
		default:
			return s.startTag()
		}
	}
}

// skip consumes the rest of the element whose start tag was read last.
func (s *scanner) skip() {
	collect := s.collect
	s.collect = false
	for depth := len(s.open); len(s.open) >= depth && s.err == nil; {
		s.child()
	}
	s.collect = collect
}

// chars consumes the rest of the element whose start tag was read last and
// returns its character data, that of its children left out. The result is
// valid until the next call.
func (s *scanner) chars() []byte {
	s.data, s.collect = s.data[:0], true
	for s.child() {
		s.skip()
	}
	s.collect = false
	return s.data
}

// is compares the name of the start tag read last, without regard to case.
func (s *scanner) is(lower string) bool { return equalFold(s.name, lower) }

// attr finds an attribute of the start tag read last by its name, without
// regard to case; nil where it is absent.
func (s *scanner) attr(lower string) *attr {
	for i := range s.attrs {
		if equalFold(s.attrs[i].name, lower) {
			return &s.attrs[i]
		}
	}
	return nil
}

func (s *scanner) startTag() bool {
	s.start = s.pos
	text, i := s.text, s.pos+1
	for i < len(text) && !endsName(text[i]) {
		i++
	}
	s.name = text[s.start+1 : i]
	s.attrs = s.attrs[:0]
	if len(s.name) == 0 {
		return s.fail(nil, s.start, "a '<' that begins no tag: written as text it must be &lt;")
	}
	for {
		i = passSpace(text, i)
		if i == len(text) {
			s.truncated()
			return false
		}
		switch text[i] {
		case '>':
			s.pos = i + 1
			return s.push(false)
		case '/':
			if i+1 < len(text) && text[i+1] == '>' {
				s.pos = i + 2
				return s.push(true)
			}
		}
		begin := i
		for i < len(text) && !endsName(text[i]) {
			i++
		}
		name := text[begin:i]
		if len(name) == 0 {
			return s.fail(nil, begin, fmt.Sprintf("%q where an attribute or the end of the tag is due", text[begin]))
		}
		i = passSpace(text, i)
		if i == len(text) || text[i] != '=' {
			return s.fail(name, begin, "the attribute has no value")
		}
		i = passSpace(text, i+1)
		if i == len(text) || text[i] != '"' && text[i] != '\'' {
			return s.fail(name, begin, "the value is not in quotes")
		}
		length := bytes.IndexByte(text[i+1:], text[i])
		if length < 0 {
			return s.fail(name, begin, "the value has no closing quote")
		}
		value := text[i+1 : i+1+length]
		if bytes.IndexByte(value, '<') >= 0 {
			return s.fail(name, begin, "a '<' in the value: is its closing quote missing?")
		}
		if len(s.attrs) == maxAttributes {
			s.stop(fmt.Errorf("%w: line %d: element %s has more than %d attributes", ErrTooLarge, s.line(begin), label(s.name), maxAttributes))
			return false
		}
		s.attrs = append(s.attrs, attr{name, value, begin})
		i += length + 2
	}
}

func (s *scanner) push(empty bool) bool {
	if len(s.open) == s.maxDepth {
		s.stop(fmt.Errorf("%w: line %d: elements are nested more than %d deep", ErrTooLarge, s.line(s.start), s.maxDepth))
		return false
	}
	s.open = append(s.open, openTag{s.name, s.start})
	s.empty = empty
	return true
}

func (s *scanner) endTag() {
	length := bytes.IndexByte(s.text[s.pos:], '>')
	if length < 0 {
		s.truncated()
		return
	}
	name := bytes.TrimRight(s.text[s.pos+2:s.pos+length], " \t\r\n")
	top := s.open[len(s.open)-1]
	if !bytes.EqualFold(name, top.name) {
		s.stop(&SyntaxError{Element: label(top.name), Line: s.line(s.pos), Offset: s.pos,
			Reason: fmt.Sprintf("</%s> where </%s> is due, for the element opened in line %d", label(name), label(top.name), s.line(top.off))})
		return
	}
	s.open = s.open[:len(s.open)-1]
	s.pos += length + 1
}

// passMarkup steps over a comment, CDATA section, processing instruction or
// document type declaration at pos.
func (s *scanner) passMarkup() bool {
	rest := s.text[s.pos:]
	begin, end := "<?", "?>"
	switch {
	case bytes.HasPrefix(rest, []byte("<!--")):
		begin, end = "<!--", "-->"
	case bytes.HasPrefix(rest, []byte("<![CDATA[")):
		begin, end = "<![CDATA[", "]]>"
	case rest[1] == '!':
		begin, end = "<!", ">"
		// The internal subset of a DOCTYPE holds '>' of its own.
		if gt := bytes.IndexByte(rest, '>'); gt >= 0 && bytes.IndexByte(rest[:gt], '[') >= 0 {
			end = "]>"
		}
	}
	length := bytes.Index(rest[len(begin):], []byte(end))
	if length < 0 {
		s.truncated()
		return false
	}
	if s.collect && begin == "<![CDATA[" {
		s.data = append(s.data, rest[len(begin):len(begin)+length]...)
	}
	s.pos += len(begin) + length + len(end)
	return true
}

// root advances to the start tag of the document's element and returns its
// name, nil where there is none. The tag itself is then read by child.
func (s *scanner) root() []byte {
	for {
		lt := bytes.IndexByte(s.text[s.pos:], '<')
		if lt < 0 || s.pos+lt+1 == len(s.text) {
			return nil
		}
		s.pos += lt
		if c := s.text[s.pos+1]; c == '!' || c == '?' {
			if !s.passMarkup() {
				return nil
			}
			continue
		}
		i := s.pos + 1
		for i < len(s.text) && !endsName(s.text[i]) {
			i++
		}
		return s.text[s.pos+1 : i]
	}
}

// fail stops at a syntax error of the start tag that is being read.
func (s *scanner) fail(attribute []byte, off int, reason string) bool {
	s.stop(&SyntaxError{Element: label(s.name), Attribute: label(attribute), Line: s.line(off), Offset: off, Reason: reason})
	return false
}

func (s *scanner) truncated() {
	e := &SyntaxError{Line: s.line(len(s.text)), Offset: len(s.text), Reason: "the document ends too early: it was cut off on the way or is not finished"}
	if n := len(s.open); n > 0 {
		e.Element = label(s.open[n-1].name)
	}
	s.stop(e)
}

// stop keeps the first error.
func (s *scanner) stop(err error) {
	if s.err == nil {
		s.err = err
	}
}

func (s *scanner) line(off int) int {
	return 1 + bytes.Count(s.text[:off], []byte{'\n'})
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func endsName(c byte) bool {
	return c <= ' ' || c == '=' || c == '>' || c == '/' || c == '<' || c == '"' || c == '\''
}

func passSpace(text []byte, i int) int {
	for i < len(text) && isSpace(text[i]) {
		i++
	}
	return i
}

// equalFold compares ASCII without regard to case; lower is in lower case.
func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// appendWithoutSpace appends b without white space; dst may be b[:0].
func appendWithoutSpace(dst, b []byte) []byte {
	for _, c := range b {
		if !isSpace(c) {
			dst = append(dst, c)
		}
	}
	return dst
}

// appendUnescaped replaces character references and the predefined entities.
// Any other '&' stands for itself.
func appendUnescaped(dst, raw []byte) []byte {
	for {
		amp := bytes.IndexByte(raw, '&')
		if amp < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:amp]...)
		raw = raw[amp:]
		r, length := reference(raw)
		if length == 0 {
			r, length = '&', 1
		}
		dst = utf8.AppendRune(dst, r)
		raw = raw[length:]
	}
}

// reference reads the reference at the begin of raw; length 0: it is none.
func reference(raw []byte) (r rune, length int) {
	const longest = len("&#x0010FFFF;")
	semicolon := bytes.IndexByte(raw[:min(len(raw), longest)], ';')
	if semicolon < 0 {
		return 0, 0
	}
	switch name := string(raw[1:semicolon]); {
	case name == "lt":
		return '<', semicolon + 1
	case name == "gt":
		return '>', semicolon + 1
	case name == "amp":
		return '&', semicolon + 1
	case name == "quot":
		return '"', semicolon + 1
	case name == "apos":
		return '\'', semicolon + 1
	case len(name) > 1 && name[0] == '#':
		digits, base := name[1:], 10
		if digits[0] == 'x' {
			digits, base = digits[1:], 16
		}
		if n, err := strconv.ParseUint(digits, base, 32); err == nil {
			if n > utf8.MaxRune {
				n = utf8.RuneError
			}
			return rune(n), semicolon + 1
		}
	}
	return 0, 0
}
