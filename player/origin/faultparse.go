package origin

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

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
//	die@10s-20s          from 10 s to 20 s after the first request every connection breaks
//	garbage, other-time  bytes that are no fragment, the fragment of another time
//
// and of live presentations:
//
//	412@edge:30%         30 % of the requests for the newest fragment; edge:3: for the newest three
//	stale-manifest@20s   from 20 s on the manifest stays what it was then
//	stale-manifest@-20s  the manifest is always that of 20 s ago; with @50% every other time
//	no-tfrf              fragments announce none of their followers
//	bad-tfrf@times       what they announce is wrong: durations, times, order or duplicates; by turns
//	encoder-gap@60s-90s  the encoder is away: what it misses never exists, and the timeline jumps
//	encoder-gap@audio    likewise, of one stream; until the fault is ended
//	clock-jump@+30s@60s  from 60 s on the clock of origin and encoder is 30 s ahead; behind with -30s
//	end@60s@silent       the event ends at 60 s: closed, absent, silent or lost (see Ending)
//
// and of protected presentations:
//
//	licence-500@0s-5s    for 5 s the licence servers answer 500
//	licence-slow@10s     licences begin 10 s late
//	wrong-key            licences hold a key that is not the right one
//	missing-iv@fragment:7  of each 7th fragment a sample has no initialisation vector
//
// Any fault takes any of the conditions every:N, fragment:N, N% (but for cut
// and truncated), a stream with or without chunks (video, video:12-14,
// video:30%), edge, level:RATE, manifest, and times (FROM-TO, FROM:TO or FROM
// alone); all must hold. Of a live presentation, chunks are counted from the
// start of the event. What happens to an event and not to a request (encoder-gap,
// clock-jump, end) takes times alone, and encoder-gap a stream; what happens to
// licences takes every:N, N% and times.
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
	case FaultCut, FaultTruncated, FaultGarbage, FaultOtherTime, FaultSlow, FaultLate, FaultLevelGone, FaultDie,
		FaultStale, FaultNoTfrf, FaultBadTfrf, FaultGap, FaultJump, FaultEnd,
		FaultLicense500, FaultLicenseSlow, FaultWrongKey, FaultMissingIV:
	default:
		if f.status() == 0 {
			return f, errors.New("no such kind: want a status from 400 to 599, cut, truncated, garbage, other-time, slow, late, level-gone, die, " +
				"stale-manifest, no-tfrf, bad-tfrf, encoder-gap, clock-jump, end, licence-500, licence-slow, wrong-key or missing-iv")
		}
	}
	for more {
		var arg string
		arg, rest, more = strings.Cut(rest, "@")
		if err := f.parseArg(arg); err != nil {
			return f, err
		}
	}
	return f, f.check()
}

// check finds conditions that a kind of fault cannot have.
func (f *Fault) check() error {
	rest := *f
	rest.Kind, rest.From, rest.To = "", 0, 0
	switch f.Kind {
	case FaultGap:
		rest.Stream = ""
		if rest != (Fault{}) {
			return errors.New("an encoder-gap takes a stream and times only")
		}
	case FaultJump:
		rest.By = 0
		if rest != (Fault{}) {
			return errors.New("a clock-jump takes by how much (+30s, -30s) and times only")
		}
	case FaultEnd:
		rest.How = ""
		if rest != (Fault{}) || f.To != 0 {
			return errors.New("an end takes the time of the end and an ending only")
		}
	case FaultStale:
		rest.By, rest.Every, rest.Share, rest.Manifest = 0, 0, 0, false
		if rest != (Fault{}) || f.By > 0 {
			return errors.New("a stale-manifest takes its age (-20s), every:N, N% and times only")
		}
	case FaultLicense500, FaultLicenseSlow, FaultWrongKey:
		rest.Wait, rest.Every, rest.Share = 0, 0, 0
		if rest != (Fault{}) {
			return fmt.Errorf("%s happens to licences: it takes every:N, N%% and times only", f.Kind)
		}
	case FaultMissingIV:
		if f.Manifest {
			return errors.New("missing-iv happens to fragments, not to the manifest")
		}
	}
	return nil
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
	case key == "edge":
		return f.parseEdge(value, colon)
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
	if key == "" || strings.Contains(key, "%") || strings.ContainsFunc(key, unicode.IsSpace) || key[0] <= '9' {
		return fmt.Errorf("%q: want every:N, fragment:N, N%%, a stream, edge, level:RATE, manifest or FROM-TO", arg)
	}
	f.Stream = key
	if !colon {
		return nil
	}
	if share, ok := parsePercent(value); ok {
		f.Share = share
		return nil
	}
	return f.parseRange(value)
}

// parseEdge reads what may stand after "edge:": a number of fragments, or a
// share of the requests for the newest.
func (f *Fault) parseEdge(value string, colon bool) error {
	f.Edge = 1
	if !colon {
		return nil
	}
	if share, ok := parsePercent(value); ok {
		f.Share = share
		return nil
	}
	return parseCount(value, &f.Edge)
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
	case FaultLate, FaultLicenseSlow:
		f.Wait, ok = orElse(f.Wait, arg, parseTime)
	case FaultJump, FaultStale:
		f.By, ok = orElse(f.By, arg, parseShift)
	case FaultBadTfrf:
		f.How, ok = orElse(f.How, arg, oneOf(bendings))
	case FaultEnd:
		f.How, ok = orElse(f.How, arg, oneOf(endings))
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

// parseWindow reads "10s-20s", "10s-" or "10s", with a colon likewise.
func (f *Fault) parseWindow(arg string) (bool, error) {
	from, to := arg, ""
	if i := strings.IndexAny(arg, ":-"); i >= 0 {
		from, to = arg[:i], arg[i+1:]
	}
	start, ok := parseTime(from)
	if !ok {
		return false, nil
	}
	f.From, f.To = start, 0
	if to == "" {
		return true, nil
	}
	if f.To, ok = parseTime(to); !ok || f.To <= f.From {
		return true, fmt.Errorf("%q: want FROM-TO, as 10s-20s", arg)
	}
	return true, nil
}

// parseShift reads a time with its sign.
func parseShift(s string) (time.Duration, bool) {
	if !strings.HasPrefix(s, "+") && !strings.HasPrefix(s, "-") {
		return 0, false
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d != 0 && d.Abs() <= maxShift
}

// maxShift bounds how wrong a clock can be.
const maxShift = 366 * 24 * time.Hour

// oneOf reads one of some words.
func oneOf[T ~string](words []T) func(string) (string, bool) {
	return func(s string) (string, bool) { return s, slices.Contains(words, T(s)) }
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
	return d, err == nil && s[0] != '+' && s[0] != '-'
}
