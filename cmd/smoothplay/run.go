package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"smoothplay/player"
	"smoothplay/player/event"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1 // playback failed, or a measurement missed what was asked of it
	exitUsage  = 2 // the command line is wrong
)

// env is what a subcommand has to do with the world outside.
type env struct {
	stdin  io.Reader
	stdout io.Writer // data
	stderr *console  // messages, progress and logs
	levels logLevels
	log    *slog.Logger
}

// usageError is an error of the command line: the exit status is 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// run runs the program with args (without its name) and returns the exit
// status. Once ctx is done it stops cleanly, which is no failure.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	e := &env{stdin: stdin, stdout: stdout, stderr: newConsole(stderr)}
	root := rootCommand(e)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(e.stderr)
	cmd, err := root.ExecuteContextC(ctx)
	e.stderr.Status("")
	if err == nil {
		return exitDone
	}
	message := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), "\n", "; ")), " ")
	status := exitFailed
	var failure *player.Error
	switch {
	case errors.As(err, new(usageError)), !strings.Contains(cmd.CommandPath(), " "):
		status = exitUsage
		message += fmt.Sprintf(" (see '%s --help')", cmd.CommandPath())
	case errors.As(err, &failure) && failure.Stage == event.StageUsage:
		status = exitUsage
	}
	fmt.Fprintf(e.stderr, "smoothplay: %s\n", message)
	return status
}

func rootCommand(e *env) *cobra.Command {
	var config string
	var verbose int
	var areas []string
	root := &cobra.Command{
		Use:   "smoothplay",
		Short: "Play, probe, measure and serve Smooth Streaming presentations",
		Long: `smoothplay plays Microsoft Smooth Streaming. A URL is that of a client manifest
(http://host/movie.ism/Manifest); a local path, to a folder or a file of a
presentation, stands wherever a URL does.

Bit rates are written as 2.5M, 350k or 800000 (bits per second), times as 30s,
90, 1m30s or 1:05:00, sizes as 8MB or 64MiB.

` + configHelp + `

Exit status: 0 done (also when stopped by a signal), 1 playback failed or a
measurement missed what was asked of it, 2 the command line is wrong.`,
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if config != "" {
				if err := applyConfig(cmd, config); err != nil {
					return usageError{err}
				}
			}
			var err error
			if e.levels, err = levelsFor(verbose, areas); err != nil {
				return usageError{err}
			}
			e.log = newLogger(e.stderr, e.levels)
			return nil
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&config, "config", "", "read flags from `FILE`, one \"name = value\" a line")
	flags.CountVarP(&verbose, "verbose", "v", "log more to standard error; twice: everything")
	flags.StringArrayVar(&areas, "log", nil, "log `AREA=LEVEL`: an area such as fetch, or all; debug, info, warn or error")
	root.SetUsageFunc(writeUsage)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(playCommand(e), probeCommand(e), measureCommand(e), saveCommand(e), originCommand(e), simulateCommand(e))
	return root
}

// atMostOne is a cobra.PositionalArgs for commands with an optional argument,
// called name.
func atMostOne(name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usageError{fmt.Errorf("one %s at most: %q is one too many", name, args[1])}
		}
		return nil
	}
}

// exactlyOne is the same for an argument that must be there.
func exactlyOne(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usageError{fmt.Errorf("%s needs a %s", cmd.Name(), name)}
		}
		return atMostOne(name)(cmd, args)
	}
}

// version is the version of the program, as the Go toolchain stamped it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	return info.Main.Version
}
