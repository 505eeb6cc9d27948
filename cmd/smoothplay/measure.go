package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"smoothplay/heuristics/renderload"
	"smoothplay/player"
	"smoothplay/player/event"
)

// measureFlags are the flags of measure.
type measureFlags struct {
	session      sessionFlags
	network      networkFlags
	keys         keyFlags
	decoding     decodeFlags
	store        storeFlags
	limit        timeValue
	loop         bool
	nullDecoders bool
	events       string
	asJSON       bool
	script       string
	repeat       int
	budget       budget
	against      string
	tolerance    tolerance
	recordTrace  string
	decodeLoad   string
	report       string
}

func measureCommand(e *env) *cobra.Command {
	flags := measureFlags{tolerance: tolerance{all: defaultTolerance}}
	cmd := &cobra.Command{
		Use:   "measure [URL]",
		Short: "Play without window and sound, and report how it went",
		Long: `measure plays a presentation in real time without window and sound, and writes
what a viewer would have seen of it: start, stalls, levels, switches, pictures
dropped. Every decision and transfer goes to the file of --events, a JSON object
a line. Without a URL it measures the built-in demo.

A script (--script) holds commands, one a line, each after the time since the
session began, and comments after #:

    10s seek 1:00
    20s pause 5s     # and go on
    40s bandwidth 500k

The commands:

` + indented(scriptHelp()) + `
A budget (--budget) bounds figures of the summary, those of each session where
there are several: names, one of < <= = >= >, and values such as 2s, 2.5M, 8MB
or 5%. --against compares the same figures with an earlier summary: only what is
worse by more than --tolerance counts (for times, by more than 5 ms in any case).
With --report a log of events is drawn beside the session, and compared only
where --tolerance is given.
The figures, of an average session where several are merged:

` + indented(metricHelp()) + `
The exit status is 1, too, where a budget is broken, a figure is worse, or a
command of the script failed.`,
		Example: `  smoothplay measure --for 60s http://host/movie.ism/Manifest
  smoothplay measure --json --shape 8M:30s,1M:30s --events run.jsonl URL
  smoothplay measure --script seeks.txt --repeat 5 --budget "stalls=0,startup<2s" URL
  smoothplay measure --against before.json --tolerance 5%,startup=20% URL`,
		Args: atMostOne("URL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return measure(cmd.Context(), e, args, &flags)
		},
	}
	addFlags(cmd, "Measurement", func(f *pflag.FlagSet) {
		f.Var(&flags.limit, "for", "stop after this `time`; otherwise at the end")
		f.StringVar(&flags.events, "events", "", "write every event to `FILE`, one JSON object a line; - is standard output")
		f.BoolVar(&flags.asJSON, "json", false, "write the summary as one JSON object")
		f.BoolVar(&flags.nullDecoders, "null", false, "do not decode: count samples and keep time")
		f.BoolVar(&flags.loop, "loop", false, "begin again at the end")
		f.StringVar(&flags.script, "script", "", "carry out the commands in `FILE`; - is standard input")
		f.IntVar(&flags.repeat, "repeat", 1, "measure `N` sessions, one after the other; files are numbered")
		f.Var(&flags.budget, "budget", "fail where the summary breaks a `budget`: \"stalls=0,startup<2s,switches<10\"; repeatable")
		f.StringVar(&flags.against, "against", "", "fail where the summary is worse than the one in `FILE`, of --json or --events")
		f.Var(&flags.tolerance, "tolerance", "by which `share` it may be: 5%, or \"5%,startup=20%\" (default 5%)")
		f.StringVar(&flags.report, "report", "", reportUsage)
		f.StringVar(&flags.decodeLoad, "decode-load", "", "let decoding take longer by the factors of `FILE` (CSV: t_ms,load_factor) or of \"1:10s,3:20s\"")
		f.StringVar(&flags.recordTrace, "record-trace", "", "write what the link carried to `FILE`, as --trace reads it")
	})
	flags.session.register(cmd)
	flags.network.register(cmd, &flags.session)
	flags.keys.register(cmd)
	flags.decoding.register(cmd)
	flags.store.register(cmd, false)
	return cmd
}

