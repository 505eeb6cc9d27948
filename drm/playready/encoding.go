package playready

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// text decodes XML in UTF-16 of either byte order or UTF-8, with or without byte
// order mark, and cuts NULs off its end. An XML document begins with '<', which
// gives the encoding away.
func text(b []byte) string {
	switch {
	case bytes.HasPrefix(b, []byte{0xff, 0xfe}):
		return text16(b[2:], binary.LittleEndian)
	case bytes.HasPrefix(b, []byte{0xfe, 0xff}):
		return text16(b[2:], binary.BigEndian)
	case bytes.HasPrefix(b, []byte{0xef, 0xbb, 0xbf}):
		b = b[3:]
	case len(b) >= 2 && b[0] != 0 && b[1] == 0:
		return text16(b, binary.LittleEndian)
	case len(b) >= 2 && b[0] == 0 && b[1] != 0:
		return text16(b, binary.BigEndian)
	}
	return strings.TrimRight(strings.ToValidUTF8(string(b), "\uFFFD"), "\x00")
}

func text16(b []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = order.Uint16(b[2*i:])
	}
	return strings.TrimRight(string(utf16.Decode(units)), "\x00")
}

// appendText16 appends s in UTF-16, little-endian, as headers have it.
func appendText16(b []byte, s string) []byte {
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}
