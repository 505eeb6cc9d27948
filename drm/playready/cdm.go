package playready

import (
	"context"
	"net/http"

	"smoothplay/platform"
)

// CDM is the licence client of a device: the part of PlayReady that its maker
// brings. It makes challenges, which only the device can, and understands what
// answers them. Its methods may be called from any goroutine.
type CDM interface {
	// Challenge returns the message that asks for the licences of r.
	Challenge(ctx context.Context, r Request) (Challenge, error)
	// Response hands in what the server answered to c, the whole body, and returns
	// the keys in it. It is called once for each Challenge that was answered. A
	// licence whose rules this device cannot meet is an error that wraps
	// [platform.ErrKeyRefused], or is left out where others are usable.
	Response(ctx context.Context, c Challenge, answer []byte) (Licenses, error)
}

// Request says what licences are for.
type Request struct {
	// Object is the protection header as the presentation has it: in most cases a
	// PlayReady Object.
	Object []byte
	Header *Header  // what Object says
	KID    [16]byte // the key that is needed first, in the order of its text
	// CustomData is for the server; it goes into the challenge, which is signed.
	CustomData  string
	ManifestURL string
}

// Challenge is a message to a licence server.
type Challenge struct {
	// Message is the body, as it is sent, or a PlayReadyKeyMessage around it. Empty:
	// no server is needed, the licence was at hand (LicenseStore); Response follows
	// at once, with no answer.
	Message []byte
	Header  http.Header // beside those of the protocol; may be nil
	URL     string      // instead of the header's LA_URL; "": not
	// Session is the CDM's own, to know the challenge again.
	Session any
}

// Licenses is what an answer held.
type Licenses struct {
	// Keys are usable now, by key identifier in the order of its text: those of
	// the header and any other.
	Keys map[[16]byte]platform.KeyResult
	// Acknowledge is sent to the same server, which waits for it; nil: nothing is.
	Acknowledge []byte
}

// FaultCDM may be implemented by a CDM that wants to see the whole body with
// which a server refused, before the error is reported.
type FaultCDM interface {
	Fault(ctx context.Context, c Challenge, answer []byte)
}
