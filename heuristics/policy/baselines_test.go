package policy_test

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"smoothplay/heuristics/policy"
	"smoothplay/platform/platformtest"
	"smoothplay/player/sim"
)

func opened[T any](t testing.TB, path string, read func(f *os.File) (T, error)) T {
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := read(f)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// table is a ladder and a buffer, as in the tables of baselines.
type table struct {
	ladder string
	buffer int // seconds
}

// means are what sessions came to on average.
type means struct {
	kbps, stalled, stalls, switches, reversals, qoe float64
	n                                               float64
}

func (m *means) add(kbps, stalled, stalls, switches, reversals, qoe float64) {
	m.n++
	for _, x := range []struct {
		mean  *float64
		value float64
	}{{&m.kbps, kbps}, {&m.stalled, stalled}, {&m.stalls, stalls}, {&m.switches, switches}, {&m.reversals, reversals}, {&m.qoe, qoe}} {
		*x.mean += (x.value - *x.mean) / m.n
	}
}

// against simulates a policy where the baselines have a policy called baseline,
// and returns the means of both.
func against(t *testing.T, tab table, name string, cfg policy.Config, baseline string) (got, want means) {
	dir := filepath.Dir(platformtest.Shared(t, "traces/baselines.csv"))
	rows := opened(t, filepath.Join(dir, "baselines.csv"), func(f *os.File) ([][]string, error) { return csv.NewReader(f).ReadAll() })
	movie := opened(t, filepath.Join(dir, tab.ladder+"2s.json"), func(f *os.File) (*sim.Movie, error) { return sim.ReadMovie(tab.ladder, f) })
	for _, row := range rows[1:] {
		number := func(column string) float64 {
			x, err := strconv.ParseFloat(row[slices.Index(rows[0], column)], 64)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		if row[2] != tab.ladder || number("buffer_cap_s") != float64(tab.buffer) || row[4] != baseline {
			continue
		}
		link := opened(t, filepath.Join(dir, row[1]), func(f *os.File) (*sim.Link, error) { return sim.ReadLink(row[1], row[0], f, 0) })
		p, err := policy.New(name, cfg)
		if err != nil {
			t.Fatal(err)
		}
		r, err := sim.Run(sim.Config{Movie: movie, Link: link, Policy: p, Buffer: time.Duration(tab.buffer) * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		got.add(r.MeanBPS/1000, r.Stalled.Seconds(), float64(r.Stalls), float64(r.Switches), float64(r.Reversals), r.QoE)
		want.add(number("mean_kbps"), number("stall_s"), number("stalls"), number("switches"), number("reversals"), number("qoe_lin"))
	}
	if got.n == 0 {
		t.Fatalf("the baselines have no %s at %+v", baseline, tab)
	}
	t.Logf("%-16s %4s %2d s: %5.0f kbit/s, %5.2f s in %4.2f stalls, %4.1f switches, %4.1f back, QoE %.3f", name, tab.ladder, tab.buffer, got.kbps, got.stalled, got.stalls, got.switches, got.reversals, got.qoe)
	t.Logf("%-16s %4s %2d s: %5.0f kbit/s, %5.2f s in %4.2f stalls, %4.1f switches, %4.1f back, QoE %.3f", baseline, tab.ladder, tab.buffer, want.kbps, want.stalled, want.stalls, want.switches, want.reversals, want.qoe)
	return got, want
}

// near fails where two means differ by more than a share of want.
func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance*math.Abs(want) {
		t.Errorf("%s: %.3f, the baseline has %.3f", what, got, want)
	}
}

// TestRobustMPCAgreesWithTheBaselines, which knew the sizes of all fragments of a
// plan: an Input tells those of the next one. Without the discount for errors
// three times as long is stalled (which is FastMPC), without the price of changes
// there are three times as many switches.
func TestRobustMPCAgreesWithTheBaselines(t *testing.T) {
	for _, tab := range []table{{"hd", 25}, {"hd", 10}, {"uhd", 25}, {"uhd", 10}} {
		got, want := against(t, tab, policy.RobustMPC, policy.Config{}, "robustmpc")
		near(t, "QoE", got.qoe, want.qoe, .025)
		near(t, "kbit/s", got.kbps, want.kbps, .025)
		near(t, "switches", got.switches, want.switches, .12)
		near(t, "stalled", got.stalled, want.stalled, .25)
	}
}

// TestSmooth2009AgreesWithTheBaselines, of which those at 25 s keep to their own
// 20 s, and those at 10 s have half the marks. They have no guard against caches:
// here it costs what three transfers need to be believed. A guard that believes
// nothing has a quarter less QoE.
func TestSmooth2009AgreesWithTheBaselines(t *testing.T) {
	for _, tab := range []table{{"hd", 25}, {"hd", 10}, {"uhd", 25}, {"uhd", 10}} {
		baseline := "ms-smooth"
		if tab.buffer == 10 {
			baseline = "ms-smooth-scaled"
		}
		got, want := against(t, tab, policy.Smooth2009, policy.Config{}, baseline)
		near(t, "QoE", got.qoe, want.qoe, .035)
		near(t, "kbit/s", got.kbps, want.kbps, .03)
		near(t, "switches", got.switches, want.switches, .08)
		near(t, "stalled", got.stalled, want.stalled, .12)
	}
}
