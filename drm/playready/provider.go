package playready

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"smoothplay/drm/exchange"
	"smoothplay/platform"
)

// Provider is a [platform.KeyProvider] of a CDM and licence servers over HTTP. One
// exchange serves all keys of a header that are asked for at the same time. It does
// not try again by itself: errors say whether and when that makes sense. Any
// goroutine may call its methods; the exported fields are set before.
type Provider struct {
	CDM CDM
	// LicenseURL is used instead of what headers and challenges say; "": not.
	LicenseURL string
	// Header goes with each request, instead of the protocol's own of the same
	// name.
	Header http.Header
	// CustomData goes into the challenges.
	CustomData string

	batch exchange.Batch
}

// ErrNoHeader says that a presentation has no PlayReady header that can be read.
var ErrNoHeader = errors.New("there is no PlayReady header that can be read")

// ErrNoLicenseURL says that nobody named a licence server.
var ErrNoLicenseURL = errors.New("the PlayReady header names no licence server; give its address")

// maxRedirects is how many servers may point to another one.
const maxRedirects = 3

// Key implements [platform.KeyProvider]. Errors are a *[Fault], an
// *[exchange.StatusError], ErrNoHeader, ErrNoLicenseURL, or those of the CDM and
// the network; where asking again would not help they wrap
// [platform.ErrKeyRefused].
func (p *Provider) Key(ctx context.Context, doer platform.Doer, req platform.KeyRequest) (platform.KeyResult, error) {
	object, header, err := choose(req)
	if err != nil {
		return platform.KeyResult{}, fmt.Errorf("acquiring a licence for key %x: %w", req.KID, err)
	}
	group := string(object)
	if _, listed := header.Key(req.KID); !listed {
		group += string(req.KID[:]) // the CDM is told of one key, and may answer with it alone
	}
	r := Request{Object: object, Header: header, KID: req.KID, CustomData: p.CustomData, ManifestURL: req.ManifestURL}
	result, err := p.batch.Key(ctx, group, req.KID, func(ctx context.Context) (exchange.Keys, error) {
		return p.acquire(ctx, doer, r)
	})
	if err != nil {
		return platform.KeyResult{}, fmt.Errorf("acquiring a licence for key %x: %w", req.KID, err)
	}
	return result, nil
}

// Close wipes licences that came and were not asked for.
func (p *Provider) Close() error { return p.batch.Close() }

// Format writes no key, token or custom data, whatever the verb.
func (p *Provider) Format(f fmt.State, _ rune) { fmt.Fprint(f, "{PlayReady licences}") }

// choose picks the header that lists the key, else one whose keys come on demand,
// else the first that can be read.
func choose(req platform.KeyRequest) ([]byte, *Header, error) {
	var object []byte
	var header *Header
	rank := 0
	var faults []error
	for _, s := range req.Systems {
		if s.SystemID != SystemID {
			continue
		}
		h, err := Read(s.Data)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		r := 1
		if _, listed := h.Key(req.KID); listed {
			r = 3
		} else if h.OnDemand || h.LicenseStore != nil {
			r = 2
		}
		if r > rank {
			object, header, rank = s.Data, h, r
		}
	}
	if header == nil {
		return nil, nil, errors.Join(append([]error{fmt.Errorf("%w: %w", ErrNoHeader, platform.ErrKeyRefused)}, faults...)...)
	}
	return object, header, nil
}

// acquire makes one exchange.
func (p *Provider) acquire(ctx context.Context, doer platform.Doer, r Request) (exchange.Keys, error) {
	c, err := p.CDM.Challenge(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("making the challenge: %w", err)
	}
	if len(c.Message) == 0 {
		l, err := p.CDM.Response(ctx, c, nil)
		if err != nil {
			return nil, fmt.Errorf("opening the licence that came with the presentation: %w", err)
		}
		return l.Keys, nil
	}
	body, own, err := unwrap(c.Message)
	if err != nil {
		return nil, fmt.Errorf("making the challenge: %w", err)
	}
	m := exchange.Message{URL: p.address(c, r.Header), Body: body, Header: p.headers(actionAcquire, own, c.Header)}
	if m.URL == "" {
		return nil, fmt.Errorf("%w: %w", ErrNoLicenseURL, platform.ErrKeyRefused)
	}
	answer, err := p.ask(ctx, doer, m, c)
	if err != nil {
		return nil, err
	}
	l, err := p.CDM.Response(ctx, c, answer.Body)
	if err != nil {
		return nil, fmt.Errorf("opening the answer of the licence server %s: %w", answer.URL, err)
	}
	if l.Acknowledge != nil {
		m.Body, m.Header = l.Acknowledge, p.headers(actionAcknowledge, own, c.Header)
		exchange.Post(ctx, doer, m) // the licence is there, whether the server hears of it or not
	}
	return l.Keys, nil
}

// ask sends m, follows a server that points to another one, and makes errors of
// refusals.
func (p *Provider) ask(ctx context.Context, doer platform.Doer, m exchange.Message, c Challenge) (*exchange.Answer, error) {
	for hops := 0; ; hops++ {
		answer, err := exchange.Post(ctx, doer, m)
		if err != nil {
			return nil, err
		}
		f := ParseFault(answer.Body)
		if f == nil && answer.Status >= 200 && answer.Status < 300 {
			return answer, nil
		}
		if watcher, ok := p.CDM.(FaultCDM); ok {
			watcher.Fault(ctx, c, answer.Body)
		}
		if f == nil {
			return nil, answer.Failed()
		}
		f.URL, f.Status, f.Wait = answer.URL, answer.Status, answer.Wait
		if p.CustomData != "" {
			f.Text = strings.ReplaceAll(f.Text, p.CustomData, "...")
		}
		secure := strings.HasPrefix(strings.ToLower(m.URL), "https:")
		if f.Code != codeRedirect || f.RedirectURL == "" || hops == maxRedirects ||
			secure && !strings.HasPrefix(strings.ToLower(f.RedirectURL), "https:") {
			return nil, f
		}
		m.URL = f.RedirectURL
	}
}

// address is where to ask.
func (p *Provider) address(c Challenge, h *Header) string {
	switch {
	case p.LicenseURL != "":
		return p.LicenseURL
	case c.URL != "":
		return c.URL
	}
	return h.LicenseURL
}

// headers are those of a message; later ones win.
func (p *Provider) headers(action string, more ...http.Header) http.Header {
	all := http.Header{"Content-Type": {contentType}, "Soapaction": {action}}
	for _, h := range append(more, p.Header) {
		for name, values := range maps.All(h) {
			all[http.CanonicalHeaderKey(name)] = values
		}
	}
	if action == actionAcknowledge {
		all["Soapaction"] = []string{action}
	}
	return all
}
