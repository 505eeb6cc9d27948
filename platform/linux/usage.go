package linux

import (
	"bytes"
	"io/fs"
)

// peakFrom reads the peak of resident memory, in bytes, out of
// proc/self/status; 0 where it is not told.
func peakFrom(root fs.FS) int64 {
	f := files{root: root, buf: make([]byte, 4<<10)}
	b, err := f.read("proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if value, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			w, _ := word(value)
			kB, _ := parse(w)
			return int64(kB) * 1024
		}
	}
	return 0
}
