package platformtest

import (
	"errors"
	"testing"
	"time"
)

// An exam is worth what it catches. For every rule there is at least one
// implementation here that breaks it, each a right one with one fault.

// wrong is an implementation with a fault, and the rules that must catch it;
// others may as well.
type wrong[O any] struct {
	fault  string
	breaks []string
	open   O
}

// expectCaught examines wrong implementations, in bubbles or not.
func expectCaught[O any](t *testing.T, rules []rule[O], bubble bool, all []wrong[O]) {
	t.Helper()
	canFail := map[string]bool{}
	for _, w := range all {
		t.Run(w.fault, func(t *testing.T) {
			caught := map[string]bool{}
			for _, r := range rules {
				err := r.grade(t, w.open, bubble)
				if skip := unexamined(""); err != nil && !errors.As(err, &skip) {
					caught[r.name] = true
				}
			}
			for _, name := range w.breaks {
				if canFail[name] = true; !caught[name] {
					t.Errorf("rule %s was passed; failed: %v", name, caught)
				}
			}
		})
	}
	for _, r := range rules {
		if !canFail[r.name] {
			t.Errorf("no wrong implementation shows that rule %s can fail", r.name)
		}
	}
}

// oneAtATime returns an error where it is called while a call is under way.
type oneAtATime struct{ busy chan struct{} }

func newOneAtATime() *oneAtATime { return &oneAtATime{make(chan struct{}, 1)} }

func (o *oneAtATime) call() error {
	select {
	case o.busy <- struct{}{}:
		time.Sleep(time.Millisecond)
		<-o.busy
		return nil
	default:
		return errors.New("two calls at once")
	}
}

func TestExamSkipsWhatItCannotSee(t *testing.T) {
	skips := 0
	for _, r := range videoDecoderRules {
		var skip unexamined
		if err := r.grade(t, openOneFormat, false); errors.As(err, &skip) {
			skips++
		} else if err != nil {
			t.Errorf("%s: %v", r.name, err)
		}
	}
	if skips != 1 {
		t.Errorf("%d rules were skipped for samples of one format, want 1", skips)
	}
}

func TestExamNeedsGoodSamples(t *testing.T) {
	for _, r := range videoDecoderRules {
		if err := r.grade(t, openNoSamples, false); err == nil {
			t.Errorf("%s passed without samples", r.name)
		}
	}
	for _, r := range audioDecoderRules {
		if err := r.grade(t, openNoSound, false); err == nil {
			t.Errorf("%s passed without samples", r.name)
		}
	}
}
