package linux

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
)

// files reads the kernel's files below root, one at a time, into buf.
type files struct {
	root fs.FS
	buf  []byte
}

// read returns the beginning of a file, as much as buf holds; it is valid until
// the next call.
func (f *files) read(name string) ([]byte, error) {
	file, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	n, err := io.ReadFull(file, f.buf)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return f.buf[:n], nil
}

// number reads a file that holds one number; ok is false where it does not.
func (f *files) number(name string) (n int64, ok bool) {
	b, err := f.read(name)
	if err != nil {
		return 0, false
	}
	b = bytes.TrimSpace(b)
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	u, ok := parse(b)
	if !ok || u > math.MaxInt64 {
		return 0, false
	}
	if negative {
		return -int64(u), true
	}
	return int64(u), true
}

// take reads all counters. What is not there counts as 0, but for the time of
// the device and of the process.
func (f *files) take(groups []string) (reading, error) {
	var r reading
	b, err := f.read("proc/stat")
	if err != nil {
		return r, err
	}
	if r.total, r.idle, r.cores, err = parseStat(b); err != nil {
		return r, err
	}
	if b, err = f.read("proc/self/stat"); err != nil {
		return r, err
	}
	if r.process, err = parseSelf(b); err != nil {
		return r, err
	}
	if b, err = f.read("proc/pressure/cpu"); err == nil { // not all kernels have it switched on
		r.pressure, _ = named(b, "some", "total=")
	}
	r.group = f.takeGroups(groups)
	r.valid = true
	return r, nil
}

var (
	errStat = errors.New("proc/stat has no line of processor times")
	errSelf = errors.New("proc/self/stat has no processor times")
)

// parseStat sums up the line of all processors in proc/stat, and counts those
// that are on.
func parseStat(b []byte) (total, idle uint64, cores int, err error) {
	for line := range bytes.Lines(b) {
		name, rest := word(line)
		switch {
		case !bytes.HasPrefix(name, []byte("cpu")):
			continue
		case len(name) > len("cpu"):
			cores++
			continue
		}
		// user nice system idle iowait irq softirq steal; what follows is part
		// of user and nice.
		for i := range 8 {
			var field []byte
			field, rest = word(rest)
			n, ok := parse(field)
			if !ok {
				if i < 4 {
					return 0, 0, 0, errStat
				}
				break // an old kernel
			}
			total += n
			if i == 3 || i == 4 {
				idle += n
			}
		}
	}
	if total == 0 || cores == 0 {
		return 0, 0, 0, errStat
	}
	return total, idle, cores, nil
}

// parseSelf adds utime and stime, the fields 14 and 15 of proc/self/stat. The
// second field is the name of the program in parentheses, and may hold anything.
func parseSelf(b []byte) (uint64, error) {
	end := bytes.LastIndexByte(b, ')')
	if end < 0 {
		return 0, errSelf
	}
	rest := b[end+1:]
	var sum uint64
	for field := 3; field <= 15; field++ {
		var w []byte
		w, rest = word(rest)
		if field < 14 {
			continue
		}
		n, ok := parse(w)
		if !ok {
			return 0, errSelf
		}
		sum += n
	}
	return sum, nil
}

// named finds the number after key in the line that begins with first; where key
// is empty, the number that follows first.
func named(b []byte, first, key string) (n uint64, ok bool) {
	for line := range bytes.Lines(b) {
		w, rest := word(line)
		if string(w) != first {
			continue
		}
		for len(rest) > 0 {
			w, rest = word(rest)
			if value, found := bytes.CutPrefix(w, []byte(key)); found {
				return parse(value)
			}
		}
	}
	return 0, false
}

// word splits off the first word of a line.
func word(b []byte) (w, rest []byte) {
	b = bytes.TrimLeft(b, " \t")
	end := bytes.IndexAny(b, " \t\n")
	if end < 0 {
		return b, nil
	}
	return b[:end], b[end+1:]
}

// parse reads a decimal number without a sign.
func parse(b []byte) (n uint64, ok bool) {
	for _, c := range b {
		if c < '0' || c > '9' || n > (math.MaxUint64-9)/10 {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, len(b) > 0
}
