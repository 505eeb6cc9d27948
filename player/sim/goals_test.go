package sim

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"smoothplay/heuristics/policy"
)

// all plays every pair of link and movie with a policy, on all processors.
func all(t testing.TB, name string, buffer time.Duration, learned bool, links []*Link, movies []*Movie) []Row {
	t.Helper()
	rows := make([]Row, len(links))
	var wait sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for i := w; i < len(links); i += runtime.GOMAXPROCS(0) {
				p, err := policy.New(name, policy.Config{})
				if err != nil {
					t.Error(err)
					return
				}
				r, err := Run(Config{Movie: movies[i], Link: links[i], Policy: p, Buffer: buffer, LearnedSizes: learned})
				if err != nil {
					t.Error(err)
					return
				}
				rows[i] = r.Row()
			}
		})
	}
	wait.Wait()
	return rows
}

// mean is the mean of a figure.
func mean(rows []Row, of func(Row) float64) float64 {
	var sum float64
	for _, r := range rows {
		sum += of(r)
	}
	return sum / float64(len(rows))
}

func qoe(r Row) float64   { return r.QoE }
func share(r Row) float64 { return r.StallS / (r.StallS + moviePlays) }

// moviePlays is how long the movies play, in seconds.
const moviePlays = 600

// TestGoals holds the default policy to its goals over recorded links, with the
// true sizes of fragments and with those that a player learns.
func TestGoals(t *testing.T) {
	dir := traces(t)
	f, err := os.Open(filepath.Join(dir, "baselines.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	known, err := ReadBaselines(f)
	if err != nil {
		t.Fatal(err)
	}
	index, err := os.Open(filepath.Join(dir, "index.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	list, err := csv.NewReader(index).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		ladder   string
		buffer   time.Duration
		norm     float64 // between always-lowest and the optimum, %
		switches float64
		back     float64
		rule     string // Microsoft's, as it is to be read with this buffer
	}{
		{"hd", 25 * time.Second, 88, 45, 10, "ms-smooth"},
		{"hd", 10 * time.Second, 81, 50, 15, "ms-smooth-scaled"},
		{"uhd", 25 * time.Second, 94, 1e9, 1e9, "ms-smooth"},
		{"uhd", 10 * time.Second, 90, 1e9, 1e9, "ms-smooth-scaled"},
	} {
		var links []*Link
		var movies []*Movie
		m := movieOf(t, dir, c.ladder)
		for _, row := range list[1:] {
			if row[9] == c.ladder {
				links, movies = append(links, linkOf(t, dir, row[1], row[2])), append(movies, m)
			}
		}
		for _, learned := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %v learned %t", c.ladder, c.buffer, learned), func(t *testing.T) {
				rows := all(t, policy.Default, c.buffer, learned, links, movies)
				others := map[string][]Row{}
				for _, name := range []string{"optimum", "lowest", "robustmpc", "bolae", c.rule} {
					for _, r := range rows {
						other, ok := known.Find(r, name)
						if !ok {
							t.Fatalf("no baseline of %s for %s", name, r.File)
						}
						others[name] = append(others[name], other)
					}
				}
				of := func(name string) float64 { return mean(others[name], qoe) }
				norm := 100 * (mean(rows, qoe) - of("lowest")) / (of("optimum") - of("lowest"))
				switches := mean(rows, func(r Row) float64 { return float64(r.Switches) })
				back := mean(rows, func(r Row) float64 { return float64(r.Reversals) })
				stalls := func(rows []Row) float64 { return mean(rows, func(r Row) float64 { return float64(r.Stalls) }) }
				better := slices.MaxFunc([]string{"robustmpc", "bolae"}, func(a, b string) int { return cmp.Compare(of(a), of(b)) })
				var gain Difference
				for _, d := range Compare(rows, others[better]) {
					if d.Group == "" && d.Figure == "qoe_lin" {
						gain = d
					}
				}
				t.Logf("norm %.1f, over %s %+.3f (%+.3f to %+.3f), stalled %.2f %% in %.2f (bola-e %.2f %% in %.2f, robustmpc %.2f %%), %.1f switches, %.1f back",
					norm, better, gain.Mean, gain.Low, gain.High, 100*mean(rows, share), stalls(rows), 100*mean(others["bolae"], share), stalls(others["bolae"]),
					100*mean(others["robustmpc"], share), switches, back)
				if norm < c.norm {
					t.Errorf("QoE-lin is %.1f of the way from always-lowest to the optimum, want %.1f", norm, c.norm)
				}
				if switches > c.switches || back > c.back {
					t.Errorf("%.1f switches, %.1f of them back; want at most %.0f and %.0f", switches, back, c.switches, c.back)
				}
				if c.ladder == "hd" && (gain.Mean < .08 || gain.Low <= 0) {
					t.Errorf("the gain over %s is %.3f (%.3f to %.3f), want .08 and above 0", better, gain.Mean, gain.Low, gain.High)
				}
				if c.ladder == "hd" && (mean(rows, share) > mean(others["bolae"], share) || stalls(rows) > stalls(others["bolae"])) {
					t.Errorf("more stalls than bola-e")
				}
				if c.ladder == "uhd" && mean(rows, share) > mean(others["robustmpc"], share) {
					t.Errorf("stalled longer than robustmpc")
				}
				for _, group := range distinct(rows, Row.group) {
					in := func(name string) float64 { return mean(only(others[name], Row.group, group), qoe) }
					mine := mean(only(rows, Row.group, group), qoe)
					if worse := (max(in("bolae"), in(c.rule)) - mine) / in("optimum"); worse > .03 {
						t.Errorf("%s: %.3f, %.1f %% of the optimum behind the better of bola-e (%.3f) and %s (%.3f)", group, mine, 100*worse, in("bolae"), c.rule, in(c.rule))
					}
				}
			})
		}
	}
}

