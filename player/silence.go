package player

import (
	"time"

	"smoothplay/player/fetch"
)

// silent notes that a request found nobody, and returns for how long that has been
// so.
func (l *loop) silent() time.Duration {
	if l.live.silentFrom <= l.live.answeredAt {
		l.live.silentFrom = l.now()
	}
	return l.now() - l.live.silentFrom
}

// answered notes that the server answers. After an outage, what kept the manifest
// away may be over, and the other tracks need not wait; a manifest that fails alone
// is asked for ever more seldom.
func (l *loop) answered() {
	quiet := l.now() - l.live.answeredAt
	if l.live.silentFrom > l.live.answeredAt {
		l.askAtOnce()
	}
	l.live.answeredAt = l.now()
	if r := &l.live.refresh; r.failed > 0 && l.snap.Live() && quiet > outageFrom*l.chunkDuration() {
		r.failed, r.urgent = 0, true
	}
}

// askAtOnce ends the pauses of tracks that found nobody: there is news of the
// network.
func (l *loop) askAtOnce() {
	for _, t := range l.tracks {
		if t.classRow > 0 && t.class == fetch.Offline {
			t.classRow, t.notBefore = 1, min(t.notBefore, l.now())
		}
	}
}
