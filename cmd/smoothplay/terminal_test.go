package main

import (
	"os"
	"strings"
	"testing"
)

func TestStatusLineStaysBelowMessages(t *testing.T) {
	var out strings.Builder
	c := newConsole(&out)
	c.width = func() int { return 10 }
	c.Status("playing")
	c.Write([]byte("hello\n"))
	c.Status("playing") // no change: nothing is written
	c.Status("a line that is too long")
	c.Status("")
	c.Write([]byte("bye\n"))
	const want = "\r\x1b[Kplaying" + "\r\x1b[Khello\nplaying" + "\r\x1b[Ka line th" + "\r\x1b[K" + "bye\n"
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", out.String(), want)
	}
}

func TestNoStatusLineWithoutTerminal(t *testing.T) {
	var out strings.Builder
	c := newConsole(&out)
	c.Status("playing")
	c.Write([]byte("hello\n"))
	if c.Terminal() || out.String() != "hello\n" {
		t.Errorf("terminal %v, wrote %q", c.Terminal(), out.String())
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if newConsole(null).Terminal() {
		t.Error(os.DevNull + " counts as a terminal")
	}
}