func measure(ctx context.Context, e *env, args []string, flags *measureFlags) error {
	m := measurement{e: e, args: args, flags: flags}
	if err := m.prepare(); err != nil {
		return err
	}
	var failed error
	for n := 1; n <= flags.repeat && ctx.Err() == nil; n++ {
		summary, err := m.session(ctx, n)
		if summary != nil {
			m.sessions = append(m.sessions, *summary)
		}
		if err != nil && summary == nil {
			return errors.Join(err, m.report.write()) // nothing was played
		}
		if err != nil && flags.repeat > 1 {
			err = fmt.Errorf("session %d: %w", n, err)
		}
		failed = errors.Join(failed, err)
	}
	return errors.Join(failed, m.conclude(), m.report.write())
}

// measurement is one run of the command measure.
type measurement struct {
	e        *env
	args     []string
	flags    *measureFlags
	script   *script // nil: none
	slow     renderload.Trace
	before   *baseline // nil: there is nothing to compare with
	sessions []event.Summary
	report   *htmlReport // nil: none
}

// prepare finds what is wrong with the flags before anything is played.
func (m *measurement) prepare() (err error) {
	flags := m.flags
	switch {
	case flags.events == "-" && flags.asJSON:
		return usageError{errors.New("--events - and --json would both write to standard output: give --events a file")}
	case flags.repeat < 1:
		return usageError{fmt.Errorf("--repeat %d: at least one session is measured", flags.repeat)}
	case flags.repeat > 1 && flags.events == "-":
		return usageError{errors.New("--repeat and --events - would mix sessions: give --events a file")}
	case flags.tolerance.given && flags.against == "":
		return usageError{errors.New("--tolerance says nothing without --against")}
	}
	if m.script, err = openScript(m.e, flags.script); err != nil {
		return usageError{err}
	}
	if flags.decodeLoad != "" {
		if m.slow, err = loadTrace(flags.decodeLoad); err != nil {
			return usageError{fmt.Errorf("--decode-load: %w", err)}
		}
	}
	flags.network.link.changes = m.script.changesLink()
	if flags.against != "" {
		if m.before, err = readBaseline(flags.against); err != nil {
			return usageError{err}
		}
	}
	m.report, err = openReport(m.e, flags.report, flags.against)
	return err
}

// conclude writes the summary and holds it against what was asked for.
func (m *measurement) conclude() error {
	if len(m.sessions) == 0 {
		return nil
	}
	series := event.NewSeries(m.sessions)
	err := writeSummary(m.e, series, m.flags.asJSON)
	err = errors.Join(err, m.flags.budget.check(m.e, m.sessions))
	if m.before == nil || m.before.log && m.flags.report != "" && !m.flags.tolerance.given {
		return err // nothing to compare with, or only to be drawn
	}
	table := m.e.stdout
	if m.flags.asJSON || m.flags.events == "-" {
		table = m.e.stderr
	}
	found := compare(&m.before.summary, &series.Summary, &m.flags.tolerance)
	return errors.Join(err, reportDifferences(table, m.flags.against, found))
}

func writeSummary(e *env, summary event.Series, asJSON bool) error {
	if !asJSON {
		return summary.WriteText(e.stdout)
	}
	out := json.NewEncoder(e.stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(summary)
}

// failureOf is err, unless that only says that a signal stopped the session.
func failureOf(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	if e := (*player.Error)(nil); errors.As(err, &e) && e.Code == event.NoKeyProvider {
		return fmt.Errorf("%w; give --key, --key-file, --key-seed or --license-url", err)
	}
	return err
}

// showStatus keeps the status line of a terminal, and writes the news above it,
// until stop is called. The line begins with prefix.
func showStatus(to *console, p session, n *news, prefix string) (stop func()) {
	hide := showLine(to, func() string {
		line := prefix + statusLine(p.Status(), n.line(time.Now()))
		n.flush(to)
		return line
	})
	return func() { hide(); n.flush(to) }
}

// showLine is showStatus with any line.
func showLine(to *console, line func() string) (stop func()) {
	if !to.Terminal() {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			to.Status(line())
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done; to.Status("") }
}
