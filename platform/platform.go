package platform

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Device bundles one port. The zero Device is usable: every nil field gets the
// default named in its comment.
type Device struct {
	HTTP     Doer        // nil: platform/httpclient
	Decoders Decoders    // nil: platform/null
	Video    VideoSink   // nil: pictures are timed, counted and released
	Audio    AudioSink   // nil: sound is dropped; a monotonic clock is master
	Text     TextDrawer  // nil: cues go to events only
	Keys     KeyProvider // nil: a protected presentation ends with a clear error before the first fragment
	Load     LoadMeter   // nil: only the player's own decode and drop figures steer
	Store    Store       // nil: nothing learned outlives the process
}

// ErrUnsupported is returned, possibly wrapped, by Decoders for a format the
// device cannot decode: the level or stream is left out, which is no failure.
var ErrUnsupported = errors.New("format not supported by this device")

// ErrClosed is returned by a sink that was closed, or whose device vanished for
// good (a window closed by the user, a sound card unplugged).
var ErrClosed = errors.New("device closed")

// ErrKeyRefused is returned, wrapped, by a KeyProvider for a key that asking
// again would not bring: the service does not give it to this user or device,
// its rules cannot be met by the outputs, the server does not know it. What needs
// it is left out. After any other error the key is asked for again, later; one
// with a method RetryAfter() time.Duration says when.
var ErrKeyRefused = errors.New("key refused")

// A Doer sends HTTP requests; *http.Client is one. Do honours the request's
// context, is safe for concurrent use, and follows redirects: the Request of
// the response it returns names the URL that answered.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Decoders opens the decoders of a device. Its methods may be called from any
// goroutine.
type Decoders interface {
	// Supports reports nil, or an error that wraps ErrUnsupported and says why
	// f cannot be decoded. It is asked before a level or stream is offered, and
	// must be quick.
	Supports(f Format) error
	// OpenVideo opens a decoder for f. The decoder must accept later samples
	// whose Format differs (see VideoDecoder.Decode).
	OpenVideo(f Format) (VideoDecoder, error)
	// OpenAudio opens a decoder for f that delivers PCM in exactly the format
	// out, resampled and mixed as needed.
	OpenAudio(f Format, out PCMFormat) (AudioDecoder, error)
}

// A VideoDecoder turns the samples of one track into pictures.
//
// The player calls all methods from one goroutine. A decoder never calls out
// after the method that received it has returned; where out returns an error,
// the method stops and returns that error. A picture given to out belongs to
// out, whatever it returns.
type VideoDecoder interface {
	// Decode consumes s and calls out for each picture that became ready, in
	// presentation order: none, one or several. s and s.Data are valid during
	// the call only. Where s.Format is not nil the format changes with this
	// sample: pictures of the former format come out first, none is lost and
	// none is delivered twice. An error means that this sample was lost; the
	// decoder stays usable and recovers with a later key sample. Where it wraps
	// ErrUnsupported and s.Format is not nil, the player opens another decoder
	// for that format, after Drain and Close.
	Decode(s *Sample, out func(*Picture) error) error
	// Drain calls out for every picture still held. After it only Flush, Decode
	// with a key sample, or Close follow.
	Drain(out func(*Picture) error) error
	// Flush forgets all input and every picture not yet delivered. The next
	// sample is a key sample; its Format is nil where it is still the same.
	Flush() error
	// Close releases the decoder. Pictures already delivered stay valid until
	// they are released.
	Close() error
}

// An AudioDecoder turns the samples of one track into PCM in the format given
// to OpenAudio. Rules as for VideoDecoder. The bytes handed to out are valid
// only during that call, in which out may change them. Sound comes in whole
// frames; where samples follow each other without a gap, also across a change of
// format, so does what is delivered: each PCM begins where the one before ended.
type AudioDecoder interface {
	Decode(s *Sample, out func(*PCM) error) error
	Drain(out func(*PCM) error) error
	Flush() error
	Close() error
}

// A VideoSink shows frames. The player decides when; the sink only shows.
type VideoSink interface {
	// Show puts f on the screen and returns the instant at which it became, or
	// becomes, visible. It may block for one refresh. The sink reads f during
	// the call; f.Picture stays valid until the next Show with another Picture
	// has returned, or Close, so that a display may go on scanning it out. The
	// sink neither writes to a picture nor releases it. Size and shape may change
	// from one picture to the next. A Frame may repeat the last Picture (a caption
	// changes while paused); one without a Picture, at the end of a session, makes
	// the sink let go of the last one. An error that wraps ErrClosed ends the
	// display for good: the session goes on without pictures or stops, as its
	// configuration says.
	Show(f *Frame) (shown time.Time, err error)
	// Close releases the display and unblocks a Show that waits, from any
	// goroutine. Closing twice is no error.
	Close() error
}

// An AudioSink plays PCM from a queue of its own.
type AudioSink interface {
	// Configure is called once a session, before any other method. got is the
	// format that Write expects: the nearest to want that the device plays. The
	// sink begins paused.
	Configure(want PCMFormat) (got PCMFormat, err error)
	// Write appends whole frames, never blocks, and returns how many bytes it
	// took: fewer than len(b), in whole frames, when its queue is full. The queue
	// is bounded: at least 100 ms, at most 2 s. An error that wraps ErrClosed
	// means that the device is gone: the player goes on with a monotonic clock.
	Write(b []byte) (int, error)
	// Delay is the time until the last frame written is heard: what is queued
	// and the latency of the device. It moves smoothly between writes (where a
	// device reports in blocks, the sink interpolates), is 0 when everything was
	// heard, and stands still while paused and when the device is gone. It is the
	// player's master clock, and may be called from any goroutine.
	Delay() time.Duration
	// Pause stops and resumes playing; what is queued is kept.
	Pause(on bool) error
	// Flush forgets what is queued; Delay is 0 afterwards.
	Flush() error
	// Close releases the device. Closing twice is no error.
	Close() error
}

// A TextDrawer draws cues for a picture of the given size in pixels. The
// overlays belong to the caller and lie within their canvas; nil means that
// nothing is to be shown.
type TextDrawer interface {
	Draw(cues []Cue, width, height int) ([]Overlay, error)
}

// A KeyProvider returns content keys. Key may contact a licence server with
// http, honours ctx, and may be called from any goroutine. A key that cannot be
// had is an error, never an empty result; no error holds a key.
//
// Where it has a method Close() error, too, the player calls it at the end of each
// session, while no Key runs: what was brought and not asked for is wiped then. Key
// works again for the next session.
type KeyProvider interface {
	Key(ctx context.Context, http Doer, req KeyRequest) (KeyResult, error)
}

// A LoadMeter reports how busy the device is. Load is called about once a
// second from one goroutine; the figures cover the time since the last call,
// and of the first call the time since the meter was made.
type LoadMeter interface {
	Load() (Load, error)
}

// A Store keeps small values by name between processes. Get returns an error
// that wraps fs.ErrNotExist for a name never put. Names are any text, values any
// bytes; what is handed in or out is the caller's to change afterwards. Safe for
// concurrent use.
type Store interface {
	Get(key string) ([]byte, error)
	Put(key string, value []byte) error
}
