package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// WriteText writes r for people.
func (r report) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintln(&b, r.URL)
	facts := []string{"on demand"}
	if r.Live {
		facts[0] = "live"
		switch {
		case r.DVRWindow > 0:
			facts = append(facts, "window of "+clock(r.DVRWindow))
		default:
			facts = append(facts, "unlimited window")
		}
	}
	if r.Duration > 0 {
		facts = append(facts, clock(r.Duration))
	}
	facts = append(facts, "manifest version "+r.Version+", "+sizeText(r.Bytes))
	for _, ability := range []struct {
		has  *bool
		name string
	}{{r.CanSeek, "seek"}, {r.CanPause, "pause"}} {
		if ability.has != nil && !*ability.has {
			facts = append(facts, "no "+ability.name)
		}
	}
	if r.LookAhead >= 0 && r.Live {
		facts = append(facts, fmt.Sprintf("fragments announce %d followers", r.LookAhead))
	}
	fmt.Fprintln(&b, strings.Join(facts, ", "))
	if r.Edge != nil {
		r.Edge.writeText(&b)
	}

	for _, s := range r.Streams {
		s.writeText(&b)
	}
	writeAngles(&b, r.Angles)
	if len(r.Markers) > 0 {
		fmt.Fprintln(&b, "\nmarkers")
		for _, m := range r.Markers {
			fmt.Fprintf(&b, "  %-9s %-8s %s\n", clock(m.At), m.Kind, strings.TrimSpace(printable(m.Type+" "+m.Value)))
		}
	}
	if len(r.Protected) > 0 {
		fmt.Fprintln(&b, "\nprotected")
		for _, p := range r.Protected {
			p.writeText(&b)
		}
	}
	if len(r.Warnings) > 0 {
		fmt.Fprintln(&b, "\nwarnings")
		for _, warning := range r.Warnings {
			fmt.Fprintln(&b, "  "+printable(warning))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s streamReport) writeText(b *strings.Builder) {
	facts := []string{}
	add := func(format string, args ...any) { facts = append(facts, fmt.Sprintf(format, args...)) }
	if s.Subtype != "" {
		add("subtype %s", printable(s.Subtype))
	}
	if s.Parent != "" {
		add("sparse, parent %s", printable(s.Parent))
	}
	if s.Chunks > 0 {
		chunks := fmt.Sprintf("%d chunks of %s", s.Chunks, seconds(s.Usual))
		if s.Chunks == 1 {
			chunks = "1 chunk of " + seconds(s.Usual)
		}
		if s.Shortest != s.Longest {
			chunks += fmt.Sprintf(" (%s to %s)", seconds(s.Shortest), seconds(s.Longest))
		}
		add("%s from %s to %s", chunks, clock(s.Start), clock(s.End))
	} else {
		add("no chunks")
	}
	switch s.Gaps {
	case 0:
	case 1:
		add("1 gap")
	default:
		add("%d gaps", s.Gaps)
	}
	if s.Inline > 0 {
		add("%d payloads in the manifest", s.Inline)
	}
	if s.Markers > 0 {
		add("%d markers", s.Markers)
	}
	fmt.Fprintf(b, "\n%s %s", s.Kind, printable(s.Name))
	if s.Language != "" {
		fmt.Fprintf(b, " [%s]", printable(s.Language))
	}
	fmt.Fprintf(b, ": %s\n", strings.Join(facts, ", "))
	for _, l := range s.Levels {
		l.writeText(b)
	}
}

func (l levelReport) writeText(b *strings.Builder) {
	what := l.Codec
	if l.Profile != "" {
		what += " " + l.Profile
	}
	if l.FourCC != "" && !strings.EqualFold(l.FourCC, l.Codec) {
		what = strings.TrimSpace(what + " (" + printable(l.FourCC) + ")")
	}
	var shape []string
	if l.Width > 0 && l.Height > 0 {
		shape = append(shape, fmt.Sprintf("%dx%d", l.Width, l.Height))
	}
	if l.Angle != "" {
		shape = append(shape, "angle "+printable(l.Angle))
	}
	if l.Display != "" {
		shape = append(shape, "shown as "+l.Display)
	}
	if l.FrameRate > 0 {
		shape = append(shape, strconv.FormatFloat(l.FrameRate, 'f', -1, 64)+" fps")
	}
	if l.SampleRate > 0 {
		shape = append(shape, fmt.Sprintf("%d Hz", l.SampleRate))
	}
	if l.Channels > 0 {
		shape = append(shape, fmt.Sprintf("%d ch", l.Channels))
	}
	line := fmt.Sprintf("  %12s  %-16s  %s", rateText(l.BitrateBPS), strings.Join(shape, " "), what)
	if l.LeftOut != "" {
		line += "  not played: " + printable(l.LeftOut)
	}
	fmt.Fprintln(b, strings.TrimRight(line, " "))
}

// clock is d as on a clock: 0:24, 1:05:00, and thousandths where there are any.
func clock(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	d = d.Round(time.Millisecond)
	text := fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
	if d >= time.Hour {
		text = fmt.Sprintf("%d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
	}
	if ms := d.Milliseconds() % 1000; ms != 0 {
		text += fmt.Sprintf(".%03d", ms)
	}
	return sign + text
}

// seconds is d in seconds, to the millisecond.
func seconds(d time.Duration) string {
	text := strconv.FormatFloat(d.Seconds(), 'f', 3, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") + " s"
}

// rateText is a bit rate as people write it.
func rateText(bps int64) string {
	switch {
	case bps >= 1_000_000:
		return strconv.FormatFloat(float64(bps)/1e6, 'f', 2, 64) + " Mbit/s"
	case bps >= 1000:
		return strconv.FormatInt((bps+500)/1000, 10) + " kbit/s"
	}
	return strconv.FormatInt(bps, 10) + " bit/s"
}

// sizeText is a number of bytes as people write it.
func sizeText(n int64) string {
	switch {
	case n >= 1_000_000:
		return strconv.FormatFloat(float64(n)/1e6, 'f', 1, 64) + " MB"
	case n >= 1000:
		return strconv.FormatFloat(float64(n)/1e3, 'f', 1, 64) + " kB"
	}
	return strconv.FormatInt(n, 10) + " bytes"
}

// printable is text of a stranger, fit for a terminal: what is no letter, digit,
// sign or space is left out.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}
