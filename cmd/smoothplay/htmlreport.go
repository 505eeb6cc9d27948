package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"smoothplay/player/event"
	charts "smoothplay/player/report" // report is what probe makes
)

// gaugesEvery is how often a session tells how things stand to those who draw it
// or log it.
const gaugesEvery = time.Second

// reportUsage is the help of --report.
const reportUsage = "write charts of the session over time to `FILE`.html, a page that opens offline; with --against EVENTS beside that session"

// htmlReport is the page of --report. A nil *htmlReport draws nothing.
type htmlReport struct {
	e       *env
	file    *os.File
	earlier []charts.Series // of --against
	now     charts.Collector
	runs    []charts.Series // beside those of now
	more    int             // sessions that the page has no room for
}

// openReport begins the page at path; "" is none. What against names, where it
// is a log of events, is drawn beside what is measured now; "" is nothing.
func openReport(e *env, path, against string) (*htmlReport, error) {
	if path == "" {
		return nil, nil
	}
	r := &htmlReport{e: e}
	var err error
	if r.earlier, err = earlierRuns(against); err != nil {
		return nil, usageError{err}
	}
	if len(r.earlier) > 0 {
		r.now.Name = "this run"
	}
	// Before anything is measured, so that it is not measured in vain.
	if r.file, err = os.Create(path); err != nil {
		return nil, usageError{fmt.Errorf("--report: %w", err)}
	}
	return r, nil
}

// earlierRuns are the sessions of the log at path; none where it is another kind
// of file.
func earlierRuns(path string) ([]charts.Series, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("--against: %w", err)
	}
	defer file.Close()
	head := make([]byte, 512)
	n, err := io.ReadFull(file, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("--against: %w", err)
	}
	if !charts.IsEvents(head[:n]) {
		return nil, nil
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("--against: %w", err)
	}
	runs, err := charts.Read(filepath.Base(path), file)
	if err != nil {
		return nil, fmt.Errorf("--against: %w", err)
	}
	return runs, nil
}

// sink takes the events of the sessions that are played, one after the other;
// nil: nobody wants them.
func (r *htmlReport) sink() event.Sink {
	if r == nil {
		return nil
	}
	return &r.now
}

// add draws one more session, of which all events are known.
func (r *htmlReport) add(name string, events []event.Event) {
	if r == nil {
		return
	}
	if len(r.runs) >= charts.MaxRuns {
		r.more++
		return
	}
	c := charts.Collector{Name: name}
	for _, e := range events {
		c.Handle(e)
	}
	r.runs = append(r.runs, c.Series()...)
}

// write finishes the page: first the earlier session and the one of now, which
// are what is shown side by side, then all others.
func (r *htmlReport) write() error {
	if r == nil {
		return nil
	}
	runs := slices.Concat(r.now.Series(), r.runs)
	if len(r.earlier) > 0 {
		first := min(len(runs), 1)
		runs = slices.Concat(r.earlier[:1], runs[:first], r.earlier[1:], runs[first:])
	}
	if left := len(runs) - charts.MaxRuns; left > 0 {
		r.more += left
		runs = runs[:charts.MaxRuns]
	}
	if r.more > 0 {
		fmt.Fprintf(r.e.stderr, "smoothplay: --report: the page holds %d sessions, %d are left out\n", len(runs), r.more)
	}
	var err error
	if len(runs) > 0 { // else nothing was played, and what is wrong is told
		err = charts.Write(r.file, runs)
	}
	if err = errors.Join(err, r.file.Close()); err != nil {
		return fmt.Errorf("--report %s: %w", r.file.Name(), err)
	}
	if len(runs) == 0 {
		return os.Remove(r.file.Name())
	}
	return nil
}
