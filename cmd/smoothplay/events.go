package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"smoothplay/player/event"
)

// eventQueue is how many events may wait to be written.
const eventQueue = 4096

// eventLog writes the events of a session to a file. A nil *eventLog writes
// nothing.
type eventLog struct {
	e      *env
	path   string
	file   io.Closer // nil: standard output
	writer *event.Writer
	queue  *event.Async
	done   chan struct{}
}

// openEvents begins a log; path "" is none, and "-" standard output.
func openEvents(e *env, path string) (*eventLog, error) {
	if path == "" {
		return nil, nil
	}
	l := &eventLog{e: e, path: path, done: make(chan struct{})}
	out := e.stdout
	if path != "-" {
		file, err := os.Create(path)
		if err != nil {
			return nil, usageError{fmt.Errorf("--events: %w", err)}
		}
		l.file, out = file, file
	}
	l.writer = event.JSONL(out)
	l.queue = event.NewAsync(l.writer, eventQueue)
	go func() {
		defer close(l.done)
		l.queue.Run(context.Background())
	}()
	return l, nil
}

// sink is what the player hands its events to; nil: nobody.
func (l *eventLog) sink() event.Sink {
	if l == nil {
		return nil
	}
	return l.queue
}

// close ends the log when the session is over.
func (l *eventLog) close() error {
	if l == nil {
		return nil
	}
	l.queue.Close()
	<-l.done
	err := l.writer.Err()
	if l.file != nil {
		if e := l.file.Close(); err == nil && e != nil {
			err = fmt.Errorf("--events %s: %w", l.path, e)
		}
	}
	if n := l.queue.Dropped(); n > 0 {
		fmt.Fprintf(l.e.stderr, "smoothplay: --events %s: %d events are missing because writing is too slow\n", l.path, n)
	}
	return err
}
