package player

import (
	"fmt"
	"slices"
	"time"

	"smoothplay/platform"
	"smoothplay/player/buffer"
	"smoothplay/player/event"
)

// obey carries a command out, as the table of states says.
func (l *loop) obey(c *command) {
	if l.obeyClip(c) {
		return
	}
	switch table[l.state][c.kind] {
	case refuse:
		c.answer <- fmt.Errorf("%v while %s: %w", c.kind, l.state, ErrState)
	case ignore:
		c.answer <- nil
	case later:
		l.waiting = append(l.waiting, c)
	case accept:
		l.carryOut(c)
	}
}

func (l *loop) carryOut(c *command) {
	var err error
	switch c.kind {
	case cmdOpen:
		url, e := address(c.url)
		if e != nil {
			err = e
			break
		}
		l.open(newOrigins(url, l.fallbacks(url)), 0, c)
		return // answered when it is open
	case cmdPlay:
		l.play()
	case cmdPause:
		if l.wind != nil {
			l.leaveWind(1, "pause")
		}
		l.paused = true
		l.live.follow = false
	case cmdGoLive:
		if l.snap == nil || !l.snap.Live() {
			err = fail(event.NotLive, l.base, "the presentation is not live: there is no edge to go to")
			break
		}
		l.goLive("live", c)
		return // answered when the picture is there
	case cmdReplay:
		l.replay(c)
		return
	case cmdSetRate:
		if e := l.setRate(c.rate); e != nil {
			err = e
		}
	case cmdStep:
		l.step(c.steps, c)
		return
	case cmdStop:
		l.stop(event.WasStopped, "command")
	case cmdSeek:
		l.moveTo(c.to, c.mode, "command", c)
		return // answered when the picture is there
	case cmdSelectAudio:
		if l.wind != nil {
			l.leaveWind(1, "audio")
		}
		err = l.selectAudio(c.index)
	case cmdSelectText:
		err = l.selectText(c.index)
	case cmdSelectVideo:
		if l.wind != nil {
			l.leaveWind(1, "angle")
		}
		err = l.selectAngle(c.name)
	case cmdShowInsets:
		l.showInsets(c.on, "command")
	case cmdSetLimits:
		err = l.setLimits(c.limits)
	case cmdSetVolume:
		if c.volume != c.volume {
			err = fail(event.BadArgument, "", "the volume is not a number: give one from 0 to 1")
			break
		}
		l.volume = max(0, min(1, c.volume))
		l.applyGain()
	case cmdMute:
		l.muted = c.on
		l.applyGain()
	}
	c.answer <- err
}

// obeyLate carries out what had to wait for a key.
func (l *loop) obeyLate() {
	if len(l.waiting) == 0 || l.state == event.AcquiringKey || l.state == event.Opening {
		return
	}
	waiting := l.waiting
	l.waiting = nil
	for _, c := range waiting {
		l.obey(c)
	}
	l.again = true
}

// play goes on, or begins again after the end.
func (l *loop) play() {
	if l.wind != nil {
		l.leaveWind(1, "command")
		return
	}
	if l.state == event.Ended {
		l.moveTo(l.from, Exact, "replay", nil)
		return
	}
	if l.paused && l.snap != nil && l.snap.Live() {
		l.live.refresh.urgent = l.now()-l.live.refresh.last > staleAfter
	}
	l.paused = false
}

// gain is the volume as heard.
func (l *loop) gain() float64 {
	if l.muted {
		return 0
	}
	return l.volume
}

func (l *loop) applyGain() {
	if l.feeder != nil {
		l.feeder.SetGain(l.gain())
	}
}

// selectAudio begins a change of the audio stream: the new one is fetched and
// decoded beside the old one until it can take over.
func (l *loop) selectAudio(n int) error {
	if n < 0 || n >= len(l.audio) {
		return fail(event.BadArgument, "", "there is no audio stream %d: %d can be selected", n, len(l.audio))
	}
	if why := l.streams[l.audio[n].index].LeftOut; why != "" {
		return fail(event.BadArgument, "", "audio stream %d is left out: %s", n, why)
	}
	l.abandonSwitch()
	old := l.of(platform.Audio)
	if old != nil && old.index == l.audio[n].index {
		return nil
	}
	t := l.addTrack(l.audio[n].index, platform.Audio)
	l.switchAt = l.now()
	pos := l.position()
	t.queue.Restart(l.epoch, pos)
	l.aim(t, pos)
	if l.reshapes(t) {
		l.reshape(t)
		return nil
	}
	l.switching = t
	l.startTrack(t)
	if old == nil {
		l.switched(t)
	}
	return nil
}

// abandonSwitch gives up a change of the audio stream that is under way.
func (l *loop) abandonSwitch() {
	t := l.switching
	if t == nil {
		return
	}
	if old := l.of(platform.Audio); old != nil {
		l.feeder.Splice(old.branch)
	}
	l.dropTrack(t)
	l.switching = nil
}

