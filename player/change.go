package player

import (
	"context"
	"fmt"
	"time"

	"smoothplay/drm"
	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/fetch"
)

// change is a presentation that is to be played: its manifest is on its way. What
// was played goes on until that is there, and stays where it never comes.
type change struct {
	opening int
	origins origins
	start   time.Duration // where to begin what is not live
	merge   []string      // manifests whose text, audio and markers are added
	end     time.Duration // where to end that, nothing before start being played; 0: as it is
	command *command      // to be answered; nil: nobody waits
	early   early
	cancel  context.CancelFunc // ends the request that is under way
}

// answer answers the command that asked for the change.
func (c *change) answer(err error) {
	if c.command != nil {
		c.command.answer <- err
	}
}

// open begins a change to the presentation of some origins. Another one that was
// under way is given up.
func (l *loop) open(to origins, start time.Duration, c *command) {
	l.abandonChange(ErrSuperseded)
	if l.snap == nil { // what was not opened yet is not waited for any more
		for _, c := range l.waiting {
			c.answer <- ErrSuperseded
		}
		l.waiting = nil
		l.target = start
		l.clock.Set(start)
		l.url = to.list[0].url
	}
	l.opened++
	l.change = &change{opening: l.opened, origins: to, start: start, command: c}
	if l.opened == 1 {
		l.change.end, l.change.merge = l.cfg.End, l.cfg.Merge
	}
	l.askChange(1, 0)
}

// abandonChange gives up the change that is under way.
func (l *loop) abandonChange(why error) {
	if c := l.change; c != nil {
		l.change = nil
		c.cancel()
		c.answer(why)
	}
}

// askChange begins an attempt to get the manifest of what is to be played.
func (l *loop) askChange(attempt int, after time.Duration) {
	opening := l.change.opening
	extra, urls := l.manifestExtra(), l.change.merge
	l.change.cancel = l.askManifest(l.change.origins.url(), after, func(ctx context.Context, a manifestAnswer) message {
		merge(ctx, l.client, extra, &a, urls)
		a.opening, a.attempt = opening, attempt
		return message{manifest: &a}
	})
}

// manifestArrived takes the manifest of what is to be played, or a new one of what
// is played.
func (l *loop) manifestArrived(a *manifestAnswer) {
	c := l.change
	switch {
	case l.done:
		return
	case c == nil || a.opening != c.opening:
		if a.refresh && a.opening == l.opening {
			l.refreshed(a)
		}
		return
	case a.err != nil:
		l.manifestFailed(a)
		return
	}
	if l.awaitBegin(c, a.snap, a.got.URL) {
		return
	}
	if l.snap == nil {
		l.tellManifest(a)
	}
	for _, e := range a.troubles {
		l.survive(e, "")
	}
	o, err := l.survey(a)
	if err != nil {
		l.cannotOpen(err)
		return
	}
	l.change = nil
	if c.command != nil {
		l.paused = false
		l.cfg.Live.Start = LiveStart{} // which was meant for the first one
	}
	if err := l.present(c, a, o); err != nil {
		c.answer(err)
		l.giveUp(err)
		return
	}
	c.answer(nil)
	waiting := l.waiting
	l.waiting = nil
	for _, c := range waiting {
		l.obey(c)
	}
}

// manifestFailed asks for the manifest again, or elsewhere, where that may help.
func (l *loop) manifestFailed(a *manifestAnswer) {
	s := &l.change.origins
	e := explain(a.err, s.url())
	if e.Stage == event.StageNetwork {
		if from := host(s.url()); s.failed(l.now(), fetch.ClassOf(a.err), statusOf(a.err)) {
			l.emit(event.Failover{From: from, To: host(s.url()), Cause: e.Code})
			l.survive(e, "")
			l.askChange(1, 0)
			return
		}
		action := fetch.NextManifest(a.err, a.attempt, l.cfg.Random.Float64())
		if action.Kind == fetch.Retry {
			l.survive(e, "")
			l.askChange(a.attempt+1, action.After)
			return
		}
	}
	l.cannotOpen(e)
}

// cannotOpen ends a change to what cannot be played: what was played goes on. Where
// there is nothing of it left, the session ends.
func (l *loop) cannotOpen(e *Error) {
	c := l.change
	l.change = nil
	c.answer(e)
	if l.snap == nil || l.state == event.Ended && !l.cfg.KeepOpen {
		l.giveUp(e)
		return
	}
	l.survive(&Error{Stage: e.Stage, Code: e.Code, URL: e.URL, Err: fmt.Errorf("it cannot be changed to, what was played goes on: %w", e)}, "")
}

// offering is what a presentation has that can be played here.
type offering struct {
	streams    []event.TrackStream
	angles     angles
	video      int // index of the angle to begin with; -1: there is no video
	audio      []audioChoice
	text       []textStream
	protection *drm.Protection
}

// survey says what the presentation of a manifest offers, or why it cannot be
// played.
func (l *loop) survey(a *manifestAnswer) (*offering, *Error) {
	o := &offering{protection: protections(a.snap.Presentation())}
	if o.protection.Protected() && l.dev.Keys == nil {
		return nil, needsKeys(o.protection, a.got.URL)
	}
	l.offerStreams(o, a.snap)
	if o.video < 0 && len(o.audio) == 0 {
		return nil, nothing(o.streams, a.got.URL)
	}
	return o, nil
}

