package main

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"smoothplay/player/origin"
)

// originFlags are the flags of origin.
type originFlags struct {
	listen  string
	faults  []string
	control bool
	link    linkFlags
	live    liveFlags
	breaks  breakFlags
	protect protectFlags
}

func originCommand(e *env) *cobra.Command {
	var flags originFlags
	cmd := &cobra.Command{
		Use:   "origin [DIR]",
		Short: "Serve presentations from a folder, and the demo, over HTTP",
		Long: `origin serves the presentations in a folder and below it: server manifests (.ism)
with their .ismv and .isma files, and folders with a Manifest and its fragments.
Without a folder it serves the built-in demo alone. The URLs go to standard
output, the access log to standard error (--log origin=warn ends that).

With --live it serves them as live events too, which repeat without end: x.ism is
at x.isml. Timestamps come from the clock, so several origins of one event agree.

With --protect and --key it encrypts all of that as it serves it, and serves the
keys: as a W3C Clear Key licence server, and in the envelope of PlayReady with
licences that only smoothplay's tests understand.

Faults (--fault, repeatable) try a client:

  404@every:7          each 7th request for a fragment is answered 404
  404@fragment:7       each 7th fragment of a stream is always 404
  404@video:12-14      video chunks 12 to 14 (live: from the start of the event)
  503@30%              30 % of the requests
  500@manifest         requests for the manifest
  412@edge:30%         live: 30 % of the requests for the newest fragment
  cut@50%@every:3      each 3rd body ends in the middle; truncated likewise
  level-gone@1200000   the level of 1.2 Mbit/s is 404; without a number the highest one
  slow@64k@audio       audio trickles at 64 kbit/s
  late@5s@level:350k   answers of a level begin 5 s late
  die@10s-20s          from 10 s to 20 s after the first request every connection breaks
  garbage, other-time  bytes that are no fragment, the fragment of another time

and live only:

  stale-manifest@20s   from 20 s on the manifest stays what it was; with -20s it is 20 s old
  no-tfrf              fragments announce none of their followers
  bad-tfrf@times       they announce them wrong: durations, times, order or duplicates
  encoder-gap@60s-90s  the encoder is away, the timeline jumps; encoder-gap@audio: of one stream
  clock-jump@+30s@60s  from 60 s on the clock of the origin is 30 s ahead
  end@60s@silent       the event ends: closed, absent, silent or lost (see --ending)

and with --protect only:

  licence-500@0s-5s    for 5 s the licence servers answer 500
  licence-slow@10s     licences begin 10 s late
  wrong-key            licences hold a key that is not the right one
  missing-iv@video:3   a sample of a fragment has no initialisation vector

Every fault takes times, as 10s-20s. With --control faults are switched on and off
while it serves; their times count from then on:

  curl -d die@0s-30s localhost:8080/fault         add (several: separated by commas)
  curl -X DELETE localhost:8080/fault/die         end those of a kind; without /die all
  curl localhost:8080/fault                       list`,
		Example: `  smoothplay origin
  smoothplay origin --listen :8080 --shape 8M:30s,1M:30s --fault 404@every:7 ./movies
  smoothplay origin --live --window 2h --control
  smoothplay origin --protect piff-ctr --key 09e36702-8f33-436c-a5dd-60ffe6671e70:000102030405060708090a0b0c0d0e0f
  smoothplay origin --live --event-start -30s --event-end 10m --ending silent ./movies`,
		Args: atMostOne("folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return serve(cmd, e, args, &flags)
		},
	}
	addFlags(cmd, "Serving", func(f *pflag.FlagSet) {
		f.StringVar(&flags.listen, "listen", "127.0.0.1:8080", "`ADDRESS` to listen on; port 0: any that is free")
		f.StringArrayVar(&flags.faults, "fault", nil, "make `FAULT` happen; repeatable")
		f.BoolVar(&flags.control, "control", false, "let anyone who reaches the server switch faults on and off, at /fault")
		flags.link.register(f)
	})
	flags.breaks.register(cmd)
	flags.live.register(cmd)
	flags.protect.register(cmd)
	return cmd
}

