package platform

import (
	"net/http"
	"time"
)

// ScheduledSink is a VideoSink that takes the instant at which a frame is to
// appear, up to Ahead before it: for displays with a timed flip queue.
type ScheduledSink interface {
	VideoSink
	Ahead() time.Duration
	ShowAt(f *Frame, due time.Time) (shown time.Time, err error)
}

// OverlayPlane is a VideoSink with a plane of its own for overlays, above that of
// the pictures: where pictures are hardware surfaces that nothing can be drawn
// into, say. Captions go there when they change, and are in no Frame.
type OverlayPlane interface {
	VideoSink
	// ShowOverlays replaces all that is on the plane; nil empties it. What is there
	// stays above whatever picture is shown, over the area of the picture, until it
	// is replaced. It is called before the first Show too, never at the same time
	// as Show, and need not wait for a refresh. The overlays are only read, and
	// their images stay as they are for as long as they are shown. An error is as
	// that of Show.
	ShowOverlays(overlays []Overlay) error
}

// Restyler is a TextDrawer of which the drawings depend on more than cues and
// size: on what a user wants of them, or on what else is on the screen.
type Restyler interface {
	// Restyled is a channel from which can be received when the cues that are shown
	// must be drawn anew: always the same one, with room for one value at least.
	Restyled() <-chan struct{}
}

// Volume is an AudioSink that sets the volume itself, at once and beyond what
// is queued. Without it the player scales the samples it writes.
type Volume interface {
	// SetVolume takes a gain from 0 (silent) to 1 (as is).
	SetVolume(gain float64) error
}

// Passthrough is an AudioSink whose device decodes some codecs itself, such as a
// receiver behind HDMI or S/PDIF. What is written is then the bursts of IEC 61937,
// in the place of stereo PCM: it must reach the device as it is, at its rate,
// without volume, mixing or resampling. Delay, Pause and Flush are those of PCM of
// the carrier's form.
type Passthrough interface {
	AudioSink
	// Takes reports nil, or an error that wraps ErrUnsupported and says why the
	// device, as it is connected now, does not decode sound of f. It is quick, and
	// may be called at any time.
	Takes(f Format) error
	// ConfigureBitstream is called in place of Configure, for a format that the
	// device takes; carrier is the form of PCM in the place of which the bursts
	// travel. A Passthrough is configured again, in either way, whenever the form
	// of the sound changes, after Flush; it is paused then.
	ConfigureBitstream(f Format, carrier PCMFormat) error
}

// AnswerInfo may be implemented by the Body of a response of a Doer to say
// what only the network stack knows of an answer.
type AnswerInfo interface {
	// FromStore: the answer came from a cache and says nothing of the link.
	FromStore() bool
	// BandwidthBPS is the bandwidth the stack saw for this answer in bits per
	// second; 0: not known.
	BandwidthBPS() int64
	// DeliveredBPS is the nominal bitrate of the level that was really
	// delivered, where an edge server substitutes; 0: the one asked for.
	DeliveredBPS() int64
}

// Renewer may be implemented by a Doer: after an answer 401 or 403 it is asked
// once for a request that replaces req (a new URL, new headers). Returning nil
// and no error lets the answer stand.
type Renewer interface {
	Renew(req *http.Request, status int) (*http.Request, error)
}

// Effort is a VideoDecoder that can be told to work less while the device is
// too slow for the level it plays.
type Effort interface {
	// SetEffort holds from the next sample on, until it is called again; Flush
	// and a change of the format keep it. Pictures that the effort leaves out
	// are not delivered, in exception to the rule that none is lost. It is
	// called by the goroutine that calls Decode.
	SetEffort(level EffortLevel)
}

// EffortLevel is how much of the work of decoding is done. Each level leaves out
// what the level before it leaves out.
type EffortLevel uint8

// The levels of effort.
const (
	EffortFull         EffortLevel = iota
	EffortNoLoopFilter             // every picture, with visible block edges: saves an eighth for H.264
	EffortReferences               // only pictures that others refer to: saves two fifths with B-frames
	EffortKeys                     // only key pictures
)

// PathNamer may be implemented by a decoder, and by Decoders of one kind, to say
// how they decode.
type PathNamer interface {
	// Path is "software", the name of the hardware ("vaapi"), or whatever tells a
	// person the way that the media take, with the reason where that is not the
	// one wanted; "": not known. It may change with each call of the decoder, and
	// is called by the goroutine that calls Decode.
	Path() string
}

// NetworkNamer may be implemented by a LoadMeter that tells networks apart: what
// was learned of the bandwidth of one is then used when the device is there
// again. Without it networks are told apart by the server.
type NetworkNamer interface {
	// Network names the network in use: the same text whenever the device is
	// there, "" where it cannot be told. The name is opaque and reveals neither
	// addresses nor places. It may read files, and is called about twice a minute
	// from any goroutine.
	Network() string
}
