package main

import (
	"bytes"
	"io"
	"os"
	"sync"
	"syscall"
	"unicode/utf8"
	"unsafe"
)

// console is standard error: messages and, where it is a terminal, one status
// line below them that is overwritten in place. Safe for concurrent use.
type console struct {
	mu     sync.Mutex
	w      io.Writer
	width  func() int // columns; 0: no terminal
	status string     // on the screen now
}

func newConsole(w io.Writer) *console {
	c := &console{w: w, width: func() int { return 0 }}
	if f, ok := w.(*os.File); ok {
		c.width = func() int { return terminalWidth(f) }
	}
	return c
}

// Terminal tells whether a person is looking on.
func (c *console) Terminal() bool { return c.width() > 0 }

// Write writes a message above the status line.
func (c *console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.status == "" {
		return c.w.Write(b)
	}
	out := append([]byte("\r\x1b[K"), b...)
	if bytes.HasSuffix(b, []byte("\n")) {
		out = append(out, c.status...)
	}
	if _, err := c.w.Write(out); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Status shows line as the status line, cut to the width of the terminal; "":
// none. It does nothing where there is no terminal.
func (c *console) Status(line string) {
	width := c.width()
	if width == 0 {
		return
	}
	if utf8.RuneCountInString(line) >= width {
		line = string([]rune(line)[:width-1])
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if line == c.status {
		return
	}
	c.status = line
	io.WriteString(c.w, "\r\x1b[K"+line)
}

// terminalWidth is the number of columns of f; 0 where it is no terminal.
func terminalWidth(f *os.File) int {
	var size struct{ rows, columns, x, y uint16 }
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return 0
	}
	if size.columns == 0 {
		return 80 // a terminal that does not know its size, such as a serial line
	}
	return int(size.columns)
}
