package sim

import (
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/policy"
	"smoothplay/player/event"
)

// scripted answers as a test says.
type scripted struct {
	decide func(*heuristics.Input) heuristics.Decision
}

func (scripted) Name() string                                      { return "scripted" }
func (s scripted) Decide(in *heuristics.Input) heuristics.Decision { return s.decide(in) }

// always fetches level q and gives nothing up.
func always(q int) heuristics.Policy {
	return scripted{func(in *heuristics.Input) heuristics.Decision { return heuristics.Decision{Level: q} }}
}

// replacing fetches level q, and replaces as a test says.
type replacing struct {
	scripted
	replace func(*heuristics.Input) (int, heuristics.Decision, bool)
}

func (r replacing) Replace(in *heuristics.Input) (int, heuristics.Decision, bool) {
	return r.replace(in)
}

func shape(periods ...Period) *Link { return &Link{Name: "shape", Periods: periods} }

func flat(bps float64) *Link {
	return shape(Period{Duration: time.Second, BPS: bps, Latency: 100 * time.Millisecond})
}

func movie(t testing.TB, chunks int, bps ...int64) *Movie {
	t.Helper()
	m, err := ConstantMovie("made", 2*time.Second, chunks, bps...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func simulate(t testing.TB, cfg Config) *Result {
	t.Helper()
	r, err := Run(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// outage is a link that is good for a while, gone for 20 s, and good again.
func outage() *Link {
	return shape(
		Period{Duration: 10 * time.Second, BPS: 2e6, Latency: 100 * time.Millisecond},
		Period{Duration: 20 * time.Second, BPS: 0, Latency: 100 * time.Millisecond},
		Period{Duration: time.Hour, BPS: 1.5e6, Latency: 100 * time.Millisecond},
	)
}

func TestGathersAfterAStall(t *testing.T) {
	m := movie(t, 60, 1_000_000)
	short := simulate(t, Config{Movie: m, Link: outage(), Policy: always(0), Buffer: 12 * time.Second})
	long := simulate(t, Config{Movie: m, Link: outage(), Policy: always(0), Buffer: 12 * time.Second, Resume: 6 * time.Second})
	if short.Stalls != 1 || long.Stalls != 1 {
		t.Fatalf("%d and %d stalls, want 1 and 1", short.Stalls, long.Stalls)
	}
	// Two more fragments of 2 Mbit at 1.5 Mbit/s and 100 ms each.
	want := 2 * (100*time.Millisecond + 2*time.Second*10/15)
	if more := long.Stalled - short.Stalled; (more - want).Abs() > time.Millisecond {
		t.Errorf("gathering took %v longer, want %v", more, want)
	}
	// A stall at the very end does not wait for what will never come.
	last := simulate(t, Config{Movie: movie(t, 4, 1_000_000), Link: flat(500_000), Policy: always(0), Buffer: 20 * time.Second, Resume: 18 * time.Second})
	if last.Stalled > 30*time.Second {
		t.Errorf("stalled for %v", last.Stalled)
	}
}

func TestWaitsAtTheLiveEdge(t *testing.T) {
	m := movie(t, 60, 500_000, 1_000_000)
	var delays []time.Duration
	var early int
	r := simulate(t, Config{
		Movie: m, Link: flat(20e6), Policy: always(1), Live: 6 * time.Second,
		Observe: func(in *heuristics.Input, _ heuristics.Decision) {
			if !in.Live || in.ChunksLeft != -1 {
				t.Fatalf("the policy is not told that it is live: %+v", in)
			}
			// The chunk has been published in full: its end is not behind the edge.
			if edge := in.Now + 6*time.Second; time.Duration(in.ChunkIndex+1)*in.ChunkDuration > edge+time.Microsecond {
				early++
			}
			delays = append(delays, in.LiveDelay)
			if n := len(in.Transfers); n > 0 && in.Transfers[n-1].AtEdge != (in.ChunkIndex > 2) {
				t.Errorf("chunk %d: at the edge %v", in.ChunkIndex-1, in.Transfers[n-1].AtEdge)
			}
		},
	})
	if early > 0 || r.Stalls != 0 {
		t.Errorf("%d chunks were asked for before they were there, %d stalls", early, r.Stalls)
	}
	// Three fragments are there at the start, and what the first one took stays
	// the delay for good.
	for _, d := range delays[1:] {
		if (d - delays[1]).Abs() > time.Millisecond {
			t.Fatalf("the delay went from %v to %v without a stall", delays[1], d)
		}
	}
	if want := 6*time.Second + r.Startup; (delays[len(delays)-1] - want).Abs() > time.Millisecond {
		t.Errorf("%v behind the edge, want %v", delays[len(delays)-1], want)
	}
	if least := 120*time.Second - 6*time.Second; r.Length < least {
		t.Errorf("the session took %v, the edge needs %v", r.Length, least)
	}
}

func TestReplacesWhatIsBuffered(t *testing.T) {
	m := movie(t, 30, 500_000, 1_000_000)
	asked, full := 0, 0
	p := replacing{scripted: scripted{func(in *heuristics.Input) heuristics.Decision {
		if in.Held != nil {
			t.Error("Held is filled in for Decide")
		}
		return heuristics.Decision{Level: 0}
	}}}
	p.replace = func(in *heuristics.Input) (int, heuristics.Decision, bool) {
		asked++
		if in.Buffered+in.ChunkDuration > in.Goal {
			full++
		}
		for i, h := range in.Held {
			if h.Due <= 2*in.ChunkDuration || h.ChunkIndex >= in.ChunkIndex || i > 0 && (h.ChunkIndex != in.Held[i-1].ChunkIndex+1 || h.Due-in.Held[i-1].Due != h.Duration) {
				t.Fatalf("held: %+v", in.Held)
			}
			if h.Level == 0 {
				return h.ChunkIndex, heuristics.Decision{Level: 1, Reason: heuristics.ReasonReplace}, true
			}
		}
		return 0, heuristics.Decision{}, false
	}
	var log event.Recorder
	r := simulate(t, Config{Movie: m, Link: flat(8e6), Policy: p, Buffer: 12 * time.Second, Events: &log})
	high := 0
	for _, q := range r.Levels {
		high += q
	}
	if r.Replaced != high || high < 20 || len(r.Levels) != 30 {
		t.Errorf("%d replaced, %d of %d played at the higher level", r.Replaced, high, len(r.Levels))
	}
	if want := int64(r.Replaced) * 125_000; r.WastedBytes != want {
		t.Errorf("%d bytes wasted, want %d", r.WastedBytes, want)
	}
	if asked == 0 || full == 0 {
		t.Errorf("asked %d times, %d times with a full buffer", asked, full)
	}
	agrees(t, r, m, log.Events())
	if same := simulate(t, Config{Movie: m, Link: flat(8e6), Policy: always(0), Buffer: 12 * time.Second}); same.Replaced != 0 || same.WastedBytes != 0 {
		t.Errorf("without a Replacer: %+v", same)
	}
}

// A replacement that would come too late is given up, and the fragment played as
// it is.
func TestReplacementTooLate(t *testing.T) {
	m := movie(t, 30, 100_000, 5_000_000)
	p := replacing{scripted: scripted{func(in *heuristics.Input) heuristics.Decision {
		if in.Running != nil && in.Running.Level == 1 {
			t.Error("the policy is asked about a replacement under way")
		}
		return heuristics.Decision{Level: 0}
	}}}
	p.replace = func(in *heuristics.Input) (int, heuristics.Decision, bool) {
		h := in.Held[len(in.Held)-1]
		return h.ChunkIndex, heuristics.Decision{Level: 1}, in.ChunkIndex == 10 && in.SinceDiscontinuity == 10 && in.Now < 20*time.Second
	}
	r := simulate(t, Config{Movie: m, Link: flat(500_000), Policy: p, Buffer: 12 * time.Second})
	if r.Replaced != 0 || r.WastedBytes == 0 || slices.Contains(r.Levels, 1) || r.Stalls > 0 {
		t.Errorf("%+v", r)
	}
}

// agrees holds the events of a session against its Result.
func agrees(t *testing.T, r *Result, m *Movie, events []event.Event) {
	t.Helper()
	for i, e := range events {
		if e.Seq != uint64(i+1) || i > 0 && e.At < events[i-1].At {
			t.Fatalf("event %d has the number %d and the time %v after %v", i, e.Seq, e.At, events[i-1].At)
		}
		if _, err := e.AppendJSON(nil); err != nil {
			t.Fatal(err)
		}
	}
	ended, ok := events[len(events)-1].Body.(event.SessionEnded)
	if !ok {
		t.Fatalf("the last event is %T", events[len(events)-1].Body)
	}
	s := ended.Summary
	if d := float64(s.MeanBitrateBPS)/r.MeanBPS - 1; math.Abs(d) > 1e-4 {
		t.Errorf("mean %d in the Summary, %.0f in the Result", s.MeanBitrateBPS, r.MeanBPS)
	}
	if s.Stalls != r.Stalls || (s.Stalled-r.Stalled).Abs() > time.Microsecond || (s.Startup-r.Startup).Abs() > time.Microsecond {
		t.Errorf("Summary: %d stalls, %v, start %v; Result: %d, %v, %v", s.Stalls, s.Stalled, s.Startup, r.Stalls, r.Stalled, r.Startup)
	}
	if s.SwitchesUp+s.SwitchesDown != r.Switches || s.Reversals != r.Reversals || s.WastedBytes != r.WastedBytes {
		t.Errorf("Summary: %d switches, %d back, %d wasted; Result: %d, %d, %d", s.SwitchesUp+s.SwitchesDown, s.Reversals, s.WastedBytes, r.Switches, r.Reversals, r.WastedBytes)
	}
	if played := time.Duration(len(r.Levels)) * m.Chunk; (s.Played - played).Abs() > time.Millisecond {
		t.Errorf("%v played, want %v", s.Played, played)
	}
}

// TestTellsTheSession simulates with every policy and listener, and holds the
// events against the Result, which does not hang on being listened to.
func TestTellsTheSession(t *testing.T) {
	m := movie(t, 100, 300_000, 700_000, 1_500_000, 3_000_000)
	link := shape(
		Period{Duration: 25 * time.Second, BPS: 4e6, Latency: 50 * time.Millisecond},
		Period{Duration: 15 * time.Second, BPS: 150_000, Latency: 200 * time.Millisecond},
		Period{Duration: 9 * time.Second, BPS: 1.1e6, Latency: 50 * time.Millisecond},
	)
	for _, name := range policy.Names() {
		for _, buffer := range []time.Duration{6 * time.Second, 25 * time.Second} {
			cfg := func() Config {
				p, err := policy.New(name, policy.Config{Level: 2})
				if err != nil {
					t.Fatal(err)
				}
				return Config{Movie: m, Link: link, Policy: p, Buffer: buffer, Resume: 4 * time.Second}
			}
			silent := simulate(t, cfg())
			var log event.Recorder
			told := cfg()
			told.Events = &log
			r := simulate(t, told)
			if !reflect.DeepEqual(r, silent) {
				t.Errorf("%s at %v: told %+v, silent %+v", name, buffer, r, silent)
			}
			agrees(t, r, m, log.Events())
		}
	}
}

func TestKeepsLimits(t *testing.T) {
	m := movie(t, 50, 300_000, 600_000, 900_000)
	p, err := policy.New(policy.Throughput, policy.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := simulate(t, Config{Movie: m, Link: flat(9e6), Policy: p, Allowed: []bool{false, true, false}})
	if slices.Contains(r.Levels, 0) || slices.Contains(r.Levels, 2) {
		t.Errorf("%v", r.Levels)
	}
	for _, none := range [][]bool{{true}, {false, false, false}} {
		if _, err := Run(Config{Movie: m, Link: flat(9e6), Policy: p, Allowed: none}); !errors.Is(err, ErrTrace) {
			t.Errorf("%v: %v", none, err)
		}
	}
}

func TestPlaysAPart(t *testing.T) {
	m := movie(t, 50, 300_000)
	left := -1
	r := simulate(t, Config{Movie: m, Link: flat(2e6), Policy: always(0), For: 21 * time.Second,
		Observe: func(in *heuristics.Input, _ heuristics.Decision) { left = in.ChunksLeft }})
	if len(r.Levels) != 11 || left != 40 {
		t.Errorf("%d fragments played, %d left at the last; want 11 and 40", len(r.Levels), left)
	}
}

// Sound takes its part of the link, and the estimate is of the whole link.
func TestSharesTheLink(t *testing.T) {
	m := movie(t, 60, 800_000)
	var bps int64
	var other int64
	r := simulate(t, Config{Movie: m, Link: flat(1e6), Policy: always(0), OtherBPS: 100_000,
		Observe: func(in *heuristics.Input, _ heuristics.Decision) {
			bps = in.BandwidthBPS
			if n := len(in.Transfers); n > 0 {
				other = in.Transfers[n-1].OtherBytes
			}
		}})
	if r.Stalls != 0 || math.Abs(float64(bps)/1e6-1) > .06 || other != 25_000 {
		t.Errorf("%d stalls, estimate %d, %d bytes of others", r.Stalls, bps, other)
	}
	if r = simulate(t, Config{Movie: m, Link: flat(1e6), Policy: always(0), OtherBPS: 300_000}); r.Stalls == 0 {
		t.Error("no stall on a link that does not carry sound and pictures")
	}
}

func TestLastingRepeatsOrCuts(t *testing.T) {
	bits := [][]int64{{8000}, {16000}, {24000}}
	m, err := NewMovie("three", time.Second, []heuristics.Level{{BitrateBPS: 16000}}, bits)
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[time.Duration][][]int64{
		0: bits, 3 * time.Second: bits, 1500 * time.Millisecond: bits[:2],
		5 * time.Second: {{8000}, {16000}, {24000}, {8000}, {16000}},
	} {
		got, err := m.Lasting(d)
		if err != nil || !reflect.DeepEqual(got.Bits, want) {
			t.Errorf("%v: %v, %v", d, got, err)
		}
	}
	if _, err := m.Lasting(1e6 * time.Hour); !errors.Is(err, ErrTrace) {
		t.Errorf("endless: %v", err)
	}
}
