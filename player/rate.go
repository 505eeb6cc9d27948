package player

import (
	"math"
	"time"

	"smoothplay/heuristics"
	"smoothplay/platform"
	"smoothplay/player/event"
)

// The rates of playing. From SlowestRate to FastestHeard there is sound, at its own
// pitch; faster and backwards there are pictures alone.
const (
	SlowestRate  = 0.25
	FastestHeard = 2
	FastestRate  = 64 // either way
)

// Rates are the steps that a remote control has, as Microsoft's clients name them.
var Rates = []float64{-8, -4, 0.5, 1, 4, 8}

// heard reports whether there is sound at a rate.
func heard(rate float64) bool { return rate >= SlowestRate && rate <= FastestHeard }

// checkRate says why a rate cannot be played; nil: it can.
func checkRate(rate float64) *Error {
	if size := math.Abs(rate); !(size >= SlowestRate && size <= FastestRate) {
		return fail(event.BadArgument, "", "the rate %v cannot be played: give one from %v to %v, or negative to go back", rate, SlowestRate, FastestRate)
	}
	return nil
}

// setRate changes the rate of playing.
func (l *loop) setRate(rate float64) *Error {
	if err := checkRate(rate); err != nil {
		return err
	}
	switch {
	case rate == l.rate:
		return nil
	case heard(rate) && l.speedFor(rate) != rate:
		return fail(event.BadArgument, "", "the sound device decodes the sound itself, at the rate 1 alone: the rate %v needs decoded sound", rate)
	case heard(rate):
		l.setHeardRate(rate)
		return nil
	}
	if t := l.of(platform.Video); t == nil || t.lost {
		return fail(event.BadArgument, "", "the rate %v needs pictures, and there are none: give one from %v to %v", rate, SlowestRate, FastestHeard)
	}
	l.beginWind(rate)
	return nil
}

func (l *loop) setHeardRate(rate float64) {
	if l.wind != nil {
		l.leaveWind(rate, "command")
		return
	}
	l.rate = rate
	if rate != 1 {
		l.live.follow = false
	}
	l.setSpeed(rate, "command")
	l.need = max(l.need, l.cfg.BufferStart)
}

// setSpeed plays at a speed: forwards with sound, with the pitch kept. It is the
// rate, but for small corrections.
func (l *loop) setSpeed(to float64, cause string) {
	if heard(to) {
		to = l.speedFor(to)
	}
	if to == l.speed {
		return
	}
	from := l.speed
	l.speed = to
	if l.feeder != nil && heard(to) {
		l.feeder.SetRate(to)
	}
	t := l.of(platform.Audio)
	if l.feeder == nil || t == nil || t.lost || l.trackEnded(t) || !heard(from) || !heard(to) {
		l.clock.SetRate(to, time.Now())
	}
	l.emit(event.Rate{From: from, To: to, Cause: cause})
}

// pastEdge returns to the rate 1 where playing faster has come to the live edge.
func (l *loop) pastEdge() {
	if l.rate <= 1 || l.state != event.Playing || l.edge()-l.position() > l.live.distance {
		return
	}
	l.rate, l.live.follow = 1, true
	l.setSpeed(1, "edge")
	l.forgetDistance()
}

// atRate makes an input what it is in the time that passes: at twice the rate a
// fragment lasts half as long, and the bits of a second of media come in half a
// second.
func (l *loop) atRate(in *heuristics.Input) {
	if l.rate == 1 || !heard(l.rate) {
		return
	}
	faster := func(bps int64) int64 { return int64(float64(bps) * l.rate) }
	shorter := func(d time.Duration) time.Duration { return time.Duration(float64(d) / l.rate) }
	levels := make([]heuristics.Level, len(in.Levels))
	for i, q := range in.Levels {
		q.BitrateBPS = faster(q.BitrateBPS)
		levels[i] = q
	}
	in.Levels, in.OthersBPS = levels, faster(in.OthersBPS)
	in.ChunkDuration, in.Buffered, in.Goal = shorter(in.ChunkDuration), shorter(in.Buffered), shorter(in.Goal)
	if in.Running != nil {
		running := *in.Running
		running.Media = shorter(running.Media)
		in.Running = &running
	}
}

// inMedia is how much media passes in d.
func (l *loop) inMedia(d time.Duration) time.Duration { return time.Duration(float64(d) * l.rate) }

// onScreen is the picture that is shown, or where it will be.
func (l *loop) onScreen() (pts, end time.Duration) {
	if s := l.monitor.OnScreen(); s.Epoch == l.epoch && l.of(platform.Video) != nil {
		return s.PTS, max(s.End, s.PTS)
	}
	pos := l.position()
	return pos, pos + usualPeriod
}

// stepSlack is by how much the end of a picture and the beginning of the next may
// differ, where times are rounded.
const stepSlack = 2 * time.Millisecond

// step shows the n-th next picture, or an earlier one where n is negative, and
// pauses.
func (l *loop) step(n int, c *command) {
	if l.of(platform.Video) == nil {
		c.answer <- fail(event.BadArgument, "", "there are no pictures to step through")
		return
	}
	if s := l.seek; s != nil && s.step {
		// Keys come faster than pictures: both steps are taken.
		s.steps += n
		if s.command != nil {
			s.command.answer <- nil
		}
		s.command = c
		return
	}
	if l.wind != nil {
		l.endWind(1, "step")
	}
	l.paused, l.live.follow = true, false
	if n == 0 {
		c.answer <- nil
		return
	}
	l.stepOnce(n, c)
}

// stepOnce takes the first of n steps; n is not 0.
func (l *loop) stepOnce(n int, c *command) {
	pts, end := l.onScreen()
	to, left := end, n-1
	if n < 0 {
		to, left = l.before(pts), n+1
	}
	l.moveTo(to, Exact, "step", c)
	l.seek.step, l.seek.steps = true, left
}

// stepOn takes the next of several steps; false: there is none.
func (l *loop) stepOn() bool {
	s := l.seek
	if !s.step || s.steps == 0 {
		return false
	}
	c := s.command
	l.seek = nil
	l.stepOnce(s.steps, c)
	return true
}

// before is a place in the picture that ends where the one at pts begins.
func (l *loop) before(pts time.Duration) time.Duration {
	to := pts - stepSlack
	t := l.of(platform.Video)
	if i := t.stream.At(to); i > t.stream.First() && (i >= t.stream.Limit() || t.stream.Chunk(i).Start > to) {
		to = min(to, t.stream.Chunk(i-1).End()-stepSlack) // over a gap
	}
	return max(to, 0)
}
