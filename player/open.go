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

// address completes the URL of a manifest.
func address(url string) (string, *Error) {
	full, err := manifest.ManifestURL(url)
	if err != nil {
		return "", fail(event.BadURL, url, "%q cannot be played: %w", event.RedactURL(url), err)
	}
	return full, nil
}

// open begins with a presentation: what was played before goes away, and the
// manifest is asked for.
func (l *loop) open(url string, start time.Duration) {
	l.endStall()
	if l.seek != nil {
		l.seekOver(ErrSuperseded)
	}
	for _, c := range l.waiting {
		c.answer <- ErrSuperseded
	}
	l.waiting = nil
	l.level = -1
	l.closeTracks()
	l.endText()
	l.keys.forget()
	l.opening++
	l.snap, l.fatal, l.missing = nil, nil, nil
	l.held, l.early = true, early{}
	l.target = start
	l.clock.Set(start)
	l.url = url
	l.become(event.Opening, "open")
	l.askManifest(1, 0)
}

// askManifest begins an attempt to get the manifest, after a pause.
func (l *loop) askManifest(attempt int, after time.Duration) {
	opening, url, extra := l.opening, l.url, l.manifestExtra()
	l.spawn(func(ctx context.Context) {
		if !sleep(ctx, after) {
			return
		}
		began := time.Now()
		a := manifestAnswer{opening: opening, attempt: attempt}
		a.got, a.err = l.client.ManifestWith(ctx, url, extra)
		if a.err == nil {
			a.snap, a.err = parseManifest(a.got)
		}
		a.elapsed = time.Since(began)
		l.p.post(ctx, message{manifest: &a})
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

// manifestArrived takes the answer to askManifest.
func (l *loop) manifestArrived(a *manifestAnswer) {
	if a.opening != l.opening || l.done {
		return
	}
	if a.refresh {
		l.refreshed(a)
		return
	}
	if a.err != nil {
		l.manifestFailed(a)
		return
	}
	l.originWorked()
	if l.awaitBegin(a.snap, a.got.URL) {
		return
	}
	l.base, l.snap = a.got.URL, a.snap
	l.origins.list[l.origins.current].base = l.base
	pres := a.snap.Presentation()
	chunks := 0
	for i := range pres.Streams {
		chunks += a.snap.Stream(i).Len()
	}
	l.emit(event.Manifest{
		URL: event.RedactURL(a.got.URL), Live: a.snap.Live(), Duration: a.snap.Duration(),
		Streams: len(pres.Streams), Levels: levelsOf(pres), Chunks: chunks, Bytes: int64(len(a.got.Body)),
		Elapsed: a.elapsed, Attempt: a.attempt, Protected: len(pres.Protections) > 0, Warnings: pres.Warnings,
	})
	if err := l.begin(); err != nil {
		l.giveUp(err)
		return
	}
	l.live.refresh.took = a.elapsed
	waiting := l.waiting
	l.waiting = nil
	for _, c := range waiting {
		l.obey(c)
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

func (l *loop) manifestFailed(a *manifestAnswer) {
	e := l.explain(a.err)
	if e.Stage == event.StageNetwork {
		if l.originFailed(fetch.ClassOf(a.err), statusOf(a.err), e.Code) {
			l.survive(e, "")
			l.askManifest(1, 0)
			return
		}
		action := fetch.NextManifest(a.err, a.attempt, l.cfg.Random.Float64())
		if action.Kind == fetch.Retry {
			l.survive(e, "")
			l.askManifest(a.attempt+1, action.After)
			return
		}
	}
	l.giveUp(e)
}

// begin chooses the tracks of the presentation and starts them.
func (l *loop) begin() *Error {
	if err := l.protect(); err != nil {
		return err
	}
	l.choose()
	if len(l.tracks) == 0 {
		return l.nothing()
	}
	if err := l.checkLevels(); err != nil {
		return err
	}
	l.tellTracks()
	l.epoch++
	l.beginLive()
	pos := l.beginAt()
	l.target, l.need = pos, l.cfg.BufferStart
	l.held, l.prepared = true, false
	for _, t := range l.tracks {
		t.queue.Restart(l.epoch, pos)
		l.aim(t, pos)
		l.startTrack(t)
	}
	l.clock.Set(pos)
	l.beginText()
	l.become(event.Buffering, "opened")
	return nil
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
	return max(0, min(pos, end))
}

// nothing explains why no track could be chosen.
func (l *loop) nothing() *Error {
	code, why := event.NothingToPlay, "it has no video and no audio"
	for _, s := range l.streams {
		if s.LeftOut != "" {
			why = fmt.Sprintf("its %s is left out: %s", s.Kind, s.LeftOut)
		}
		for _, level := range s.Levels {
			if level.LeftOut != "" {
				code, why = event.CodecUnsupported, level.LeftOut
			}
		}
	}
	return fail(code, l.base, "%s has nothing that can be played here: %s", event.RedactURL(l.base), why)
}
