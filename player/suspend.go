package player

import (
	"time"

	"smoothplay/player/event"
)

// clockStep is by how much the two clocks of a device must move against each other
// until that means something: time servers correct it by less.
const clockStep = 2 * time.Second

// clocks compares the clock that stands still while the device is suspended with
// the one that goes on, and is set now and then.
type clocks struct {
	apart time.Duration // as of the last look
}

// stepped is by how much the clock that goes on moved against the other since the
// last time it stepped, both counted from the same instant; 0: it did not.
func (c *clocks) stepped(steady, wall time.Duration) time.Duration {
	by := wall - steady - c.apart
	if by.Abs() < clockStep {
		return 0
	}
	c.apart += by
	return by
}

// wakeUp looks up the live edge anew when the device was suspended: what is known
// of it is old, and the clock that stood still does not tell.
func (l *loop) wakeUp() {
	now := time.Now()
	by := l.clocks.stepped(now.Sub(l.began), now.Round(0).Sub(l.began.Round(0)))
	if by == 0 {
		return
	}
	l.survive(fail(event.ClockStepped, "", "the device was suspended, or its clock was set: it is %v from where it was, and the live edge is looked up anew",
		by.Round(time.Second)), "")
	l.live.refresh.urgent = true
	l.askAtOnce()
}
