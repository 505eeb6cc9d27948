package player

import (
	"time"

	"smoothplay/platform"
	"smoothplay/player/event"
)

// moveTo is a seek: c waits for its end, nil where nobody does.
func (l *loop) moveTo(to time.Duration, mode SeekMode, cause string, c *command) {
	l.passMarkers()
	l.endStall()
	l.endWind(1, cause)
	if l.seek != nil {
		l.seekOver(ErrSuperseded)
	}
	to = l.overClip(to, cause)
	l.seek = &seek{to: to, asked: l.now(), command: c}
	if cause == "command" {
		l.tellOutside(to)
	}
	from, pos := l.position(), l.reachable(to, cause)
	video := l.of(platform.Video)
	if mode == Key && video != nil {
		if i := video.stream.At(pos); i < video.stream.Limit() {
			pos = min(pos, video.stream.Chunk(i).Start)
		}
	}
	inside := true
	for _, t := range l.tracks {
		inside = inside && t.queue.Holds(pos)
	}
	if l.state == event.Ended && cause != "step" {
		l.paused = false
	}
	l.become(event.Seeking, cause)
	before, turned := l.settleAngle(pos)
	l.emit(event.Seek{To: to, Mode: mode.String(), InBuffer: inside, Cause: cause})
	l.hold()
	l.epoch++
	l.target, l.need = pos, l.cfg.BufferStart
	l.prepared = false
	if l.feeder != nil {
		l.feeder.Flush(l.epoch, pos)
	}
	l.boundFrom(pos)
	for _, t := range l.tracks {
		l.moveTrack(t, from, pos)
		if !t.lost {
			l.fatal = nil
		}
	}
	for _, t := range l.angles.aside {
		l.moveTrack(t, from, pos)
	}
	l.clock.Set(pos)
	l.seekData(pos)
	if turned {
		l.startVideo(l.of(platform.Video), before)
	}
	l.marks.Jump(pos, false)
	l.forgetDistance()
}

// reachable bounds a position sought to what can be played; what the player
// itself found is left as it is.
func (l *loop) reachable(pos time.Duration, cause string) time.Duration {
	switch {
	case !l.snap.Live():
		return l.startAt(pos)
	case cause == "gap", cause == "live", cause == "window", cause == "stream", cause == "step", cause == "clip":
		return pos
	}
	return l.inWindow(pos)
}

// moveTrack makes t, which was played up to from, play from pos on, out of its
// queue where it can.
func (l *loop) moveTrack(t *track, from, pos time.Duration) {
	if t.job != nil && t.job.replaces {
		l.cancelJob(t)
	}
	if !t.spoiled && t.queue.Seek(l.epoch, pos) {
		return // what is fetched next goes on from there
	}
	t.spoiled = false
	wanted := t.stream.At(pos)
	if t.job != nil && t.job.chunk.Index != wanted {
		l.cancelJob(t)
	}
	l.figures.DiscardedBytes += t.queue.Beyond(from)
	t.queue.Restart(l.epoch, pos)
	t.lost = false // what could not be had before may be had there
	if t.absent {
		t.absent = false
		t.queue.SetEnded(false)
	}
	l.aim(t, pos)
}

// seekOver ends the seek under way.
func (l *loop) seekOver(err error) {
	if c := l.seek.command; c != nil {
		c.answer <- err
	}
	l.seek = nil
}
