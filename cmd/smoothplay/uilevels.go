package main

import (
	"context"
	"slices"
	"time"

	"smoothplay/heuristics"
	"smoothplay/player"
)

// lowerCap allows one level less. It is seen soon: what is buffered of higher
// levels is fetched again.
func (u *ui) lowerCap(now time.Time) { u.moveCap(-1, now) }

// raiseCap allows one level more; when all are, there is no cap.
func (u *ui) raiseCap(now time.Time) { u.moveCap(1, now) }

func (u *ui) moveCap(by int, now time.Time) {
	status := u.player.Status()
	rates, highest := u.steps(status)
	if len(rates) < 2 {
		u.say(now, "there is no other level")
		return
	}
	at, capped := slices.BinarySearch(rates, u.capBPS)
	if u.capBPS == 0 || !capped {
		at = len(rates) - 1 // any level
	}
	at = min(max(at+by, 0), len(rates)-1)
	u.capBPS = rates[at]
	if at == len(rates)-1 {
		u.capBPS = 0
		u.say(now, "any level")
	} else {
		u.say(now, "at most %s", levelText(status, highest[at]))
	}
	u.setLimits(player.Now)
}

// steps are the bitrates, ascending, at which a cap makes a difference, and the
// highest level of each.
func (u *ui) steps(s player.Status) (rates []int64, highest []int) {
	var levels []heuristics.Level
	for _, l := range s.Levels {
		if l.Level >= 0 {
			levels = append(levels, heuristics.Level{BitrateBPS: l.BitrateBPS, Width: l.Width, Height: l.Height})
		}
	}
	slices.SortStableFunc(levels, func(a, b heuristics.Level) int { return int(a.BitrateBPS - b.BitrateBPS) })
	for q, left := range u.limits.Leaves(levels) {
		bps := levels[q].BitrateBPS
		switch n := len(rates); {
		case !left:
		case n > 0 && rates[n-1] == bps:
			highest[n-1] = q
		default:
			rates, highest = append(rates, bps), append(highest, q)
		}
	}
	return rates, highest
}

// fit tells the session how large the picture is, where it wants to know.
func (u *ui) fit(width, height int) {
	if !u.fits || width <= 0 || height <= 0 || width == u.limits.FitWidth && height == u.limits.FitHeight {
		return
	}
	u.limits.FitWidth, u.limits.FitHeight = width, height
	u.setLimits(player.BufferEnd)
}

func (u *ui) setLimits(at player.When) {
	limits := u.limits
	if u.capBPS > 0 {
		limits.MaxBPS = u.capBPS
	}
	limits.At = at
	u.do(func(ctx context.Context) error {
		return insist(ctx, func() error { return u.player.SetLimits(ctx, limits) })
	})
}
