package main

import (
	"runtime/debug"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/linux"
)

// noDecoders is what a build without decoders says of itself.
const noDecoders = "this build does not decode (built without cgo): samples are counted and timed"

// desktop opens windows and sound devices. It may be used until the function
// given to withDesktop returns.
type desktop interface {
	// window opens a window; an errNoDesktop: there is nothing to open it on.
	window(title string, fullscreen bool) (window, error)
	// sound is the sound device, opened by its Configure.
	sound() platform.AudioSink
}

// errNoDesktop says why there is no window to be had.
type errNoDesktop struct{ error }

func (e errNoDesktop) Unwrap() error { return e.error }

// loadMeter tells how busy this machine is.
func loadMeter() platform.LoadMeter { return linux.New() }

// usage is what this process has used so far.
func usage() (cpu time.Duration, peakRSSBytes int64) { return linux.Usage() }

// versions of the program and of what it is built with.
func versions() map[string]string {
	v := map[string]string{"smoothplay": version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		v["go"] = info.GoVersion
	}
	return v
}
