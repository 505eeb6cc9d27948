package bandwidth

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"smoothplay/heuristics"
)

const ms = time.Millisecond

// transfer of n bytes over a link of bps, with the given wait before it.
func transfer(n int64, bps float64, wait time.Duration) heuristics.Transfer {
	return heuristics.Transfer{Bytes: n, Size: n, FirstByte: wait, Body: time.Duration(float64(8*n) / bps * float64(time.Second))}
}

func near(t *testing.T, what string, got int64, want, tolerance float64) {
	t.Helper()
	if math.Abs(float64(got)-want) > tolerance*want {
		t.Errorf("%s: got %d bit/s, want %.0f within %.0f %%", what, got, want, 100*tolerance)
	}
}

func TestSampleRule(t *testing.T) {
	tests := []struct {
		name string
		in   heuristics.Transfer
		bps  float64 // 0: says nothing
	}{
		{"long body: the wait is left out", heuristics.Transfer{Bytes: 1e6, FirstByte: 100 * ms, Body: time.Second}, 8e6},
		{"burst from the socket: the whole request", heuristics.Transfer{Bytes: 30_000, FirstByte: 40 * ms, Body: 100 * time.Microsecond}, 8 * 30_000 / 0.0401},
		{"large, but all in the socket", heuristics.Transfer{Bytes: 1e6, FirstByte: 80 * ms, Body: 20 * ms}, 8e7},
		{"tiny", heuristics.Transfer{Bytes: 2000, FirstByte: 5 * ms, Body: ms}, 0},
		{"tiny because the link is dead", heuristics.Transfer{Bytes: 2000, FirstByte: 50 * ms, Body: 10 * time.Second}, 1600},
		{"from a store", heuristics.Transfer{Bytes: 1e6, FirstByte: ms, Body: 60 * ms, FromStore: true}, 0},
		{"no bytes", heuristics.Transfer{FirstByte: ms, Body: time.Second}, 0},
		{"no time", heuristics.Transfer{Bytes: 1e6}, 0},
		{"what the stack says", heuristics.Transfer{Bytes: 1e6, FirstByte: ms, Body: time.Second, StackBPS: 5e6}, 5e6},
		{"two at once", heuristics.Transfer{Bytes: 500_000, Body: time.Second, OtherBytes: 500_000}, 8e6},
		{"another one was given up meanwhile", heuristics.Transfer{Bytes: 1e6, Body: time.Second, OtherBytes: -500_000}, 8e6},
		{"two at once, the other one also in the wait", heuristics.Transfer{Bytes: 500_000, FirstByte: time.Second, Body: time.Second, OtherBytes: 1_000_000}, 8e6},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			bps, seconds, ok := sample(test.in)
			if ok != (test.bps > 0) || math.Abs(bps-test.bps) > 1e-6*test.bps {
				t.Errorf("got %.0f over %.3f s (%v), want %.0f", bps, seconds, ok, test.bps)
			}
		})
	}
}

func TestNothingKnown(t *testing.T) {
	var e Estimator
	if got := e.Estimate(); got != (Estimate{}) {
		t.Errorf("got %+v", got)
	}
	e.Add(heuristics.Transfer{Bytes: 100, FirstByte: 30 * ms, Body: ms})
	if got := e.Estimate(); got.BPS != 0 || got.TTFB != 30*ms {
		t.Errorf("after a tiny answer: %+v, want its wait alone", got)
	}
}

// TestFirstSampleIsTheEstimate: the averages begin at 0 and are corrected for it.
func TestFirstSampleIsTheEstimate(t *testing.T) {
	for _, bps := range []float64{50e3, 1e6, 25e6, 900e6} {
		var e Estimator
		e.Add(transfer(200_000, bps, 40*ms))
		if bps <= 25e6 {
			near(t, "first sample", e.Estimate().BPS, bps, .001)
		}
		if err := e.Estimate().Error; err < .3 || err > .6 {
			t.Errorf("uncertainty after one sample is %.2f", err)
		}
	}
}

func TestConstantLinkBecomesCertain(t *testing.T) {
	var e Estimator
	for range 20 {
		e.Add(transfer(500_000, 4e6, 40*ms))
	}
	got := e.Estimate()
	near(t, "constant", got.BPS, 4e6, .001)
	if got.Error > .13 {
		t.Errorf("uncertainty %.2f after 20 equal samples", got.Error)
	}
	if (got.TTFB - 40*ms).Abs() > ms {
		t.Errorf("TTFB %v, want 40ms", got.TTFB)
	}
}

