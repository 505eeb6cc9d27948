package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"smoothplay/player/event"
	"smoothplay/player/sim"
)

// trial is one session of a plan.
type trial struct {
	contender contender
	buffer    time.Duration
	course    course

	row    sim.Row
	events []event.Event // where somebody wants them
	err    error
	done   chan struct{}
}

// name tells a session apart from the others of its plan.
func (s *trial) name() string {
	return fmt.Sprintf("%s on %s, %v of buffer", s.contender.name, s.course.link.Name, s.buffer)
}

// run simulates all sessions of the plan and writes what came of them.
func (p *plan) run(ctx context.Context, e *env, flags *simulateFlags) error {
	var trials []*trial
	for _, buffer := range p.buffers {
		for _, c := range p.contenders {
			for _, l := range p.links {
				trials = append(trials, &trial{contender: c, buffer: buffer, course: l, done: make(chan struct{})})
			}
		}
	}
	page, err := openReport(e, flags.report, flags.against)
	if err != nil {
		return err
	}
	keep := flags.events != "" || page != nil
	var log io.WriteCloser
	if flags.events != "" {
		if log, err = os.Create(flags.events); err != nil {
			return usageError{fmt.Errorf("--events: %w", err)}
		}
	}
	stop := p.start(ctx, e, trials, flags, keep)
	defer stop()
	var rows []sim.Row
	var failed []error
	out := json.NewEncoder(e.stdout)
	out.SetEscapeHTML(false)
	for _, s := range trials {
		select {
		case <-s.done:
		case <-ctx.Done():
			return nil // stopped: nothing is wrong
		}
		if s.err != nil {
			failed = append(failed, s.err)
			continue
		}
		rows = append(rows, s.row)
		if flags.asJSON {
			if err := out.Encode(s.row); err != nil {
				return err
			}
		}
		page.add(s.name(), s.events)
		if log != nil {
			w := event.JSONL(log)
			for _, v := range s.events {
				w.Handle(v)
			}
			if w.Err() != nil {
				return fmt.Errorf("--events %s: %w", flags.events, w.Err())
			}
		}
		s.events = nil
	}
	stop()
	if err := page.write(); err != nil {
		return err
	}
	if log != nil {
		if err := log.Close(); err != nil {
			return fmt.Errorf("--events %s: %w", flags.events, err)
		}
	}
	if !flags.asJSON && len(rows) > 0 {
		if err := writeTables(e.stdout, sim.Table(rows, p.known), p.device != nil); err != nil {
			return err
		}
	}
	if p.compare[0] != "" {
		if err := p.writeComparison(e, rows, flags.asJSON); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

// start simulates the sessions on all processors. Each session is told by its
// own channel, so that what comes out does not hang on who was first. stop ends
// what still runs, and the progress on a terminal.
func (p *plan) start(ctx context.Context, e *env, trials []*trial, flags *simulateFlags, keep bool) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var next, done atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(trials)) {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(trials) {
					return
				}
				p.simulate(trials[i], flags, keep)
				done.Add(1)
				close(trials[i].done)
			}
		})
	}
	stopStatus := showProgress(e.stderr, func() (int, int) { return int(done.Load()), len(trials) })
	return sync.OnceFunc(func() {
		cancel()
		workers.Wait()
		stopStatus()
	})
}

// simulate trials one session.
func (p *plan) simulate(s *trial, flags *simulateFlags, keep bool) {
	cfg := sim.Config{
		Movie: s.course.movie, Link: s.course.link, Policy: s.contender.new(), Buffer: s.buffer,
		LearnedSizes: flags.learned, Resume: time.Duration(flags.resume), Live: time.Duration(flags.live),
		Device: p.device,
	}
	var recorder event.Recorder
	if keep {
		cfg.Events = &recorder
	}
	r, err := sim.Run(cfg)
	if err != nil {
		s.err = err
		return
	}
	s.row = r.Row()
	s.row.Policy = s.contender.name
	s.events = recorder.Events()
}

// showProgress keeps the status line of a terminal until stop is called.
func showProgress(to *console, progress func() (done, all int)) (stop func()) {
	if !to.Terminal() {
		return func() {}
	}
	began := time.Now()
	ctx, cancel := context.WithCancel(context.Background())
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			done, all := progress()
			line := fmt.Sprintf("simulating: %d of %d sessions", done, all)
			if done > 0 {
				left := time.Since(began) * time.Duration(all-done) / time.Duration(done)
				line += fmt.Sprintf(", %v left", left.Round(time.Second))
			}
			to.Status(line)
		}
	}()
	return sync.OnceFunc(func() { cancel(); <-finished; to.Status("") })
}

// writeComparison writes the differences of the two policies of --compare.
func (p *plan) writeComparison(e *env, rows []sim.Row, asJSON bool) error {
	var sides [2][]sim.Row
	for i, name := range p.compare {
		theirs, fromBaselines := strings.CutPrefix(name, baselinePrefix)
		seen := map[[2]any]bool{}
		for _, r := range rows {
			switch {
			case !fromBaselines && r.Policy == name:
				sides[i] = append(sides[i], r)
			case fromBaselines && !seen[[2]any{r.File, r.BufferS}]:
				seen[[2]any{r.File, r.BufferS}] = true
				if known, ok := p.known.Find(r, theirs); ok {
					sides[i] = append(sides[i], known)
				}
			}
		}
		if len(sides[i]) == 0 {
			return usageError{fmt.Errorf("--compare: there is no session of %s", name)}
		}
	}
	all := sim.Compare(sides[0], sides[1])
	if !asJSON {
		return writeDifferences(e.stdout, p.compare[0], p.compare[1], all)
	}
	out := json.NewEncoder(e.stdout)
	for _, d := range all {
		if err := out.Encode(d); err != nil {
			return err
		}
	}
	return nil
}
