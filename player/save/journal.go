package save

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"

	"smoothplay/player/manifest"
)

// The journal is a line of JSON that says what is saved, and then records:
//
//	length of the payload (uvarint), payload, CRC-32C of the payload (4 bytes)
//
// A payload is a kind, the number of a track, and what follows in write and skip
// below, integers as varints. What is torn at its end, where the power went, is
// cut off.

// recordKind says what a record is.
type recordKind uint8

const (
	recordFormat   recordKind = 1 + iota // how samples that follow are coded
	recordFragment                       // is in the file
	recordMissing                        // could not be had
)

// record is one record of the journal.
type record struct {
	kind  recordKind
	track int
	t, d  manifest.Ticks // of the chunk

	format description // recordFormat

	offset, bytes int64 // recordFragment: in the file
	sum           uint32
	decode        int64 // of the first sample, from t
	samples       []sample

	reason  string // recordMissing
	damaged bool   // and a part of it is there
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// longestRecord bounds a record: 65536 samples and more of a fragment.
const longestRecord = 8 << 20

// encode appends r to b.
func (r *record) encode(b []byte) []byte {
	payload := []byte{byte(r.kind)}
	u := func(values ...uint64) {
		for _, v := range values {
			payload = binary.AppendUvarint(payload, v)
		}
	}
	u(uint64(r.track))
	switch r.kind {
	case recordFormat:
		text, err := json.Marshal(r.format)
		if err != nil {
			panic(err) // plain data
		}
		payload = append(payload, text...)
	case recordFragment:
		u(uint64(r.t), uint64(r.d), uint64(r.offset), uint64(r.bytes), uint64(r.sum))
		payload = binary.AppendVarint(payload, r.decode)
		u(uint64(len(r.samples)))
		for _, s := range r.samples {
			key := uint64(0)
			if s.sync {
				key = 1
			}
			u(uint64(s.size)<<1|key, uint64(s.duration))
			payload = binary.AppendVarint(payload, int64(s.composition))
			mapped := uint64(0)
			if s.mapped {
				mapped = 1
			}
			u(uint64(len(s.aux))<<1 | mapped)
			payload = append(payload, s.aux...)
		}
	case recordMissing:
		damaged := uint64(0)
		if r.damaged {
			damaged = 1
		}
		u(uint64(r.t), uint64(r.d), damaged)
		payload = append(payload, r.reason...)
	}
	b = binary.AppendUvarint(b, uint64(len(payload)))
	b = append(b, payload...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(payload, castagnoli))
}

var errRecord = errors.New("the journal is damaged")

// parse reads a payload into r, whose samples it uses again and which refers to
// the payload.
func (r *record) parse(payload []byte) error {
	*r = record{samples: r.samples[:0]}
	bad := false
	u := func() uint64 {
		v, n := binary.Uvarint(payload)
		if n <= 0 {
			bad = true
			return 0
		}
		payload = payload[n:]
		return v
	}
	i := func() int64 {
		v, n := binary.Varint(payload)
		if n <= 0 {
			bad = true
			return 0
		}
		payload = payload[n:]
		return v
	}
	r.kind = recordKind(u())
	track := u()
	if bad || track > math.MaxInt16 {
		return errRecord
	}
	r.track = int(track)
	switch r.kind {
	case recordFormat:
		if err := json.Unmarshal(payload, &r.format); err != nil {
			return fmt.Errorf("%w: %w", errRecord, err)
		}
	case recordFragment:
		r.t, r.d = manifest.Ticks(u()), manifest.Ticks(u())
		r.offset, r.bytes, r.sum = int64(u()), int64(u()), uint32(u())
		r.decode = i()
		for n := u(); n > 0 && !bad; n-- {
			size := u()
			s := sample{size: uint32(size >> 1), sync: size&1 == 1, duration: uint32(u()), composition: int32(i())}
			aux := u()
			if s.mapped = aux&1 == 1; aux>>1 > uint64(len(payload)) {
				return errRecord
			}
			if n := int(aux >> 1); n > 0 {
				s.aux, payload = payload[:n:n], payload[n:]
			}
			r.samples = append(r.samples, s)
		}
	case recordMissing:
		r.t, r.d = manifest.Ticks(u()), manifest.Ticks(u())
		r.damaged = u() == 1
		r.reason = string(payload)
	default:
		return errRecord
	}
	if bad {
		return errRecord
	}
	return nil
}

// journal is an open journal.
type journal struct {
	file        *os.File
	begin, size int64 // of the records
	buf         []byte
}

// append writes a record at the end.
func (j *journal) append(r *record) error {
	j.buf = r.encode(j.buf[:0])
	n, err := j.file.WriteAt(j.buf, j.size)
	if err == nil {
		j.size += int64(n)
	}
	return err
}

// each calls visit with each record. The record is valid until visit returns.
func (j *journal) each(visit func(*record) error) error {
	var r record
	var payload []byte
	in := bufio.NewReaderSize(io.NewSectionReader(j.file, j.begin, j.size-j.begin), 64<<10)
	for {
		err := readPayload(in, &payload, false)
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = r.parse(payload)
		}
		if err == nil {
			err = visit(&r)
		}
		if err != nil {
			return err
		}
	}
}

// readPayload reads the payload of the next record, and holds it against its sum
// where check is set. io.EOF: there is none.
func readPayload(in *bufio.Reader, payload *[]byte, check bool) error {
	n, err := binary.ReadUvarint(in)
	if err == io.EOF {
		return io.EOF
	}
	if err != nil || n == 0 || n > longestRecord {
		return errRecord
	}
	if uint64(cap(*payload)) < n {
		*payload = make([]byte, n+n/2)
	}
	*payload = (*payload)[:n]
	var sum [4]byte
	if _, err := io.ReadFull(in, *payload); err != nil {
		return errRecord
	}
	if _, err := io.ReadFull(in, sum[:]); err != nil {
		return errRecord
	}
	if check && binary.BigEndian.Uint32(sum[:]) != crc32.Checksum(*payload, castagnoli) {
		return errRecord
	}
	return nil
}

// mend finds the end of what is whole in the journal and in the media: records
// that can be read, of media that are there. Of the media from the offset doubtful
// on, the sums are held against the bytes.
func (j *journal) mend(media *os.File, begin, doubtful int64) (end int64, err error) {
	info, err := j.file.Stat()
	if err != nil {
		return 0, err
	}
	mediaInfo, err := media.Stat()
	if err != nil {
		return 0, err
	}
	section := io.NewSectionReader(j.file, j.begin, info.Size()-j.begin)
	in := bufio.NewReaderSize(section, 64<<10)
	j.size, end = j.begin, begin
	var payload, data []byte
	var r record
	for {
		if readPayload(in, &payload, true) != nil || r.parse(payload) != nil {
			break
		}
		if r.kind == recordFragment {
			if r.offset != end || r.bytes < 0 || r.bytes > mediaInfo.Size()-end {
				break
			}
			if r.offset+r.bytes > doubtful {
				if int64(cap(data)) < r.bytes {
					data = make([]byte, r.bytes)
				}
				data = data[:r.bytes]
				if _, err := media.ReadAt(data, r.offset); err != nil || crc32.Checksum(data, castagnoli) != r.sum {
					break
				}
			}
			end += r.bytes
		}
		at, err := section.Seek(0, io.SeekCurrent)
		if err != nil {
			return 0, err
		}
		j.size = j.begin + at - int64(in.Buffered())
	}
	return end, nil
}
