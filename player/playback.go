package player

import (
	"errors"
	"time"

	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/pipeline"
	"smoothplay/player/schedule"
)

const (
	// heldBack is how many pictures a decoder keeps until more samples arrive:
	// they cannot be shown before.
	heldBack = 3
	// maxFailures is how many samples in a row may be lost before a track is given
	// up.
	maxFailures = 100
	// usualPeriod is that of a picture, until one was seen.
	usualPeriod = 40 * time.Millisecond
)

// listen takes the news of the pipeline.
func (l *loop) listen() {
	l.report = l.monitor.Take()
	l.timeDecoding(l.report.Decodes)
	if l.wind == nil {
		l.render.take(&l.report)
	}
	l.heedTurn()
	for _, s := range l.report.Firsts {
		l.shown(s)
	}
	l.hearFailures()
	l.hearPaths()
	for _, o := range l.report.Offsets {
		l.figures.AVOffset.Add(o.Abs())
	}
	if n := len(l.report.Offsets); n > 0 {
		l.offset = l.report.Offsets[n-1]
	}
	if err := l.report.VideoLost; err != nil && !l.videoLost {
		l.videoLost = true
		l.survive(fail(event.DisplayLost, "", "the display is gone, playing goes on without it: %w", err), "video")
	}
	if err := l.report.AudioLost; err != nil && !l.audioLost {
		l.audioLost = true
		l.survive(fail(event.SoundLost, "", "the sound device is gone, playing goes on without sound: %w", err), "audio")
	}
	l.hearCues()
	if t := l.switching; t != nil && l.report.Spliced == t.id {
		l.switched(t)
	}
}

// hearFailures tells what could not be decoded or played: the first of its kind,
// then one a second at most. A track of which nothing can be decoded is given up.
func (l *loop) hearFailures() {
	for _, f := range l.report.Failures {
		if f.Kind == platform.Text {
			l.textTrouble(fail(event.TextLost, "", "%w", f.Err))
			continue
		}
		t := l.of(f.Kind)
		if s := l.switching; s != nil && s.id == f.ID {
			t = s
		}
		if f.Kind == platform.Video && t != nil && f.ID != t.videoID {
			l.failedAside(f)
			continue
		}
		if t == nil {
			continue
		}
		if l.now() >= t.quiet {
			t.quiet = l.now() + observeEvery
			code := event.SampleLost
			if errors.Is(f.Err, errDecrypt) {
				code = event.DecryptFailed
			}
			l.survive(fail(code, "", "%w", f.Err), f.Kind.String())
		}
		if f.Row >= maxFailures && !t.lost {
			l.lose(t, fail(event.DecoderFailed, "", "nothing can be decoded of it: %w", f.Err))
		}
	}
}

// hearPaths tells how a stream is decoded where that is new.
func (l *loop) hearPaths() {
	changed := false
	for _, p := range l.report.Paths {
		t := l.of(p.Kind)
		if s := l.switching; s != nil && s.id == p.ID {
			t = s
		}
		if t == nil {
			continue
		}
		if path := l.pathOf(t, p.Name); l.streams[t.index].Path != path {
			l.streams[t.index].Path = path
			changed = true
		}
	}
	if changed {
		l.tellTracks()
	}
}

// shown takes the first picture of an epoch or of a level.
func (l *loop) shown(s pipeline.Shown) {
	at := s.At.Sub(l.began)
	if !l.shownOnce {
		l.shownOnce = true
		l.emit(event.FirstPicture{SinceRun: at})
	}
	if t := l.of(platform.Video); t != nil {
		for i := range t.levels {
			if t.levels[i].has(s.Format) && l.level != i {
				l.level = i
				v := t.levels[i].source
				l.emit(event.LevelShown{
					Level: i, BitrateBPS: v.BitrateBPS, Width: v.Width, Height: v.Height,
					Shown: at, SinceDecided: at - t.decidedFor(s.PTS),
				})
			}
		}
	}
	if s.First && s.Epoch == l.epoch && l.seek != nil && l.wind == nil {
		l.emit(event.SeekDone{To: l.seek.to, Shown: s.PTS, Elapsed: at - l.seek.asked})
		if !l.stepOn() {
			l.seekOver(nil)
		}
	}
}

