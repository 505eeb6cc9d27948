package sim

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"smoothplay/heuristics/policy"
	"smoothplay/platform/platformtest"
)

// traces is the folder of recorded traces beside the repository.
func traces(t testing.TB) string {
	t.Helper()
	return filepath.Dir(platformtest.Shared(t, "traces/baselines.csv"))
}

func linkOf(t testing.TB, dir, group, file string) *Link {
	f, err := os.Open(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l, err := ReadLink(file, group, f, 0)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func movieOf(t testing.TB, dir, ladder string) *Movie {
	f, err := os.Open(filepath.Join(dir, ladder+"2s.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := ReadMovie(ladder, f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// baseline is a row of baselines.csv.
type baseline struct {
	group, file, ladder, policy string
	buffer                      int
	kbps, stalled, startup, qoe float64
	stalls, switches, reversals int
}

func baselines(t testing.TB, dir string) []baseline {
	f, err := os.Open(filepath.Join(dir, "baselines.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var all []baseline
	for _, r := range rows[1:] {
		number := func(i int) float64 { v, _ := strconv.ParseFloat(r[i], 64); return v }
		all = append(all, baseline{r[0], r[1], r[2], r[4], int(number(3)), number(5), number(6), number(10), number(11),
			int(number(7)), int(number(8)), int(number(9))})
	}
	return all
}

// TestAgreesWithSabre holds the model against what Sabre itself says of its
// policies, on every trace.
func TestAgreesWithSabre(t *testing.T) {
	dir := traces(t)
	names := map[string]string{"throughput": policy.Throughput, "bolae": policy.BolaE, "lowest": policy.Fixed}
	movies := map[string]*Movie{"hd": movieOf(t, dir, "hd"), "uhd": movieOf(t, dir, "uhd")}
	links := map[string]*Link{}
	compared := 0
	for _, b := range baselines(t, dir) {
		name, ok := names[b.policy]
		if !ok {
			continue
		}
		if links[b.file] == nil {
			links[b.file] = linkOf(t, dir, b.group, b.file)
		}
		p, err := policy.New(name, policy.Config{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(Config{Movie: movies[b.ladder], Link: links[b.file], Policy: p, Buffer: time.Duration(b.buffer) * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		compared++
		// Sabre counts a stall where rounding leaves a part of a picosecond.
		same := math.Abs(r.MeanBPS/1000/b.kbps-1) < .001 && r.Switches == b.switches && r.Reversals == b.reversals &&
			math.Abs(r.Stalled.Seconds()-b.stalled) < .01 && max(r.Stalls-b.stalls, b.stalls-r.Stalls) <= 1 &&
			math.Abs(r.Startup.Seconds()-b.startup) < .001 && math.Abs(r.QoE-b.qoe) < .0001
		if !same {
			t.Errorf("%s %s %d s: %.1f kbit/s, %d switches, %d back, %d stalls, %.2f s, start %.3f, %.4f; Sabre: %+v",
				b.policy, b.file, b.buffer, r.MeanBPS/1000, r.Switches, r.Reversals, r.Stalls, r.Stalled.Seconds(), r.Startup.Seconds(), r.QoE, b)
		}
	}
	if compared != 720 {
		t.Errorf("%d sessions compared, want 720", compared)
	}
}
