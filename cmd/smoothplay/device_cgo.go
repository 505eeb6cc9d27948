//go:build cgo

package main

import (
	"errors"
	"os"
	"path/filepath"

	"smoothplay/platform"
	"smoothplay/platform/fallback"
	"smoothplay/platform/null"
	"smoothplay/render/ffmpeg"
	"smoothplay/render/sdl"
)

// hasDecoders: this build decodes.
const hasDecoders = true

// newDecoders are FFmpeg's, or those that decode nothing.
func newDecoders(nothing bool) platform.Decoders {
	if nothing {
		return &null.Decoders{}
	}
	return ffmpeg.Decoders{}
}

// hardwareNames are what --hwdec takes beside "no".
var hardwareNames = ffmpeg.HardwareNames()

// hardwareDecoders are those of a kind of hardware, with FFmpeg's own for what it
// does not decode, or not any more.
func hardwareDecoders(name string) (platform.Decoders, error) {
	h, err := ffmpeg.NewHardware(name)
	if err != nil {
		return nil, err
	}
	return fallback.Decoders{Hardware: h, Software: ffmpeg.Decoders{}}, nil
}

// withDesktop calls f with the desktop, whose events the calling goroutine, that
// of main, sees to meanwhile.
func withDesktop(f func(desktop) error) error {
	if !mayHaveDisplay() {
		return errNoDesktop{errors.New("there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)")}
	}
	return sdl.Run(func(d *sdl.Display) error { return f(sdlDesktop{d}) })
}

// mayHaveDisplay is false where it is plain that there is no display, and SDL
// and what it would load need not be asked.
func mayHaveDisplay() bool {
	for _, name := range []string{"DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"} {
		if os.Getenv(name) != "" {
			return true
		}
	}
	consoles, _ := filepath.Glob("/dev/dri/card*")
	return len(consoles) > 0
}

type sdlDesktop struct{ *sdl.Display }

func (d sdlDesktop) window(title string, fullscreen bool) (window, error) {
	w, err := d.OpenWindow(sdl.WindowOptions{Title: title, FullScreen: fullscreen})
	if errors.Is(err, sdl.ErrNoDisplay) {
		return nil, errNoDesktop{err}
	}
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (d sdlDesktop) sound() platform.AudioSink { return d.NewSound(sdl.SoundOptions{}) }
