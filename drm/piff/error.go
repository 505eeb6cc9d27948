package piff

import "fmt"

// ErrKeySize is returned for a key that is not one of AES-128; it does not hold
// the key.
type ErrKeySize int

func (n ErrKeySize) Error() string {
	return fmt.Sprintf("a content key has %d bytes, AES-128 needs 16", int(n))
}

// Error says which field of a sample encryption box does not fit its sample, or
// is not known. The sample is as it was.
type Error struct {
	Field string // as PIFF 1.1 5.3.2 and ISO/IEC 23001-7 name it
	What  string // what is wrong with it
}

// Error returns the box, the field and what is wrong.
func (e *Error) Error() string { return "sample encryption box: " + e.Field + " " + e.What }

func fail(field, format string, args ...any) error {
	return &Error{field, fmt.Sprintf(format, args...)}
}
