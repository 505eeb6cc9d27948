// Command smoothplay plays, probes, measures and serves Smooth Streaming
// presentations. This file and run.go are the frame; each subcommand has a file
// of its own, and says what it is for in its help.
//
//	main -> run -> cobra -> play | probe | measure | origin
//	                          |
//	                          +-- sessionFlags -> player.Config
//	                          +-- networkFlags -> platform.Doer
//	                          +-- device_cgo.go, device_nocgo.go -> platform.Device
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// gcPercent keeps the heap near what is buffered: memory is dearer on a device
// than the little time that collecting takes where buffers are used again. The
// environment variable GOGC wins.
const gcPercent = 30

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
