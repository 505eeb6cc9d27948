package pipeline

import (
	"context"
	"errors"

	"smoothplay/player/buffer"
)

// Unlocker decrypts the samples of one track at the decoder's door. Its methods are
// called from the goroutine of the decode loop.
type Unlocker interface {
	// Unlock makes the sample of e clear and says so to the queue; it waits for the
	// key. False: the sample is to be left out, because the key will not come or the
	// epoch of e is over; with an error where that is news for the Monitor.
	Unlock(ctx context.Context, e *buffer.Entry) (bool, error)
	// Decoded says what the decoder made of the sample that Unlock was asked for
	// last.
	Decoded(err error)
}

// errLocked is the failure of an encrypted sample that nobody can decrypt.
var errLocked = errors.New("the sample is encrypted, and there are no keys")

// unlock makes the sample of e clear; false: it is to be left out.
func unlock(ctx context.Context, u Unlocker, e *buffer.Entry) (bool, error) {
	switch {
	case u != nil:
		return u.Unlock(ctx, e)
	case e.Protection != nil:
		return false, errLocked
	}
	return true, nil
}

func decoded(u Unlocker, err error) {
	if u != nil {
		u.Decoded(err)
	}
}
