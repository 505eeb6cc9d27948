package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"smoothplay/player/event"
	"smoothplay/player/sim"
)

// resemblance lays a session that was played beside one that was simulated.
type resemblance struct {
	Policy   string   `json:"policy"`
	Played   likeSide `json:"played"`
	Imitated likeSide `json:"simulated"`
	// MeanOff and SwitchesOff are by how much the simulation is off, as shares
	// of what was played.
	MeanOff     float64 `json:"mean_off"`
	SwitchesOff float64 `json:"switches_off"`
}

type likeSide struct {
	MeanBPS   int64         `json:"mean_bitrate_bps"`
	Startup   time.Duration `json:"startup_ns"`
	Stalls    int           `json:"stalls"`
	Stalled   time.Duration `json:"stalled_ns"`
	Switches  int           `json:"switches"`
	Reversals int           `json:"reversals"`
	Wasted    int64         `json:"wasted_bytes"`
	Length    time.Duration `json:"played_ns"`
}

// simulateLike simulates the session of a log over a trace.
func simulateLike(e *env, flags *simulateFlags) error {
	file, err := os.Open(flags.like)
	if err != nil {
		return usageError{fmt.Errorf("--like: %w", err)}
	}
	defer file.Close()
	recorded, err := sim.ReadRecorded(event.Read(file))
	if err != nil {
		return fmt.Errorf("--like %s: %w", flags.like, err)
	}
	link, err := flags.oneLink()
	if err != nil {
		return err
	}
	name := recorded.Policy
	if len(flags.policies) > 0 {
		name = flags.policies[0]
	}
	c, err := contenderOf(name)
	if err != nil {
		return err
	}
	var log event.Recorder
	cfg := recorded.Config(link, c.new())
	cfg.Events = &log
	r, err := sim.Run(cfg)
	if err != nil {
		return err
	}
	s := recorded.Summary
	like := resemblance{
		Policy: c.name,
		Played: likeSide{s.MeanBitrateBPS, s.Startup, s.Stalls, s.Stalled, s.SwitchesUp + s.SwitchesDown, s.Reversals, s.WastedBytes, s.Played},
		Imitated: likeSide{int64(r.MeanBPS), r.Startup, r.Stalls, r.Stalled, r.Switches, r.Reversals, r.WastedBytes,
			cfg.Movie.Chunk * time.Duration(len(r.Levels))},
	}
	like.MeanOff = off(float64(like.Imitated.MeanBPS), float64(like.Played.MeanBPS))
	like.SwitchesOff = off(float64(r.Switches), float64(like.Played.Switches))
	if flags.events != "" {
		if err := writeEvents(flags.events, log.Events()); err != nil {
			return err
		}
	}
	if flags.asJSON {
		out := json.NewEncoder(e.stdout)
		out.SetIndent("", "  ")
		return out.Encode(like)
	}
	return like.write(e)
}

// off is by how much v is above or below what it should be, as a share of that.
func off(v, want float64) float64 {
	if v == want {
		return 0
	}
	return v/max(want, 1) - 1
}

func (l *resemblance) write(e *env) error {
	t := table{left: 1}
	t.row(l.Policy, "played", "simulated", "off by")
	a, b := l.Played, l.Imitated
	share := func(v, want float64) string { return signed(100*off(v, want), 1) + " %" }
	count := func(name string, x, y int) {
		t.row(name, strconv.Itoa(x), strconv.Itoa(y), share(float64(y), float64(x)))
	}
	t.row("mean kbit/s", fixed(float64(a.MeanBPS)/1000, 0), fixed(float64(b.MeanBPS)/1000, 0), share(float64(b.MeanBPS), float64(a.MeanBPS)))
	count("switches", a.Switches, b.Switches)
	count("  back", a.Reversals, b.Reversals)
	t.row("stalls", strconv.Itoa(a.Stalls), strconv.Itoa(b.Stalls))
	t.row("  in all", instant(a.Stalled), instant(b.Stalled))
	t.row("start", instant(a.Startup), instant(b.Startup))
	t.row("wasted MB", fixed(float64(a.Wasted)/1e6, 2), fixed(float64(b.Wasted)/1e6, 2))
	t.row("length", instant(a.Length), instant(b.Length))
	return t.write(e.stdout)
}

// oneLink is the one link that the flags name.
func (f *simulateFlags) oneLink() (*sim.Link, error) {
	switch {
	case f.shape != "" && len(f.traces) == 0:
		link, err := linkOfShape(f.shape, time.Duration(f.latency))
		if err != nil {
			return nil, usageError{err}
		}
		return link, nil
	case f.shape == "" && len(f.traces) == 1:
		return readLink(f.traces[0], "", time.Duration(f.latency))
	}
	return nil, usageError{errors.New("--like needs one TRACE, or --shape")}
}

// writeEvents writes a log of events to a file.
func writeEvents(path string, events []event.Event) error {
	file, err := os.Create(path)
	if err != nil {
		return usageError{fmt.Errorf("--events: %w", err)}
	}
	w := event.JSONL(file)
	for _, v := range events {
		w.Handle(v)
	}
	if err := errors.Join(w.Err(), file.Close()); err != nil {
		return fmt.Errorf("--events %s: %w", path, err)
	}
	return nil
}
