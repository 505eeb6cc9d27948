package origin

import (
	"encoding/binary"
	"iter"
)

// box is one ISO box, ISO/IEC 14496-12 4.2, within bytes at hand.
type box struct {
	kind string // four characters; "uuid" boxes: the 16 bytes of their type
	body []byte // after the header
}

// boxes goes through the boxes of b, as far as they are whole. Nested no deeper
// than its caller asks, it cannot be made to loop.
func boxes(b []byte) iter.Seq[box] {
	return func(yield func(box) bool) {
		for len(b) >= 8 {
			size, header, kind := boxHeader(b)
			if size == 0 {
				size = int64(len(b))
			}
			if size < header || size > int64(len(b)) {
				return
			}
			body := b[header:size]
			if kind == "uuid" && len(body) >= 16 {
				kind, body = string(body[:16]), body[16:]
			}
			if !yield(box{kind, body}) {
				return
			}
			b = b[size:]
		}
	}
}

// child returns the body of the first box of b on the way along path; nil where
// there is none.
func child(b []byte, path ...string) []byte {
	for _, kind := range path {
		var found []byte
		for c := range boxes(b) {
			if c.kind == kind {
				found = c.body
				break
			}
		}
		if found == nil {
			return nil
		}
		b = found
	}
	return b
}

// boxHeader reads a header of at least 8 bytes. size is 0 where the box goes on
// to the end of the file, and -1 where the header is not whole or nonsense.
func boxHeader(b []byte) (size, header int64, kind string) {
	size, header, kind = int64(binary.BigEndian.Uint32(b)), 8, string(b[4:8])
	if size == 1 {
		if len(b) < 16 {
			return -1, 16, kind
		}
		size, header = int64(binary.BigEndian.Uint64(b[8:])), 16
	}
	if size != 0 && size < header {
		size = -1
	}
	return size, header, kind
}

// fields reads the big-endian fields of a box one after the other. What lies
// behind the end reads as 0, and sets short.
type fields struct {
	b     []byte
	short bool
}

func (f *fields) uint(n int) uint64 {
	if len(f.b) < n {
		f.b, f.short = nil, true
		return 0
	}
	var v uint64
	for _, c := range f.b[:n] {
		v = v<<8 | uint64(c)
	}
	f.b = f.b[n:]
	return v
}

func (f *fields) skip(n int) {
	if len(f.b) < n {
		f.b, f.short = nil, true
		return
	}
	f.b = f.b[n:]
}

// full reads the version and flags of a full box.
func (f *fields) full() (version byte, flags uint32) {
	v := f.uint(4)
	return byte(v >> 24), uint32(v & 0xffffff)
}
