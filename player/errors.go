package player

import (
	"errors"
	"fmt"

	"smoothplay/player/event"
)

// Error is what ends a session, or a command, badly.
type Error struct {
	Stage event.Stage
	Code  event.Code
	URL   string // redacted; "": of no URL
	Err   error  // what went wrong; its text says what, where and what to do
}

// Error returns the text of Err.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// fail makes an *Error of a code.
func fail(code event.Code, url, format string, args ...any) *Error {
	return &Error{Stage: code.Stage(), Code: code, URL: event.RedactURL(url), Err: fmt.Errorf(format, args...)}
}

var (
	// ErrNotSupported is returned by methods that this version does not have yet.
	ErrNotSupported = errors.New("not supported by this version of smoothplay")
	// ErrState is returned by a command that makes no sense in the current state.
	ErrState = errors.New("not possible in this state")
	// ErrSuperseded is returned by a Seek or an Open that a later one overtook.
	ErrSuperseded = errors.New("overtaken by a later command")
	// ErrNotRunning is returned by commands before Run and after its end.
	ErrNotRunning = errors.New("the session is not running")
)
