package fragment

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// What Parse says of a body that cannot be played, or not in full. They come
// wrapped; test with errors.Is.
var (
	// ErrNotFragment: the body holds no moof box. It is something else, such as
	// an error page served with status 200.
	ErrNotFragment = errors.New("not a fragment")
	// ErrTruncated: the body ends before its boxes do. The complete samples, if
	// any, are in Samples; asking again may deliver the rest.
	ErrTruncated = errors.New("fragment cut short")
	// ErrNoSamples: a sound fragment without a sample, or without a complete one.
	// Time, Next and the like are set.
	ErrNoSamples = errors.New("fragment without samples")
)

// BoxError says which box of a fragment could not be read, and why.
type BoxError struct {
	Box    string // four-character code; for uuid boxes a name such as "uuid tfrf"
	Offset int    // of the box, in bytes from the start of the body
	Reason string
	Err    error // ErrTruncated where more bytes would help, else nil
}

func (e *BoxError) Error() string {
	return fmt.Sprintf("%s box at byte %d: %s", e.Box, e.Offset, e.Reason)
}

// Unwrap returns Err.
func (e *BoxError) Unwrap() error { return e.Err }

// fourCC is a box type as the number its four bytes spell.
type fourCC uint32

const (
	boxMoof fourCC = 'm'<<24 | 'o'<<16 | 'o'<<8 | 'f'
	boxMfhd fourCC = 'm'<<24 | 'f'<<16 | 'h'<<8 | 'd'
	boxTraf fourCC = 't'<<24 | 'r'<<16 | 'a'<<8 | 'f'
	boxTfhd fourCC = 't'<<24 | 'f'<<16 | 'h'<<8 | 'd'
	boxTfdt fourCC = 't'<<24 | 'f'<<16 | 'd'<<8 | 't'
	boxTrun fourCC = 't'<<24 | 'r'<<16 | 'u'<<8 | 'n'
	boxSdtp fourCC = 's'<<24 | 'd'<<16 | 't'<<8 | 'p'
	boxSenc fourCC = 's'<<24 | 'e'<<16 | 'n'<<8 | 'c'
	boxSgpd fourCC = 's'<<24 | 'g'<<16 | 'p'<<8 | 'd'
	boxSbgp fourCC = 's'<<24 | 'b'<<16 | 'g'<<8 | 'p'
	boxPssh fourCC = 'p'<<24 | 's'<<16 | 's'<<8 | 'h'
	boxUUID fourCC = 'u'<<24 | 'u'<<16 | 'i'<<8 | 'd'
	boxMdat fourCC = 'm'<<24 | 'd'<<16 | 'a'<<8 | 't'

	groupSeig fourCC = 's'<<24 | 'e'<<16 | 'i'<<8 | 'g'
)

func (c fourCC) String() string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(c)))
}

// The extended types of the boxes that Smooth Streaming and PIFF add,
// [MS-SSTR] 2.2.4.4, 2.2.4.5, PIFF 1.1 5.3.1, 5.3.2.
var (
	uuidTfxd = [16]byte{0x6d, 0x1d, 0x9b, 0x05, 0x42, 0xd5, 0x44, 0xe6, 0x80, 0xe2, 0x14, 0x1d, 0xaf, 0xf7, 0x57, 0xb2}
	uuidTfrf = [16]byte{0xd4, 0x80, 0x7e, 0xf2, 0xca, 0x39, 0x46, 0x95, 0x8e, 0x54, 0x26, 0xcb, 0x9e, 0x46, 0xa7, 0x9f}
	uuidSenc = [16]byte{0xa2, 0x39, 0x4f, 0x52, 0x5a, 0x9b, 0x4f, 0x14, 0xa2, 0x44, 0x6c, 0x42, 0x7c, 0x64, 0x8d, 0xf4}
	uuidPssh = [16]byte{0xd0, 0x8a, 0x4f, 0x18, 0x10, 0xf3, 0x4a, 0x82, 0xb6, 0xc8, 0x32, 0xd8, 0xab, 0xa1, 0x83, 0xd3}
)

// box is the place of one box in a body: data[body:end] is its payload.
type box struct {
	kind             fourCC
	uuid             [16]byte // where kind is boxUUID
	start, body, end int
	cut              bool // it claims to go on beyond the data; end is where the data ends
}

// readBox reads the header of the box at data[pos:], ISO/IEC 14496-12 4.2. It
// fails where there is no header: too few bytes, or a size smaller than itself.
func readBox(data []byte, pos int) (box, bool) {
	b := box{start: pos, body: pos + 8}
	if pos > len(data)-8 {
		return b, false
	}
	size := uint64(binary.BigEndian.Uint32(data[pos:]))
	b.kind = fourCC(binary.BigEndian.Uint32(data[pos+4:]))
	switch size {
	case 0: // to the end
		size = uint64(len(data) - pos)
	case 1:
		if pos > len(data)-16 {
			return b, false
		}
		size = binary.BigEndian.Uint64(data[pos+8:])
		b.body += 8
	}
	if b.kind == boxUUID {
		if b.body > len(data)-16 {
			return b, false
		}
		b.uuid = [16]byte(data[b.body:])
		b.body += 16
	}
	if size < uint64(b.body-pos) {
		return b, false
	}
	if b.end, b.cut = len(data), size > uint64(len(data)-pos); !b.cut {
		b.end = pos + int(size)
	}
	return b, true
}

// name is the box's type for messages.
func (b box) name() string {
	if b.kind != boxUUID {
		return fmt.Sprintf("%+q", b.kind.String())
	}
	switch b.uuid {
	case uuidTfxd:
		return "uuid tfxd"
	case uuidTfrf:
		return "uuid tfrf"
	case uuidSenc:
		return "uuid senc"
	case uuidPssh:
		return "uuid pssh"
	}
	return fmt.Sprintf("uuid %x", b.uuid)
}

// fail makes a BoxError about b.
func (b box) fail(format string, args ...any) error {
	return &BoxError{Box: b.name(), Offset: b.start, Reason: fmt.Sprintf(format, args...)}
}

// notFragment says what a body without a moof box seems to be; cut: it ends in
// the middle of a box.
func notFragment(data []byte, cut bool) error {
	text := bytes.TrimLeft(data, "\xef\xbb\xbf\xff\xfe \t\r\n")
	what := "no moof box in it"
	switch {
	case len(data) == 0:
		what = "the body is empty"
	case bytes.HasPrefix(text, []byte("<")):
		what = "the body is markup (an error page or a manifest)"
	case bytes.HasPrefix(text, []byte("{")):
		what = "the body is JSON"
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		what = "the body is gzip data"
	case cut && beginsLikeFragment(data):
		return fmt.Errorf("%w: %d bytes, the moof box not among them", ErrTruncated, len(data))
	case len(data) >= 8 && string(data[4:8]) == "ftyp":
		what = "the body is an MP4 header without a moof box"
	}
	return fmt.Errorf("%w: %s", ErrNotFragment, what)
}

// beginsLikeFragment reports whether data, which may be very short, begins with a
// box that can stand before or at the start of a fragment.
func beginsLikeFragment(data []byte) bool {
	if len(data) < 8 {
		return data[0] == 0
	}
	switch string(data[4:8]) {
	case "moof", "mdat", "styp", "sidx", "prft", "emsg", "free", "skip", "uuid", "ftyp", "moov":
		return true
	}
	return false
}
