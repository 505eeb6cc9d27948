package httpclient

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Unlimited is the BPS of a step in which the link is not slowed down.
const Unlimited int64 = -1

// Bounds of what a Shape may say.
const (
	maxSteps    = 1 << 20
	maxRate     = int64(1e12)
	maxLatency  = time.Minute
	minDuration = time.Millisecond
	maxDuration = 24 * time.Hour
)

// Step is a time in which a link stays the same.
type Step struct {
	Duration time.Duration // 0, in the last step only: for ever
	BPS      int64         // bits per second; 0: nothing passes; or Unlimited
	Latency  time.Duration // one round trip
}

// Shape says how a link changes over time. After its last step it begins again,
// unless that step holds for ever.
type Shape []Step

// ParseShape reads "RATE:TIME[:LATENCY],...": "8M:30s,1M:30s" is 8 Mbit/s for
// 30 s, 1 Mbit/s for 30 s, and so on in turns. A rate takes k, M or G and a
// fraction, 0 is a dead link, "max" one without limit. A time is as "1m30s" or
// in seconds; the last one may be left out: "8M:30s,1M" stays at 1 Mbit/s.
func ParseShape(s string) (Shape, error) {
	if len(s) > 1<<20 {
		return nil, errors.New("shape: longer than 1 MiB; put it into a trace file")
	}
	var shape Shape
	for item := range strings.SplitSeq(s, ",") {
		step, err := parseStep(strings.TrimSpace(item))
		if err != nil {
			return nil, fmt.Errorf("shape: step %d: %w", len(shape)+1, err)
		}
		shape = append(shape, step)
	}
	if err := shape.check(); err != nil {
		return nil, fmt.Errorf("shape: %w", err)
	}
	return shape, nil
}

func parseStep(item string) (Step, error) {
	var step Step
	var err error
	fields := strings.Split(item, ":")
	if len(fields) > 3 {
		return step, fmt.Errorf("%q: want RATE:TIME[:LATENCY]", shortened(item))
	}
	if step.BPS, err = parseRate(fields[0]); err != nil {
		return step, err
	}
	if len(fields) > 1 {
		if step.Duration, err = parseTime(fields[1]); err != nil {
			return step, err
		}
		if step.Duration == 0 {
			return step, fmt.Errorf("%q: takes no time", shortened(item))
		}
	}
	if len(fields) > 2 {
		step.Latency, err = parseTime(fields[2])
	}
	return step, err
}

// parseRate reads "8M", "2.5M", "800k", "1G", "64000", "0" or "max".
func parseRate(s string) (int64, error) {
	if s == "max" {
		return Unlimited, nil
	}
	number, unit := s, 1.0
	if s != "" {
		switch s[len(s)-1] {
		case 'k', 'K':
			unit = 1e3
		case 'm', 'M':
			unit = 1e6
		case 'g', 'G':
			unit = 1e9
		}
		if unit > 1 {
			number = s[:len(s)-1]
		}
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !(f >= 0) || f*unit > float64(maxRate) {
		return 0, fmt.Errorf("rate %q: want a number from 0 to 1000G, as 8M or 800k, or max", shortened(s))
	}
	return int64(math.Round(f * unit)), nil
}

// parseTime reads "30s", "1m30s", "250ms", or seconds.
func parseTime(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		var seconds float64
		seconds, err = strconv.ParseFloat(s, 64)
		if err != nil || !(seconds >= 0 && seconds <= maxDuration.Seconds()) {
			return 0, fmt.Errorf("time %q: want a time from 0 to 24h, as 30s, 1m30s or 250ms", shortened(s))
		}
		d = time.Duration(math.Round(seconds * 1e9))
	}
	if d < 0 || d > maxDuration {
		return 0, fmt.Errorf("time %q: want a time from 0 to 24h", shortened(s))
	}
	return d, nil
}

// ParseTrace reads a trace of a network: lines of duration in milliseconds, rate
// in kbit/s and, where given, latency of a round trip in milliseconds, separated
// by commas; fractions are allowed. A first line of names, empty lines and lines
// that begin with # are passed over. At most 1,048,576 steps and 64 MiB are read.
func ParseTrace(r io.Reader) (Shape, error) {
	var shape Shape
	lines := bufio.NewScanner(io.LimitReader(r, 64<<20))
	lines.Buffer(make([]byte, 0, 4096), 4096)
	number := 0
	for lines.Scan() {
		number++
		line := bytes.TrimSpace(bytes.TrimPrefix(lines.Bytes(), []byte("\ufeff")))
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if c := line[0] | 0x20; number == 1 && 'a' <= c && c <= 'z' {
			continue // the names of the columns
		}
		step, err := parseRow(string(line))
		if err != nil {
			return nil, fmt.Errorf("trace: line %d: %w", number, err)
		}
		if len(shape) == maxSteps {
			return nil, fmt.Errorf("trace: line %d: more than %d steps", number, maxSteps)
		}
		shape = append(shape, step)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("trace: after line %d: %w", number, err)
	}
	if err := shape.check(); err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	return shape, nil
}

func parseRow(line string) (Step, error) {
	fields := strings.Split(line, ",")
	if len(fields) < 2 || len(fields) > 3 {
		return Step{}, fmt.Errorf("%q: want duration_ms,bandwidth_kbps,latency_ms", shortened(line))
	}
	var v [3]float64
	for i, most := range [3]float64{float64(maxDuration.Milliseconds()), float64(maxRate / 1000), float64(maxLatency.Milliseconds())} {
		if i == len(fields) {
			break
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(fields[i]), 64)
		if err != nil || !(f >= 0 && f <= most) {
			return Step{}, fmt.Errorf("%q: want a number from 0 to %.0f", shortened(fields[i]), most)
		}
		v[i] = f
	}
	step := Step{
		Duration: time.Duration(math.Round(v[0] * 1e6)),
		BPS:      int64(math.Round(v[1] * 1e3)),
		Latency:  time.Duration(math.Round(v[2] * 1e6)),
	}
	if step.Duration == 0 {
		return step, fmt.Errorf("%q: takes no time", shortened(line))
	}
	return step, nil
}

// check says what a Link could not follow.
func (s Shape) check() error {
	if len(s) == 0 {
		return errors.New("no step")
	}
	if len(s) > maxSteps {
		return fmt.Errorf("more than %d steps", maxSteps)
	}
	var total time.Duration
	alive := false
	for i, step := range s {
		forever := step.Duration == 0 && i == len(s)-1
		if !forever && (step.Duration < minDuration || step.Duration > maxDuration) {
			return fmt.Errorf("step %d: a time of %v: must be from %v to %v; only the last step may leave it out", i+1, step.Duration, minDuration, maxDuration)
		}
		if step.BPS < Unlimited || step.BPS > maxRate {
			return fmt.Errorf("step %d: a rate of %d bit/s: must be from 0 to %d", i+1, step.BPS, maxRate)
		}
		if step.Latency < 0 || step.Latency > maxLatency {
			return fmt.Errorf("step %d: a latency of %v: must be from 0 to %v", i+1, step.Latency, maxLatency)
		}
		if total += step.Duration; total > 1000*time.Hour {
			return errors.New("longer than 1000 hours")
		}
		alive = alive || step.BPS != 0
		if forever && step.BPS == 0 {
			return errors.New("ends with a link that is dead for ever; give the last step a time")
		}
	}
	if !alive {
		return errors.New("the link is dead all the time; give a step a rate above 0")
	}
	return nil
}

// shortened keeps a quotation in a message short.
func shortened(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}