func TestQuickDownPatientUp(t *testing.T) {
	var e Estimator
	for range 20 {
		e.Add(transfer(500_000, 4e6, 0))
	}
	down := e
	down.Add(transfer(500_000, 1e6, 0)) // 4 s
	if got := down.Estimate().BPS; got > 2_300_000 {
		t.Errorf("4 s after a fall from 4 to 1 Mbit/s: still %d", got)
	}
	up := e
	up.Add(transfer(500_000, 16e6, 0)) // 0.25 s
	if got := up.Estimate().BPS; got < 4_000_000 || got > 4_500_000 {
		t.Errorf("one quick transfer moved 4 Mbit/s to %d", got)
	}
	up.Add(transfer(500_000, 16e6, 0))
	if got := up.Estimate().BPS; got > 5_500_000 {
		t.Errorf("two quick transfers moved 4 Mbit/s to %d", got)
	}
	up.Add(transfer(30_000, 5e6, 0)) // a small one, of another track, is no objection
	up.Add(transfer(500_000, 14e6, 0))
	near(t, "three quick transfers", up.Estimate().BPS, 14e6, .001)
	// An interrupted row is none.
	mixed := e
	for range 3 {
		mixed.Add(transfer(500_000, 16e6, 0))
		mixed.Add(transfer(500_000, 16e6, 0))
		mixed.Add(transfer(500_000, 4e6, 0))
	}
	if got := mixed.Estimate().BPS; got > 6_500_000 {
		t.Errorf("spikes moved 4 Mbit/s to %d", got)
	}
	if down.Estimate().Error <= e.Estimate().Error {
		t.Error("a surprise did not make the estimate less certain")
	}
}

func TestDuringSeesACollapse(t *testing.T) {
	var e Estimator
	for range 10 {
		e.Add(transfer(1_000_000, 8e6, 0))
	}
	before := e.Estimate()
	running := heuristics.Transfer{Bytes: 64_000, Size: 1_000_000, FirstByte: 30 * ms, Body: 200 * ms}
	if got := e.During(&running); got != before {
		t.Errorf("200 ms of body changed %+v to %+v", before, got)
	}
	running.Body = 3 * time.Second
	if got := e.During(&running).BPS; got > 5_000_000 {
		t.Errorf("3 s into a transfer at 170 kbit/s the estimate is %d", got)
	}
	running.Body = 10 * time.Second
	if got := e.During(&running).BPS; got > 2_000_000 {
		t.Errorf("10 s into a stuck transfer the estimate is %d", got)
	}
	if got := e.Estimate(); got != before {
		t.Errorf("During was remembered: %+v", got)
	}
	if got := e.During(nil); got != before {
		t.Errorf("nil changed it: %+v", got)
	}
}

func TestSeedIsOutweighed(t *testing.T) {
	var e Estimator
	e.Seed(Estimate{BPS: 2_000_000, Error: .2, TTFB: 30 * ms})
	near(t, "seed", e.Estimate().BPS, 2e6, .001)
	if got := e.Estimate(); math.Abs(got.Error-.2) > 1e-9 || got.TTFB != 30*ms || e.Measured() {
		t.Errorf("a seed alone: %+v, measured: %v", got, e.Measured())
	}
	for range 8 {
		e.Add(transfer(1_000_000, 8e6, 0))
	}
	near(t, "after 8 s", e.Estimate().BPS, 8e6, .2)
	if !e.Measured() {
		t.Error("eight transfers are not worth remembering")
	}
	before := e.Estimate()
	e.Seed(Estimate{BPS: 1})
	if e.Estimate() != before {
		t.Error("a seed had an effect after transfers")
	}
	e.Reset()
	if e.Estimate() != (Estimate{}) {
		t.Error("Reset left something")
	}
}

// TestEstimateStaysWithinSamples: no mix of samples leads outside their range.
func TestEstimateStaysWithinSamples(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		var e Estimator
		low, high := math.Inf(1), 0.0
		for range 1 + random.IntN(30) {
			n := int64(1000 + random.IntN(4_000_000))
			tr := transfer(n, 50e3*math.Pow(4000, random.Float64()), time.Duration(random.IntN(300))*ms)
			if bps, _, ok := sample(tr); ok {
				low, high = min(low, bps), max(high, bps)
			}
			e.Add(tr)
			got := e.Estimate()
			if high == 0 {
				continue
			}
			if float64(got.BPS) < low*.999-1 || float64(got.BPS) > high*1.001 {
				t.Fatalf("estimate %d outside of its samples %.0f to %.0f", got.BPS, low, high)
			}
			if got.Error < 0 || got.Error > 1 || math.IsNaN(got.Error) {
				t.Fatalf("uncertainty %v", got.Error)
			}
		}
	}
}

