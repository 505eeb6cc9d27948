package httpclient

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Phase is what a request waits for.
type Phase uint8

// The phases.
const (
	Connect   Phase = iota // a connection
	FirstByte              // the head of the answer, connecting included
	Idle                   // more of the body
)

// TimeoutError says which wait was too long. Its Timeout method is true, as that
// of net.Error.
type TimeoutError struct {
	Phase Phase
	After time.Duration // the limit
}

func (e *TimeoutError) Error() string {
	switch e.Phase {
	case Connect:
		return fmt.Sprintf("no connection within %v", e.After)
	case FirstByte:
		return fmt.Sprintf("no answer within %v", e.After)
	}
	return fmt.Sprintf("the answer stopped: no byte for %v", e.After)
}

// Timeout is true.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary is true; net.Error wants the method.
func (e *TimeoutError) Temporary() bool { return true }

// Watch is the context of one request, which it ends when the request stands
// still. A Client puts one on every request. A caller that wants other limits, or
// has to hold those of any platform.Doer, puts a Watch of its own on the request,
// and times the reads of the answer with Within; a Client then only adds its
// limits: the tighter one holds.
//
// All methods but those of the context belong to the goroutine that makes the
// request and reads the answer.
type Watch struct {
	context.Context
	cancel context.CancelFunc
	timer  *time.Timer
	most   [Idle + 1]time.Duration // limits that a Client adds; 0: none
	phase  Phase                   // that is timed now
	limit  time.Duration
	fired  atomic.Bool
}

type watchKey struct{}

// NewWatch returns a Watch that also ends with ctx, and has begun to wait for p,
// for at most d; 0: without end. It must be stopped.
func NewWatch(ctx context.Context, p Phase, d time.Duration) *Watch {
	w := &Watch{phase: p, limit: d}
	w.Context, w.cancel = context.WithCancel(ctx)
	w.timer = time.AfterFunc(timed(d), w.bark)
	return w
}

// watchOf finds the Watch that a context comes of; nil: none.
func watchOf(ctx context.Context) *Watch {
	w, _ := ctx.Value(watchKey{}).(*Watch)
	return w
}

// Value is that of the context.
func (w *Watch) Value(key any) any {
	if key == (watchKey{}) {
		return w
	}
	return w.Context.Value(key)
}

// Within begins another wait, for at most d; 0: without end.
func (w *Watch) Within(p Phase, d time.Duration) {
	if most := w.most[p]; most > 0 && (d <= 0 || most < d) {
		d = most
	}
	w.phase, w.limit = p, d
	w.timer.Reset(timed(d))
}

// add makes sure that no wait for p is longer than d, nor the one that goes on.
func (w *Watch) add(p Phase, d time.Duration) {
	if d <= 0 {
		return
	}
	w.most[p] = d
	if w.phase == p && (w.limit <= 0 || d < w.limit) {
		w.Within(p, d)
	}
}

// again begins the wait that goes on once more, from its beginning.
func (w *Watch) again() { w.timer.Reset(timed(w.limit)) }

// Pause ends a wait: nothing is waited for until the next Within.
func (w *Watch) Pause() { w.timer.Stop() }

// Stop ends the Watch, and the request if it still goes on.
func (w *Watch) Stop() {
	w.timer.Stop()
	w.cancel()
}

// Fired tells whether a wait was too long.
func (w *Watch) Fired() bool { return w.fired.Load() }

// Why is a *TimeoutError where a wait was too long, which is what err comes of
// then; else err.
func (w *Watch) Why(err error) error {
	if w.Fired() {
		return &TimeoutError{w.phase, w.limit}
	}
	return err
}

// bark runs on the timer's goroutine.
func (w *Watch) bark() {
	w.fired.Store(true)
	w.cancel()
}

// timed is how long a timer runs for a limit.
func timed(d time.Duration) time.Duration {
	if d <= 0 {
		return never
	}
	return d
}
