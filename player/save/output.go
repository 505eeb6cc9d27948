package save

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"syscall"
)

// syncEvery is after how many bytes of media all is made to be on the disk, before
// the journal goes on: whatever a power cut spoils lies in the last two such parts.
const syncEvery = 64 << 20

// identity is what two saves must have in common for one to go on with the other.
type identity struct {
	Journal string          `json:"journal"` // what kind of file this is
	Source  string          `json:"source"`  // a digest: a URL may hold secrets
	Range   string          `json:"range"`
	Live    bool            `json:"live"`
	Clear   bool            `json:"clear,omitempty"` // samples are decrypted
	Tracks  []trackIdentity `json:"tracks"`
}

const journalKind = "smoothplay save 1"

// output is the file that grows, and its journal.
type output struct {
	path, part, log string
	overwrite       bool
	who             identity
	media           *os.File
	journal         *journal
	end             int64 // of the media in part
	written         int64 // size of the finished file
}

// check says early why path cannot be written.
func (o *output) check(path string, overwrite bool) error {
	if path == "" {
		return errors.New("a file to write to is missing")
	}
	*o = output{path: path, part: path + ".part", log: path + ".part.log", overwrite: overwrite}
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return fmt.Errorf("%s: %w and is no file to be replaced", path, ErrExists)
	case err == nil && !overwrite:
		if _, err := os.Stat(o.part); err != nil { // else it is being replaced
			return fmt.Errorf("%s: %w", path, ErrExists)
		}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	_, err = os.Stat(filepath.Dir(path))
	return err
}

