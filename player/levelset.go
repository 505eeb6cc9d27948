package player

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"smoothplay/heuristics"
)

// LevelSet names levels of video by ranges: a level is in the set if it is in
// one of them.
type LevelSet []LevelRange

// LevelRange is a range of levels, both ends included.
type LevelRange struct {
	By       LevelMeasure
	From, To int64 // the same number twice: one level, see LevelMeasure
}

// LevelMeasure is what a LevelRange counts in.
type LevelMeasure uint8

const (
	ByIndex  LevelMeasure = iota // from 0, the lowest bitrate
	ByRate                       // nominal, in bits per second; a single rate means the nearest level
	ByHeight                     // of the picture, in pixels
)

// unbounded is the upper end of a range that has none.
const unbounded = math.MaxInt64

// ParseLevels reads a set of levels as people write it: ranges with commas
// between them, each of one value, "LOW-HIGH", "LOW-" or "-HIGH". A value is the
// index of a level from 0 ("2"), a bitrate ("1.5M", "800k", "800000") or the
// height of a picture ("720p").
func ParseLevels(text string) (LevelSet, error) {
	var set LevelSet
	for part := range strings.SplitSeq(text, ",") {
		r, err := parseRange(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("%q names no levels (%w): write it as 0,2,4 or 1M-3M or -720p", text, err)
		}
		set = append(set, r)
	}
	return set, nil
}

func parseRange(text string) (LevelRange, error) {
	low, high, isRange := strings.Cut(text, "-")
	r := LevelRange{To: unbounded}
	var err error
	if low != "" {
		r.By, r.From, err = parseLevel(low)
	}
	if !isRange {
		r.To = r.From
		if low == "" {
			err = errors.New("a value is missing")
		}
		return r, err
	}
	if high != "" && err == nil {
		by := r.By
		r.By, r.To, err = parseLevel(high)
		if err == nil && low != "" && by != r.By {
			err = errors.New("the ends of a range are of different kinds")
		}
	}
	switch {
	case err != nil:
	case low == "" && high == "":
		err = errors.New("a range has no end")
	case r.From > r.To:
		err = errors.New("a range ends before it begins")
	}
	return r, err
}

// maxIndex is the highest plain number that is an index; what is higher is a
// bitrate.
const maxIndex = 999

func parseLevel(text string) (LevelMeasure, int64, error) {
	bad := func() (LevelMeasure, int64, error) { return 0, 0, fmt.Errorf("%q is no level", text) }
	if text == "" || text[0] < '0' || text[0] > '9' {
		return bad()
	}
	if height, ok := strings.CutSuffix(text, "p"); ok {
		n, err := strconv.ParseInt(height, 10, 32)
		if err != nil {
			return bad()
		}
		return ByHeight, n, nil
	}
	factor := 1.0
	number := text
	switch text[len(text)-1] {
	case 'k', 'K':
		factor = 1e3
	case 'm', 'M':
		factor = 1e6
	case 'g', 'G':
		factor = 1e9
	default:
		n, err := strconv.ParseInt(text, 10, 63)
		switch {
		case err != nil:
			return bad()
		case n <= maxIndex:
			return ByIndex, n, nil
		}
		return ByRate, n, nil
	}
	number = number[:len(number)-1]
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || strings.Trim(number, "0123456789.") != "" || f*factor > 1e15 {
		return bad()
	}
	return ByRate, int64(math.Round(f * factor)), nil
}

// String returns a text that ParseLevels reads; "" for nil.
func (s LevelSet) String() string {
	parts := make([]string, len(s))
	for i, r := range s {
		parts[i] = r.String()
	}
	return strings.Join(parts, ",")
}

// String returns the range as ParseLevels reads it.
func (r LevelRange) String() string {
	value := func(n int64) string {
		switch {
		case r.By == ByHeight:
			return strconv.FormatInt(n, 10) + "p"
		case r.By == ByRate && n%1000 == 0:
			return strconv.FormatInt(n/1000, 10) + "k"
		case r.By == ByRate && n <= maxIndex:
			return strconv.FormatFloat(float64(n)/1000, 'f', -1, 64) + "k"
		}
		return strconv.FormatInt(n, 10)
	}
	switch {
	case r.From == r.To:
		return value(r.From)
	case r.To == unbounded:
		return value(r.From) + "-"
	}
	return value(r.From) + "-" + value(r.To)
}

// mark sets in to the levels that are in r and reports whether there is one.
func (r LevelRange) mark(levels []heuristics.Level, in []bool) bool {
	if r.By == ByRate && r.From == r.To {
		nearest := 0
		for q := range levels {
			if off(levels[q].BitrateBPS, r.From) < off(levels[nearest].BitrateBPS, r.From) {
				nearest = q
			}
		}
		in[nearest] = true
		return true
	}
	some := false
	for q := range levels {
		n := int64(q)
		switch r.By {
		case ByRate:
			n = levels[q].BitrateBPS
		case ByHeight:
			n = int64(levels[q].Height)
		}
		if n >= r.From && n <= r.To {
			in[q], some = true, true
		}
	}
	return some
}

func off(a, b int64) int64 { return max(a-b, b-a) }

// Match marks the levels, ascending in bitrate, that are in s. The error names
// the range that no level is in, and the levels there are.
func (s LevelSet) Match(levels []heuristics.Level) ([]bool, error) {
	in := make([]bool, len(levels))
	for _, r := range s {
		if r.mark(levels, in) {
			continue
		}
		var names []string
		for q, l := range levels {
			name := fmt.Sprintf("%d: %.4gk", q, float64(l.BitrateBPS)/1e3)
			if l.Height > 0 {
				name += fmt.Sprintf(" %dx%d", l.Width, l.Height)
			}
			names = append(names, name)
		}
		return in, fmt.Errorf("no level is %v: the levels are %s", r, strings.Join(names, ", "))
	}
	return in, nil
}
