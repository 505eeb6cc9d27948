package sim

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
)

// Row is a session as one line of figures. Its names are the columns of the
// tables of baselines that go with recorded links.
type Row struct {
	Group     string  `json:"group"`
	File      string  `json:"file"`
	Ladder    string  `json:"ladder"` // name of the movie
	BufferS   float64 `json:"buffer_cap_s"`
	Policy    string  `json:"policy"`
	MeanKbps  float64 `json:"mean_kbps"`
	StallS    float64 `json:"stall_s"`
	Stalls    int     `json:"stalls"`
	Switches  int     `json:"switches"`
	Reversals int     `json:"reversals"`
	StartupS  float64 `json:"startup_s"`
	QoE       float64 `json:"qoe_lin"`

	// What only sessions simulated here have.
	StallShare  float64 `json:"stall_share,omitempty"`
	Abandoned   int     `json:"abandoned,omitempty"`
	Replaced    int     `json:"replaced,omitempty"`
	WastedBytes int64   `json:"wasted_bytes,omitempty"`
	Pictures    int64   `json:"pictures,omitempty"`
	Lost        int64   `json:"pictures_lost,omitempty"`
	CappedS     float64 `json:"capped_s,omitempty"`
	Levels      []int   `json:"levels,omitempty"` // by chunk, as played
}

// Row is r as a line.
func (r *Result) Row() Row {
	return Row{
		Group: r.Group, File: r.Link, Ladder: r.Movie, BufferS: r.Buffer.Seconds(), Policy: r.Policy,
		MeanKbps: round(r.MeanBPS/1000, 1), StallS: round(r.Stalled.Seconds(), 3), Stalls: r.Stalls,
		Switches: r.Switches, Reversals: r.Reversals, StartupS: round(r.Startup.Seconds(), 3), QoE: round(r.QoE, 6),
		StallShare: round(r.StallShare(), 6), Abandoned: r.Abandoned, Replaced: r.Replaced, WastedBytes: r.WastedBytes,
		Pictures: r.Pictures, Lost: r.Lost, CappedS: round(r.Capped.Seconds(), 3), Levels: r.Levels,
	}
}

// round keeps some decimals of v.
func round(v float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(v*scale) / scale
}

// Policies of tables of baselines that are no rules: what can be reached with
// the whole link known, and the least there is.
const (
	Optimum = "optimum"
	Lowest  = "lowest"
)

// Baselines are sessions that somebody else played on the same links.
type Baselines map[baselineKey]Row

type baselineKey struct {
	file, ladder, policy string
	buffer               time.Duration
}

// Find returns the session of a policy on the same link, movie and buffer as
// row.
func (b Baselines) Find(row Row, policy string) (Row, bool) {
	found, ok := b[baselineKey{row.File, row.Ladder, policy, seconds(row.BufferS)}]
	return found, ok
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * 1e9)) }

const maxBaselines = 1 << 20

// ReadBaselines reads a table of sessions with the columns of Row: CSV with a
// heading, in any order; columns that Row does not have are left out. Input is
// bounded at 64 MiB.
func ReadBaselines(r io.Reader) (Baselines, error) {
	in := csv.NewReader(io.LimitReader(r, maxTrace))
	in.ReuseRecord = true
	heading, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read baselines: %w: %w", ErrTrace, err)
	}
	column := map[string]int{}
	for i, name := range heading {
		column[name] = i
	}
	for _, name := range []string{"file", "ladder", "buffer_cap_s", "policy", "qoe_lin"} {
		if _, ok := column[name]; !ok {
			return nil, fmt.Errorf("read baselines: %w: the first line names no %s", ErrTrace, name)
		}
	}
	all := Baselines{}
	for {
		record, err := in.Read()
		if err == io.EOF {
			return all, nil
		}
		if err == nil && len(all) == maxBaselines {
			err = fmt.Errorf("more than %d sessions", maxBaselines)
		}
		if err != nil {
			return nil, fmt.Errorf("read baselines: %w: %w", ErrTrace, err)
		}
		text := func(name string) string {
			if i, ok := column[name]; ok {
				return record[i]
			}
			return ""
		}
		number := func(name string) float64 {
			if text(name) == "" {
				return 0
			}
			v, e := strconv.ParseFloat(text(name), 64)
			if e != nil || math.IsNaN(v) || math.Abs(v) > 1e12 {
				line, _ := in.FieldPos(0)
				err = fmt.Errorf("read baselines: %w: line %d: %q is no %s", ErrTrace, line, text(name), name)
			}
			return v
		}
		row := Row{
			Group: text("group"), File: text("file"), Ladder: text("ladder"), BufferS: number("buffer_cap_s"),
			Policy: text("policy"), MeanKbps: number("mean_kbps"), StallS: number("stall_s"), Stalls: int(number("stalls")),
			Switches: int(number("switches")), Reversals: int(number("reversals")), StartupS: number("startup_s"), QoE: number("qoe_lin"),
		}
		if err != nil {
			return nil, err
		}
		all[baselineKey{row.File, row.Ladder, row.Policy, seconds(row.BufferS)}] = row
	}
}

// Join adds the sessions of others to b, where it does not have them, and returns
// it. Both may be nil.
func (b Baselines) Join(others Baselines) Baselines {
	if b == nil {
		return others
	}
	for key, row := range others {
		if _, ok := b[key]; !ok {
			b[key] = row
		}
	}
	return b
}
