package policy

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"smoothplay/heuristics"
)

// rated are transfers of one second at the given rates in Mbit/s.
func rated(mbps ...float64) []heuristics.Transfer {
	var all []heuristics.Transfer
	for i, r := range mbps {
		all = append(all, heuristics.Transfer{Bytes: int64(r * 1e6 / 8), Start: time.Duration(i) * time.Second,
			FirstByte: 100 * time.Millisecond, Body: 900 * time.Millisecond, Media: 2 * time.Second})
	}
	return all
}

func TestRobustMPCPredicts(t *testing.T) {
	stored := rated(4, 100, 4)
	stored[1].FromStore = true
	other := rated(3)
	other[0].OtherBytes = 125_000
	for _, test := range []struct {
		name string
		in   []heuristics.Transfer
		want float64
	}{
		{"nothing", nil, 0},
		{"one", rated(4), 4},
		{"equal ones", rated(4, 4, 4, 4, 4, 4), 4},
		// 2/(1/4+1/2) = 8/3; the second was predicted at 4 and was 2: an error of 1.
		{"half", rated(4, 2), 8. / 6},
		// 2/(1/2+1/4) = 8/3; predicted 2, was 4: an error of 1/2.
		{"twice", rated(2, 4), 8. / 3 / 1.5},
		// The last five are 4; the errors of the last five are of 1, 4, 4, 4, 4: the
		// 4 after 1,1,1,1,1 was predicted at 1: 3/4; after 1,1,1,1,4 at 5/4.25.
		{"what is long ago is forgotten", rated(1, 1, 1, 1, 1, 4, 4, 4, 4, 4), 4 / 1.75},
		{"longer still", rated(1, 1, 1, 1, 1, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4), 4},
		{"a store says nothing", stored, 4},
		{"shared with another track", other, 4},
	} {
		if got := mpcPredict(test.in); math.Abs(got-test.want) > 1e-6 {
			t.Errorf("%s: %.4f, want %.4f", test.name, got, test.want)
		}
	}
}

// TestRobustMPCPlans: with levels of 1, 2 and 4 Mbit/s, 2 s fragments and a link of
// 2 Mbit/s they take 1, 2 and 4 s; a second of stall costs 4.3*4/6 = 2.87.
func TestRobustMPCPlans(t *testing.T) {
	for _, test := range []struct {
		name     string
		buffered float64
		left     int
		current  int
		sizes    []int64
		want     int
	}{
		// Level 0: 1. Level 1: 2-1, the same with less buffer.
		{"the last one, a change pays nothing", 2, 1, 0, nil, 0},
		// 1+1 = 2; 2-1+2 = 3; 4-3+4 less 2 s of stall = -0.7.
		{"two, the middle one is carried", 4, 2, 0, nil, 1},
		// 4-3+4 = 5, the buffer goes from 8 to 4 s and lasts.
		{"two, the buffer is there to be used", 8, 2, 0, nil, 2},
		// 4-2+... would stall; 2+2+2+2+2 = 10.
		{"five", 4, 5, 1, nil, 1},
		// Level 1 stalls for 1 s: 2-2.87. Level 0: 1-1 = 0.
		{"rather a step down than a stall", 1, 1, 1, nil, 0},
		{"a fragment is small", 1, 1, 1, []int64{0, 125_000, 0}, 1},
		{"live: the end is not known", 4, -1, 1, nil, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := &heuristics.Input{
				Levels:        []heuristics.Level{{BitrateBPS: 1e6}, {BitrateBPS: 2e6}, {BitrateBPS: 4e6}},
				ChunkDuration: 2 * time.Second, ChunksLeft: test.left, Current: test.current, Sizes: test.sizes, RenderCap: 2, StartLevel: -1,
				Buffered: time.Duration(test.buffered * 1e9), Goal: 30 * time.Second, Playing: true, Transfers: rated(2, 2),
			}
			if got := policyOf(t, RobustMPC, Config{}).Decide(in); got.Level != test.want {
				t.Errorf("got %+v, want level %d", got, test.want)
			}
		})
	}
}

// TestRobustMPCFindsTheBestPlan: forgetting plans that others are better than
// loses none, compared with trying them all.
func TestRobustMPCFindsTheBestPlan(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	p := &robustMPC{}
	for range 2000 {
		in := randomInput(r)
		in.Current = r.IntN(len(in.Levels))
		mbps := .1 * math.Pow(300, r.Float64())
		top := float64(in.Levels[len(in.Levels)-1].BitrateBPS) / 1e6
		steps := mpcHorizon
		if in.ChunksLeft > 0 {
			steps = min(steps, in.ChunksLeft)
		}
		if len(in.Levels) > 5 {
			continue // too many plans to try
		}
		// with is the best score of all plans that begin with level q.
		var with func(q int, buffer float64, last, left int) float64
		best := func(buffer float64, last, left int) (score float64, level int) {
			score = math.Inf(-1)
			for q := range in.Levels {
				if !usable(in, q) && q != lowest(in) {
					continue
				}
				if s := with(q, buffer, last, left); s > score {
					score, level = s, q
				}
			}
			return score, level
		}
		with = func(q int, buffer float64, last, left int) float64 {
			rate := float64(in.Levels[q].BitrateBPS) / 1e6
			has, takes := min(buffer, in.Goal.Seconds()-2), 2*rate/mbps
			score := rate - mpcStall*top/mpcStallTop*max(takes-has, 0) - math.Abs(rate-float64(in.Levels[last].BitrateBPS)/1e6)
			if left > 1 {
				rest, _ := best(max(has-takes, 0)+2, q, left-1)
				score += rest
			}
			return score
		}
		want, level := best(in.Buffered.Seconds(), in.Current, steps)
		got := p.plan(in, mbps)
		if score := with(got, in.Buffered.Seconds(), in.Current, steps); math.Abs(score-want) > 1e-6 {
			t.Fatalf("level %d scores %.4f, level %d %.4f: %+v at %.2f Mbit/s", got, score, level, want, in, mbps)
		}
	}
}

// BenchmarkRobustMPCManyLevels decides with 20 levels and every buffer from empty
// to full.
func BenchmarkRobustMPCManyLevels(b *testing.B) {
	in := &heuristics.Input{ChunkDuration: 2 * time.Second, ChunksLeft: 100, Goal: 60 * time.Second, Playing: true,
		Transfers: rated(3, 4, 3, 5), Current: 7, RenderCap: 19, StartLevel: -1}
	for q := range 20 {
		in.Levels = append(in.Levels, heuristics.Level{BitrateBPS: int64(200_000 * math.Pow(1.25, float64(q)))})
	}
	p := newRobustMPC(Config{})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		in.Buffered = time.Duration(i%58) * time.Second
		p.Decide(in)
	}
}
