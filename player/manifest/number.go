package manifest

import (
	"bytes"
	"math/bits"
)

// parseUint reads a decimal number with white space around it.
func parseUint(b []byte) (v uint64, ok bool) {
	if len(b) > 0 && (isSpace(b[0]) || isSpace(b[len(b)-1])) {
		b = bytes.TrimSpace(b)
	}
	for _, c := range b {
		hi, lo := bits.Mul64(v, 10)
		sum, carry := bits.Add64(lo, uint64(c-'0'), 0)
		if c < '0' || c > '9' || hi|carry != 0 {
			return 0, false
		}
		v = sum
	}
	return v, len(b) > 0
}

// parseBool reads the ways in which servers write TRUE and FALSE.
func parseBool(b []byte) (v, ok bool) {
	b = bytes.TrimSpace(b)
	switch {
	case equalFold(b, "true") || equalFold(b, "1"):
		return true, true
	case equalFold(b, "false") || equalFold(b, "0"):
		return false, true
	}
	return false, false
}

// rescale is v*to/from, rounded down; false where it does not fit. from is not 0.
func rescale(v, to, from uint64) (uint64, bool) {
	hi, lo := bits.Mul64(v, to)
	if hi >= from {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, from)
	return q, true
}
