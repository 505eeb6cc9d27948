package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"smoothplay/heuristics/renderload"
	"smoothplay/player/sim"
)

// maxLoadFile bounds the file of --decode-load, in bytes.
const maxLoadFile = 16 << 20

// deviceOf is the device of --decode-load; nil: pictures are never late.
func deviceOf(load string) (*sim.Device, error) {
	if load == "" {
		return nil, nil
	}
	trace, err := loadTrace(load)
	if err != nil {
		return nil, fmt.Errorf("--decode-load: %w", err)
	}
	return &sim.Device{Trace: trace}, nil
}

// loadTrace reads a decode-load trace: a file, or the trace itself.
func loadTrace(load string) (renderload.Trace, error) {
	file, err := os.Open(load)
	if errors.Is(err, os.ErrNotExist) {
		trace, parseErr := renderload.ParseTrace(load)
		if parseErr != nil {
			return nil, fmt.Errorf("there is no file %s, and %w", load, parseErr)
		}
		return trace, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxLoadFile))
	if err != nil {
		return nil, err
	}
	trace, err := renderload.ParseTraceCSV(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", load, err)
	}
	return trace, nil
}
