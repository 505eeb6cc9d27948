package main

import (
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"smoothplay/player/origin"
)

// liveFlags are the flags of origin that make live events.
type liveFlags struct {
	on                bool
	window            timeValue
	lookAhead         int
	lookAheadName     string
	mode              string
	delay             timeValue
	epoch, start, end string
	ending            string
	duration          timeValue
	version0, repeat  bool
	listAnnounced     bool
	noSeek, noPause   bool
}

func (f *liveFlags) register(cmd *cobra.Command) {
	f.window = timeValue(2 * time.Minute)
	addFlags(cmd, "Live", func(flags *pflag.FlagSet) {
		flags.BoolVar(&f.on, "live", false, "serve every presentation as a live event, too, at .isml")
		flags.Var(&f.window, "window", "how far back viewers can go, a `time`; 0: to the start of the event")
		flags.IntVar(&f.lookAhead, "lookahead", 2, "announce this `number` of following fragments; 0: none")
		flags.StringVar(&f.lookAheadName, "lookahead-name", "LookAheadFragmentCount", "`attribute` for it in the manifest, as LookaheadCount; -: none")
		flags.StringVar(&f.mode, "mode", string(origin.Complete), "serve a fragment when those that it announces are complete, or at once, promising them: `complete or promise`")
		flags.BoolVar(&f.listAnnounced, "list-announced", false, "list in the manifest what the newest fragment announces, too, though it cannot be asked for yet")
		flags.Var(&f.delay, "encoder-delay", "a fragment is complete this `time` after its end")
		flags.StringVar(&f.epoch, "epoch", "", "`instant` at which timestamps are 0, as 2026-01-31T12:00:00Z (default 1970: beyond 2^53, which dash.js rounds)")
		flags.StringVar(&f.start, "event-start", "", "`instant` at which the event starts, or a time from now on, as -10m (default 1 to 2 h ago)")
		flags.StringVar(&f.end, "event-end", "", "`instant` at which it ends, or a time from now on, as 10m (default never)")
		flags.StringVar(&f.ending, "ending", string(origin.EndClosed), "`how` viewers learn of the end: closed, absent (on demand from then on), silent, lost (the manifest stays live; 412 or 404 beyond)")
		flags.Var(&f.duration, "event-duration", "announce this `time` as the length of the event, as start-over services do")
		flags.BoolVar(&f.version0, "tfrf-version-0", false, "write 32-bit times as far as they fit; see --epoch")
		flags.BoolVar(&f.repeat, "repeat", false, "list chunks of equal length together (r)")
		flags.BoolVar(&f.noSeek, "no-seek", false, "say CanSeek=FALSE")
		flags.BoolVar(&f.noPause, "no-pause", false, "say CanPause=FALSE")
	})
}

// live is what the flags say; nil: nothing is live.
func (f *liveFlags) live(cmd *cobra.Command, now time.Time) (*origin.Live, error) {
	if !f.on {
		for _, name := range []string{
			"window", "lookahead", "lookahead-name", "mode", "list-announced", "encoder-delay", "epoch", "event-start", "event-end", "ending",
			"event-duration", "tfrf-version-0", "repeat", "no-seek", "no-pause",
		} {
			if cmd.Flags().Changed(name) {
				return nil, fmt.Errorf("--%s is about live events: add --live", name)
			}
		}
		return nil, nil
	}
	live := &origin.Live{
		Window: time.Duration(f.window), Duration: time.Duration(f.duration), Delay: time.Duration(f.delay),
		LookAhead: f.lookAhead, LookAheadName: f.lookAheadName, Mode: origin.Mode(f.mode), Ending: origin.Ending(f.ending),
		ListAnnounced: f.listAnnounced, Version0: f.version0, Repeat: f.repeat, NoSeek: f.noSeek, NoPause: f.noPause,
	}
	if live.LookAhead == 0 {
		live.LookAhead = -1
	}
	for _, instant := range []struct {
		flag, text string
		at         *time.Time
	}{{"epoch", f.epoch, &live.Epoch}, {"event-start", f.start, &live.Start}, {"event-end", f.end, &live.End}} {
		if instant.text == "" {
			continue
		}
		at, err := parseInstant(instant.text, now)
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", instant.flag, err)
		}
		*instant.at = at
	}
	return live, nil
}

// parseInstant reads an instant, or a time from now on or, with a sign, ago.
func parseInstant(text string, now time.Time) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	length, ago := strings.CutPrefix(text, "-")
	d, err := parseTime(strings.TrimPrefix(length, "+"))
	if err != nil {
		return time.Time{}, errors.New("write an instant as 2026-01-31T12:00:00Z, or a time from now on as 10m or -10m")
	}
	if ago {
		d = -d
	}
	return now.Add(d), nil
}

// livePath is where a presentation is live that is on demand at the path of a
// manifest.
func livePath(manifest string) string {
	folder := path.Dir(manifest)
	switch ext := path.Ext(folder); {
	case folder == ".":
		folder = "live"
	case strings.EqualFold(ext, ".ism"), strings.EqualFold(ext, ".isml"):
		folder = strings.TrimSuffix(folder, ext)
	}
	return folder + ".isml/" + path.Base(manifest)
}
