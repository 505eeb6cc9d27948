package origin

import (
	"errors"
	"fmt"
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
	FaultDie       FaultKind = "die"        // the connection breaks before any answer
)

// Fault is one thing that goes wrong, and when. All conditions given must hold.
// The zero value of each condition always holds.
type Fault struct {
	Kind FaultKind

	// What it does.
	Keep float64       // cut, truncated: the share of the body that is sent; 0: half
	BPS  int64         // slow: bits per second; 0: 100,000
	Wait time.Duration // late: until the answer begins; 0: 3 s

	// When it does it.
	Every       int     // each Every-th of the requests that the other conditions let through
	Fragment    int     // chunks number Fragment, 2*Fragment, ... of a stream, counted from 1: always the same ones
	Share       float64 // this share of the requests that the other conditions let through, evenly spread
	Stream      string  // streams of this name, or of this type: "video", "audio", "text"
	First, Last int     // chunks of a stream by number, counted from 0 as n in the manifest; used where Ranged
	Ranged      bool
	Level       int64         // the level of this bitrate
	From, To    time.Duration // since the first request of all; To 0: for ever
	Manifest    bool          // manifests instead of fragments
}

// Faults are tried in order; of each request the first that applies happens.
type Faults []Fault

// ParseFaults reads faults separated by commas. Each is a kind, and after "@"
// what it does or when:
//
//	404@every:7          each 7th request for a fragment is answered 404
//	404@fragment:7       each 7th fragment of a stream is always 404
//	404@video:12-14      video chunks 12 to 14 (n in the manifest), or one, or all
//	503@30%              30 % of the requests
//	500@manifest         requests for the manifest
//	cut@50%@every:3      each 3rd body ends in the middle; truncated likewise
//	level-gone@1200000   the level of 1.2 Mbit/s is 404; without a number the highest one
//	slow@64k@audio       audio trickles at 64 kbit/s
//	late@5s@level:350k   answers of a level begin 5 s late
//	die@10s:20s          from 10 s to 20 s after the first request every connection breaks
//	garbage, other-time  bytes that are no fragment, the fragment of another time
//
// Any fault takes any of the conditions every:N, fragment:N, N% (but for cut
// and truncated), a stream with or without chunks, level:RATE, manifest and
// FROM:TO; all must hold.
func ParseFaults(s string) (Faults, error) {
	var faults Faults
	for item := range strings.SplitSeq(s, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		f, err := parseFault(item)
		if err != nil {
			return nil, fmt.Errorf("fault %q: %w", item, err)
		}
		faults = append(faults, f)
	}
	return faults, nil
}

func parseFault(item string) (Fault, error) {
	kind, rest, more := strings.Cut(item, "@")
	f := Fault{Kind: FaultKind(kind)}
	switch f.Kind {
	case FaultCut, FaultTruncated, FaultGarbage, FaultOtherTime, FaultSlow, FaultLate, FaultLevelGone, FaultDie:
	default:
		if f.status() == 0 {
			return f, errors.New("no such kind: want a status from 400 to 599, cut, truncated, garbage, other-time, slow, late, level-gone or die")
		}
	}
	for more {
		var arg string
		arg, rest, more = strings.Cut(rest, "@")
		if err := f.parseArg(arg); err != nil {
			return f, err
		}
	}
	return f, nil
}

// parseArg reads what stands after one "@".
func (f *Fault) parseArg(arg string) error {
	if f.parseOwn(arg) {
		return nil
	}
	key, value, colon := strings.Cut(arg, ":")
	switch {
	case arg == "manifest":
		f.Manifest = true
		return nil
	case key == "every" && colon:
		return parseCount(value, &f.Every)
	case key == "fragment" && colon:
		return parseCount(value, &f.Fragment)
	case key == "level" && colon:
		n, ok := parseRate(value)
		if !ok {
			return fmt.Errorf("level %q: want a bitrate, as 1200000 or 1200k", value)
		}
		f.Level = n
		return nil
	}
	if share, ok := parsePercent(arg); ok {
		f.Share = share
		return nil
	}
	if ok, err := f.parseWindow(arg); ok || err != nil {
		return err
	}
	if key == "" || strings.ContainsAny(key, "% \t") || key[0] <= '9' {
		return fmt.Errorf("%q: want every:N, fragment:N, N%%, a stream, level:RATE, manifest or FROM:TO", arg)
	}
	f.Stream = key
	if colon {
		return f.parseRange(value)
	}
	return nil
}

