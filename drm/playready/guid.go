package playready

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// SystemID is PlayReady's, as protection headers and pssh boxes carry it.
var SystemID = [16]byte{0x9a, 0x04, 0xf0, 0x79, 0x98, 0x40, 0x42, 0x86, 0xab, 0x92, 0xe6, 0x5b, 0xe0, 0x88, 0x5f, 0x95}

// ErrGUID says that a text is no GUID.
var ErrGUID = errors.New("not a GUID")

// SwapGUID turns the bytes of a GUID from the order of its text into that of
// Windows (the first three fields little-endian), and back.
func SwapGUID(g [16]byte) [16]byte {
	return [16]byte{g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]}
}

// GUIDText is the text form of a GUID, in lower case, whose bytes are in the order
// of the text.
func GUIDText(g [16]byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", g[:4], g[4:6], g[6:8], g[8:10], g[10:])
}

// ParseGUID reads the text form of a GUID: 32 hexadecimal digits in either case,
// with or without braces, and with hyphens and white space anywhere or nowhere. The
// bytes are in the order of the text. The error wraps ErrGUID and does not repeat s.
func ParseGUID(s string) (g [16]byte, err error) {
	var digits [33]byte
	n := 0
	for i := range len(s) {
		switch c := s[i]; {
		case strings.IndexByte("{}- \t\r\n", c) >= 0:
		case n == len(digits):
			return g, fmt.Errorf("more than 32 hexadecimal digits: %w", ErrGUID)
		default:
			digits[n] = c
			n++
		}
	}
	if n != 32 {
		return g, fmt.Errorf("%d hexadecimal digits instead of 32: %w", n, ErrGUID)
	}
	if _, err := hex.Decode(g[:], digits[:32]); err != nil {
		return [16]byte{}, fmt.Errorf("something other than hexadecimal digits: %w", ErrGUID)
	}
	return g, nil
}

// ParseKID reads a key identifier as headers have it, base64 of the bytes in the
// order of Windows, with whatever padding and alphabet; or, since some packagers
// write it so, the text of the GUID. The result is in the order of the text. The
// error wraps ErrGUID.
func ParseKID(s string) (kid [16]byte, err error) {
	b, err := DecodeBase64(s)
	if err == nil && len(b) == 16 {
		return SwapGUID([16]byte(b)), nil
	}
	if kid, err := ParseGUID(s); err == nil {
		return kid, nil
	}
	if b != nil {
		return kid, fmt.Errorf("%d bytes instead of 16: %w", len(b), ErrGUID)
	}
	return kid, fmt.Errorf("neither base64 nor hexadecimal digits: %w", ErrGUID)
}

// FormatKID writes a key identifier, whose bytes are in the order of its text, as
// headers have it.
func FormatKID(kid [16]byte) string {
	b := SwapGUID(kid)
	return base64.StdEncoding.EncodeToString(b[:])
}

// DecodeBase64 reads base64 of either alphabet, with or without padding, with
// white space anywhere.
func DecodeBase64(s string) ([]byte, error) {
	s = strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n':
			return -1
		case '-':
			return '+'
		case '_':
			return '/'
		}
		return r
	}, s)
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return nil, errors.New("not base64")
	}
	return b, nil
}
