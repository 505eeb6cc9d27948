package event

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Series is a measurement that was repeated: the Summary of all sessions
// together, and how much their figures differ.
type Series struct {
	Summary
	// Spread is by Metric.Key, of the metrics that at least one session has; nil
	// for a single session.
	Spread map[string]Spread `json:"spread,omitempty"`
}

// Spread is one metric over several sessions, in its unit.
type Spread struct {
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	Max    float64 `json:"max"`
	// Values are those of the sessions that have one, in their order.
	Values []float64 `json:"values"`
}

// NewSeries merges the Summaries of sessions.
func NewSeries(sessions []Summary) Series {
	var series Series
	for _, s := range sessions {
		series.Summary = Merge(series.Summary, s)
	}
	if len(sessions) < 2 {
		return series
	}
	series.Spread = make(map[string]Spread, len(metrics))
	for i := range metrics {
		var values []float64
		for j := range sessions {
			if v, known := metrics[i].Value(&sessions[j]); known {
				values = append(values, v)
			}
		}
		if len(values) > 0 {
			series.Spread[metrics[i].Key()] = spreadOf(values)
		}
	}
	return series
}

func spreadOf(values []float64) Spread {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return Spread{Min: sorted[0], Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Max: sorted[n-1], Values: values}
}

// WriteText writes the Summary for people and below it, for several sessions,
// the metrics in which they differ.
func (s Series) WriteText(w io.Writer) error {
	if err := s.Summary.WriteText(w); err != nil || len(s.Spread) == 0 {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-18s %14s %14s %14s\n", "a session", "min", "median", "max")
	for i := range metrics {
		m := &metrics[i]
		if v, ok := s.Spread[m.Key()]; ok && v.Max != v.Min {
			fmt.Fprintf(&b, "%-18s %14s %14s %14s\n", m.Name, m.Text(v.Min), m.Text(v.Median), m.Text(v.Max))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Text is a value of m for people, with its unit.
func (m *Metric) Text(value float64) string {
	switch m.Unit {
	case UnitTime:
		return span(time.Duration(value))
	case UnitRate:
		return rate(int64(value))
	case UnitSize:
		return volume(int64(value))
	case UnitShare:
		return strconv.FormatFloat(100*value, 'f', cmp.Compare(10, 100*value)+1, 64) + " %"
	}
	return strconv.FormatFloat(value, 'f', -1, 64)
}
