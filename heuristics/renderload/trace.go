package renderload

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Trace says by time how many times longer than usual a device takes to decode:
// a decode-load trace. Steps ascend in From; before the first one, and in an
// empty Trace, the factor is 1; the last one lasts.
type Trace []Step

// Step holds from an instant on.
type Step struct {
	From   time.Duration
	Factor float64 // above 0; 2: everything takes twice as long
}

// ErrTrace marks a decode-load trace that cannot be read.
var ErrTrace = errors.New("no decode-load trace")

const (
	maxSteps  = 100_000
	maxFactor = 1000
	maxFrom   = 1000 * time.Hour
)

// At is the factor at t.
func (tr Trace) At(t time.Duration) float64 {
	i, found := slices.BinarySearchFunc(tr, t, func(s Step, t time.Duration) int { return int(max(min(s.From-t, 1), -1)) })
	if found {
		return tr[i].Factor
	}
	if i == 0 {
		return 1
	}
	return tr[i-1].Factor
}

// ParseTrace reads "1:10s,3:20s": factors and how long each holds, after which
// decoding is as fast as it is. A last factor without a time lasts: "1:10s,3".
func ParseTrace(list string) (Trace, error) {
	var tr Trace
	at := time.Duration(0)
	items := strings.Split(list, ",")
	for i, item := range items {
		item = strings.TrimSpace(item)
		factor, lasts, timed := strings.Cut(item, ":")
		var err error
		if tr, err = tr.append(at, factor); err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrTrace, item, err)
		}
		if !timed {
			if i < len(items)-1 {
				return nil, fmt.Errorf("%w: %q says no time and is not the last: write 1.8:30s", ErrTrace, item)
			}
			return tr, nil
		}
		d, err := time.ParseDuration(strings.TrimSpace(lasts))
		if err != nil || d <= 0 || d > maxFrom {
			return nil, fmt.Errorf("%w: %q is no time above 0, such as 30s", ErrTrace, lasts)
		}
		at += d
	}
	return tr.append(at, "1")
}

// ParseTraceCSV reads lines of "t_ms,load_factor" under that heading.
func ParseTraceCSV(text []byte) (Trace, error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	var tr Trace
	for line := 1; lines.Scan(); line++ {
		text := strings.TrimSpace(lines.Text())
		if line == 1 {
			if strings.TrimPrefix(strings.ReplaceAll(text, " ", ""), "\ufeff") != "t_ms,load_factor" {
				return nil, fmt.Errorf("%w: the first line must be t_ms,load_factor", ErrTrace)
			}
			continue
		}
		if text == "" || text[0] == '#' {
			continue
		}
		at, factor, _ := strings.Cut(text, ",")
		ms, err := strconv.ParseFloat(strings.TrimSpace(at), 64)
		if err != nil || !(ms >= 0 && ms <= maxFrom.Seconds()*1000) {
			return nil, fmt.Errorf("%w: line %d: %q is no time in milliseconds", ErrTrace, line, at)
		}
		if tr, err = tr.append(time.Duration(ms*float64(time.Millisecond)), strings.TrimSpace(factor)); err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrTrace, line, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTrace, err)
	}
	if len(tr) == 0 {
		return nil, fmt.Errorf("%w: there is no line but the heading", ErrTrace)
	}
	return tr, nil
}

// append adds a step that was read.
func (tr Trace) append(at time.Duration, factor string) (Trace, error) {
	f, err := strconv.ParseFloat(factor, 64)
	switch {
	case err != nil || !(f > 0 && f <= maxFactor):
		return nil, fmt.Errorf("%q is no factor above 0 and up to %d", factor, maxFactor)
	case at > maxFrom:
		return nil, fmt.Errorf("it is longer than %v", maxFrom)
	case len(tr) > 0 && at <= tr[len(tr)-1].From:
		return nil, errors.New("times must ascend")
	case len(tr) == maxSteps:
		return nil, fmt.Errorf("it has more than %d steps", maxSteps)
	}
	return append(tr, Step{at, f}), nil
}
