package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"smoothplay/player/event"
)

// defaultTolerance is what --against lets pass where --tolerance says nothing.
const defaultTolerance = 0.05

// baseline is an earlier measurement.
type baseline struct {
	summary event.Summary
	log     bool // the file is a log of events
}

// maxBaseline bounds the file of one, in bytes.
const maxBaseline = 1 << 30

// readBaseline reads what measure --json wrote, also with --repeat, or a log of
// --events, which holds a summary in its last line.
func readBaseline(name string) (*baseline, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("--against: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxBaseline))
	if err != nil {
		return nil, fmt.Errorf("--against: %w", err)
	}
	var one struct {
		Type string `json:"type"` // of an event
		event.Summary
	}
	if json.Unmarshal(text, &one) == nil && one.Type == "" && one.Sessions > 0 {
		return &baseline{summary: one.Summary}, nil
	}
	b := baseline{log: true}
	for e, err := range event.Read(bytes.NewReader(text)) {
		if err != nil {
			return nil, fmt.Errorf("--against %s: neither a summary of measure --json nor a log of --events: %w", name, err)
		}
		if last, ok := e.Body.(event.SessionEnded); ok {
			b.summary = last.Summary
		}
	}
	if b.summary.Sessions == 0 {
		return nil, fmt.Errorf("--against %s: it holds no summary: use what measure --json or a whole session with --events wrote", name)
	}
	return &b, nil
}

// tolerance says by which share a figure may be worse. As a flag it is written
// "5%", or "5%,startup=20%".
type tolerance struct {
	all   float64
	of    map[string]float64 // by name of a metric
	given bool
}

func (t *tolerance) Type() string { return "share" }

func (t *tolerance) String() string { return "" }

// Set reads the flag.
func (t *tolerance) Set(text string) error {
	t.given = true
	for part := range strings.SplitSeq(text, ",") {
		name, value, named := strings.Cut(strings.TrimSpace(part), "=")
		if !named {
			name, value = "", name
		}
		share, err := parseShare(value)
		switch {
		case err != nil:
			return err
		case !named:
			t.all = share
		case event.FindMetric(name) == nil:
			return fmt.Errorf("%q is no figure of a summary: there are %s", name, strings.Join(metricNames(), ", "))
		default:
			if t.of == nil {
				t.of = map[string]float64{}
			}
			t.of[name] = share
		}
	}
	return nil
}

// share is what is tolerated of a metric.
func (t *tolerance) share(m *event.Metric) float64 {
	if s, ok := t.of[m.Name]; ok {
		return s
	}
	return t.all
}

// jitter is how much two equal sessions may always differ: such differences are
// passed over.
var jitter = map[event.Unit]float64{
	event.UnitTime:  5e6, // 5 ms
	event.UnitShare: 0.001,
}

// difference is a metric in which two measurements differ beyond what is
// tolerated.
type difference struct {
	metric *event.Metric
	before string
	now    string
	change string
	worse  bool
}

// compare lists the differences between two Summaries, of those metrics for
// which more, or less, is worse. A metric that was known and no longer is counts
// as worse.
func compare(before, now *event.Summary, t *tolerance) []difference {
	var found []difference
	metrics := event.Metrics()
	for i := range metrics {
		m := &metrics[i]
		if m.Worse == 0 {
			continue
		}
		old, had := m.Value(before)
		value, has := m.Value(now)
		if !had {
			continue // nothing to compare with
		}
		d := difference{metric: m, before: m.Text(old), now: "-", worse: true}
		if has {
			change := value - old
			if max(change, -change) <= max(t.share(m)*old, jitter[m.Unit]) {
				continue
			}
			d.now = m.Text(value)
			d.worse = change*float64(m.Worse) > 0
			if old > 0 {
				d.change = fmt.Sprintf("%+.1f %%", 100*change/old)
			}
		}
		found = append(found, d)
	}
	return found
}

// reportDifferences writes the differences as a table, and returns an error where one is
// for the worse.
func reportDifferences(w io.Writer, name string, found []difference) error {
	worse := 0
	if len(found) > 0 {
		fmt.Fprintf(w, "\n%-18s %14s %14s %10s\n", "against", "before", "now", "")
	}
	for _, d := range found {
		verdict := "better"
		if d.worse {
			verdict = "worse"
			worse++
		}
		fmt.Fprintf(w, "%-18s %14s %14s %10s  %s\n", d.metric.Name, d.before, d.now, cmp.Or(d.change, "-"), verdict)
	}
	if worse > 0 {
		return errors.New(plural(worse, "figure") + " worse than in " + name)
	}
	return nil
}

// plural is a number of things with their verb: "1 figure is", "2 figures are".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing + " is"
	}
	return fmt.Sprintf("%d %ss are", n, thing)
}
