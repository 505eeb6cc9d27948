//go:build cgo

package main

import (
	"errors"

	"smoothplay/platform"
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

// withDesktop calls f with the desktop, whose events the calling goroutine, that
// of main, sees to meanwhile.
func withDesktop(f func(desktop) error) error {
	return sdl.Run(func(d *sdl.Display) error { return f(sdlDesktop{d}) })
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
