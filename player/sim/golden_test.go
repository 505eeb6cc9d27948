package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/policy"
	"smoothplay/player/playertest"
)

// made is a movie of ten minutes with fragments of 2 s whose sizes vary as those
// of films do: scenes of some fragments, heavier and lighter than the mean.
func made(t testing.TB, bps ...int64) *Movie {
	t.Helper()
	rnd := rand.New(rand.NewPCG(2, 4))
	levels := make([]heuristics.Level, len(bps))
	for q, b := range bps {
		levels[q].BitrateBPS = b
	}
	scene := 1.0
	bits := make([][]int64, 300)
	for i := range bits {
		if rnd.IntN(6) == 0 {
			scene = math.Exp(.3 * rnd.NormFloat64())
		}
		bits[i] = make([]int64, len(bps))
		for q, b := range bps {
			bits[i][q] = int64(2 * float64(b) * scene * math.Exp(.08*rnd.NormFloat64()))
		}
	}
	m, err := NewMovie("made", 2*time.Second, levels, bits)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestGoldenDecisions holds every decision of the default policy over a made
// link of each kind against the golden ones: what a change of the policy changes
// can be read in the difference.
func TestGoldenDecisions(t *testing.T) {
	usual := made(t, 230_000, 331_000, 477_000, 688_000, 991_000, 1_427_000, 2_056_000, 2_962_000, 5_027_000, 6_000_000)
	large := made(t, 1_000_000, 2_500_000, 5_000_000, 8_000_000, 16_000_000, 35_000_000)
	for i, link := range synthetic() {
		t.Run(link.Group, func(t *testing.T) {
			m := usual
			if kinds[i].mean > 10e6 {
				m = large
			}
			p, err := policy.New(policy.Default, policy.Config{})
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			r := simulate(t, Config{Movie: m, Link: link, Policy: p, LearnedSizes: true, Resume: 4 * time.Second, Observe: func(in *heuristics.Input, d heuristics.Decision) {
				lines = append(lines, decisionLine(in, d))
			}})
			head := fmt.Sprintf("%s over %s: %.0f kbit/s of %.0f, start %.2f s, %d stalls of %.1f s, %d switches, %d back, %d given up, %d replaced, QoE-lin %.3f",
				r.Policy, link.Name, r.MeanBPS/1000, link.Mean()/1000, r.Startup.Seconds(), r.Stalls, r.Stalled.Seconds(), r.Switches, r.Reversals, r.Abandoned, r.Replaced, r.QoE)
			playertest.GoldenLines(t, "decisions/"+link.Group+".txt", append([]string{head}, lines...))
		})
	}
}

// TestGoldenTable holds every policy over the made links, with two buffers,
// against the golden figures.
func TestGoldenTable(t *testing.T) {
	usual := made(t, 350_000, 700_000, 1_200_000, 2_000_000, 3_500_000, 6_000_000)
	var lines []string
	for _, buffer := range []time.Duration{10 * time.Second, 25 * time.Second} {
		for _, name := range policy.Names() {
			for _, link := range synthetic() {
				p, err := policy.New(name, policy.Config{Level: 2})
				if err != nil {
					t.Fatal(err)
				}
				r := simulate(t, Config{Movie: usual, Link: link, Policy: p, Buffer: buffer, LearnedSizes: true}).Row()
				lines = append(lines, fmt.Sprintf("%2.0fs  %-18s %-9s %5.0f kbit/s  %3d stalls of %6.2fs  %3d switches  %3d back  %3d given up  %3d replaced  QoE-lin %7.3f",
					r.BufferS, name, r.Group, r.MeanKbps, r.Stalls, r.StallS, r.Switches, r.Reversals, r.Abandoned, r.Replaced, r.QoE))
			}
		}
	}
	playertest.GoldenLines(t, "decisions/all-policies.txt", lines)
}

// decisionLine is a decision for people.
func decisionLine(in *heuristics.Input, d heuristics.Decision) string {
	what := "fetch"
	switch {
	case d.Abandon:
		what = "drop"
	case in.Held != nil:
		what = "again"
	case d.Delay > 0:
		what = "wait"
	}
	return fmt.Sprintf("%7.2fs chunk %3d  buffer %5.2fs  link %6dk +-%2.0f%%  %s %d at %d kbit/s  %s", in.Now.Seconds(), in.ChunkIndex, in.Buffered.Seconds(),
		in.BandwidthBPS/1000, 100*in.BandwidthError, what, d.Level, in.Levels[d.Level].BitrateBPS/1000, d.Reason)
}

// TestSyntheticLinks holds the made links against what they are made for.
func TestSyntheticLinks(t *testing.T) {
	again := synthetic()
	for i, l := range synthetic() {
		k := kinds[i]
		var length, low time.Duration
		var bits, squares float64
		for j, p := range l.Periods {
			length += p.Duration
			bits += p.BPS * p.Duration.Seconds()
			squares += p.BPS * p.BPS * p.Duration.Seconds()
			if p.BPS < k.mean/5 {
				low += p.Duration
			}
			if p != again[i].Periods[j] {
				t.Fatalf("%s: made otherwise the second time", k.group)
			}
		}
		mean := bits / length.Seconds()
		variation := math.Sqrt(squares/length.Seconds()-mean*mean) / mean
		if length < syntheticLength || mean < k.mean/2 || mean > 2*k.mean || variation < .1 || variation > 1.8 {
			t.Errorf("%s: %v, mean %.0f of %.0f, variation %.2f", k.group, length, mean, k.mean, variation)
		}
		if k.outage > 0 && k.deep < .2 && low == 0 {
			t.Errorf("%s: no outage", k.group)
		}
	}
}
