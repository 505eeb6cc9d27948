package report

import (
	"fmt"
	"strconv"
	"time"

	"smoothplay/player/event"
)

// bitrate is a number of bits a second for the reader.
func bitrate(bps int64) string {
	if bps >= 1_000_000 {
		return strconv.FormatFloat(float64(bps)/1e6, 'f', 2, 64) + " Mbit/s"
	}
	return strconv.FormatInt(bps/1000, 10) + " kbit/s"
}

// bitrate is that of a video level.
func (r *run) bitrate(level int) string {
	if bps := r.rate(level); bps > 0 {
		return bitrate(bps)
	}
	return "level " + number(level)
}

// span is a time that something took.
func span(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
	}
	return strconv.FormatFloat(d.Seconds()*1000, 'f', 1, 64) + " ms"
}

// clock is a media position.
func clock(d time.Duration) string {
	d = instant(d)
	s := fmt.Sprintf("%d:%04.1f", int(d.Minutes())%60, (d % time.Minute).Truncate(100*time.Millisecond).Seconds())
	if d >= time.Hour {
		s = fmt.Sprintf("%d:%02d:%04.1f", int(d.Hours()), int(d.Minutes())%60, (d % time.Minute).Truncate(100*time.Millisecond).Seconds())
	}
	return s
}

func number(n int) string { return strconv.Itoa(n) }

func size(width, height int) string { return fmt.Sprintf("%d×%d", width, height) }

// bounded is a Summary with strings and lists within bounds.
func bounded(s event.Summary) event.Summary {
	s.URL = text(s.URL)
	s.End = event.End(text(string(s.End)))
	if s.Error != nil {
		s.Error = &event.SummaryError{
			Stage: event.Stage(text(string(s.Error.Stage))), Code: event.Code(text(string(s.Error.Code))), Message: text(s.Error.Message),
		}
	}
	s.Levels = s.Levels[:min(len(s.Levels), maxLevels)]
	return s
}
