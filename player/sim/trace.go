package sim

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	maxTrace   = 64 << 20 // bytes
	maxPeriods = 1 << 21

	// A Mahimahi trace gives a moment at which a packet of this many bits may
	// leave; they are counted over spans of mahimahiSpan.
	mahimahiBits = 12_000
	mahimahiSpan = 100 * time.Millisecond
)

// ReadLink reads a trace in any of the known forms, told apart by their first
// character that is not white space:
//
//   - CSV with the heading duration_ms,bandwidth_kbps,latency_ms (a letter);
//   - the JSON of Sabre: [{"duration_ms":…,"bandwidth_kbps":…,"latency_ms":…},…];
//   - Mahimahi: a line for each packet of 1500 bytes that the link can send, the
//     millisecond at which it may leave (a digit).
//
// latency is that of traces that have none (Mahimahi, a CSV of two columns).
// Input is bounded at 64 MiB. Errors are ErrTrace or of r.
func ReadLink(name, group string, r io.Reader, latency time.Duration) (*Link, error) {
	text, err := readAll(r, maxTrace)
	if err != nil {
		return nil, fmt.Errorf("read the trace %s: %w", name, err)
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	l := &Link{Name: name, Group: group}
	first := byte(0)
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 {
		first = trimmed[0]
	}
	switch {
	case first == '[':
		l.Periods, err = sabreJSON(text)
	case first >= '0' && first <= '9':
		l.Periods, err = mahimahi(text, latency)
	default:
		l.Periods, err = traceCSV(text, latency)
	}
	if err == nil {
		err = l.check()
	}
	if err != nil {
		return nil, fmt.Errorf("read the trace %s: %w", name, err)
	}
	return l, nil
}

// period makes a Period of the figures of a file; durations of 0 are left out.
func period(into []Period, durationMS, kbps, latencyMS float64) ([]Period, error) {
	if !(durationMS >= 0 && durationMS <= 1e9 && kbps >= 0 && kbps <= 1e9 && latencyMS >= 0 && latencyMS <= 1e6) {
		return nil, fmt.Errorf("%w: period %d is out of range: %v ms, %v kbit/s, %v ms of latency", ErrTrace, len(into)+1, durationMS, kbps, latencyMS)
	}
	if len(into) == maxPeriods {
		return nil, fmt.Errorf("%w: more than %d periods", ErrTrace, maxPeriods)
	}
	p := Period{Duration: duration(durationMS), BPS: kbps * 1000, Latency: duration(latencyMS)}
	if p.Duration == 0 {
		return into, nil
	}
	return append(into, p), nil
}

func sabreJSON(text []byte) ([]Period, error) {
	var file []struct {
		Duration  float64 `json:"duration_ms"`
		Bandwidth float64 `json:"bandwidth_kbps"`
		Latency   float64 `json:"latency_ms"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTrace, err)
	}
	var periods []Period
	var err error
	for _, p := range file {
		if periods, err = period(periods, p.Duration, p.Bandwidth, p.Latency); err != nil {
			return nil, err
		}
	}
	return periods, nil
}

// traceCSV reads columns by their heading, in any order; others are left out.
func traceCSV(text []byte, latency time.Duration) ([]Period, error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	columns := [3]int{-1, -1, -1}
	names := [3]string{"duration_ms", "bandwidth_kbps", "latency_ms"}
	var periods []Period
	for line := 1; lines.Scan(); line++ {
		fields := strings.Split(strings.TrimSpace(lines.Text()), ",")
		if line == 1 {
			for i, f := range fields {
				for k, name := range names {
					if strings.TrimSpace(f) == name {
						columns[k] = i
					}
				}
			}
			if columns[0] < 0 || columns[1] < 0 {
				return nil, fmt.Errorf("%w: the first line must name duration_ms and bandwidth_kbps", ErrTrace)
			}
			continue
		}
		if len(fields) == 1 && fields[0] == "" {
			continue
		}
		value := [3]float64{2: ms(latency)}
		for k, c := range columns {
			if c < 0 {
				continue
			}
			if c >= len(fields) {
				return nil, fmt.Errorf("%w: line %d has %d columns", ErrTrace, line, len(fields))
			}
			v, err := strconv.ParseFloat(strings.TrimSpace(fields[c]), 64)
			if err != nil {
				return nil, fmt.Errorf("%w: line %d: %q is no number", ErrTrace, line, fields[c])
			}
			value[k] = v
		}
		var err error
		if periods, err = period(periods, value[0], value[1], value[2]); err != nil {
			return nil, err
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTrace, err)
	}
	return periods, nil
}

// mahimahi counts the packets of each span. The last line says how long the
// trace is before it begins anew.
func mahimahi(text []byte, latency time.Duration) ([]Period, error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	span := ms(mahimahiSpan)
	var periods []Period
	var packets, last, begin float64
	flush := func(length float64) (err error) {
		periods, err = period(periods, length, packets*mahimahiBits/max(length, 1), ms(latency))
		begin += length
		packets = 0
		return err
	}
	for line := 1; lines.Scan(); line++ {
		word := strings.TrimSpace(lines.Text())
		if word == "" {
			continue
		}
		at, err := strconv.ParseFloat(word, 64)
		if err != nil || !(at >= last) || at > 1e9 || at != math.Trunc(at) {
			return nil, fmt.Errorf("%w: line %d: %q is no later millisecond", ErrTrace, line, word)
		}
		for at > begin+span {
			length := span
			if packets == 0 { // all that is empty in one
				length *= math.Ceil((at-begin)/span) - 1
			}
			if err := flush(length); err != nil {
				return nil, err
			}
		}
		packets++
		last = at
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTrace, err)
	}
	if err := flush(max(last-begin, 1)); err != nil {
		return nil, err
	}
	return periods, nil
}
