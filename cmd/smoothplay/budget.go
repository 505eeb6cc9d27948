package main

import (
	"fmt"
	"strconv"
	"strings"

	"smoothplay/player/event"
)

// budget is a set of bounds on the figures of a Summary. As a flag it is written
// "stalls=0,startup<2s,mean_bitrate>=2.5M".
type budget []bound

// bound is one of them.
type bound struct {
	metric *event.Metric
	op     string
	limit  float64 // in the metric's unit
	text   string  // as written
}

// operators are longest first, so that none hides another.
var operators = []string{"<=", ">=", "<", ">", "="}

func (b *budget) Type() string { return "budget" }

func (b *budget) String() string {
	var parts []string
	for _, bound := range *b {
		parts = append(parts, bound.text)
	}
	return strings.Join(parts, ",")
}

// Set adds bounds: those of several flags hold together.
func (b *budget) Set(text string) error {
	for part := range strings.SplitSeq(text, ",") {
		one, err := parseBound(strings.TrimSpace(part))
		if err != nil {
			return err
		}
		*b = append(*b, one)
	}
	return nil
}

func parseBound(text string) (bound, error) {
	at := strings.IndexAny(text, "<=>")
	if at < 0 {
		return bound{}, fmt.Errorf("%q is no budget: write it as NAME, one of < <= = >= >, and a value, as in startup<2s", text)
	}
	name := strings.TrimSpace(text[:at])
	metric := event.FindMetric(name)
	if metric == nil {
		return bound{}, fmt.Errorf("%q is no figure of a summary: there are %s", name, strings.Join(metricNames(), ", "))
	}
	for _, op := range operators {
		if value, ok := strings.CutPrefix(text[at:], op); ok {
			limit, err := parseMetric(metric.Unit, strings.TrimSpace(value))
			if err != nil {
				return bound{}, fmt.Errorf("%q: %w", text, err)
			}
			return bound{metric, op, limit, text}, nil
		}
	}
	panic("an operator begins with none of < = >")
}

func metricNames() []string {
	var names []string
	for _, m := range event.Metrics() {
		names = append(names, m.Name)
	}
	return names
}

// parseMetric reads a value as people write it.
func parseMetric(unit event.Unit, text string) (float64, error) {
	switch unit {
	case event.UnitTime:
		var v timeValue
		err := v.Set(text)
		return float64(v), err
	case event.UnitRate:
		var v rateValue
		err := v.Set(text)
		return float64(v), err
	case event.UnitSize:
		var v sizeValue
		err := v.Set(text)
		return float64(v), err
	case event.UnitShare:
		return parseShare(text)
	}
	n, err := plainNumber(text)
	if err != nil {
		err = fmt.Errorf("%w: write a number", err)
	}
	return n, err
}

// parseShare reads "5%" or "0.05".
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	n, err := plainNumber(strings.TrimSpace(number))
	if err != nil {
		return 0, fmt.Errorf("%w: write a share as 5%% or 0.05", err)
	}
	if percent {
		n /= 100
	}
	return n, nil
}

// broken says what of the budget s does not keep. A figure that s does not have
// keeps nothing.
func (b budget) broken(s *event.Summary) []string {
	var lines []string
	for _, bound := range b {
		value, known := bound.metric.Value(s)
		switch {
		case !known:
			lines = append(lines, fmt.Sprintf("%s: there is no %s", bound.text, bound.metric.Name))
		case !bound.holds(value):
			lines = append(lines, fmt.Sprintf("%s: it is %s", bound.text, bound.metric.Text(value)))
		}
	}
	return lines
}

func (b *bound) holds(value float64) bool {
	switch b.op {
	case "<":
		return value < b.limit
	case "<=":
		return value <= b.limit
	case ">":
		return value > b.limit
	case ">=":
		return value >= b.limit
	}
	return value == b.limit
}

// check tells what the sessions do not keep, a line for each.
func (b budget) check(e *env, sessions []event.Summary) error {
	count := 0
	for i := range sessions {
		for _, line := range b.broken(&sessions[i]) {
			which := ""
			if len(sessions) > 1 {
				which = "session " + strconv.Itoa(i+1) + ": "
			}
			fmt.Fprintf(e.stderr, "smoothplay: %sbudget broken: %s\n", which, line)
			count++
		}
	}
	if count == 0 {
		return nil
	}
	return fmt.Errorf("the budget is broken %s", times(count))
}

// times is how often something happened.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

// metricHelp lists the figures, a line each.
func metricHelp() string {
	units := map[event.Unit]string{event.UnitTime: "time", event.UnitRate: "rate", event.UnitSize: "size", event.UnitShare: "%"}
	var b strings.Builder
	for _, m := range event.Metrics() {
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%-18s %-5s %s", m.Name, units[m.Unit], m.Help), " "))
	}
	return b.String()
}
