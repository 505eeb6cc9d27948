// Package manifest turns the bytes of a Smooth Streaming client manifest into
// a [Presentation]. It is pure: no clock, no network, no state.
package manifest
