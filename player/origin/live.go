package origin

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Live makes events of presentations: each repeats without end, and its
// fragments come into being as the clock goes on. The zero Live is one that
// began an hour or two ago, has no end, and of which everything can be seen.
//
// Nothing but the clock, which is time.Now, says what there is, and nothing is
// remembered: Origins with an equal Live and the same presentation agree to the
// byte without knowing of each other. (Where the window is unlimited, that takes
// a Start.)
//
// A repetition is as long as the streams have in common, cut to whole fragments
// of the video (of the sound, where there is no video): the longest such part
// that no stream of sound or pictures falls short of by more than 0.1 s. Of the
// other streams it takes as many whole samples as fit, each stream from its own
// beginning on; the last sample lasts until the next repetition begins. So the
// streams stay together to the tick, without gap or overlap in their times.
type Live struct {
	// Epoch is the instant at which timestamps are 0 and a repetition begins;
	// zero: 1970-01-01 UTC, which makes timestamps that exceed 2^53.
	Epoch time.Time
	// Start is when the event begins: no fragment begins before it. Zero: an hour
	// before the last full hour, by the clock of New, but not before Epoch.
	Start time.Time
	// End is when it ends: no fragment ends after it. Zero: never. Ending is how
	// viewers learn of it; "": EndClosed.
	End    time.Time
	Ending Ending
	// Gaps are the times when the encoder was away.
	Gaps []Gap

	// Window is the DVR window: how far the oldest fragment reaches back from the
	// end of the newest. 0: to Start, but at most 524,288 fragments of a stream.
	Window time.Duration
	// Duration is the length that the manifest announces before the end, as
	// start-over services do; 0: none.
	Duration time.Duration
	// LookAhead is how many of its followers a fragment announces; 0: 2,
	// negative: none. At most 255.
	LookAhead int
	// LookAheadName is the attribute for it in the manifest; "":
	// LookAheadFragmentCount, as servers write it. The specification's word is
	// LookaheadCount. "-": it is left out.
	LookAheadName string
	// Mode is when a fragment can be asked for; "": Complete.
	Mode Mode
	// ListAnnounced lists in the manifest what the newest fragment announces, too,
	// although it cannot be asked for yet.
	ListAnnounced bool
	// Delay is how long the encoder takes: a fragment is complete this long after
	// its end.
	Delay time.Duration

	// Version0 writes tfxd and tfrf boxes of version 0, with 32-bit times, as far
	// as the times fit, which needs an Epoch that is near.
	Version0 bool
	// Repeat lists chunks of equal length in one c element with an r attribute,
	// which is version 2.2 of the manifest.
	Repeat bool
	// NoSeek and NoPause have the manifest say CanSeek and CanPause FALSE.
	NoSeek, NoPause bool
}

// Mode is when a fragment of an event can be asked for.
type Mode string

// The modes. In both, a fragment that is asked for too early is answered 412.
const (
	// Complete: once the followers that it announces are complete, too. At the
	// end of the event all that is left comes at once.
	Complete Mode = "complete"
	// Promise: as soon as it is complete itself. Its followers are announced
	// before they are there, and where the encoder goes away never come.
	Promise Mode = "promise"
)

// Ending is how viewers learn of the end of an event.
type Ending string

// The endings. In those that leave the manifest live it changes no more; in the
// others what was in the window at the end stays, on demand.
const (
	EndClosed Ending = "closed" // IsLive="FALSE" and the final Duration; 404 beyond
	EndAbsent Ending = "absent" // no IsLive, and the final Duration; 404 beyond
	EndSilent Ending = "silent" // the manifest stays live; 412 beyond, for ever
	EndLost   Ending = "lost"   // the manifest stays live; 404 beyond
)

func (e Ending) live() bool { return e == EndSilent || e == EndLost }

// Gap is a time when the encoder was away. The fragments that it touches do not
// exist, at no level; the timeline goes on with the first one after it.
type Gap struct {
	Stream   string    // name or type; "": all streams
	From, To time.Time // a zero To: for ever
}

const (
	usualLookAhead     = 2
	usualLookAheadName = "LookAheadFragmentCount"
	maxListedChunks    = 1 << 19 // of a stream, in a manifest
)

// complete fills in what is left out, and says what makes no sense.
func (l Live) complete(now time.Time) (*Live, error) {
	if l.Epoch.IsZero() {
		l.Epoch = time.Unix(0, 0)
	}
	if l.Start.IsZero() {
		l.Start = now.Truncate(time.Hour).Add(-time.Hour)
		if l.Start.Before(l.Epoch) {
			l.Start = l.Epoch
		}
	}
	switch {
	case l.LookAhead == 0:
		l.LookAhead = usualLookAhead
	case l.LookAhead < 0:
		l.LookAhead = 0
	case l.LookAhead > 255:
		return nil, fmt.Errorf("a look-ahead of %d fragments: at most 255 can be announced", l.LookAhead)
	}
	if l.LookAheadName == "" {
		l.LookAheadName = usualLookAheadName
	}
	for _, c := range l.LookAheadName {
		if l.LookAheadName != "-" && (c|0x20 < 'a' || c|0x20 > 'z') {
			return nil, fmt.Errorf("%q cannot be the name of an attribute", l.LookAheadName)
		}
	}
	if l.Mode == "" {
		l.Mode = Complete
	}
	if l.Mode != Complete && l.Mode != Promise {
		return nil, fmt.Errorf("no such mode as %q: want %s or %s", l.Mode, Complete, Promise)
	}
	if l.Ending == "" {
		l.Ending = EndClosed
	}
	if !slices.Contains(endings, l.Ending) {
		return nil, fmt.Errorf("no such ending as %q: want one of %v", l.Ending, endings)
	}
	switch {
	case l.Start.Before(l.Epoch):
		return nil, fmt.Errorf("the event starts at %v, before the epoch of its timestamps, %v", l.Start, l.Epoch)
	case now.Sub(l.Epoch) >= longestEvent:
		return nil, fmt.Errorf("the epoch %v lies too far back", l.Epoch)
	case !l.End.IsZero() && !l.End.After(l.Start):
		return nil, fmt.Errorf("the event ends at %v and starts at %v only", l.End, l.Start)
	case l.Window < 0, l.Duration < 0, l.Delay < 0:
		return nil, errors.New("window, duration and delay cannot be negative")
	}
	l.Gaps = slices.Clone(l.Gaps)
	return &l, nil
}

// longestEvent bounds the time since an epoch, so that no sum of times overflows.
const longestEvent = 200 * 365 * 24 * time.Hour

var endings = []Ending{EndClosed, EndAbsent, EndSilent, EndLost}
