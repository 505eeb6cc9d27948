package main

import (
	"fmt"
	"time"

	"smoothplay/player"
)

// livePlace is where a live session is: "LIVE" at the edge, else how far behind
// it, as "-1:23".
func livePlace(s player.Status) string {
	if s.AtEdge {
		return "LIVE"
	}
	return "-" + clock(behindEdge(s).Truncate(time.Second))
}

// behindEdge is how far the playhead is behind the live edge.
func behindEdge(s player.Status) time.Duration { return max(s.Edge-s.Position, 0) }

// windowLength is that of the window in which a live session can go back.
func windowLength(s player.Status) time.Duration { return max(s.Edge-s.WindowStart, 0) }

// liveFacts is what a status line says more of a live session.
func liveFacts(s player.Status) []string {
	facts := []string{fmt.Sprintf("latency %.1f s", s.Latency.Seconds())}
	if speed := speedText(s); speed != "" {
		facts = append(facts, "speed "+speed)
	}
	facts = append(facts, "window "+clock(windowLength(s).Truncate(time.Second)))
	return facts
}

// speedText is the speed of playing, where it is not 1.
func speedText(s player.Status) string {
	if s.Speed == 0 || s.Speed == 1 {
		return ""
	}
	return fmt.Sprintf("%.2f", s.Speed)
}

// liveRows are the rows of the statistics for a live session.
func liveRows(s player.Status, add func(name, format string, args ...any)) {
	speed := speedText(s)
	if speed == "" {
		speed = "1"
	}
	add("live", "latency %.1f s, speed %s", s.Latency.Seconds(), speed)
	add("window", "%s, %s behind its end", clock(windowLength(s).Truncate(time.Second)), clock(behindEdge(s).Truncate(time.Second)))
	add("media time", "%s", mediaTime(s.MediaTime))
}

// goOnText says how to go on where a live session was left; "": there is no
// such place, or it is the edge.
func goOnText(s player.Status) string {
	if !s.Live || s.AtEdge || s.MediaTime == 0 {
		return ""
	}
	return fmt.Sprintf("left %s behind the edge; to go on there: --live-start %s",
		clock(behindEdge(s).Truncate(time.Second)), mediaTime(s.MediaTime))
}
