package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
)

const (
	// aside keeps the commands of a script from the instants at which other
	// things happen in whole seconds: where time is simulated, nothing says which
	// would come first.
	aside = 137 * time.Microsecond
	// settling is how long a command may take before the next one is given: longer
	// than it takes to arrive, shorter than a seek.
	settling = time.Millisecond
)

// scriptRun carries a script out in one session. Its times count from the
// session's first event.
type scriptRun struct {
	script *script
	stage  *stage
	began  chan struct{} // closed with the first event
	once   sync.Once
	work   sync.WaitGroup

	mu      sync.Mutex
	failed  []error // guarded by mu
	pending int     // steps not begun; guarded by mu
}

// newScriptRun prepares a run; the stage gets its session later, before the
// first event.
func newScriptRun(s *script, on *stage) *scriptRun {
	return &scriptRun{script: s, stage: on, began: make(chan struct{}), pending: len(s.steps)}
}

// Handle implements [event.Sink]: the first event begins the run.
func (r *scriptRun) Handle(event.Event) { r.once.Do(func() { close(r.began) }) }

// start begins to follow the script in a session; stop ends that and waits for
// it. A nil run does nothing.
func (r *scriptRun) start(ctx context.Context, p scripted) (stop func()) {
	if r == nil {
		return func() {}
	}
	r.stage.session = p
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.follow(ctx)
	}()
	return func() { cancel(); <-done }
}

// follow gives the commands in their order and at their time, until ctx is done;
// it returns when all were answered.
func (r *scriptRun) follow(ctx context.Context) {
	defer r.work.Wait()
	select {
	case <-r.began:
	case <-ctx.Done():
		return
	}
	began := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := range r.script.steps {
		step := &r.script.steps[i]
		timer.Reset(time.Until(began.Add(step.at + aside)))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		r.mu.Lock()
		r.pending--
		r.mu.Unlock()
		done := make(chan struct{})
		r.work.Go(func() {
			defer close(done)
			r.take(ctx, step)
		})
		timer.Reset(settling)
		select {
		case <-timer.C:
		case <-done:
		}
	}
}

// take carries one step out. What a later command overtook has not failed, nor
// what the end of the session did.
func (r *scriptRun) take(ctx context.Context, step *scriptStep) {
	err := step.do(ctx, r.stage)
	switch {
	case err == nil, errors.Is(err, player.ErrSuperseded), ctx.Err() != nil:
		return
	case errors.Is(err, player.ErrNotRunning):
		r.mu.Lock()
		r.pending++
		r.mu.Unlock()
		return
	}
	err = fmt.Errorf("%s:%d: %s: %w", r.script.name, step.line, step.text, err)
	r.mu.Lock()
	r.failed = append(r.failed, err)
	r.mu.Unlock()
	code := event.BadArgument
	if errors.Is(err, player.ErrNotSupported) {
		code = event.NotSupported
	}
	_ = r.stage.session.Tell(ctx, &player.Error{Stage: code.Stage(), Code: code, Err: err}) // a session that is over needs no events
}

// result says which commands failed, a line each on standard error, and how many
// were never given because the session was over. A nil run has no failures.
func (r *scriptRun) result(e *env) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, err := range r.failed {
		fmt.Fprintf(e.stderr, "smoothplay: %v\n", err)
	}
	if r.pending > 0 {
		fmt.Fprintf(e.stderr, "smoothplay: %s: the session ended before %d of %d commands\n", r.script.name, r.pending, len(r.script.steps))
	}
	if len(r.failed) > 0 {
		return fmt.Errorf("%d of the %d commands of %s failed", len(r.failed), len(r.script.steps), r.script.name)
	}
	return nil
}
