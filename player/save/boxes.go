package save

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"

	"github.com/Eyevinn/mp4ff/mp4"
)

// boxWriter writes boxes into a file from an offset on. Sizes and counts that are
// known only later are filled in by close. The first error stays.
type boxWriter struct {
	file    *os.File
	w       *bufio.Writer
	at      int64
	patches []patch
	err     error
}

// patch is a number of 32 bits to be filled in.
type patch struct {
	at    int64
	value uint32
}

func newBoxWriter(file *os.File, at int64) *boxWriter {
	return &boxWriter{file: file, at: at, w: bufio.NewWriterSize(io.NewOffsetWriter(file, at), 64<<10)}
}

func (b *boxWriter) bytes(data []byte) {
	if b.err == nil {
		_, b.err = b.w.Write(data)
	}
	b.at += int64(len(data))
}

func (b *boxWriter) u32(values ...uint32) {
	var buf [4]byte
	for _, v := range values {
		binary.BigEndian.PutUint32(buf[:], v)
		b.bytes(buf[:])
	}
}

func (b *boxWriter) u64(v uint64) { b.u32(uint32(v>>32), uint32(v)) }

// box writes a box whose content inside writes.
func (b *boxWriter) box(kind string, inside func()) {
	at := b.at
	b.u32(0)
	b.bytes([]byte(kind))
	inside()
	b.patches = append(b.patches, patch{at, uint32(b.at - at)})
}

// table writes a box with a version, flags and a count of what inside writes and
// counts.
func (b *boxWriter) table(kind string, inside func(count *uint32)) {
	b.box(kind, func() {
		b.u32(0)
		at := b.at
		b.u32(0)
		var count uint32
		inside(&count)
		b.patches = append(b.patches, patch{at, count})
	})
}

// made writes a box of mp4ff.
func (b *boxWriter) made(box mp4.Box) {
	if b.err == nil {
		b.err = box.Encode(b.w)
	}
	b.at += int64(box.Size())
}

// close fills in what was left open, and returns where the boxes end.
func (b *boxWriter) close() (end int64, err error) {
	err = errors.Join(b.err, b.w.Flush())
	for _, p := range b.patches {
		if err != nil {
			break
		}
		_, err = b.file.WriteAt(binary.BigEndian.AppendUint32(nil, p.value), p.at)
	}
	return b.at, err
}
