package player

import (
	"context"
	"errors"
	"time"

	"smoothplay/player/event"
	"smoothplay/player/fetch"
	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// address completes the URL of a manifest.
func address(url string) (string, *Error) {
	full, err := manifest.ManifestURL(url)
	if err != nil {
		return "", fail(event.BadURL, url, "%q cannot be played: %w", event.RedactURL(url), err)
	}
	return full, nil
}

// askManifest begins to get a manifest after a pause; answer makes a message of
// what comes, in the worker that got it.
func (l *loop) askManifest(url string, after time.Duration, answer func(context.Context, manifestAnswer) message) context.CancelFunc {
	extra := l.manifestExtra()
	return l.spawn(func(ctx context.Context) {
		if !sleep(ctx, after) {
			return
		}
		began := time.Now()
		var a manifestAnswer
		a.got, a.err = l.client.ManifestWith(ctx, url, extra)
		if a.err == nil {
			a.snap, a.err = parseManifest(a.got)
		}
		a.elapsed = time.Since(began)
		l.p.post(ctx, answer(ctx, a))
	})
}

func parseManifest(got *fetch.Manifest) (*timeline.Snapshot, error) {
	pres, err := manifest.Parse(got.Body, manifest.Limits{})
	if err != nil {
		return nil, err
	}
	return timeline.New(pres)
}

// post sends a message to the control loop, unless the work is over.
func (p *Player) post(ctx context.Context, m message) {
	select {
	case p.inbox <- m:
	case <-ctx.Done():
	}
}

// sleep waits for d and reports whether it did so to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// statusOf is the status of an HTTP answer that is an error; 0: it is none.
func statusOf(err error) int {
	if e := (*fetch.Error)(nil); errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// levelsOf counts the levels of all streams.
func levelsOf(pres *manifest.Presentation) int {
	n := 0
	for i := range pres.Streams {
		n += len(pres.Streams[i].Levels)
	}
	return n
}

// beginAt is where to begin what was opened.
func (l *loop) beginAt() time.Duration {
	if l.snap.Live() {
		return l.joinAt()
	}
	return l.startAt(l.target)
}

// startAt bounds a wished position to the presentation.
func (l *loop) startAt(pos time.Duration) time.Duration {
	end := l.snap.Duration()
	if end <= 0 {
		return max(pos, 0)
	}
	return max(l.from, min(pos, end))
}
