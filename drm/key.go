package drm

import (
	"fmt"
	"time"

	"smoothplay/platform"
)

// State is where a key stands.
type State uint8

// The states. Refused, Failed and Expired are final until [Ring.Forget].
const (
	Unwanted State = iota // nobody asked for it
	Pending               // it will be asked for, or is being
	Ready                 // it may be used
	Refused               // it will not be given, or may not be used any longer
	Failed                // it could not be had, time and again
	Expired               // its time is over, and it was not renewed
)

var stateNames = [...]string{"unwanted", "pending", "ready", "refused", "failed", "expired"}

// String returns "unwanted", "pending", "ready", "refused", "failed" or "expired".
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// Key is what a [Ring] knows of a key at an instant.
type Key struct {
	KID   [16]byte
	State State
	// Decrypter decrypts the samples of this key while it is Ready, else nil. It
	// belongs to the Ring.
	Decrypter platform.SampleDecrypter
	// MaxWidth and MaxHeight bound the pictures that may be shown with it; 0: no
	// bound.
	MaxWidth, MaxHeight int
	// Expires is when the key may no longer be used; zero: never.
	Expires time.Time
	// Err says why a key is Refused, Failed or Expired, and why the last attempt to
	// have or renew a Pending or Ready one failed; nil: it did not.
	Err error
}

// Allows reports whether pictures of that size may be shown with the key; sizes
// of 0 are not known and allowed.
func (k Key) Allows(width, height int) bool {
	return (k.MaxWidth == 0 || width <= k.MaxWidth) && (k.MaxHeight == 0 || height <= k.MaxHeight)
}
