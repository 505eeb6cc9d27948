package bandwidth_test

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/bandwidth"
	"smoothplay/heuristics/policy"
	"smoothplay/platform/platformtest"
	"smoothplay/player/sim"
)

// hits counts how often the rate of a transfer lay within what was stated before
// it.
type hits struct{ n, within, stated float64 }

func (h *hits) add(e bandwidth.Estimate, rate float64) {
	h.n++
	h.stated += e.Error
	if math.Abs(rate/float64(e.BPS)-1) <= e.Error {
		h.within++
	}
}

// expect fails where the share of hits is not between low and high.
func (h *hits) expect(t *testing.T, what string, low, high float64) {
	t.Helper()
	share := h.within / h.n
	t.Logf("%-9s %5.0f transfers, %.2f within the %.2f stated", what, h.n, share, h.stated/h.n)
	if h.n < 100 || share < low || share > high {
		t.Errorf("%s: of %.0f transfers %.2f lay within what was stated, want %.2f to %.2f", what, h.n, share, low, high)
	}
}

// TestErrorIsCalibrated: about two thirds of the transfers see a rate within what
// the estimate stated before them; more on a steady link, which nobody knows to
// stay so, and fewer where the rate swings. If half or double were stated, it
// would be 0.4 and 0.9.
func TestErrorIsCalibrated(t *testing.T) {
	for _, link := range []struct {
		name      string
		mbps      func(r *rand.Rand, i int) float64 // of transfer i
		low, high float64
	}{
		{"steady", func(r *rand.Rand, _ int) float64 { return 4 * math.Exp(.1*r.NormFloat64()) }, .75, .92},
		{"uneven", func(r *rand.Rand, _ int) float64 { return 4 * math.Exp(.3*r.NormFloat64()) }, .6, .78},
		{"wild", func(r *rand.Rand, _ int) float64 { return 4 * math.Exp(.6*r.NormFloat64()) }, .6, .78},
		{"swinging", func(_ *rand.Rand, i int) float64 { return 4 + 2*math.Sin(float64(i)/4) }, .5, .65},
	} {
		t.Run(link.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(11, 12))
			var e bandwidth.Estimator
			var got hits
			for i := range 5000 {
				rate := 1e6 * link.mbps(r, i)
				if estimate := e.Estimate(); i > 20 {
					got.add(estimate, rate)
				}
				e.Add(heuristics.Transfer{Bytes: int64(rate / 8), FirstByte: 40 * time.Millisecond, Body: time.Second})
			}
			got.expect(t, link.name, link.low, link.high)
		})
	}
}

// TestErrorIsCalibratedOnTraces does the same for recorded links, each with a
// ladder that keeps it busy.
func TestErrorIsCalibratedOnTraces(t *testing.T) {
	dir := platformtest.Shared(t, "traces")
	files, err := filepath.Glob(filepath.Join(dir, "*__*.csv"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no traces in %s: %v", dir, err)
	}
	movies := map[string]*sim.Movie{}
	for _, ladder := range []string{"hd", "uhd"} {
		f, err := os.Open(filepath.Join(dir, ladder+"2s.json"))
		if err != nil {
			t.Fatal(err)
		}
		movies[ladder], err = sim.ReadMovie(ladder, f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	var all hits
	groups := map[string]*hits{}
	for _, name := range files {
		group, _, _ := strings.Cut(filepath.Base(name), "__")
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		link, err := sim.ReadLink(name, group, f, 0)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		p, err := policy.New(policy.Throughput, policy.Config{})
		if err != nil {
			t.Fatal(err)
		}
		ladder := "hd"
		if link.Mean() > 9e6 {
			ladder = "uhd"
		}
		if groups[group] == nil {
			groups[group] = &hits{}
		}
		var stated bandwidth.Estimate // at the last decision
		var latest time.Duration = -1 // transfer
		_, err = sim.Run(sim.Config{Movie: movies[ladder], Link: link, Policy: p, Observe: func(in *heuristics.Input, d heuristics.Decision) {
			if n := len(in.Transfers); n > 0 && in.Transfers[n-1].Start > latest {
				x := in.Transfers[n-1]
				latest = x.Start
				if stated.BPS > 0 {
					rate := 8 * float64(x.Bytes) / x.Body.Seconds()
					all.add(stated, rate)
					groups[group].add(stated, rate)
				}
			}
			if in.Running == nil {
				stated = bandwidth.Estimate{BPS: in.BandwidthBPS, Error: in.BandwidthError}
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	all.expect(t, "all", .62, .78)
	for group, got := range groups {
		got.expect(t, group, .55, .9)
	}
}
