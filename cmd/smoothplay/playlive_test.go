package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"smoothplay/player"
)

func TestPlayLiveFlags(t *testing.T) {
	const sec = time.Second
	at := time.Date(2026, 1, 31, 12, 0, 0, 5e8, time.UTC)
	for line, want := range map[string]player.Live{
		"":                                      {},
		"--live-start edge":                     {},
		"--live-start start":                    {Start: player.LiveStart{From: player.FromWindow}},
		"--live-start -30s":                     {Start: player.LiveStart{From: player.FromEdge, Offset: -30 * sec}},
		"--live-start -1:05:00":                 {Start: player.LiveStart{From: player.FromEdge, Offset: -65 * time.Minute}},
		"--live-start 1:05:00":                  {Start: player.LiveStart{From: player.FromEncoder, Offset: 65 * time.Minute}},
		"--live-start 2026-01-31T12:00:00.500Z": {Start: player.LiveStart{From: player.FromEncoder, Offset: time.Duration(at.UnixNano())}},
		"--live-start 1769860800.5":             {Start: player.LiveStart{From: player.FromEncoder, Offset: time.Duration(at.UnixNano())}},
		"--live-distance 4s --window 30s --replay 10s":      {Distance: 4 * sec, Window: 30 * sec, Replay: 10 * sec},
		"--live-back-off 6s --live-playback-offset 7":       {BackOff: 6 * sec, PlaybackOffset: 7 * sec},
		"--steady --fallback http://b/x.isml --fallback ./": {Steady: true},
	} {
		var flags playLiveFlags
		cmd := &cobra.Command{Use: "play"}
		flags.register(cmd.Flags())
		if err := cmd.Flags().Parse(strings.Fields(line)); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		got, err := flags.live()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", line, got, err, want)
		}
		if urls, err := flags.others(); err != nil || len(urls) != strings.Count(line, "--fallback") {
			t.Errorf("%s: %q, %v", line, urls, err)
		}
	}
}

// A media time is written as it is read.
func TestMediaTimes(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"1:05:00":                  65 * time.Minute,
		"5000:00:00.040":           5000*time.Hour + 40*time.Millisecond,
		"2026-01-31T12:00:00.500Z": time.Duration(time.Date(2026, 1, 31, 12, 0, 0, 5e8, time.UTC).UnixNano()),
	} {
		got := mediaTime(d)
		if got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
		var v liveStartValue
		if err := v.Set(got); err != nil || v.Offset != d || v.From != player.FromEncoder || v.String() != want {
			t.Errorf("%q: %+v, %v", got, v, err)
		}
	}
	for _, text := range []string{"", "now", "-", "--5s", "+5s", "1960-01-31T12:00:00Z", "2026-01-31", "1e9", "99999999999999999999999"} {
		var v liveStartValue
		if err := v.Set(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, v)
		}
	}
}