// TestBetterOverMadeLinks compares the default policy with simple rules over made
// links of every kind, several of each: far ahead on average over the kinds, far
// behind in none, and not stalled longer.
func TestBetterOverMadeLinks(t *testing.T) {
	usual := made(t, 230_000, 331_000, 477_000, 688_000, 991_000, 1_427_000, 2_056_000, 2_962_000, 5_027_000, 6_000_000)
	large := made(t, 1_000_000, 2_500_000, 5_000_000, 8_000_000, 16_000_000, 35_000_000)
	const each = 6
	var links []*Link
	var movies []*Movie
	scale := map[string]float64{} // of the QoE that can be had, Mbit/s
	for i, k := range kinds {
		m := usual
		if k.mean > 10e6 {
			m = large
		}
		scale[k.group] = min(k.mean, float64(m.Levels[len(m.Levels)-1].BitrateBPS)) / 1e6
		for n := range each {
			l := k.link(uint64(100*i + n + 7))
			l.Name = fmt.Sprint(l.Name, n)
			links, movies = append(links, l), append(movies, m)
		}
	}
	for _, buffer := range []time.Duration{10 * time.Second, 25 * time.Second} {
		mine := all(t, policy.Default, buffer, true, links, movies)
		for name, want := range map[string]float64{policy.Throughput: .15, policy.BolaE: .05} {
			theirs := all(t, name, buffer, true, links, movies)
			var ahead float64
			for group, scale := range scale {
				a, b := mean(only(mine, Row.group, group), qoe), mean(only(theirs, Row.group, group), qoe)
				ahead += (a - b) / scale / float64(len(kinds))
				if b-a > .12*scale {
					t.Errorf("%s, %v of buffer: QoE %.3f, %s has %.3f", group, buffer, a, name, b)
				}
			}
			t.Logf("%v of buffer: %.3f ahead of %s, stalled %.2f %%, %.2f %%", buffer, ahead, name, 100*mean(mine, share), 100*mean(theirs, share))
			if ahead < want {
				t.Errorf("%v of buffer: %.3f ahead of %s, want %.2f", buffer, ahead, name, want)
			}
			if a, b := mean(mine, share), mean(theirs, share); a > b {
				t.Errorf("%v of buffer: stalled %.2f %%, %s %.2f %%", buffer, 100*a, name, 100*b)
			}
		}
	}
}

// BenchmarkForesight reports how many hours of play are simulated in a second on
// one processor.
func BenchmarkForesight(b *testing.B) {
	m := made(b, 230_000, 331_000, 477_000, 688_000, 991_000, 1_427_000, 2_056_000, 2_962_000, 5_027_000, 6_000_000)
	links := synthetic()
	var played time.Duration
	for i := 0; b.Loop(); i++ {
		p, err := policy.New(policy.Foresight, policy.Config{})
		if err != nil {
			b.Fatal(err)
		}
		r, err := Run(Config{Movie: m, Link: links[i%len(links)], Policy: p, LearnedSizes: true})
		if err != nil {
			b.Fatal(err)
		}
		played += r.Length
	}
	b.ReportMetric(played.Hours()/b.Elapsed().Seconds(), "hours/s")
}