func serve(cmd *cobra.Command, e *env, args []string, flags *originFlags) error {
	ctx := cmd.Context()
	faults, err := origin.ParseFaults(strings.Join(flags.faults, ","))
	if err != nil {
		return usageError{fmt.Errorf("--fault: %w", err)}
	}
	link, err := flags.link.link()
	if err != nil {
		return usageError{err}
	}
	log := newLogger(e.stderr, e.levels.atLeast("origin", slog.LevelInfo)).With(areaKey, "origin")
	config := origin.Config{Link: link, Faults: faults, Control: flags.control, Access: origin.LogAccess(log)}
	if config.Live, err = flags.live.live(cmd, time.Now()); err != nil {
		return usageError{err}
	}
	if config.Breaks, err = flags.breaks.breaks(); err != nil {
		return err
	}
	presentations := []string{"demo.ism/Manifest"}
	if len(args) > 0 {
		info, err := os.Stat(args[0])
		if err != nil {
			return usageError{fmt.Errorf("the folder to serve: %w", err)}
		}
		if !info.IsDir() {
			return usageError{fmt.Errorf("%s is no folder: name the folder that holds it", args[0])}
		}
		folder := os.DirFS(args[0])
		config.Folders = map[string]fs.FS{"": folder}
		presentations = findPresentations(folder)
		if len(presentations) == 0 {
			return usageError{fmt.Errorf("%s holds no presentation: neither an .ism file nor a Manifest", args[0])}
		}
	}
	listener, err := net.Listen("tcp", flags.listen)
	if err != nil {
		return usageError{fmt.Errorf("--listen: %w", err)}
	}
	defer listener.Close()
	host := reachable(listener.Addr())
	if config.Protect, err = flags.protect.protect(host); err != nil {
		return err
	}
	handler, err := origin.New(config)
	if err != nil {
		return usageError{err}
	}
	flags.protect.tell(e.stderr, host)
	for _, p := range presentations {
		if config.Live != nil {
			p = livePath(p)
		}
		at := url.URL{Scheme: "http", Host: host, Path: "/" + p}
		fmt.Fprintln(e.stdout, at.String())
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	// Answers that are under way may end, those of a slow link are cut off.
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if server.Shutdown(patience) != nil {
		server.Close()
	}
	return nil
}

// reachable is the address under which a listener is reached from this machine.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// maxListed bounds the presentations that are listed, maxWalked the files that
// are looked at for it.
const maxListed, maxWalked = 100, 100_000

// findPresentations lists what there is to play in a folder and below it, as URL
// paths of manifests.
func findPresentations(folder fs.FS) []string {
	var found []string
	walked := 0
	fs.WalkDir(folder, ".", func(name string, entry fs.DirEntry, err error) error {
		if walked++; walked > maxWalked || len(found) == maxListed {
			return fs.SkipAll
		}
		switch {
		case err != nil:
			return nil // a folder that cannot be read holds nothing to play
		case entry.IsDir() && strings.HasPrefix(path.Base(name), "QualityLevels("):
			return fs.SkipDir
		case entry.IsDir():
		case strings.EqualFold(path.Ext(name), ".ism"):
			found = append(found, name+"/Manifest")
		case path.Base(name) == "Manifest":
			found = append(found, name)
		}
		return nil
	})
	return found
}

// demoOrigin serves the built-in demo to this machine and returns the URL of its
// manifest.
func demoOrigin() (manifest string, stop func(), err error) {
	handler, err := origin.New(origin.Config{})
	if err != nil {
		return "", nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("serving the demo to this machine: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener)
	return "http://" + listener.Addr().String() + "/demo.ism/Manifest", func() { server.Close() }, nil
}

// absolute is a local path made absolute, for messages and file URLs.
func absolute(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}
