//go:build !cgo

package main

import (
	"errors"

	"smoothplay/platform"
	"smoothplay/platform/null"
)

// hasDecoders: this build does not decode.
const hasDecoders = false

// newDecoders are those that decode nothing.
func newDecoders(bool) platform.Decoders { return &null.Decoders{} }

// hardwareNames is empty: nothing decodes.
var hardwareNames []string

func hardwareDecoders(string) (platform.Decoders, error) { return &null.Decoders{}, nil }

// withDesktop says that there is no desktop for a program without cgo.
func withDesktop(func(desktop) error) error {
	return errNoDesktop{errors.New("this build has no window (built without cgo)")}
}
