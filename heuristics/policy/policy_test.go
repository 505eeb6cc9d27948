package policy

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"smoothplay/heuristics"
)

func policyOf(t testing.TB, name string, cfg Config) heuristics.Policy {
	p, err := New(name, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNames(t *testing.T) {
	for _, name := range Names() {
		if got := policyOf(t, name, Config{}).Name(); got != name {
			t.Errorf("the policy %q is called %q", name, got)
		}
	}
	if got := policyOf(t, "", Config{}).Name(); got != Default {
		t.Errorf("the default is %q, want %q", got, Default)
	}
	if _, err := New("clairvoyant", Config{}); err == nil || !strings.Contains(err.Error(), Default) {
		t.Errorf("got %v, want an error that lists the policies", err)
	}
}

// randomInput is an Input such as a player could make.
func randomInput(r *rand.Rand) *heuristics.Input {
	n := 1 + r.IntN(7)
	in := &heuristics.Input{Now: time.Duration(r.IntN(3600)) * time.Second, ChunkDuration: 2 * time.Second,
		ChunkIndex: r.IntN(100), ChunksLeft: r.IntN(100) - 1, Goal: 25 * time.Second, Playing: r.IntN(3) > 0,
		SinceDiscontinuity: r.IntN(8), StartLevel: r.IntN(n+2) - 1, Current: r.IntN(n+1) - 1}
	bps := 100_000 + r.Int64N(400_000)
	for range n {
		in.Levels = append(in.Levels, heuristics.Level{BitrateBPS: bps, Width: 320, Height: 180})
		bps += bps/4 + r.Int64N(2*bps)
	}
	in.RenderCap = r.IntN(n + 1)
	if r.IntN(2) == 0 {
		in.Allowed = make([]bool, n)
		for i := range in.Allowed {
			in.Allowed[i] = r.IntN(2) == 0
		}
		in.Allowed[r.IntN(n)] = true
	}
	in.Buffered = time.Duration(r.Int64N(int64(in.Goal)))
	if r.IntN(5) > 0 {
		in.BandwidthBPS = int64(50_000 * math.Pow(2000, r.Float64()))
		in.BandwidthError = r.Float64()
		for range r.IntN(5) {
			in.Transfers = append(in.Transfers, heuristics.Transfer{Bytes: 200_000, FirstByte: time.Duration(r.IntN(400)) * time.Millisecond, Body: time.Second})
		}
	}
	return in
}

// TestLimitsHold: no policy ever chooses what limits and device forbid, and
// nothing else than a level.
func TestLimitsHold(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			p := policyOf(t, name, Config{Level: 3})
			for range 20_000 {
				in := randomInput(r)
				d := p.Decide(in)
				if d.Level < 0 || d.Level >= len(in.Levels) {
					t.Fatalf("level %d of %d", d.Level, len(in.Levels))
				}
				if !usable(in, d.Level) && d.Level != lowest(in) {
					t.Fatalf("level %d, allowed %v, render cap %d", d.Level, in.Allowed, in.RenderCap)
				}
				if d.Abandon || d.Delay < 0 || d.Reason == "" {
					t.Fatalf("got %+v", d)
				}
				for _, c := range d.Candidates {
					if math.IsNaN(c.Score) || math.IsInf(c.Score, 0) || !allowed(in, c.Level) {
						t.Fatalf("candidate %+v", c)
					}
				}
			}
		})
	}
}

func TestEqualInputsGiveEqualDecisions(t *testing.T) {
	for _, name := range Names() {
		r := rand.New(rand.NewPCG(3, 4))
		a, b := policyOf(t, name, Config{Level: 2}), policyOf(t, name, Config{Level: 2})
		for range 5000 {
			in := randomInput(r)
			before := in.Clone()
			x, y := a.Decide(in), b.Decide(in)
			if !reflect.DeepEqual(x, y) {
				t.Fatalf("%s: %+v and %+v", name, x, y)
			}
			if !reflect.DeepEqual(*in, before) {
				t.Fatalf("%s changed its Input", name)
			}
		}
	}
}

func TestFixed(t *testing.T) {
	in := &heuristics.Input{Levels: ladder, Current: -1, RenderCap: 4}
	for _, test := range []struct {
		level, cap int
		want       heuristics.Decision
	}{
		{2, 4, heuristics.Decision{Level: 2, Reason: heuristics.ReasonStart}},
		{99, 4, heuristics.Decision{Level: 4, Reason: heuristics.ReasonStart}},
		{-1, 4, heuristics.Decision{Level: 0, Reason: heuristics.ReasonStart}},
		{3, 1, heuristics.Decision{Level: 1, Reason: heuristics.ReasonRenderCap}},
	} {
		in.RenderCap = test.cap
		if got := policyOf(t, Fixed, Config{Level: test.level}).Decide(in); !reflect.DeepEqual(got, test.want) {
			t.Errorf("level %d, cap %d: got %+v, want %+v", test.level, test.cap, got, test.want)
		}
	}
}

