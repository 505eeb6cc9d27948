package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/manifest"
)

// playLiveFlags say how live presentations are played. On demand they mean
// nothing.
type playLiveFlags struct {
	start             liveStartValue
	distance          timeValue
	backOff, playback timeValue
	window, replay    timeValue
	steady            bool
	fallbacks         []string
}

func (f *playLiveFlags) register(flags *pflag.FlagSet) {
	flags.Var(&f.start, "live-start", "join at the `PLACE`: edge, start (of the window), -30s (before the edge), or a time on the encoder's clock, as an earlier session showed it (media time)")
	flags.Var(&f.distance, "live-distance", "keep this `time` behind the newest end (default: three fragments, at least 6s)")
	flags.Var(&f.backOff, "live-back-off", "with --live-playback-offset: the distance as Microsoft's clients have it, in two parts; 6s there, a `time`")
	flags.Var(&f.playback, "live-playback-offset", "the other part; 7s there, a `time`")
	flags.Var(&f.window, "window", "go back this `time` at most (default: what the server says)")
	flags.Var(&f.replay, "replay", "`time` that an instant replay goes back (default 5s)")
	flags.BoolVar(&f.steady, "steady", false, "never play a little faster or slower to keep the distance")
	flags.StringArrayVar(&f.fallbacks, "fallback", nil, "`URL` of the same presentation at another server, for when the first one fails or stands still; repeatable")
}

// live is what the flags say of live presentations.
func (f *playLiveFlags) live() (player.Live, error) {
	if f.distance > 0 && f.backOff+f.playback > 0 {
		return player.Live{}, errors.New("--live-distance and --live-back-off, --live-playback-offset exclude each other: each says how far behind the edge to play")
	}
	return player.Live{
		Start: player.LiveStart(f.start), Distance: time.Duration(f.distance),
		BackOff: time.Duration(f.backOff), PlaybackOffset: time.Duration(f.playback),
		Window: time.Duration(f.window), Replay: time.Duration(f.replay), Steady: f.steady,
	}, nil
}

// others are the URLs of --fallback.
func (f *playLiveFlags) others() ([]string, error) {
	var urls []string
	for _, name := range f.fallbacks {
		url := addressOf(name)
		if _, err := manifest.ManifestURL(url); err != nil {
			return nil, fmt.Errorf("--fallback %q cannot be played: %w", event.RedactURL(url), err)
		}
		urls = append(urls, url)
	}
	return urls, nil
}

// liveStartValue is a flag for where to join a live presentation.
type liveStartValue player.LiveStart

func (v *liveStartValue) Type() string { return "PLACE" }

func (v *liveStartValue) String() string {
	switch {
	case v.From == player.FromEncoder:
		return mediaTime(v.Offset)
	case v.From == player.FromWindow:
		return "start"
	case v.Offset < 0:
		return v.Offset.String()
	}
	return "" // at the edge, the default
}

func (v *liveStartValue) Set(text string) error {
	before, ago := strings.CutPrefix(text, "-")
	switch {
	case text == "edge":
		*v = liveStartValue{From: player.FromEdge}
	case text == "start":
		*v = liveStartValue{From: player.FromWindow}
	case ago:
		d, err := parseTime(before)
		if err != nil {
			return fmt.Errorf("%w: before the edge is written as -30s or -1:05:00", err)
		}
		*v = liveStartValue{From: player.FromEdge, Offset: -d}
	default:
		d, err := parseMediaTime(text)
		if err != nil {
			return fmt.Errorf("%w: write edge, start, -30s, or a media time as 1:05:00 or 2026-01-31T12:00:00Z", err)
		}
		*v = liveStartValue{From: player.FromEncoder, Offset: d}
	}
	return nil
}

// Encoders count from their own start or from 1970. What lies between these is
// taken for an instant, since no encoder runs for decades.
const (
	leastInstant = 30 * 365 * 24 * time.Hour
	mostInstant  = 200 * 365 * 24 * time.Hour
)

// mediaTime is a time on the encoder's clock for people, and for --live-start: an
// instant where it counts from 1970.
func mediaTime(d time.Duration) string {
	if isInstant(d) {
		return time.Unix(0, int64(d)).UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return clock(d)
}

// isInstant reports whether a time on the encoder's clock is counted from 1970.
func isInstant(d time.Duration) bool { return d >= leastInstant && d < mostInstant }

// parseMediaTime reads what mediaTime writes, and any other time.
func parseMediaTime(text string) (time.Duration, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		if since := at.Sub(time.Unix(0, 0)); since >= 0 {
			return since, nil
		}
		return 0, fmt.Errorf("%q is before 1970", text)
	}
	return parseSpan(text)
}