// advance moves the session on: from preparing to playing, from playing to
// buffering, to the end.
func (l *loop) advance() {
	if l.snap == nil || l.done || l.state == event.Ended {
		return
	}
	if l.wind != nil {
		l.windTurn()
		l.obeyLate()
		l.tellStall()
		l.remember()
		return
	}
	l.prepare()
	if l.allEnded() {
		l.reachEnd()
		return
	}
	switch {
	case l.seek != nil:
		l.become(event.Seeking, "seek")
	case l.state == event.Seeking && !l.prepared && !l.paused:
		// The picture is there, the sound is not: still seeking.
	case l.paused:
		l.endStall()
		l.hold()
		l.become(event.Paused, "command")
	case !l.held:
		l.watchBuffer()
	case l.prepared && l.enough() && l.tight() == 0:
		l.release()
	case l.awaitsKey():
		l.become(event.AcquiringKey, "key")
	case l.state == event.AcquiringKey:
		l.become(event.Buffering, "key")
	case l.state != event.Buffering:
		l.become(event.Buffering, "buffer_empty")
	}
	l.obeyLate()
	l.tellStall()
	l.observe()
	l.remember()
}

// prepare notes when the first picture and enough sound of the epoch are there.
func (l *loop) prepare() {
	if l.prepared {
		return
	}
	for _, t := range l.tracks {
		if t == l.switching {
			continue
		}
		if !l.ready(t) {
			return
		}
	}
	l.prepared = true
	if l.seek != nil { // a presentation of sound alone
		l.emit(event.SeekDone{To: l.seek.to, Shown: l.target, Elapsed: l.now() - l.seek.asked})
		l.seekOver(nil)
	}
	if !l.shownOnce && l.of(platform.Video) == nil {
		l.shownOnce = true
		l.emit(event.FirstPicture{SinceRun: l.now()})
	}
}

// ready reports whether t can begin in this epoch.
func (l *loop) ready(t *track) bool {
	if l.trackEnded(t) {
		return true
	}
	if t.kind == platform.Audio {
		return l.report.AudioReady == l.epoch
	}
	return l.report.Began == l.epoch
}

// enough reports whether there is enough in the buffers to begin.
func (l *loop) enough() bool {
	need := max(l.needed(), l.inMedia(l.needed()))
	for _, t := range l.tracks {
		if t == l.switching {
			continue
		}
		if ahead, shut := l.locked(t, l.position()); shut && ahead < need {
			return false
		}
		ahead, ended := t.buffered(l.position())
		if !ended && ahead < need && !l.full(t) {
			return false
		}
	}
	return true
}

// full reports whether the schedule will not fetch more for t, so that waiting
// for more would be for ever.
func (l *loop) full(t *track) bool {
	if l.atEdge(t) {
		return false // more comes with time
	}
	l.look()
	for i, o := range l.tracks {
		if o == t {
			action := schedule.Next(&l.view, i)
			return t.job == nil && action.Do == schedule.Wait && action.For == schedule.Forever
		}
	}
	return false
}

// release lets pictures and sound go.
func (l *loop) release() {
	now := time.Now()
	if l.feeder == nil || l.feeding == nil || !l.feeder.Play(now) {
		l.clock.Start(l.clock.Position(now), now)
	}
	l.held = false
	if l.stalled {
		l.emit(event.StallEnd{Stalled: l.now() - l.dryAt})
		l.stalledLive(l.now() - l.dryAt)
	}
	l.stalled, l.dryAt = false, 0
	l.need = l.cfg.BufferStart
	l.become(event.Playing, "buffered")
	if rate := l.firstRate; rate != 0 {
		l.firstRate = 0
		if err := l.setRate(rate); err != nil {
			l.survive(err, "")
		}
	}
}

// hold stops pictures and sound where they are.
func (l *loop) hold() {
	if l.held {
		return
	}
	l.held = true
	l.setSpeed(l.rate, "")
	if l.feeder != nil {
		l.feeder.Hold()
	}
	l.clock.Stop(time.Now())
}

