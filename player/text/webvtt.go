package text

import (
	"fmt"
	"strings"
	"time"

	"smoothplay/platform"
)

// readWebVTT reads a file of WebVTT. Of a broken block the rest is read.
func readWebVTT(text string) ([]platform.Cue, error) {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	areas := map[string]settings{}
	var cues []platform.Cue
	_, text, _ = strings.Cut(text, "\n")
	for text != "" {
		var block string
		text = strings.TrimLeft(text, "\n")
		block, text, _ = strings.Cut(text, "\n\n")
		if definition, ok := strings.CutPrefix(block, "REGION"); ok {
			id, area := readArea(definition)
			if len(areas) < maxDepth {
				areas[id] = area
			}
			continue
		}
		first, rest, _ := strings.Cut(block, "\n")
		if !strings.Contains(first, "-->") {
			first, rest, _ = strings.Cut(rest, "\n") // after an identifier
		}
		from, after, ok := strings.Cut(first, "-->")
		if !ok {
			continue // a note, a style sheet, or nothing
		}
		words := strings.Fields(after)
		begin, ok1 := vttTime(strings.TrimSpace(from))
		if len(words) == 0 || !ok1 {
			continue
		}
		end, ok2 := vttTime(words[0])
		if !ok2 || end <= begin {
			continue
		}
		if len(cues) == maxCues {
			return cues, fmt.Errorf("WebVTT: cues: %w", ErrTooLarge)
		}
		c := vttCue(rest, words[1:], areas)
		if c.Begin, c.End = begin, end; c.Text != "" {
			cues = append(cues, c)
		}
	}
	return cues, nil
}

// vttCue makes a cue, without its times, of what WebVTT says of it.
func vttCue(payload string, words []string, areas map[string]settings) platform.Cue {
	c := platform.Cue{}
	c.Runs, c.Text = readTags(payload)
	if len(c.Runs) == 1 && c.Runs[0].Style == (platform.CueStyle{}) && c.Runs[0].Text == c.Text {
		c.Runs = nil
	}
	readSettings(words, areas).apply(&c)
	return c
}

// vttTime reads 00:01:02.500 or 01:02.500.
func vttTime(s string) (time.Duration, bool) {
	parts := strings.Split(strings.Replace(s, ",", ".", 1), ":")
	if len(parts) != 2 && len(parts) != 3 {
		return 0, false
	}
	total := 0.0
	for i, part := range parts {
		n, ok := number(part)
		if !ok || strings.Contains(part, ".") && i != len(parts)-1 {
			return 0, false
		}
		total = total*60 + n
	}
	return seconds(total)
}
