package manifest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The reasons for which [Parse] refuses a document, beside [*SyntaxError].
var (
	// ErrNotManifest: the document is something else; the message says what.
	ErrNotManifest = errors.New("not a Smooth Streaming client manifest")
	// ErrTooLarge: the document is beyond one of the [Limits].
	ErrTooLarge = errors.New("manifest too large")
	// ErrUnsupportedVersion: a MajorVersion other than 1 and 2.
	ErrUnsupportedVersion = errors.New("unsupported manifest version")
	// ErrSegmented: a segmented manifest (MajorVersion 3, Segment elements), whose
	// form is not documented.
	ErrSegmented = errors.New("segmented manifests (MajorVersion 3, Segment elements) are not supported, as their form is not documented; ask the server for the manifest of version 2")
	// ErrNoStream: no video and no audio is left to play, or all streams of one
	// of the two types are broken. It comes with what could be read and, where
	// something was broken, wraps its [*SyntaxError].
	ErrNoStream = errors.New("no playable stream")
)

// SyntaxError is a place in a manifest that has no meaning.
type SyntaxError struct {
	Element   string // name of the element as written; "" outside of any
	Attribute string // name of the attribute as written; "" where it is not about one
	Line      int    // of the element or attribute, counted from 1
	Offset    int    // in bytes from the begin of the document, once it is UTF-8 without a mark
	Reason    string // what is wrong, with the value in question
}

func (e *SyntaxError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "manifest line %d", e.Line)
	if e.Element != "" {
		b.WriteString(", element " + e.Element)
	}
	if e.Attribute != "" {
		b.WriteString(", attribute " + e.Attribute)
	}
	b.WriteString(": " + e.Reason)
	return b.String()
}

// quote shows a piece of a hostile document in a message: short and printable.
func quote(b []byte) string {
	const most = 48
	if len(b) > most {
		return strconv.Quote(string(b[:most]) + "…")
	}
	return strconv.Quote(string(b))
}

// label shows an element or attribute name in a message.
func label(name []byte) string {
	q := quote(name)
	return q[1 : len(q)-1]
}
