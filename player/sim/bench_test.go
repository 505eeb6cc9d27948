package sim

import (
	"testing"
	"time"

	"smoothplay/heuristics/policy"
)

// benchmarkPolicy plays ten minutes over links of every kind, and reports how
// many hours one processor simulates in a minute.
func benchmarkPolicy(b *testing.B, name string) {
	m, err := ConstantMovie("made", 2*time.Second, 300, 230_000, 331_000, 477_000, 688_000, 991_000, 1_427_000, 2_056_000, 2_962_000, 5_027_000, 6_000_000)
	if err != nil {
		b.Fatal(err)
	}
	links := synthetic()
	var played time.Duration
	for i := 0; b.Loop(); i++ {
		p, err := policy.New(name, policy.Config{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Run(Config{Movie: m, Link: links[i%len(links)], Policy: p}); err != nil {
			b.Fatal(err)
		}
		played += m.Chunk * time.Duration(len(m.Bits))
	}
	b.ReportMetric(played.Hours()/b.Elapsed().Minutes(), "hours/min")
}

func BenchmarkSimulateDefault(b *testing.B)    { benchmarkPolicy(b, policy.Default) }
func BenchmarkSimulateThroughput(b *testing.B) { benchmarkPolicy(b, policy.Throughput) }