// watchBuffer stops playing when a buffer has run out.
func (l *loop) watchBuffer() {
	l.become(event.Playing, "buffered")
	left, t := l.runway()
	if t == nil || left > 0 {
		return
	}
	l.hold()
	l.dryAt, l.dryTrack = l.now(), t.kind.String()
	l.need = l.resume()
	if l.awaitsKey() {
		l.become(event.AcquiringKey, "key")
		return
	}
	l.become(event.Buffering, "buffer_empty")
}

// runway is how long playing can go on with what is buffered, and the track
// that ends it; nil where none does.
func (l *loop) runway() (time.Duration, *track) {
	least, dry := schedule.Forever, (*track)(nil)
	pos := l.position()
	for _, t := range l.tracks {
		if t == l.switching {
			continue
		}
		ahead, ended := t.buffered(pos)
		if least, shut := l.locked(t, pos); shut {
			ahead, ended = min(ahead, least), false
		}
		if t.kind == platform.Video {
			ahead -= heldBack * max(l.report.Period, usualPeriod)
		}
		if !ended && ahead < least {
			least, dry = ahead, t
		}
	}
	return least, dry
}

// tellStall tells a stall once it has lasted long enough to be one.
func (l *loop) tellStall() {
	if l.dryAt == 0 || l.stalled || !l.shownOnce || !l.starves() || l.now()-l.dryAt < stallAfter {
		return
	}
	l.stalled = true
	l.stalls++
	l.starve(l.dryTrack)
	l.emit(event.StallBegin{Began: l.dryAt, Track: l.dryTrack})
}

// starves reports whether playing waits for the network or for a key.
func (l *loop) starves() bool { return l.state == event.Buffering || l.state == event.AcquiringKey }

// endStall forgets a stall that a command overtook.
func (l *loop) endStall() {
	if l.stalled {
		l.emit(event.StallEnd{Stalled: l.now() - l.dryAt})
	}
	l.stalled, l.dryAt = false, 0
}

// trackEnded reports whether t has shown or sounded all it had.
func (l *loop) trackEnded(t *track) bool {
	if t.kind == platform.Audio {
		return l.report.AudioEnded == l.epoch
	}
	return l.report.VideoEnded == l.epoch
}

// allEnded reports whether the end of the presentation was reached, or of all
// that could be had of it.
func (l *loop) allEnded() bool {
	if l.clips.ended && l.item == 0 {
		return true
	}
	for _, t := range l.tracks {
		if t != l.switching && !l.trackEnded(t) {
			return false
		}
	}
	return len(l.tracks) > 0
}

// cutShort is why all that was left of the presentation is missing; nil where it
// is not.
func (l *loop) cutShort() *Error {
	if l.fatal != nil {
		return l.fatal
	}
	for _, t := range l.tracks {
		if !t.lost && t.holes <= maxHoles/2 {
			return nil
		}
	}
	return l.missing
}

// reachEnd ends the session, begins again, or stays.
func (l *loop) reachEnd() {
	l.endStall()
	if l.seek == nil && l.atClip() {
		return
	}
	if l.seek != nil {
		l.emit(event.SeekDone{To: l.seek.to, Shown: l.position(), Elapsed: l.now() - l.seek.asked})
		l.seekOver(nil)
	}
	if e := l.cutShort(); e != nil {
		l.giveUp(e)
		return
	}
	if l.paused && l.held {
		l.become(event.Paused, "command")
		return
	}
	l.hold()
	if l.cfg.Loop {
		l.moveTo(l.from, Exact, "loop", nil)
		return
	}
	l.become(event.Ended, "end_of_presentation")
	if !l.cfg.KeepOpen && l.change == nil {
		l.end()
	}
}

// untilNews is how long nothing needs to be decided of itself.
func (l *loop) untilNews() time.Duration {
	wait := schedule.Forever
	if l.dryAt > 0 && !l.stalled && l.starves() {
		wait = min(wait, l.dryAt+stallAfter-l.now())
	}
	if l.wind != nil {
		return min(wait, l.untilWound())
	}
	if l.state == event.Playing {
		if left, t := l.runway(); t != nil {
			wait = min(wait, time.Duration(float64(left)/l.rate)+time.Millisecond)
		}
		wait = min(wait, l.render.next-l.now())
	}
	return wait
}