// switched ends a change of the audio stream: t is heard.
func (l *loop) switched(t *track) {
	for _, old := range l.tracks {
		if old != t && old.kind == platform.Audio {
			l.dropTrack(old)
			break
		}
	}
	l.switching = nil
	l.emit(event.AudioSelected{Name: t.name(), Language: t.source.Language, Elapsed: l.now() - l.switchAt})
	l.tellTracks()
}

// tellTracks makes the event of what is offered and selected.
func (l *loop) tellTracks() {
	streams := slices.Clone(l.streams)
	for i := range streams {
		streams[i].Levels = slices.Clone(streams[i].Levels)
	}
	l.emit(event.Tracks{Streams: streams, Angles: l.tellAngles()})
}

// dropTrack ends a track for good.
func (l *loop) dropTrack(t *track) {
	l.departed += t.received
	if t.job != nil {
		l.departed += t.job.bytes
	}
	l.closeTrack(t)
	for i, o := range l.tracks {
		if o == t {
			l.tracks = append(l.tracks[:i:i], l.tracks[i+1:]...)
			break
		}
	}
	l.streams[t.index].Selected, l.streams[t.index].Path = false, ""
}

// publish makes the status that any goroutine may read.
func (l *loop) publish() {
	s := published{clock: l.clock, when: time.Now(), Status: Status{
		State: l.state, Position: l.position(), Level: l.level, FetchLevel: -1, RenderCap: l.render.cap,
		BandwidthBPS: l.bandwidth.Estimate().BPS, SelectedAudio: -1, SelectedText: l.text.selected, Volume: l.volume, Muted: l.muted,
		Shown: l.report.Shown, Dropped: l.report.Dropped, Decoded: l.report.Decoded,
		Limits: l.cfg.Limits, Stalls: l.stalls, AVOffset: l.offset, Trouble: l.trouble,
	}}
	if l.snap != nil {
		s.Duration, s.Live, s.Start = l.snap.Duration(), l.snap.Live(), l.from
		s.Chapters = l.chapters
		s.Rate, s.Speed, s.MediaTime = l.rate, l.speed, l.snap.Zero()+s.Position
		if s.Live {
			s.WindowStart, s.Edge = l.window()
			s.Latency, s.AtEdge = l.latency(), l.live.follow
		}
	}
	first := true
	for _, t := range l.tracks {
		if t == l.switching {
			continue
		}
		r := t.queue.Range()
		s.BufferBytes += r.Bytes
		if t.kind == platform.Video {
			s.FetchLevel = t.current
			s.Levels = l.offeredOf(t)
			s.Allowed = t.left
		} else {
			for i, a := range l.audio {
				if a.index == t.index {
					s.SelectedAudio = i
				}
			}
		}
		if r.Ended && r.Fragments == 0 {
			continue
		}
		l.narrow(&s.Status, r, first)
		first = false
	}
	s.Angles, s.SelectedAngle, s.Insets = l.angleChoices(), l.angles.told(), l.angles.insets
	s.BufferBytes += l.angles.held()
	for _, a := range l.audio {
		s.Audio = append(s.Audio, a.public)
	}
	for _, c := range l.text.offered {
		s.Text = append(s.Text, c.public)
	}
	l.p.status.Store(&s)
}

// narrow bounds the buffered range of a status to that of one more track.
func (l *loop) narrow(s *Status, r buffer.Range, first bool) {
	end := r.End
	if r.Ended {
		end = max(end, s.Duration)
	}
	if first {
		s.BufferedFrom, s.BufferedTo = r.Start, end
		return
	}
	s.BufferedFrom, s.BufferedTo = max(s.BufferedFrom, r.Start), min(s.BufferedTo, end)
}

// published is a Status whose position moves on between two turns of the loop.
type published struct {
	Status
	clock positioner
	when  time.Time
}

type positioner interface {
	Position(time.Time) time.Duration
}

// at is the status at t.
func (p *published) at(t time.Time) Status {
	s := p.Status
	s.Levels, s.Audio, s.Angles = slices.Clone(s.Levels), slices.Clone(s.Audio), slices.Clone(s.Angles)
	s.Chapters = slices.Clone(s.Chapters)
	s.Text = slices.Clone(s.Text)
	s.Allowed, s.Limits.Levels = slices.Clone(s.Allowed), slices.Clone(s.Limits.Levels)
	if s.Live && s.State != event.Playing && s.State != event.Opening {
		s.Latency += t.Sub(p.when)
	}
	if p.clock != nil && s.State == event.Playing {
		pos := p.clock.Position(t)
		if s.Duration > 0 {
			pos = min(pos, s.Duration)
		}
		pos = max(pos, 0)
		s.MediaTime += pos - s.Position
		s.Position = pos
	}
	return s
}
