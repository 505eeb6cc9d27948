package manifest

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// toUTF8 returns the document as UTF-8 without a byte order mark, and a warning
// where it had to guess. The bytes decide: neither the XML declaration nor a
// byte order mark that contradicts them is believed. The result may alias data.
func toUTF8(data []byte) (text []byte, warning string) {
	marked := false
	switch {
	case bytes.HasPrefix(data, []byte{0xEF, 0xBB, 0xBF}):
		data = data[3:]
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}), bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		data, marked = data[2:], true
	}
	// A document begins with '<' or white space, both ASCII: in UTF-16 one of
	// the first two bytes is zero.
	if len(data) >= 2 && data[0] == 0 && data[1] != 0 {
		return fromUTF16(data, binary.BigEndian), ""
	}
	if len(data) >= 2 && data[0] != 0 && data[1] == 0 {
		return fromUTF16(data, binary.LittleEndian), ""
	}
	if marked {
		warning = "the document has the byte order mark of UTF-16 and is not UTF-16"
	}
	if utf8.Valid(data) {
		return data, warning
	}
	return fromLatin1(data), "the document is not valid UTF-8; it was read as ISO 8859-1"
}

// fromUTF16 replaces lone surrogates by U+FFFD and ignores an odd last byte.
func fromUTF16(data []byte, order binary.ByteOrder) []byte {
	text := make([]byte, 0, len(data)/2+len(data)/16)
	for len(data) >= 2 {
		r := rune(order.Uint16(data))
		data = data[2:]
		if utf16.IsSurrogate(r) && len(data) >= 2 {
			if pair := utf16.DecodeRune(r, rune(order.Uint16(data))); pair != utf8.RuneError {
				r, data = pair, data[2:]
			}
		}
		text = utf8.AppendRune(text, r)
	}
	return text
}

func fromLatin1(data []byte) []byte {
	text := make([]byte, 0, len(data)+len(data)/8)
	for _, c := range data {
		text = utf8.AppendRune(text, rune(c))
	}
	return text
}
