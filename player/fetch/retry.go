package fetch

import (
	"errors"
	"time"
)

// Failure is what is known of a fragment that could not be had.
type Failure struct {
	Class  Class
	Status int // where Class is Status
	// Attempt counts the failures of this Class in a row, of this chunk at this
	// level, from 1.
	Attempt int
	// OtherLevels: the chunk can be asked for at a level not yet tried.
	OtherLevels bool
	// Live: the presentation goes on while it is played. NearEdge: and no chunk
	// after this one is known to exist, so that this one may not exist yet.
	Live, NearEdge bool
	// Low: little is buffered, and never much, as at a live edge. Dry: playing stands
	// still for want of it. Silent is for how long no server has answered.
	Low, Dry bool
	Silent   time.Duration
	// ChunkDuration is that of the chunk; 0: 2 s.
	ChunkDuration time.Duration
	// RetryAfter is what the server asked for; 0: nothing.
	RetryAfter time.Duration
}

// Kind is what to do.
type Kind uint8

// The kinds of Action.
const (
	Fail       Kind = iota // end: play what is buffered, then say so
	Retry                  // ask for the same again
	Wait                   // ask for the same again; it is no fault of the fragment or its level
	OtherLevel             // ask for the chunk at another level
	Skip                   // leave the chunk out
)

var kindNames = [...]string{"fail", "retry", "wait", "other level", "skip"}

// String returns the name of k.
func (k Kind) String() string { return kindNames[k] }

// Action is what follows from a Failure.
type Action struct {
	Kind  Kind
	After time.Duration // how long to wait before
	// Refresh: the manifest is behind the server; refresh it.
	Refresh bool
}

// Next says what follows from a fragment that could not be had. jitter, from 0
// to 1, spreads pauses from half to the whole, so that the players that one
// outage stopped do not all come back at once.
func Next(f Failure, jitter float64) Action {
	return next(fragmentRows, f, jitter)
}

// NextManifest says what follows from err, the result of the given attempt
// (from 1) to get the manifest of a presentation that is being opened: Retry or
// Fail.
func NextManifest(err error, attempt int, jitter float64) Action {
	f := Failure{Class: ClassOf(err), Attempt: attempt}
	var e *Error
	var late interface{ Timeout() bool }
	if errors.As(err, &e) {
		f.Status = e.Status
	}
	if f.Class == Offline && errors.As(err, &late) && late.Timeout() {
		f.Class = Timeout // a host that drops what is sent to it
	}
	return next(manifestRows, f, jitter)
}
