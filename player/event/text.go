package event

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// WriteText writes s for people: a line for each figure worth reading, aligned.
func (s Summary) WriteText(w io.Writer) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	if s.URL != "" {
		line("url", "%s", s.URL)
	}
	line("end", "%s", s.End)
	if s.Sessions > 1 {
		line("sessions", "%d", s.Sessions)
	}
	if s.Error != nil {
		line("error", "%s: %s (%s)", s.Error.Stage, s.Error.Message, s.Error.Code)
	}
	line("start", "%s to the first picture, manifest after %s", span(s.Startup), span(s.ManifestTime))
	line("played", "%s at %s on average", span(s.Played), rate(s.MeanBitrateBPS))
	line("stalls", "%d, %s in all", s.Stalls, span(s.Stalled))
	line("switches", "%d up, %d down, %d reversed at once", s.SwitchesUp, s.SwitchesDown, s.Reversals)
	for _, l := range s.Levels {
		share := 0.0
		if s.Played > 0 {
			share = 100 * float64(l.Shown) / float64(s.Played)
		}
		line("  level", "%10s  %9s  shown %8s %5.1f %%  %d fragments",
			rate(l.BitrateBPS), size(l.Width, l.Height), span(l.Shown), share, l.Fragments)
	}
	if s.Capped > 0 {
		line("capped", "%s because the device would not render more", span(s.Capped))
	}
	line("pictures", "%d decoded, %d shown, %d dropped, %d repeated",
		s.PicturesDecoded, s.PicturesShown, s.PicturesDropped, s.PicturesRepeated)
	line("sound", "%d gaps", s.AudioGaps)
	if h := s.AVOffset; h.Count() > 0 {
		line("a/v offset", "%s half, %s 95 %%, %s at most", span(h.Quantile(.5)), span(h.Quantile(.95)), span(h.Max()))
	}
	if s.Seeks > 0 {
		line("seeks", "%d; %s half, %s 95 %%", s.Seeks, span(s.SeekTime.Quantile(.5)), span(s.SeekTime.Quantile(.95)))
	}
	if h := s.Buffer; h.Count() > 0 {
		line("buffer", "%s half of the time, %s at the low end (5 %%)", span(h.Quantile(.5)), span(h.Quantile(.05)))
	}
	line("fragments", "%d received, %d retries, %d errors", s.Fragments, s.Retries, s.FragmentErrors)
	line("bytes", "%s received, %s of them wasted", volume(s.Bytes), volume(s.WastedBytes))
	if h := s.LiveLatency; h.Count() > 0 {
		line("live", "%s behind the encoder (half), %s (95 %%); %d changes of speed", span(h.Quantile(.5)), span(h.Quantile(.95)), s.RateChanges)
	}
	if s.Failovers > 0 {
		line("failovers", "%d", s.Failovers)
	}
	if s.CPU > 0 || s.PeakRSSBytes > 0 {
		line("resources", "%s of processor time, %s of memory at most", span(s.CPU), volume(s.PeakRSSBytes))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// span is d with three or four significant digits.
func span(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + "s"
	case d >= 10*time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

// rate is a bit rate as people write it.
func rate(bps int64) string {
	switch {
	case bps >= 1_000_000:
		return strconv.FormatFloat(float64(bps)/1e6, 'f', 2, 64) + " Mbit/s"
	case bps >= 1000:
		return strconv.FormatInt((bps+500)/1000, 10) + " kbit/s"
	}
	return strconv.FormatInt(bps, 10) + " bit/s"
}

// volume is a number of bytes as people write it.
func volume(n int64) string {
	switch {
	case n >= 1_000_000:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
	case n >= 1000:
		return strconv.FormatFloat(float64(n)/1e3, 'f', 1, 64) + " kB"
	}
	return strconv.FormatInt(n, 10) + " B"
}

// size is a picture size; "-" where it is not known.
func size(width, height int) string {
	if width == 0 || height == 0 {
		return "-"
	}
	return strconv.Itoa(width) + "x" + strconv.Itoa(height)
}
