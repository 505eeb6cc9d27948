package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"smoothplay/player/event"
)

// ErrNoEvents says that a file holds no event.
var ErrNoEvents = errors.New("no event in it: a report is made of a file that --events wrote")

// maxLine bounds one line of a log, in bytes.
const maxLine = 4 << 20

// Read returns the sessions of a log that event.JSONL wrote, called name: at
// least one, or an error. Of a log whose last line is cut off, as of a program
// that was killed, what stands before it is returned.
func Read(name string, r io.Reader) ([]Series, error) {
	c := Collector{Name: name}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	var broken error
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		if broken != nil {
			return nil, broken // and it is not the last
		}
		var e event.Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			broken = fmt.Errorf("reading the events of %s: line %d: %w", name, n, err)
			continue
		}
		c.Handle(e)
	}
	switch err := lines.Err(); {
	case err != nil:
		return nil, fmt.Errorf("reading the events of %s: %w", name, err)
	case len(c.runs) > 0:
		return c.Series(), nil
	case broken != nil:
		return nil, broken
	}
	return nil, fmt.Errorf("reading the events of %s: %w", name, ErrNoEvents)
}

// IsEvents reports whether head, the beginning of a file, is that of a log of
// events rather than of another JSON file, such as a Summary.
func IsEvents(head []byte) bool {
	line, _, _ := bytes.Cut(bytes.TrimLeft(head, " \t\r\n"), []byte("\n"))
	// The line may be cut off: its first fields are enough.
	in := json.NewDecoder(bytes.NewReader(line))
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	seq := false
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return false
		}
		if name == "type" {
			return seq
		}
		seq = seq || name == "seq"
		var value any
		if err := in.Decode(&value); err != nil {
			return false
		}
	}
	return false
}
