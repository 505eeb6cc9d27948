package player

import (
	"context"
	"errors"
	"fmt"
	"time"

	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// mergeWithin is how long manifests to be merged may take together: what does not
// come is left out.
const mergeWithin = 5 * time.Second

// merge adds to a what the manifests at some addresses hold. It is called by the
// worker that got a, and never harms it: what goes wrong is among its troubles.
func merge(ctx context.Context, client *fetch.Client, extra *fetch.Extra, a *manifestAnswer, urls []string) {
	if a.err != nil {
		return
	}
	within, cancel := context.WithTimeout(ctx, mergeWithin)
	defer cancel()
	pres := a.snap.Presentation()
	for _, url := range urls {
		if more, base, err := askMerged(within, client, extra, url); err != nil {
			e := explain(err, url)
			a.troubles = append(a.troubles, &Error{Stage: e.Stage, Code: e.Code, URL: event.RedactURL(url),
				Err: fmt.Errorf("a manifest to be merged is left out: %w", err)})
		} else {
			pres = manifest.Merge(pres, more, base)
		}
	}
	if pres == a.snap.Presentation() {
		return
	}
	a.snap, a.err = timeline.New(pres)
}

// askMerged gets a manifest to be merged, again where that may help; base is where
// its fragments are.
func askMerged(ctx context.Context, client *fetch.Client, extra *fetch.Extra, url string) (p *manifest.Presentation, base string, err error) {
	url, err = manifest.ManifestURL(url)
	if err != nil {
		return nil, "", err
	}
	for attempt := 1; ; attempt++ {
		got, err := client.ManifestWith(ctx, url, extra)
		if err == nil {
			p, err := manifest.Parse(got.Body, manifest.Limits{})
			if errors.Is(err, manifest.ErrNoStream) && len(p.Streams) > 0 {
				err = nil // of text alone
			}
			return p, got.URL, err
		}
		action := fetch.NextManifest(err, attempt, 0.5)
		if action.Kind != fetch.Retry || !sleep(ctx, action.After) {
			return nil, "", err
		}
	}
}
