package origin

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Bounds of a media file.
const (
	maxMoov   = 16 << 20
	maxMoof   = 4 << 20
	maxMfra   = 64 << 20
	maxChunks = 1 << 20 // fragments of a file
)

// The uuid boxes that matter, by the bytes of their type, [MS-SSTR] 2.2.4.4.
const uuidTfxd = "\x6d\x1d\x9b\x05\x42\xd5\x44\xe6\x80\xe2\x14\x1d\xaf\xf7\x57\xb2"

// A fileIndex tells where in a media file each fragment of each track lies.
type fileIndex struct {
	moov   []byte            // body of the moov box; nil: none
	chunks map[uint32][]spot // by track, sorted by time, each time once
}

// spot is one fragment in a file.
type spot struct {
	time     uint64 // ticks of the track
	duration uint64 // ticks; 0: not known
	offset   int64  // of the moof box
}

// indexFile indexes an .ismv or .isma file: by its mfra box, ISO/IEC 14496-12
// 8.8.9, where the offsets there hold, else by going through its moof boxes.
func indexFile(r io.ReaderAt, size int64) (*fileIndex, error) {
	x := &fileIndex{chunks: map[uint32][]spot{}}
	if err := x.readMoov(r, size); err != nil {
		return nil, err
	}
	if !x.readMfra(r, size) {
		clear(x.chunks)
		if err := x.scan(r, size); err != nil {
			return nil, err
		}
	}
	for id, spots := range x.chunks {
		slices.SortStableFunc(spots, func(a, b spot) int { return cmp.Compare(a.time, b.time) })
		spots = slices.CompactFunc(spots, func(a, b spot) bool { return a.time == b.time })
		for i := range spots[:len(spots)-1] {
			spots[i].duration = spots[i+1].time - spots[i].time
		}
		x.chunks[id] = spots
	}
	if len(x.chunks) == 0 {
		return nil, errors.New("no fragments: want a fragmented MP4 file (moof boxes)")
	}
	return x, nil
}

// walk calls visit for each top-level box from offset on. It ends where visit
// returns false, and at the first header that makes no sense.
func walk(r io.ReaderAt, offset, size int64, visit func(kind string, start, header, end int64) bool) {
	var buf [16]byte
	for offset+8 <= size {
		n, err := r.ReadAt(buf[:min(16, size-offset)], offset)
		if n < 8 || err != nil && err != io.EOF {
			return
		}
		length, header, kind := boxHeader(buf[:n])
		if length == 0 {
			length = size - offset
		}
		if length < header || length > size-offset {
			return
		}
		if !visit(kind, offset, header, offset+length) {
			return
		}
		offset += length
	}
}

// readMoov keeps the moov box, if there is one before the first fragment.
func (x *fileIndex) readMoov(r io.ReaderAt, size int64) (err error) {
	walk(r, 0, size, func(kind string, start, header, end int64) bool {
		if kind == "moov" {
			x.moov, err = readBody(r, start+header, end, maxMoov)
			return false
		}
		return kind != "moof"
	})
	return err
}

func readBody(r io.ReaderAt, start, end, limit int64) ([]byte, error) {
	if end-start > limit {
		return nil, fmt.Errorf("a box of %d bytes at %d: more than %d", end-start, start, limit)
	}
	b := make([]byte, end-start)
	if n, err := r.ReadAt(b, start); n < len(b) {
		return nil, err
	}
	return b, nil
}

// readMfra reads the index at the end of the file, and reports whether there is
// one that holds.
func (x *fileIndex) readMfra(r io.ReaderAt, size int64) bool {
	var mfro [16]byte
	if size < 16 {
		return false
	}
	if n, _ := r.ReadAt(mfro[:], size-16); n < 16 || string(mfro[4:8]) != "mfro" {
		return false
	}
	f := fields{b: mfro[12:]}
	start := size - int64(f.uint(4))
	if start < 0 || start > size-16 {
		return false
	}
	var body []byte
	walk(r, start, size, func(kind string, start, header, end int64) bool {
		if kind == "mfra" {
			body, _ = readBody(r, start+header, end, maxMfra)
		}
		return false
	})
	for b := range boxes(body) {
		if b.kind == "tfra" && !x.readTfra(b.body, r, size) {
			return false
		}
	}
	return len(x.chunks) > 0 && x.plausible(r, size)
}

// readTfra reads the entries of one track, ISO/IEC 14496-12 8.8.10.
func (x *fileIndex) readTfra(b []byte, r io.ReaderAt, size int64) bool {
	f := fields{b: b}
	version, _ := f.full()
	id := uint32(f.uint(4))
	lengths := int(f.uint(4))
	count := f.uint(4)
	numbers := (lengths>>4&3 + 1) + (lengths>>2&3 + 1) + (lengths&3 + 1)
	width := 4
	if version == 1 {
		width = 8
	}
	if count > uint64(len(f.b)/(2*width+numbers)) || count > maxChunks {
		return false
	}
	last := int64(-1)
	for range count {
		s := spot{time: f.uint(width), offset: int64(f.uint(width))}
		f.skip(numbers)
		if s.offset < 0 || s.offset >= size {
			return false
		}
		if s.offset != last { // several random access points in one fragment
			x.chunks[id] = append(x.chunks[id], s)
		}
		last = s.offset
	}
	return true
}

