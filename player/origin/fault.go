package origin

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// FaultKind names what goes wrong.
type FaultKind string

// The kinds of fault. An HTTP status such as "404", "412" or "500" is one too:
// the request is answered with it.
const (
	FaultCut       FaultKind = "cut"        // the connection breaks in the middle of the body
	FaultTruncated FaultKind = "truncated"  // a whole answer that holds the beginning of the fragment only
	FaultGarbage   FaultKind = "garbage"    // bytes that are no fragment
	FaultOtherTime FaultKind = "other-time" // the fragment that follows the one asked for; of the last, the one before
	FaultSlow      FaultKind = "slow"       // the body trickles
	FaultLate      FaultKind = "late"       // the answer takes long to begin
	FaultLevelGone FaultKind = "level-gone" // one level is not there: 404
	FaultDie       FaultKind = "die"        // the connection breaks before any answer, or in the middle of one
)

// The kinds of fault that live presentations have besides. The first three
// happen to requests like those above; the others to the event itself, for
// everyone.
const (
	FaultStale   FaultKind = "stale-manifest" // the manifest is an old one
	FaultNoTfrf  FaultKind = "no-tfrf"        // fragments announce none of their followers
	FaultBadTfrf FaultKind = "bad-tfrf"       // what they announce is wrong
	FaultGap     FaultKind = "encoder-gap"    // the encoder is away: what it misses never exists, at no level
	FaultJump    FaultKind = "clock-jump"     // the clock of the origin and its encoder is wrong
	FaultEnd     FaultKind = "end"            // the event ends
)

// The kinds of fault that protected presentations have besides. They happen to
// requests for licences, the last one to those for fragments.
const (
	FaultLicense500  FaultKind = "licence-500"  // the licence server is out of order
	FaultLicenseSlow FaultKind = "licence-slow" // its answer takes long to begin
	FaultWrongKey    FaultKind = "wrong-key"    // licences hold another key
	FaultMissingIV   FaultKind = "missing-iv"   // of the last sample of a fragment there is no initialisation vector
)

// What a bad-tfrf does. Without a word it does each in turn, by the number of
// the fragment.
const (
	BadDurations  = "durations"  // a tenth too long or too short
	BadTimes      = "times"      // a tick too late, or by half a fragment
	BadOrder      = "order"      // the last first
	BadDuplicates = "duplicates" // each twice, and first of all the fragment itself
)

var bendings = []string{BadDurations, BadTimes, BadOrder, BadDuplicates}

// Fault is one thing that goes wrong, and when. All conditions given must hold.
// The zero value of each condition always holds.
type Fault struct {
	Kind FaultKind

	// What it does.
	Keep float64       // cut, truncated: the share of the body that is sent; 0: half
	BPS  int64         // slow: bits per second; 0: 100,000
	Wait time.Duration // late, licence-slow: until the answer begins; 0: 3 s
	// By is how wrong a clock is: clock-jump, 0: 30 s ahead; stale-manifest: how
	// old the manifest is, below 0; 0: it is the one of when the fault began.
	By  time.Duration
	How string // bad-tfrf: BadDurations and so on; end: an Ending, "": that of Live

	// When it does it.
	Every       int     // each Every-th of the requests that the other conditions let through
	Fragment    int     // chunks number Fragment, 2*Fragment, ... of a stream, counted from 1: always the same ones
	Share       float64 // this share of the requests that the other conditions let through, evenly spread
	Stream      string  // streams of this name, or of this type: "video", "audio", "text"
	First, Last int     // chunks of a stream by number, counted from 0 as n in the manifest; used where Ranged
	Ranged      bool
	Edge        int           // of an event: the newest Edge fragments of a stream that can be asked for
	Level       int64         // the level of this bitrate
	From, To    time.Duration // since the first request of all, or since the fault was added (AddFaults); To 0: for ever
	Manifest    bool          // manifests instead of fragments
}

// Faults are tried in order; of each request the first that applies happens.
type Faults []Fault

// status is the HTTP status that f answers with; 0: none.
func (f *Fault) status() int {
	n, err := strconv.Atoi(string(f.Kind))
	if err != nil || n < 400 || n > 599 {
		return 0
	}
	return n
}

// occasion is what the conditions of a fault look at.
type occasion struct {
	elapsed    time.Duration // since the times of the fault count
	manifest   bool
	license    bool
	live       bool   // of an event
	stream     string // as in the URL
	name, kind string // of the stream
	level, top int64  // bitrate asked for, and the highest of the stream
	chunk      int    // number in the stream, from 0; -1: not known
	behind     int    // of an event: how many follow that can be asked for; negative: not known, or too early
}

// happens reports whether f happens to requests, and not to an event.
func (f *Fault) happens() bool {
	return f.Kind != FaultGap && f.Kind != FaultJump && f.Kind != FaultEnd
}

// ofLicenses reports whether f happens to requests for licences.
func (f *Fault) ofLicenses() bool {
	return f.Kind == FaultLicense500 || f.Kind == FaultLicenseSlow || f.Kind == FaultWrongKey
}

// applies reports whether the conditions that need no counting hold.
func (f *Fault) applies(o occasion) bool {
	if !f.happens() || o.elapsed < f.From || f.To > 0 && o.elapsed >= f.To {
		return false
	}
	if f.Kind == FaultDie && !f.Manifest && f.Stream == "" {
		return true // the whole server is gone
	}
	if f.ofLicenses() || o.license {
		return f.ofLicenses() && o.license
	}
	switch f.Kind {
	case FaultStale:
		return o.manifest && o.live
	case FaultNoTfrf, FaultBadTfrf:
		if !o.live {
			return false
		}
	}
	if o.manifest || f.Manifest {
		return o.manifest && f.Manifest
	}
	level := f.Level
	if f.Kind == FaultLevelGone && level == 0 {
		if o.kind != "video" {
			return false
		}
		level = o.top
	}
	switch {
	case f.Stream != "" && !strings.EqualFold(f.Stream, o.stream) && !strings.EqualFold(f.Stream, o.name) && !strings.EqualFold(f.Stream, o.kind),
		level != 0 && level != o.level,
		f.Fragment > 0 && (o.chunk < 0 || (o.chunk+1)%f.Fragment != 0),
		f.Ranged && (o.chunk < f.First || o.chunk > f.Last),
		f.Edge > 0 && (!o.live || o.behind < 0 || o.behind >= f.Edge):
		return false
	}
	return true
}

// counted reports whether f happens to the n-th request, from 1, that its other
// conditions let through.
func (f *Fault) counted(n int) bool {
	if f.Every > 0 && n%f.Every != 0 {
		return false
	}
	if f.Share > 0 {
		return math.Floor(float64(n)*f.Share) > math.Floor(float64(n-1)*f.Share)
	}
	return true
}
