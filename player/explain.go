package player

import (
	"errors"

	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// explain makes an *Error of what any part returned that dealt with the manifest at
// an address, or with what it names.
func explain(err error, manifest string) *Error {
	if e := (*Error)(nil); errors.As(err, &e) {
		return e
	}
	code, url := codeOf(err), ""
	if code.Stage() == event.StageManifest {
		url = event.RedactURL(manifest)
		err = &located{url, err}
	}
	if e := (*fetch.Error)(nil); errors.As(err, &e) {
		url = e.URL
	}
	return &Error{Stage: code.Stage(), Code: code, URL: url, Err: err}
}

// located puts an address before the text of an error.
type located struct {
	url string
	err error
}

func (l *located) Error() string { return l.url + ": " + l.err.Error() }
func (l *located) Unwrap() error { return l.err }

// codeOf is the stable word for an error of any package below.
func codeOf(err error) event.Code {
	var (
		fetched     *fetch.Error
		syntax      *manifest.SyntaxError
		unsupported *fragment.UnsupportedError
	)
	switch {
	case errors.As(err, &fetched):
		return fetched.Code
	case errors.Is(err, manifest.ErrNotManifest):
		return event.NotAManifest
	case errors.Is(err, manifest.ErrTooLarge):
		return event.ManifestTooLarge
	case errors.Is(err, manifest.ErrUnsupportedVersion), errors.Is(err, manifest.ErrSegmented):
		return event.ManifestKind
	case errors.Is(err, manifest.ErrNoStream):
		return event.NothingToPlay
	case errors.As(err, &syntax), errors.Is(err, timeline.ErrInvalid):
		return event.ManifestMalformed
	case errors.Is(err, errNoKID):
		return event.HeaderMalformed
	case errors.Is(err, errOtherTime):
		return event.FragmentOtherTime
	case errors.Is(err, fragment.ErrTruncated):
		return event.FragmentTruncated
	case errors.As(err, &unsupported), errors.Is(err, platform.ErrUnsupported):
		return event.CodecUnsupported
	case errors.Is(err, ErrNotSupported):
		return event.NotSupported
	}
	return event.FragmentMalformed
}

// newClient makes the client of a session.
func newClient(dev Device, cfg Config) *fetch.Client {
	opt := fetch.Options{Headers: cfg.Header, AppendQuery: cfg.AppendQuery, SpareBytes: 4 << 20}
	if len(cfg.Fallbacks) > 0 {
		opt.FirstByte = failoverFirstByte // there is somebody else to ask
	}
	return fetch.New(dev.HTTP, opt)
}
