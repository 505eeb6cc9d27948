package player

import (
	"time"

	"smoothplay/player/event"
	"smoothplay/player/schedule"
)

// gauge tells how things stand when that is due, and returns how long it is
// until it is due again.
func (l *loop) gauge() time.Duration {
	every := l.cfg.GaugesEvery
	if every <= 0 || l.snap == nil {
		return schedule.Forever
	}
	switch l.state {
	case event.Buffering, event.Playing, event.Seeking, event.Paused:
	default:
		return schedule.Forever
	}
	now := l.now()
	if now < l.gaugeAt {
		return l.gaugeAt - now
	}
	l.gaugeAt = now + every
	pos := l.position()
	estimate := l.bandwidth.Estimate()
	g := event.Gauges{
		Level: l.level, Cap: l.render.cap, Period: l.report.Period,
		Decoded: int64(l.report.Decoded), Shown: int64(l.report.Shown),
		Dropped: int64(l.report.Dropped), Omitted: int64(l.report.Omitted),
		BandwidthBPS: estimate.BPS, BandwidthError: estimate.Error,
	}
	for _, t := range l.tracks {
		if t == l.switching {
			continue
		}
		ahead, _ := t.buffered(pos)
		g.Buffers = append(g.Buffers, event.TrackBuffer{
			Track: t.kind.String(), Ahead: ahead, Bytes: t.queue.Range().Bytes,
		})
	}
	l.emit(g)
	return every
}
