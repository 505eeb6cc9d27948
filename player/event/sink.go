package event

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
)

// SinkFunc makes a function a Sink.
type SinkFunc func(Event)

// Handle calls f.
func (f SinkFunc) Handle(e Event) { f(e) }

// Tee returns a Sink that hands each event to all sinks in turn; nil ones are
// left out.
func Tee(sinks ...Sink) Sink {
	kept := make(tee, 0, len(sinks))
	for _, s := range sinks {
		if s != nil {
			kept = append(kept, s)
		}
	}
	return kept
}

type tee []Sink

func (t tee) Handle(e Event) {
	for _, s := range t {
		s.Handle(e)
	}
}

// Writer writes events as JSON, one a line, in one Write each.
type Writer struct {
	w    io.Writer
	line []byte
	err  error
}

// JSONL returns a Writer to w. Where w may block (a file, a pipe), put an Async
// in front of it.
func JSONL(w io.Writer) *Writer { return &Writer{w: w} }

// Handle writes e. After an error nothing more is written.
func (w *Writer) Handle(e Event) {
	if w.err != nil {
		return
	}
	w.line, w.err = e.AppendJSON(w.line[:0])
	if w.err != nil {
		return
	}
	w.line = append(w.line, '\n')
	if _, err := w.w.Write(w.line); err != nil {
		w.err = fmt.Errorf("writing events: %w", err)
	}
}

// Err is the first error. It is called when Handle is called no more.
func (w *Writer) Err() error { return w.err }

// maxLine bounds one line of an event log that is read, in bytes.
const maxLine = 4 << 20

// Read returns the events of a log that JSONL wrote; empty lines are ignored.
// It ends after the first error, which names the line.
func Read(r io.Reader) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxLine)
		n := 0
		for lines.Scan() {
			n++
			if len(lines.Bytes()) == 0 {
				continue
			}
			var e Event
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				yield(Event{}, fmt.Errorf("line %d: %w", n, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Event{}, fmt.Errorf("line %d: %w", n+1, err))
		}
	}
}

// Async is a bounded queue in front of a Sink that may block. Handle never
// blocks: what finds the queue full is dropped and counted, so that its Seq is
// missing behind the queue. The last event of a session is never dropped.
type Async struct {
	to      Sink
	queue   chan Event
	room    int
	dropped atomic.Int64
}

// NewAsync returns a queue of n events in front of to.
func NewAsync(to Sink, n int) *Async {
	n = max(n, 1)
	return &Async{to: to, queue: make(chan Event, n+1), room: n}
}

// Handle queues e.
func (a *Async) Handle(e Event) {
	// One place is kept for the last event. Only this goroutine sends, so that
	// a place seen is a place had.
	if _, last := e.Body.(SessionEnded); len(a.queue) < a.room || last && len(a.queue) == a.room {
		a.queue <- e
		return
	}
	a.dropped.Add(1)
}

// Close says that Handle is called no more. The goroutine that calls Handle
// calls it, once.
func (a *Async) Close() { close(a.queue) }

// Run hands the events on until Close was called and the queue is empty, or
// ctx is done: then what is queued is handed on and the error of ctx returned.
func (a *Async) Run(ctx context.Context) error {
	for {
		select {
		case e, ok := <-a.queue:
			if !ok {
				return nil
			}
			a.to.Handle(e)
		case <-ctx.Done():
			for {
				select {
				case e, ok := <-a.queue:
					if !ok {
						return ctx.Err()
					}
					a.to.Handle(e)
				default:
					return ctx.Err()
				}
			}
		}
	}
}

// Dropped is the number of events dropped so far; any goroutine may ask.
func (a *Async) Dropped() int64 { return a.dropped.Load() }

// Recorder keeps all events, for tests. Its methods may be called from any
// goroutine; the zero Recorder is ready.
type Recorder struct {
	mu     sync.Mutex
	events []Event
}

// Handle keeps e.
func (r *Recorder) Handle(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// Events returns a copy of what was recorded.
func (r *Recorder) Events() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// Bodies returns the bodies of kind T among events, in order.
func Bodies[T Body](events []Event) []T {
	var found []T
	for _, e := range events {
		if body, ok := e.Body.(T); ok {
			found = append(found, body)
		}
	}
	return found
}
