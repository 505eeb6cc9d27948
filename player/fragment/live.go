package fragment

import (
	"encoding/binary"
	"slices"
)

// readTfxd reads the absolute time of the fragment, [MS-SSTR] 2.2.4.4: 32-bit in
// version 0, 64-bit in all others.
func (f *Fragment) readTfxd(p []byte) {
	time, duration, _, ok := readTimes(p, 4)
	if !ok {
		f.Warnings |= WarnTime
		return
	}
	f.Time, f.Duration, f.HasTime = time, duration, true
}

// readTfrf reads the announcement of the fragments that follow, [MS-SSTR]
// 2.2.4.5. The count is one byte, whatever the text of the specification says.
func (f *Fragment) readTfrf(p []byte) {
	if len(p) < 5 || len(f.Next) > 0 {
		f.Warnings |= WarnTime
		return
	}
	f.Next = slices.Grow(f.Next, int(p[4]))
	pos := 5
	for range p[4] {
		time, duration, next, ok := readTimes(p, pos)
		if !ok {
			f.Warnings |= WarnTime
			return
		}
		f.Next = append(f.Next, Announced{Time: time, Duration: duration})
		pos = next
	}
}

// readTfdt reads the decoding time of the first sample, ISO/IEC 14496-12 8.8.12.
func (f *Fragment) readTfdt(p []byte) {
	switch {
	case len(p) >= 12 && p[0] != 0:
		f.DecodeTime = binary.BigEndian.Uint64(p[4:])
	case len(p) >= 8 && p[0] == 0:
		f.DecodeTime = uint64(binary.BigEndian.Uint32(p[4:]))
	default:
		f.Warnings |= WarnTime
		return
	}
	f.HasDecodeTime = true
}

// readTimes reads a time and a duration at p[pos:], of the width that the version
// in p[0] says.
func readTimes(p []byte, pos int) (time, duration uint64, next int, ok bool) {
	switch {
	case len(p) == 0:
	case p[0] == 0 && len(p) >= pos+8:
		return uint64(binary.BigEndian.Uint32(p[pos:])), uint64(binary.BigEndian.Uint32(p[pos+4:])), pos + 8, true
	case p[0] != 0 && len(p) >= pos+16:
		return binary.BigEndian.Uint64(p[pos:]), binary.BigEndian.Uint64(p[pos+8:]), pos + 16, true
	}
	return 0, 0, pos, false
}
