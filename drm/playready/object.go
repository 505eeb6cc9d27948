package playready

import (
	"encoding/binary"
	"fmt"
)

// MaxObject is how many bytes of an Object, or of a bare header, are read. The
// specification allows 15 KB.
const MaxObject = 64 << 10

// The types of records.
const (
	RecordHeader       = 1 // WRMHEADER
	RecordLicenseStore = 3 // licences that come with the presentation
)

// Error says what in a PlayReady Object could not be read.
type Error struct {
	Where string // "PlayReady Object", "WRMHEADER"
	What  string
	Err   error // nil, or what lies below
}

// Error names the place and what is wrong there.
func (e *Error) Error() string {
	if e.Err != nil {
		return e.Where + ": " + e.What + ": " + e.Err.Error()
	}
	return e.Where + ": " + e.What
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

func fail(where, format string, args ...any) error {
	return &Error{Where: where, What: fmt.Sprintf(format, args...)}
}

// Record is one record of an Object; Value aliases its bytes.
type Record struct {
	Type  uint16
	Value []byte
}

// ParseObject splits a PlayReady Object into its records. Bytes behind the length
// that it states are left out. The error is an *[Error].
func ParseObject(data []byte) ([]Record, error) {
	const where = "PlayReady Object"
	if len(data) < 6 {
		return nil, fail(where, "%d bytes are too short for one", len(data))
	}
	length, count := binary.LittleEndian.Uint32(data), int(binary.LittleEndian.Uint16(data[4:]))
	switch {
	case length > MaxObject:
		return nil, fail(where, "states a length of %d bytes, more than %d", length, MaxObject)
	case length < 6 || uint64(length) > uint64(len(data)):
		return nil, fail(where, "states a length of %d bytes, it has %d", length, len(data))
	}
	rest := data[6:length]
	if count > len(rest)/4 {
		return nil, fail(where, "states %d records in %d bytes", count, length)
	}
	records := make([]Record, 0, count)
	for i := range count {
		if len(rest) < 4 {
			return nil, fail(where, "record %d of %d is missing", i+1, count)
		}
		r := Record{Type: binary.LittleEndian.Uint16(rest)}
		n := int(binary.LittleEndian.Uint16(rest[2:]))
		if n > len(rest)-4 {
			return nil, fail(where, "record %d states %d bytes, %d are left", i+1, n, len(rest)-4)
		}
		r.Value, rest = rest[4:4+n:4+n], rest[4+n:]
		records = append(records, r)
	}
	return records, nil
}

// AppendObject appends a PlayReady Object of the records to b. Each value has at
// most 65535 bytes.
func AppendObject(b []byte, records ...Record) []byte {
	length := 6
	for _, r := range records {
		length += 4 + len(r.Value)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(length))
	b = binary.LittleEndian.AppendUint16(b, uint16(len(records)))
	for _, r := range records {
		b = binary.LittleEndian.AppendUint16(b, r.Type)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(r.Value)))
		b = append(b, r.Value...)
	}
	return b
}