func TestDecideDoesNotAllocate(t *testing.T) {
	for _, name := range Names() {
		p := policyOf(t, name, Config{})
		s := newSession(name, constantLink(4e6))
		in := s.input(2, 10, 10)
		in.BandwidthBPS = 4_000_000
		p.Decide(in)
		if n := testing.AllocsPerRun(100, func() { p.Decide(in) }); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestConstantLinkSettles(t *testing.T) {
	for _, chunk := range []time.Duration{time.Second, 2 * time.Second, 6 * time.Second} {
		for bps := 300e3; bps < 30e6; bps *= 1.07 {
			s := newSession("", constantLink(bps))
			s.chunk = chunk
			s.run()
			settled := s.chosen[10:]
			if n, most := switches(settled), 1+int(time.Duration(s.chunks)*chunk/time.Minute); n > most {
				t.Errorf("%.0f bit/s, chunks of %v: %d switches after the tenth chunk, want at most %d: %v", bps, chunk, n, most, s.chosen)
			}
			if bps > 400e3 && s.stalls > 0 {
				t.Errorf("%.0f bit/s, chunks of %v: %d stalls: %v", bps, chunk, s.stalls, s.chosen)
			}
			// Never more than one level below what the link carries with room to
			// spare.
			carried := 0
			for q, l := range ladder {
				if float64(l.BitrateBPS) < .7*bps {
					carried = q
				}
			}
			if got := s.chosen[len(s.chosen)-1]; got < carried {
				t.Errorf("%.0f bit/s, chunks of %v: settled at %d, the link carries %d: %v", bps, chunk, got, carried, s.chosen)
			}
		}
	}
}

func TestBackUpWithinThreeFragmentsAfterASeek(t *testing.T) {
	s := newSession("", constantLink(20e6))
	s.seekAt = 60
	s.run()
	if s.chosen[60] != 0 || s.reasons[60] != heuristics.ReasonSeek {
		t.Errorf("first after the seek: level %d, %q", s.chosen[60], s.reasons[60])
	}
	if s.chosen[62] != s.chosen[59] || s.chosen[62] != 4 {
		t.Errorf("around the seek: %v", s.chosen[58:66])
	}
	if got := slices.Index(s.chosen, 4); got > 3 {
		t.Errorf("the top level came with chunk %d: %v", got, s.chosen[:10])
	}
}

func TestSteps(t *testing.T) {
	tests := []struct {
		name     string
		link     func(time.Duration) float64
		goal     time.Duration
		stalled  time.Duration // at most
		switches int           // at most
		mean     float64       // at least
	}{
		{"8 M and 1 M by turns", steps(30*time.Second, 8e6, 1e6), 25 * time.Second, 0, 40, 2.2e6},
		{"a single outage of 8 s", func(at time.Duration) float64 {
			if at > 60*time.Second && at < 68*time.Second {
				return 20e3
			}
			return 5e6
		}, 25 * time.Second, 0, 8, 2.5e6},
		{"a staircase down", steps(20*time.Second, 9e6, 7e6, 5e6, 4e6, 3e6, 2e6, 1.5e6, 1e6, .8e6, .5e6, .5e6, .5e6), 25 * time.Second, 0, 16, 1.6e6},
		{"a small buffer", steps(20*time.Second, 6e6, 2e6), 8 * time.Second, 3 * time.Second, 45, 1.6e6},
		{"spikes", func(at time.Duration) float64 {
			if at/time.Second%10 == 0 {
				return 30e6
			}
			return 2.2e6
		}, 25 * time.Second, time.Second, 50, 3e6},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSession("", test.link)
			s.goal = test.goal
			s.run()
			t.Logf("mean %.2f Mbit/s, %d switches, stalled %v in %d, %d abandoned (%d bytes), start %v\n%v",
				s.mean()/1e6, switches(s.chosen), s.stalled, s.stalls, s.abandoned, s.wasted, s.startup, s.chosen)
			if s.stalled > test.stalled {
				t.Errorf("stalled %v in %d, want at most %v", s.stalled, s.stalls, test.stalled)
			}
			if n := switches(s.chosen); n > test.switches {
				t.Errorf("%d switches, want at most %d", n, test.switches)
			}
			if s.mean() < test.mean {
				t.Errorf("mean %.2f Mbit/s, want at least %.2f", s.mean()/1e6, test.mean/1e6)
			}
		})
	}
}

func TestRenderCapInASession(t *testing.T) {
	s := newSession("", constantLink(20e6))
	s.cap = func(at time.Duration) int {
		if at > 60*time.Second && at < 120*time.Second {
			return 2
		}
		return 4
	}
	s.run()
	for i, q := range s.chosen {
		if want := s.cap(s.at[i]); q > want {
			t.Errorf("chunk %d: level %d above the cap %d", i, q, want)
		}
	}
	if s.chosen[len(s.chosen)-1] != 4 || s.stalls > 0 {
		t.Errorf("ended at %d with %d stalls: %v", s.chosen[len(s.chosen)-1], s.stalls, s.chosen)
	}
}

func BenchmarkDecide(b *testing.B) {
	for _, name := range Names() {
		b.Run(name, func(b *testing.B) {
			p := policyOf(b, name, Config{})
			in := newSession(name, constantLink(4e6)).input(2, 10, 10)
			in.BandwidthBPS = 4_000_000
			b.ReportAllocs()
			for b.Loop() {
				p.Decide(in)
			}
		})
	}
}
