package platformtest

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// patience is how long a call that must not block may take on a machine that
// is busy with other things.
const patience = 10 * time.Second

// An Option changes how an exam is held.
type Option func(*options)

type options struct {
	bubble bool
}

// InBubble holds the exam in testing/synctest bubbles, where waiting takes no
// time and clocks are exact: for implementations that know time from package
// time only and wait for nothing outside the process.
func InBubble() Option { return func(o *options) { o.bubble = true } }

// rule is a sentence of a comment in package platform, and the check of it. The
// type O opens what is examined: each check opens its own.
type rule[O any] struct {
	name  string
	says  string // word for word
	check func(t *testing.T, open O) error
}

// unexamined is the error of a check that cannot be made with what the port
// gave; the subtest is skipped, saying so.
type unexamined string

func (u unexamined) Error() string { return string(u) }

// examine runs every rule as a subtest.
func examine[O any](t *testing.T, rules []rule[O], open O, opts []Option) {
	t.Helper()
	var o options
	for _, opt := range opts {
		opt(&o)
	}
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			var skip unexamined
			switch err := r.grade(t, open, o.bubble); {
			case errors.As(err, &skip):
				t.Skip(skip)
			case err != nil:
				t.Errorf("rule: %s\nbut:  %v", r.says, err)
			}
		})
	}
}

// grade is the error of check, for a panic too.
func (r rule[O]) grade(t *testing.T, open O, bubble bool) (err error) {
	if !bubble {
		return guard(func() error { return r.check(t, open) })
	}
	synctest.Test(t, func(t *testing.T) {
		err = guard(func() error { return r.check(t, open) })
		if errors.Is(err, errOverdue) {
			time.Sleep(time.Hour) // the call may return yet: a bubble waits for it, but its time ends here
		}
	})
	return err
}

// errOverdue says that a call has not returned when it should have.
var errOverdue = errors.New("it has not returned")

func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

// together runs f in n goroutines at once and joins their errors.
func together(n int, f func(i int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = guard(func() error { return f(i) }) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// within runs f in a goroutine and returns its error, or one that says that
// doing took too long.
func within(limit time.Duration, doing string, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- guard(f) }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fmt.Errorf("%s took too long: %w after %v", doing, errOverdue, limit)
	}
}
