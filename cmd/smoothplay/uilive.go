package main

import (
	"context"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/render/overlay"
)

const (
	// liveEnd is the share of the bar at its right end that stands for the edge.
	liveEnd = 0.99
	// newsShown is how long news stay on the screen.
	newsShown = 4 * time.Second
	// usualReplay is how far an instant replay goes back where nothing else is said.
	usualReplay = 5 * time.Second
)

// goLive returns to the live edge.
func (u *ui) goLive(now time.Time) {
	s := u.player.Status()
	u.barUntil = now.Add(barStays)
	if !s.Live {
		u.say(now, "this is not live")
		return
	}
	u.paused = false
	u.seeks.order(s.Edge, u.player.GoLive)
	u.say(now, "to the live edge")
}

// replay goes back a little.
func (u *ui) replay(now time.Time) {
	u.seeks.order(max(u.player.Status().Position-u.replayBy, 0), u.player.Replay)
	u.say(now, "replay")
	u.barUntil = now.Add(barStays)
}

// toBeginning seeks to the beginning, or to the start of the window.
func (u *ui) toBeginning(now time.Time) {
	s := u.player.Status()
	u.seekTo(0, s, now)
}

// toEnd seeks close to the end, or to the live edge.
func (u *ui) toEnd(now time.Time) {
	s := u.player.Status()
	if s.Live {
		u.goLive(now)
		return
	}
	u.seekTo(s.Duration-5*time.Second, s, now)
}

// seekRange is where seeks may lead; ok is false where that is not known.
func seekRange(s player.Status) (from, to time.Duration, ok bool) {
	if s.Live {
		return s.WindowStart, s.Edge, s.Edge > s.WindowStart
	}
	return s.Start, s.Duration, s.Duration > 0
}

// bar is the progress bar of a session: nil where there is no range to show.
func (u *ui) bar(s player.Status) *overlay.Progress {
	from, to, ok := seekRange(s)
	if !ok {
		return nil
	}
	at, live := s.Position, s.AtEdge
	if target, busy := u.seeks.destination(); busy {
		at, live = target, s.Live && target >= s.Edge
	}
	pointer := -1.0
	if u.onBar || u.dragging {
		pointer = min(max(u.pointer, 0), 1)
	}
	bar := &overlay.Progress{
		From: from, To: to, Position: at, Live: s.Live, AtEdge: live,
		Paused: s.State == event.Paused, Pointer: pointer,
		Buffered: []overlay.Range{{From: s.BufferedFrom, To: s.BufferedTo}},
	}
	under := from + time.Duration(pointer*float64(to-from))
	for _, c := range s.Chapters {
		bar.Chapters = append(bar.Chapters, c.Start)
		if pointer >= 0 && c.Start <= under {
			bar.Title = c.Title
		}
	}
	if pointer >= 0 {
		bar.Thumbnail = u.previews.at(under)
	}
	return bar
}

// seekToPointer seeks to where the mouse is on the bar: at its right end, to the
// live edge.
func (u *ui) seekToPointer(mode player.SeekMode) {
	s := u.player.Status()
	from, to, ok := seekRange(s)
	if !ok {
		return
	}
	share := min(max(u.pointer, 0), 1)
	if s.Live && share >= liveEnd {
		if mode == player.Exact {
			u.paused = false
			u.seeks.order(s.Edge, u.player.GoLive)
		}
		return
	}
	u.seeks.to(from+time.Duration(share*float64(to-from)), mode)
}

// channel is a presentation that play can change to.
type channel struct{ url, title string }

// nextChannel changes to the next presentation of the command line, the first
// one after the last.
func (u *ui) nextChannel(now time.Time) { u.changeChannel(1, now) }

// previousChannel changes to the one before.
func (u *ui) previousChannel(now time.Time) { u.changeChannel(-1, now) }

func (u *ui) changeChannel(by int, now time.Time) {
	if len(u.channels) < 2 {
		u.say(now, "there is no other presentation: name several on the command line")
		return
	}
	if _, busy := u.changes.destination(); !busy {
		u.channel = int(u.open.Load()) // a change may have failed
	}
	u.channel = (u.channel + by + len(u.channels)) % len(u.channels)
	n, to := u.channel, u.channels[u.channel]
	u.paused = false
	u.changes.order(0, func(ctx context.Context) error {
		err := insist(ctx, func() error { return u.player.Open(ctx, to.url) })
		if err == nil {
			u.open.Store(int32(n))
			u.window.SetTitle("smoothplay: " + to.title)
		}
		return err
	})
	u.say(now, "%d/%d  %s", u.channel+1, len(u.channels), printable(to.title))
}
