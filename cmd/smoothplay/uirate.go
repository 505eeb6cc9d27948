package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"smoothplay/player"
)

// keyRates are the rates that the keys go through; those of
// player.Rates are among them.
var keyRates = []float64{-64, -32, -16, -8, -4, -2, -1, 0.25, 0.5, 1, 1.25, 1.5, 2, 4, 8, 16, 32, 64}

// winds reports whether pictures go by without sound.
func (u *ui) winds() bool {
	rate := u.player.Status().Rate
	return rate < 0 || rate > player.FastestHeard
}

// changeRate goes by so many of the rates that keys go through.
func (u *ui) changeRate(by int, now time.Time) {
	rate := u.player.Status().Rate
	if u.rateAsked.After(now.Add(-rateSettles)) {
		rate = u.rate // it was asked for just now
	}
	i, found := slices.BinarySearch(keyRates, rate)
	if !found && by > 0 {
		i--
	}
	u.setRate(keyRates[min(max(i+by, 0), len(keyRates)-1)], now)
}

// stepRate goes to the next of the steps of a remote control.
func (u *ui) stepRate(by int, now time.Time) {
	rate := u.player.Status().Rate
	next := player.Rates[0]
	if by > 0 {
		next = player.Rates[len(player.Rates)-1]
	}
	for i := range player.Rates {
		if r := player.Rates[i]; by > 0 && r > rate {
			next = min(next, r)
		} else if by < 0 && r < rate {
			next = max(next, r)
		}
	}
	u.setRate(next, now)
}

func (u *ui) setRate(rate float64, now time.Time) {
	u.rate, u.rateAsked = rate, now
	u.paused = false
	u.do(func(ctx context.Context) error { return u.player.SetRate(ctx, rate) })
	u.say(now, "%s", factorText(rate))
	u.barUntil = now.Add(barStays)
}

// rateSettles is how long it may take until a rate that was asked for holds.
const rateSettles = 200 * time.Millisecond

// factorText is a rate as people read it.
func factorText(rate float64) string {
	switch {
	case rate < 0:
		return fmt.Sprintf("<< %gx", -rate)
	case rate > player.FastestHeard:
		return fmt.Sprintf(">> %gx", rate)
	}
	return fmt.Sprintf("%gx", rate)
}

// step shows the next picture or the one before, and pauses.
func (u *ui) step(by int, now time.Time) {
	u.paused = true
	u.do(func(ctx context.Context) error { return u.player.Step(ctx, by) })
	u.barUntil = now.Add(barStays)
}

// chapter goes to the next chapter, or to the one before.
func (u *ui) chapter(by int, now time.Time) {
	s := u.player.Status()
	if len(s.Chapters) == 0 {
		u.say(now, "there are no chapters")
		return
	}
	u.do(func(ctx context.Context) error { return u.player.Chapter(ctx, by) })
	u.barUntil = now.Add(barStays)
}

// page changes between the presentations of the command line or, where there is one
// alone, between its chapters.
func (u *ui) page(by int, now time.Time) {
	switch {
	case len(u.channels) < 2 && len(u.player.Status().Chapters) > 0:
		u.chapter(by, now)
	case by > 0:
		u.nextChannel(now)
	default:
		u.previousChannel(now)
	}
}
