package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
)

// measureFlags are the flags of measure.
type measureFlags struct {
	session      sessionFlags
	network      networkFlags
	limit        timeValue
	loop         bool
	nullDecoders bool
	events       string
	asJSON       bool
}

func measureCommand(e *env) *cobra.Command {
	var flags measureFlags
	cmd := &cobra.Command{
		Use:   "measure [URL]",
		Short: "Play without window and sound, and report how it went",
		Long: `measure plays a presentation in real time without window and sound, and writes
what a viewer would have seen of it: start, stalls, levels, switches, pictures
dropped. Every decision and transfer goes to the file of --events, a JSON object
a line. Without a URL it measures the built-in demo.`,
		Example: `  smoothplay measure --for 60s http://host/movie.ism/Manifest
  smoothplay measure --json --shape 8M:30s,1M:30s --events run.jsonl URL`,
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
	})
	flags.session.register(cmd)
	flags.network.register(cmd, &flags.session)
	return cmd
}

func measure(ctx context.Context, e *env, args []string, flags *measureFlags) error {
	if flags.events == "-" && flags.asJSON {
		return usageError{errors.New("--events - and --json would both write to standard output: give --events a file")}
	}
	source, err := openSourceOrDemo(args, &flags.network)
	if err != nil {
		return err
	}
	defer source.close()
	config, err := flags.session.config(source)
	if err != nil {
		return err
	}
	config.Loop = flags.loop
	config.Logger = e.log
	config.Usage = usage
	if !flags.nullDecoders && !hasDecoders {
		fmt.Fprintln(e.stderr, "smoothplay: "+noDecoders)
	}
	events, err := openEvents(e, flags.events)
	if err != nil {
		return err
	}
	config.Events = events.sink()
	device := platform.Device{
		HTTP:     source.doer,
		Decoders: newDecoders(flags.nullDecoders),
		Video:    &null.VideoSink{},
		Audio:    &null.AudioSink{},
		Load:     loadMeter(),
	}
	p, err := player.New(device, config)
	if err != nil {
		events.close()
		return usageError{err}
	}
	if flags.limit > 0 {
		timer := time.AfterFunc(time.Duration(flags.limit), func() { p.Stop(ctx) })
		defer timer.Stop()
	}
	stopStatus := showStatus(e.stderr, p)
	err = p.Run(ctx)
	stopStatus()
	err = errors.Join(failureOf(ctx, err), events.close())
	if summary := p.Summary(); summary != nil {
		err = errors.Join(err, writeSummary(e, *summary, flags.asJSON))
	}
	return err
}

// failureOf is err, unless that only says that a signal stopped the session.
func failureOf(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func writeSummary(e *env, summary event.Summary, asJSON bool) error {
	if !asJSON {
		return summary.WriteText(e.stdout)
	}
	out := json.NewEncoder(e.stdout)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(summary)
}

// showStatus keeps the status line of a terminal until stop is called.
func showStatus(to *console, p session) (stop func()) {
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
			to.Status(statusLine(p.Status()))
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done; to.Status("") }
}