// nothing explains why no track could be chosen.
func nothing(streams []event.TrackStream, base string) *Error {
	code, why := event.NothingToPlay, "it has no video and no audio"
	for _, s := range streams {
		if s.LeftOut != "" {
			why = fmt.Sprintf("its %s is left out: %s", s.Kind, s.LeftOut)
		}
		for _, level := range s.Levels {
			if level.LeftOut != "" {
				code, why = event.CodecUnsupported, level.LeftOut
			}
		}
	}
	return fail(code, base, "%s has nothing that can be played here: %s", event.RedactURL(base), why)
}

// present plays what a manifest says in the place of what was played.
func (l *loop) present(c *change, a *manifestAnswer, o *offering) *Error {
	first := l.snap == nil
	if !first {
		l.leave()
	}
	l.target = c.start
	l.clock.Set(c.start)
	l.opening, l.origins = c.opening, c.origins
	l.url, l.base, l.snap, l.from = c.origins.url(), a.got.URL, a.snap.Until(c.end), 0
	if c.end > 0 && !l.snap.Live() {
		l.from = min(c.start, max(l.snap.Duration(), 0))
	}
	l.origins.list[l.origins.current].base = l.base
	l.originWorked()
	if !first {
		l.become(event.Opening, "open")
		l.tellManifest(a)
	}
	err := l.begin(o, first)
	l.live.refresh.took = a.elapsed
	return err
}

// tellManifest makes the event of a manifest that is not a refresh.
func (l *loop) tellManifest(a *manifestAnswer) {
	pres := a.snap.Presentation()
	chunks := 0
	for i := range pres.Streams {
		chunks += a.snap.Stream(i).Len()
	}
	l.emit(event.Manifest{
		URL: event.RedactURL(a.got.URL), Live: a.snap.Live(), Duration: a.snap.Duration(),
		Streams: len(pres.Streams), Levels: levelsOf(pres), Chunks: chunks, Bytes: int64(len(a.got.Body)),
		Elapsed: a.elapsed, Attempt: max(a.attempt, 1), Protected: len(pres.Protections) > 0, Warnings: pres.Warnings,
	})
}

// leave ends what is played: its last picture stays, and what decodes its tracks
// is idle until those of the next presentation take it over.
func (l *loop) leave() {
	l.endClips()
	l.hold()
	l.endStall()
	l.endWind(1, "open")
	l.rate = 1
	l.setSpeed(1, "open")
	l.noKeyFrames = false
	if l.seek != nil {
		l.seekOver(ErrSuperseded)
	}
	for _, c := range l.waiting {
		c.answer <- ErrSuperseded
	}
	l.waiting = nil
	l.abandonSwitch()
	l.leaveAngles()
	l.endText()
	for _, t := range l.tracks {
		l.cancelJob(t)
		l.figures.DiscardedBytes += t.queue.Beyond(l.position())
		l.departed += t.received
	}
	l.idle, l.tracks = l.tracks, nil
	l.keys.forget()
	l.fatal, l.missing = nil, nil
	l.level = -1
}

// begin chooses the tracks of the presentation and starts them; first says that
// nothing was played before.
func (l *loop) begin(o *offering, first bool) *Error {
	l.protect(o.protection)
	l.choose(o)
	if err := l.checkAngle(first); err != nil {
		return err
	}
	if err := l.checkLevels(first); err != nil {
		return err
	}
	l.tellTracks()
	l.mark()
	l.epoch++
	l.beginLive()
	pos := l.beginAt()
	l.target, l.need = pos, l.cfg.BufferStart
	l.held, l.prepared = true, false
	l.boundFrom(pos)
	for _, t := range l.tracks {
		l.startTrack(t)
		t.queue.Restart(l.epoch, pos)
		l.aim(t, pos)
	}
	l.closeIdle()
	l.clock.Set(pos)
	l.marks.Jump(pos, false)
	l.beginText()
	l.beginData(pos)
	l.become(event.Buffering, "opened")
	return nil
}

// inherit lets t take over what decodes an idle track of its kind, unless the sound
// device must be configured anew for it.
func (l *loop) inherit(t *track) {
	if t.kind == platform.Audio && l.reshapes(t) {
		return
	}
	for i, old := range l.idle {
		if old.kind == t.kind {
			t.id, t.queue, t.door, t.cancels = old.id, old.queue, old.door, old.cancels
			t.video, t.videoID, t.branch = old.video, old.videoID, old.branch
			l.idle = append(l.idle[:i:i], l.idle[i+1:]...)
			return
		}
	}
}

// closeIdle ends what decoded tracks that the presentation does not have.
func (l *loop) closeIdle() {
	for _, t := range l.idle {
		l.closeTrack(t)
		if t.kind == platform.Video && l.of(platform.Video) == nil {
			l.stopPresenter()
		}
		if t.kind == platform.Audio && l.of(platform.Audio) == nil {
			l.stopFeeder()
		}
	}
	l.idle = nil
}