// parseOwn reads what only this kind of fault takes.
func (f *Fault) parseOwn(arg string) bool {
	ok := false
	switch f.Kind {
	case FaultCut, FaultTruncated:
		f.Keep, ok = orElse(f.Keep, arg, parsePercent)
	case FaultSlow:
		f.BPS, ok = orElse(f.BPS, arg, parseRate)
	case FaultLevelGone:
		f.Level, ok = orElse(f.Level, arg, parseRate)
	case FaultLate:
		f.Wait, ok = orElse(f.Wait, arg, parseTime)
	}
	return ok
}

// orElse is what parse makes of s, or old where it cannot.
func orElse[T any](old T, s string, parse func(string) (T, bool)) (T, bool) {
	if v, ok := parse(s); ok {
		return v, true
	}
	return old, false
}

// parseWindow reads "10s:20s", "10s:" or "10s".
func (f *Fault) parseWindow(arg string) (bool, error) {
	from, to, colon := strings.Cut(arg, ":")
	start, ok := parseTime(from)
	if !ok {
		return false, nil
	}
	f.From = start
	if !colon || to == "" {
		return true, nil
	}
	if f.To, ok = parseTime(to); !ok || f.To <= f.From {
		return true, fmt.Errorf("%q: want FROM:TO, as 10s:20s", arg)
	}
	return true, nil
}

// parseRange reads "12-14", "12-" or "12".
func (f *Fault) parseRange(s string) error {
	first, last, dash := strings.Cut(s, "-")
	a, err := strconv.Atoi(first)
	b := a
	if dash && last == "" {
		b = math.MaxInt
	} else if dash && err == nil {
		b, err = strconv.Atoi(last)
	}
	if err != nil || a < 0 || b < a {
		return fmt.Errorf("chunks %q: want one number or two, as 12-14", s)
	}
	f.First, f.Last, f.Ranged = a, b, true
	return nil
}

func parseCount(s string, n *int) error {
	v, err := strconv.Atoi(s)
	if err != nil || v < 1 {
		return fmt.Errorf("%q: want a number from 1 up", s)
	}
	*n = v
	return nil
}

func parsePercent(s string) (float64, bool) {
	number, ok := strings.CutSuffix(s, "%")
	v, err := strconv.ParseFloat(number, 64)
	return v / 100, ok && err == nil && v > 0 && v <= 100
}

func parseRate(s string) (int64, bool) {
	unit := 1.0
	switch number := s[:max(len(s)-1, 0)]; {
	case strings.HasSuffix(s, "k"):
		s, unit = number, 1e3
	case strings.HasSuffix(s, "M"):
		s, unit = number, 1e6
	}
	v, err := strconv.ParseFloat(s, 64)
	return int64(math.Round(v * unit)), err == nil && v > 0 && v*unit < 1e12
}

func parseTime(s string) (time.Duration, bool) {
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0
}

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
	elapsed    time.Duration // since the first request
	manifest   bool
	stream     string // as in the URL
	name, kind string // of the stream
	level, top int64  // bitrate asked for, and the highest of the stream
	chunk      int    // number in the stream, from 0; -1: not known
}

// applies reports whether the conditions that need no counting hold.
func (f *Fault) applies(o occasion) bool {
	if o.elapsed < f.From || f.To > 0 && o.elapsed >= f.To {
		return false
	}
	if f.Kind == FaultDie && !f.Manifest && f.Stream == "" {
		return true // the whole server is gone
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
		f.Ranged && (o.chunk < f.First || o.chunk > f.Last):
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