// plausible looks at the first and the last fragment of each track: they must
// be moof boxes of it. The last one gets its duration.
func (x *fileIndex) plausible(r io.ReaderAt, size int64) bool {
	for id, spots := range x.chunks {
		for _, i := range []int{0, len(spots) - 1} {
			m, ok := readMoof(r, spots[i].offset, size)
			if !ok || m.track != id {
				return false
			}
			spots[i].duration = m.duration
		}
	}
	return true
}

// scan goes through all moof boxes. A fragment that says nothing of its time
// begins where the one before it in its track ended.
func (x *fileIndex) scan(r io.ReaderAt, size int64) (err error) {
	next := map[uint32]uint64{}
	count := 0
	walk(r, 0, size, func(kind string, start, header, end int64) bool {
		if kind != "moof" {
			return true
		}
		m, ok := readMoof(r, start, size)
		if !ok {
			return true
		}
		if count++; count > maxChunks {
			err = fmt.Errorf("more than %d fragments", maxChunks)
			return false
		}
		if !m.timed {
			m.time = next[m.track]
		}
		next[m.track] = m.time + m.duration
		x.chunks[m.track] = append(x.chunks[m.track], spot{m.time, m.duration, start})
		return true
	})
	return err
}

// moof is what the index needs to know of a moof box.
type moof struct {
	track          uint32
	time, duration uint64
	timed          bool
}

// readMoof reads the moof box at offset; not ok where there is none with exactly
// one track, which is what a server can serve.
func readMoof(r io.ReaderAt, offset, size int64) (m moof, ok bool) {
	walk(r, offset, size, func(kind string, start, header, end int64) bool {
		if kind != "moof" {
			return false
		}
		b, err := readBody(r, start+header, end, maxMoof)
		if err != nil {
			return false
		}
		tracks := 0
		for c := range boxes(b) {
			if c.kind == "traf" {
				tracks++
				m.readTraf(c.body)
			}
		}
		ok = tracks == 1
		return false
	})
	return m, ok
}

func (m *moof) readTraf(b []byte) {
	tfhd := fields{b: child(b, "tfhd")}
	_, flags := tfhd.full()
	m.track = uint32(tfhd.uint(4))
	for _, field := range []struct {
		flag uint32
		size int
	}{{1, 8}, {2, 4}} {
		if flags&field.flag != 0 {
			tfhd.skip(field.size)
		}
	}
	var usual uint64 // duration of a sample
	if flags&8 != 0 {
		usual = tfhd.uint(4)
	}
	for c := range boxes(b) {
		f := fields{b: c.body}
		switch c.kind {
		case "trun":
			m.duration += runDuration(&f, usual)
		case uuidTfxd:
			width := 4
			if version, _ := f.full(); version > 0 {
				width = 8
			}
			time := f.uint(width)
			f.uint(width)
			// A negative time is what FFmpeg writes for a start before 0.
			if !f.short && int64(time) >= 0 {
				m.time, m.timed = time, true
			}
		case "tfdt":
			width := 4
			if version, _ := f.full(); version > 0 {
				width = 8
			}
			if time := f.uint(width); !m.timed && !f.short {
				m.time, m.timed = time, true
			}
		}
	}
}

// runDuration adds up the durations of a trun box, ISO/IEC 14496-12 8.8.8.
func runDuration(f *fields, usual uint64) uint64 {
	_, flags := f.full()
	count := f.uint(4)
	for _, flag := range []uint32{1, 4} {
		if flags&flag != 0 {
			f.skip(4)
		}
	}
	if flags&0x100 == 0 {
		return count * usual // 32 bits times 32 bits
	}
	others := 0
	for _, flag := range []uint32{0x200, 0x400, 0x800} {
		if flags&flag != 0 {
			others += 4
		}
	}
	var sum uint64
	for i := uint64(0); i < count && !f.short; i++ {
		sum += f.uint(4)
		f.skip(others)
	}
	return sum
}

// part is which bytes of a fragment a request asks for.
type part int

const (
	whole   part = iota // Fragments: moof and mdat
	head                // FragmentInfo: moof
	payload             // RawFragments: what is in mdat
)

// locate returns where the bytes of the fragment at offset begin and end: from
// its moof box to the end of its mdat box.
func locate(r io.ReaderAt, offset, size int64, p part) (start, end int64, err error) {
	found := false
	walk(r, offset, size, func(kind string, at, header, to int64) bool {
		switch {
		case at == offset && kind == "moof":
			start, end = at, to
			found = p == head
			return p != head
		case at == offset || kind == "moof" || kind == "mfra":
			return false // no fragment, or one without media
		case kind == "mdat":
			if end, found = to, true; p == payload {
				start = at + header
			}
			return false
		}
		return true // a free box, perhaps
	})
	if !found {
		return 0, 0, fmt.Errorf("no fragment at byte %d of the file", offset)
	}
	return start, end, nil
}
