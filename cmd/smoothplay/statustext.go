package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"smoothplay/player"
	"smoothplay/player/event"
)

// statusLine is how a session stands, in one line for a terminal, with what there
// is to tell beside; "": nothing.
func statusLine(s player.Status, news string) string {
	parts := []string{fmt.Sprintf("%-9s %s", stateText(s.State), positionText(s))}
	if s.Rate != 1 && s.Rate != 0 {
		parts = append(parts, factorText(s.Rate))
	}
	if s.Live {
		parts = append(parts, liveFacts(s)...)
	}
	if news != "" {
		parts = append(parts, "["+news+"]")
	}
	if level := levelText(s, s.Level); level != "" {
		parts = append(parts, level)
	}
	if limit := limitText(s); limit != "" {
		parts = append(parts, limit)
	}
	parts = append(parts, fmt.Sprintf("buffer %.1f s", ahead(s).Seconds()))
	if s.BandwidthBPS > 0 {
		parts = append(parts, "link "+rateText(s.BandwidthBPS))
	}
	if s.Stalls > 0 {
		parts = append(parts, fmt.Sprintf("stalls %d", s.Stalls))
	}
	parts = append(parts, fmt.Sprintf("dropped %d", s.Dropped))
	if s.Live && s.State == event.Paused {
		parts = append(parts, "media time "+mediaTime(s.MediaTime))
	}
	if news == "" && s.Trouble != "" && (s.State == event.Opening || s.State == event.Buffering) {
		parts = append(parts, s.Trouble)
	}
	return strings.Join(parts, "  ")
}

// statistics is how a session stands, a row for each figure: name and value.
func statistics(s player.Status) [][2]string {
	var rows [][2]string
	add := func(name, format string, args ...any) {
		rows = append(rows, [2]string{name, fmt.Sprintf(format, args...)})
	}
	add("state", "%s %s", stateText(s.State), positionText(s))
	if s.Rate != 1 && s.Rate != 0 {
		add("rate", "%s", factorText(s.Rate))
	}
	if s.Live {
		liveRows(s, add)
	}
	if level := levelText(s, s.Level); level != "" {
		add("shown", "%s", level)
	}
	if level := levelText(s, s.FetchLevel); level != "" {
		add("fetching", "%s", level)
	}
	if limit := limitText(s); limit != "" {
		add("limit", "%s", limit)
	}
	if s.RenderCap >= 0 && s.RenderCap < len(s.Allowed)-1 {
		add("capped", "at %s: the device renders no more", levelText(s, s.RenderCap))
	}
	add("buffer", "%.1f s ahead, %.1f s behind, %s", ahead(s).Seconds(), max(0, s.Position-s.BufferedFrom).Seconds(), sizeText(s.BufferBytes))
	if s.BandwidthBPS > 0 {
		add("link", "%s", rateText(s.BandwidthBPS))
	}
	add("pictures", "%d decoded, %d shown, %d dropped", s.Decoded, s.Shown, s.Dropped)
	add("a/v", "%+.0f ms", float64(s.AVOffset)/float64(time.Millisecond))
	add("stalls", "%d", s.Stalls)
	if i := s.SelectedAngle; i >= 0 && i < len(s.Angles) {
		add("angle", "%s (%d of %d)%s", printable(s.Angles[i].Name), i+1, len(s.Angles), readyText(s.Angles, i))
	}
	if i := s.SelectedAudio; i >= 0 && i < len(s.Audio) {
		add("audio", "%s (%d of %d)", audioText(s.Audio[i]), i+1, len(s.Audio))
	}
	if i := s.SelectedText; i >= 0 && i < len(s.Text) {
		add("captions", "%s (%d of %d)", textText(s.Text[i]), i+1, len(s.Text))
	}
	if s.Trouble != "" {
		add("trouble", "%s", shortened(s.Trouble, maxTrouble))
	}
	return rows
}

// maxTrouble is how much of a message there is room for among the statistics.
const maxTrouble = 90

// shortened is text of at most n characters: its middle is left out, since
// messages begin with where it happened and end with what.
func shortened(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	head := n / 3
	return string(runes[:head]) + " ... " + string(runes[len(runes)-(n-head-5):])
}

// ahead is how much is buffered after the playhead.
func ahead(s player.Status) time.Duration { return max(0, s.BufferedTo-s.Position) }

// stateText is a state for people.
func stateText(s event.State) string { return strings.ReplaceAll(string(s), "_", " ") }

// positionText is "0:12 / 0:24", to the second; of a live session how far it is
// from the edge, and of a range where that lies.
func positionText(s player.Status) string {
	if s.Live {
		return livePlace(s)
	}
	text := clock(s.Position.Truncate(time.Second))
	switch {
	case s.Start > 0:
		text += " of " + clock(s.Start.Truncate(time.Second)) + " to " + clock(s.Duration.Truncate(time.Second))
	case s.Duration > 0:
		text += " / " + clock(s.Duration.Truncate(time.Second))
	}
	return text
}

// levelText is "3/4 900 kbit/s 640x360"; "" where there is no level n.
func levelText(s player.Status, n int) string {
	offered := 0
	text := ""
	for _, l := range s.Levels {
		if l.Level < 0 {
			continue // left out
		}
		offered++
		if l.Level == n {
			text = rateText(l.BitrateBPS)
			if l.Width > 0 && l.Height > 0 {
				text += fmt.Sprintf(" %dx%d", l.Width, l.Height)
			}
		}
	}
	if text == "" {
		return ""
	}
	return fmt.Sprintf("%d/%d %s", n+1, offered, text)
}

// limitText says which levels the user's limits leave; "": all.
func limitText(s player.Status) string {
	var left []string
	top := -1
	for q, ok := range s.Allowed {
		if ok {
			left, top = append(left, strconv.Itoa(q+1)), q
		}
	}
	switch {
	case len(left) == len(s.Allowed):
		return ""
	case len(left) == 1:
		return "only " + levelText(s, top)
	case len(left) == top+1:
		return "at most " + levelText(s, top)
	}
	return fmt.Sprintf("levels %s of %d", strings.Join(left, ", "), len(s.Allowed))
}

// audioText names an audio stream.
func audioText(a player.AudioChoice) string { return choiceText(a.Name, a.Language, a.Role) }
