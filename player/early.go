package player

import (
	"time"

	"smoothplay/player/event"
	"smoothplay/player/timeline"
)

const (
	// beginsEvery is how often it is asked whether a live event has begun.
	beginsEvery = 2 * time.Second
	// halfBegun is how often it may have begun with pictures or sound only, until it
	// is played without the other.
	halfBegun = 5
)

// early is what is known of a live event that is opened before it has begun.
type early struct {
	told bool
	half int // times that there were pictures or sound only
}

// awaitBegin reports whether s is a live event of whose pictures or sound nothing
// is there yet. Then its manifest is asked for again in a while.
func (l *loop) awaitBegin(c *change, s *timeline.Snapshot, base string) bool {
	pres := s.Presentation()
	kinds, begun := map[string]bool{}, map[string]bool{}
	for i := range pres.Streams {
		if stream := &pres.Streams[i]; !stream.Pictures() && stream.Type != "text" {
			kinds[stream.Type] = true
			if s.Stream(i).Len() > 0 {
				begun[stream.Type] = true
			}
		}
	}
	if !s.Live() || len(begun) == len(kinds) {
		return false
	}
	if len(begun) > 0 {
		if c.early.half++; c.early.half > halfBegun {
			return false
		}
	}
	if !c.early.told {
		c.early.told = true
		l.survive(fail(event.LiveNotBegun, base, "the event has not begun: waiting for its first fragments"), "")
	}
	l.askChange(1, beginsEvery)
	return true
}