// open opens part and journal. resumed: there is something to go on with.
func (o *output) open(who identity) (resumed bool, err error) {
	o.who = who
	log, err := os.OpenFile(o.log, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return false, err
	}
	o.journal = &journal{file: log}
	// File systems that know no locks are trusted.
	if err := syscall.Flock(int(log.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		log.Close()
		return false, fmt.Errorf("%s: %w", o.log, ErrBusy)
	}
	defer func() {
		if err != nil {
			o.close()
		}
	}()
	flags := os.O_RDWR | os.O_CREATE
	if o.overwrite {
		if err := log.Truncate(0); err != nil {
			return false, err
		}
		flags |= os.O_TRUNC
	}
	if o.media, err = os.OpenFile(o.part, flags, 0o666); err != nil {
		return false, err
	}
	head, err := bufio.NewReaderSize(log, 1<<20).ReadSlice('\n')
	if err != nil {
		return false, o.start()
	}
	var was identity
	if json.Unmarshal(head, &was) != nil || !who.same(&was) {
		return false, fmt.Errorf("%s: %w: give the same URL and choice, or overwrite it, or save to another file", o.part, ErrOther)
	}
	o.who = was
	o.journal.begin = int64(len(head))
	info, err := o.media.Stat()
	if err != nil {
		return false, err
	}
	doubtful := (info.Size()/syncEvery - 2) * syncEvery
	if o.end, err = o.journal.mend(o.media, int64(len(fileHead())), doubtful); err != nil {
		return false, err
	}
	_, err = o.media.WriteAt(fileHead(), 0)
	if err := errors.Join(err, o.media.Truncate(o.end), log.Truncate(o.journal.size)); err != nil {
		return false, err
	}
	if o.journal.size == o.journal.begin {
		return false, o.start()
	}
	return true, nil
}

// start begins both files anew.
func (o *output) start() error {
	head, err := json.Marshal(o.who)
	if err != nil {
		return err
	}
	head = append(head, '\n')
	o.journal.begin, o.journal.size = int64(len(head)), int64(len(head))
	first := fileHead()
	o.end = int64(len(first))
	_, err = o.media.WriteAt(first, 0)
	_, err2 := o.journal.file.WriteAt(head, 0)
	return errors.Join(err, err2, o.media.Truncate(o.end), o.journal.file.Truncate(o.journal.size))
}

// same reports whether a save can go on with what another left. What a live
// presentation has moves on, and is not compared.
func (w *identity) same(was *identity) bool {
	a, b := *w, *was
	if a.Live || b.Live {
		a.Live, b.Live = true, true
		a.Tracks, b.Tracks = withoutTimes(a.Tracks), withoutTimes(b.Tracks)
	}
	return reflect.DeepEqual(a, b)
}

func withoutTimes(tracks []trackIdentity) []trackIdentity {
	clean := make([]trackIdentity, len(tracks))
	for i, t := range tracks {
		t.Origin, t.End, t.Chunks = 0, 0, ""
		clean[i] = t
	}
	return clean
}

// write appends a piece of a track to the media, and then to the journal.
func (o *output) write(number int, t *track, p *piece) error {
	format := description{*p.format, p.encryption}
	if t.format == nil || !reflect.DeepEqual(*t.format, format) {
		if err := o.journal.append(&record{kind: recordFormat, track: number, format: format}); err != nil {
			return err
		}
		t.format = &format
		t.formats++
	}
	if _, err := o.media.WriteAt(p.media, o.end); err != nil {
		return err
	}
	r := &record{kind: recordFragment, track: number, t: p.item.chunk.T, d: p.item.chunk.D,
		offset: o.end, bytes: int64(len(p.media)), sum: crc32.Checksum(p.media, castagnoli),
		decode: p.decode, samples: p.samples}
	after := o.end + int64(len(p.media))
	if after/syncEvery != o.end/syncEvery {
		if err := errors.Join(o.media.Sync(), o.journal.file.Sync()); err != nil {
			return err
		}
	}
	o.end = after
	return o.journal.append(r)
}

// skip notes a piece that is missing.
func (o *output) skip(number int, m *missing) error {
	return o.journal.append(&record{kind: recordMissing, track: number, t: m.t, d: m.d, reason: m.reason, damaged: m.damaged})
}

// size is that of the media so far.
func (o *output) size() int64 { return max(o.end-int64(len(fileHead())), 0) }

// finish makes the file of part: tables behind the media or, in a copy, in front.
func (o *output) finish(m *movie, fastStart bool) error {
	last := o.media
	from := o.part
	if fastStart {
		from = o.path + ".part.new"
		file, err := o.inFront(m, from)
		if err != nil {
			return fmt.Errorf("writing the tables in front: %w", err)
		}
		defer file.Close()
		last = file
	} else {
		if _, err := m.write(o.media, o.end, 0); err != nil {
			return err
		}
		if err := sealMedia(o.media, 0, o.end); err != nil {
			return err
		}
	}
	if err := last.Sync(); err != nil {
		return err
	}
	info, err := last.Stat()
	if err != nil {
		return err
	}
	o.written = info.Size()
	if err := os.Rename(from, o.path); err != nil {
		return err
	}
	o.remove()
	return nil
}

// inFront copies the media behind the tables.
func (o *output) inFront(m *movie, name string) (*os.File, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, err
	}
	fail := func(err error) (*os.File, error) { file.Close(); os.Remove(name); return nil, err }
	head := fileHead()
	media := int64(len(head) - mediaHead) // where the box of the media begins in part
	if _, err := file.Write(head[:media]); err != nil {
		return fail(err)
	}
	end, err := m.write(file, media, 0) // to know how long the tables are
	if err != nil {
		return fail(err)
	}
	if end, err = m.write(file, media, end-media); err != nil {
		return fail(err)
	}
	if _, err := file.Seek(end, io.SeekStart); err != nil {
		return fail(err)
	}
	if _, err := o.media.Seek(media, io.SeekStart); err != nil {
		return fail(err)
	}
	if _, err := io.CopyN(file, o.media, o.end-media); err != nil {
		return fail(err)
	}
	if err := sealMedia(file, end-media, end+o.end-media); err != nil {
		return fail(err)
	}
	return file, nil
}

// close leaves the files as they are.
func (o *output) close() {
	if o.media != nil {
		o.media.Close()
	}
	if o.journal != nil {
		o.journal.file.Close()
	}
}

// remove removes what is left of a save.
func (o *output) remove() {
	os.Remove(o.part)
	os.Remove(o.log)
}

// mediaHead is the length of the header of the box of the media: one with a size
// of 64 bits.
const mediaHead = 16

// fileHead is how every part begins.
func fileHead() []byte {
	brands := "isom\x00\x00\x02\x00isomiso4mp41mp42"
	head := binary.BigEndian.AppendUint32(nil, uint32(8+len(brands)))
	head = append(head, "ftyp"+brands+"\x00\x00\x00\x01mdat"...)
	return append(head, make([]byte, 8)...)
}

// sealMedia writes the size of the box of the media, in a file where it is moved
// by offset and ends at end.
func sealMedia(file *os.File, offset, end int64) error {
	at := int64(len(fileHead())) + offset
	_, err := file.WriteAt(binary.BigEndian.AppendUint64(nil, uint64(end-at+mediaHead)), at-8)
	return err
}