// TestSharedLink: two transfers that share a link are measured as the link.
func TestSharedLink(t *testing.T) {
	var e Estimator
	for range 10 {
		// 4 Mbit/s; video gets 3.2 of them, audio 0.8.
		e.Add(heuristics.Transfer{Level: 0, Bytes: 400_000, Body: time.Second, OtherBytes: 100_000})
		e.Add(heuristics.Transfer{Level: -1, Bytes: 100_000, Body: time.Second, OtherBytes: 400_000})
	}
	near(t, "shared", e.Estimate().BPS, 4e6, .001)
}

// TestSuspectedCache: a cache that does not say so answers far quicker than the
// link, and at once.
func TestSuspectedCache(t *testing.T) {
	link := func() *Estimator {
		var e Estimator
		for range 10 {
			e.Add(transfer(500_000, 4e6, 40*ms))
		}
		return &e
	}
	hit := transfer(500_000, 200e6, 500*time.Microsecond)
	e := link()
	before := e.Estimate()
	for range 20 {
		for range believeCount - 1 {
			e.Add(hit)
		}
		if got := e.Estimate(); got.TTFB != before.TTFB || got.BPS < 3_990_000 || got.BPS > 4_010_000 {
			t.Fatalf("hits moved %+v to %+v", before, got)
		}
		e.Add(transfer(20_000, 200e6, 500*time.Microsecond)) // of sound: does not count
		e.Add(transfer(500_000, 4e6, 40*ms))
	}
	if got := e.During(&hit); got.BPS < 3_990_000 || got.BPS > 4_010_000 {
		t.Errorf("a hit under way: %+v", got)
	}

	e = link()
	for range believeCount {
		e.Add(hit)
	}
	near(t, "the link has become quick", e.Estimate().BPS, 160e6, .3)
	if got := e.Estimate().TTFB; got > 5*ms {
		t.Errorf("and its first bytes still take %v", got)
	}

	// A link that becomes quick without becoming near is believed after three.
	e = link()
	for range riseCount {
		e.Add(transfer(500_000, 60e6, 30*ms))
	}
	near(t, "quick, not near", e.Estimate().BPS, 60e6, .01)

	// On a link where all first bytes come at once nothing is suspected.
	var near0 Estimator
	for range 10 {
		near0.Add(transfer(500_000, 4e6, ms))
	}
	for range riseCount {
		near0.Add(transfer(500_000, 60e6, 100*time.Microsecond))
	}
	near(t, "near from the beginning", near0.Estimate().BPS, 60e6, .01)
}

// TestWaitingAtTheLiveEdge is neither bandwidth nor latency.
func TestWaitingAtTheLiveEdge(t *testing.T) {
	for _, size := range []int64{30_000, 60_000, 500_000} {
		var vod, live, first Estimator
		for range 10 {
			tr := transfer(size, 4e6, 40*ms)
			vod.Add(tr)
			live.Add(tr)
		}
		for range 20 {
			tr := transfer(size, 4e6, 40*ms)
			vod.Add(tr)
			tr.FirstByte, tr.AtEdge = 1900*ms, true
			live.Add(tr)
			first.Add(tr)
		}
		if v, l := vod.Estimate(), live.Estimate(); v.BPS != l.BPS || v.TTFB != l.TTFB {
			t.Errorf("%d bytes: %+v, at the live edge %+v", size, v, l)
		}
		// Where nothing else is known the wait is bounded.
		if got := first.Estimate(); got.TTFB > unknownWait || float64(got.BPS) < 8*float64(size)/(8*float64(size)/4e6+unknownWait.Seconds())-1 {
			t.Errorf("%d bytes, at the live edge from the beginning: %+v", size, got)
		}
		// A link that breaks down there is seen all the same.
		slow := transfer(size, 4e5, 1900*ms)
		slow.AtEdge = true
		for range 6 {
			live.Add(slow)
		}
		if got := live.Estimate().BPS; got > 1_500_000 {
			t.Errorf("%d bytes: %d bit/s on a link of 400 kbit/s", size, got)
		}
	}
}

func BenchmarkAddAndEstimate(b *testing.B) {
	var e Estimator
	tr := transfer(500_000, 4e6, 40*ms)
	b.ReportAllocs()
	for b.Loop() {
		e.Add(tr)
		e.During(&tr)
	}
}
