package player

import "smoothplay/player/event"

// clipsCued hears of data that is due.
func (l *loop) clipsCued(*event.Datum) {}

// clipsCalledOff hears of data that was called off.
func (l *loop) clipsCalledOff(*event.Datum) {}
