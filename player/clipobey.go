package player

import "smoothplay/player/event"

// The commands about clips are not in the table of states: they hold in all.
const (
	cmdScheduleClip commandKind = 200 + iota
	cmdCancelClip
	cmdSkipClip
)

// clipsCued begins clips with a datum.
func (l *loop) clipsCued(d *event.Datum) {
	for _, c := range l.clips.list {
		if c.over || c.On == "" || c.at >= 0 || l.item > 0 {
			continue
		}
		if c.On == d.ID || c.On == "*" && d.Cue != nil && d.Cue.Out && !d.Cue.Cancel {
			c.at = max(d.Time, l.position()+clipNotice)
			l.tellClip(c, "cued", nil)
			l.again = true
			return
		}
	}
}

// clipsCalledOff takes back what a datum that was called off has cued.
func (l *loop) clipsCalledOff(d *event.Datum) {
	for _, c := range l.clips.list {
		if !c.over && c.On != "" && c.at == d.Time && c != l.clips.air {
			l.dropClip(c, "canceled", nil)
		}
	}
}

// obeyClip carries out a command that is about clips, or meets one, and reports
// whether that is all.
func (l *loop) obeyClip(c *command) bool {
	air := l.clips.air
	switch c.kind {
	case cmdScheduleClip:
		c.answer <- l.scheduleClip(*c.clip)
	case cmdCancelClip:
		c.answer <- l.cancelClip(c.url)
	case cmdSkipClip:
		switch {
		case air == nil:
			c.answer <- fail(event.BadArgument, "", "no clip is playing")
		case !air.Skippable:
			c.answer <- ErrClip
		default:
			l.endClip("skipped", nil)
			c.answer <- nil
		}
	case cmdSeek, cmdGoLive, cmdReplay:
		if air == nil {
			return false
		}
		if !air.Skippable {
			c.answer <- ErrClip
			return true
		}
		l.endClip("skipped", nil)
		return false
	case cmdSetRate, cmdStep:
		if air == nil {
			return false
		}
		c.answer <- ErrClip
	default:
		return false
	}
	return true
}
