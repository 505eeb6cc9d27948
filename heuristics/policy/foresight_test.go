package policy

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"smoothplay/heuristics"
)

// knowing is a Foresight that has seen n transfers of two seconds of ladder level
// 2 over a link of bps, and the Input for the chunk after them.
func knowing(t testing.TB, n int, bps float64) (*foresight, *heuristics.Input) {
	p := policyOf(t, Foresight, Config{}).(*foresight)
	in := &heuristics.Input{Levels: ladder, Current: 2, ChunkDuration: 2 * time.Second, ChunksLeft: 100, Buffered: 20 * time.Second,
		Goal: 25 * time.Second, Playing: true, RenderCap: 4, StartLevel: -1, BandwidthBPS: int64(bps), BandwidthError: .1}
	for range n {
		in.ChunkIndex, in.SinceDiscontinuity = in.ChunkIndex+1, in.SinceDiscontinuity+1
		p.Decide(in)
		arrived(in, heuristics.Transfer{Level: 2, Bytes: 375_000, Body: seconds(8 * 375_000 / bps)})
	}
	in.ChunkIndex, in.SinceDiscontinuity = in.ChunkIndex+1, in.SinceDiscontinuity+1
	return p, in
}

// arrived adds a finished transfer to in, begun when it was asked, and lets it be
// asked again after it.
func arrived(in *heuristics.Input, t heuristics.Transfer) {
	t.Size, t.Start, t.Media = t.Bytes, in.Now, 2*time.Second
	if t.FirstByte == 0 {
		t.FirstByte = 40 * time.Millisecond
	}
	in.Transfers = append(in.Transfers, t)
	in.Now += t.FirstByte + t.Body + 100*time.Millisecond
}

func TestForesightReasons(t *testing.T) {
	tests := []struct {
		name   string
		bps    float64
		change func(*heuristics.Input)
		level  int
		reason heuristics.Reason
	}{
		{"room above", 20e6, func(in *heuristics.Input) {}, 4, heuristics.ReasonPlan},
		{"at the top", 20e6, func(in *heuristics.Input) { in.Current = 4 }, 4, heuristics.ReasonHold},
		{"device", 20e6, func(in *heuristics.Input) { in.RenderCap = 2 }, 2, heuristics.ReasonRenderCap},
		{"device, from above", 20e6, func(in *heuristics.Input) { in.RenderCap, in.Current = 1, 4 }, 1, heuristics.ReasonRenderCap},
		{"user", 20e6, func(in *heuristics.Input) { in.Allowed = []bool{true, true, true, true, false} }, 3, heuristics.ReasonUserLimit},
		{"a hole in what is allowed", 3.4e6, func(in *heuristics.Input) { in.Allowed = []bool{true, true, true, false, true} }, 2, heuristics.ReasonHold},
		{"a limit that does not bind", 1.8e6, func(in *heuristics.Input) { in.Allowed = []bool{true, true, true, true, false} }, 2, heuristics.ReasonHold},
		{"one level allowed", 20e6, func(in *heuristics.Input) { in.Allowed = []bool{false, true, false, false, false} }, 1, heuristics.ReasonUserLimit},
		{"not carried", 2.5e6, func(in *heuristics.Input) {}, 2, heuristics.ReasonHold},
		{"less rate, played from the buffer", 2.5e6, func(in *heuristics.Input) { in.Current = 3 }, 3, heuristics.ReasonHold},
		{"buffer low", 2.5e6, func(in *heuristics.Input) { in.Current, in.Buffered = 3, 2*time.Second }, 2, heuristics.ReasonBufferLow},
		{"far less rate", .5e6, func(in *heuristics.Input) { in.Current, in.Buffered = 3, 6*time.Second }, 0, heuristics.ReasonBufferLow},
		{"known size comes too late", 8e6, func(in *heuristics.Input) {
			in.Buffered, in.Sizes = 4*time.Second, []int64{0, 0, 0, 6_000_000, 12_000_000}
		}, 2, heuristics.ReasonHold},
		{"seek", 20e6, func(in *heuristics.Input) { in.SinceDiscontinuity, in.Buffered, in.Playing = 0, 0, false }, 0, heuristics.ReasonSeek},
		{"seek on a fast link", 250e6, func(in *heuristics.Input) {
			in.SinceDiscontinuity, in.Buffered, in.Playing = 0, 0, false
		}, 1, heuristics.ReasonSeek},
		{"one level", 20e6, func(in *heuristics.Input) { in.Levels, in.Current = ladder[:1], 0 }, 0, heuristics.ReasonOnly},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, in := knowing(t, 12, test.bps)
			test.change(in)
			d := p.Decide(in)
			if d.Level != test.level || d.Reason != test.reason {
				t.Errorf("got level %d, %q; want %d, %q: %v", d.Level, d.Reason, test.level, test.reason, d.Candidates)
			}
			best := d.Candidates[0]
			for _, c := range d.Candidates {
				if c.Score > best.Score {
					best = c
				}
			}
			if best.Level != d.Level {
				t.Errorf("level %d was chosen, the scores are %v", d.Level, d.Candidates)
			}
		})
	}
}

func TestForesightBegins(t *testing.T) {
	tests := []struct {
		name   string
		change func(*heuristics.Input)
		level  int
	}{
		{"nothing is known", func(in *heuristics.Input) {}, 0},
		{"remembered", func(in *heuristics.Input) { in.BandwidthBPS = 8_000_000 }, 3},
		{"remembered, not for sure", func(in *heuristics.Input) { in.BandwidthBPS, in.BandwidthError = 8_000_000, .5 }, 2},
		{"remembered, a guess", func(in *heuristics.Input) { in.BandwidthBPS, in.BandwidthError = 8_000_000, 1 }, 0},
		{"the lowest is not allowed", func(in *heuristics.Input) { in.Allowed = []bool{false, true, true, true, true} }, 1},
		{"the user's", func(in *heuristics.Input) { in.StartLevel = 3 }, 3},
		{"the user's, too much for the device", func(in *heuristics.Input) { in.StartLevel, in.RenderCap = 3, 1 }, 1},
		{"the user's, with a hole", func(in *heuristics.Input) { in.StartLevel, in.Allowed = 3, []bool{true, true, false, false, true} }, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := &heuristics.Input{Levels: ladder, Current: -1, StartLevel: -1, RenderCap: 4, Goal: 25 * time.Second, ChunksLeft: 100}
			test.change(in)
			d := policyOf(t, Foresight, Config{}).Decide(in)
			if d.Level != test.level || d.Reason != heuristics.ReasonStart || len(d.Candidates) == 0 {
				t.Errorf("got %+v, want level %d", d, test.level)
			}
		})
	}
}

// TestForesightKnowsWhatTransfersSay compares what is chosen after a last
// transfer of some kind on a link of 4 Mbit/s with what is chosen without it.
func TestForesightKnowsWhatTransfersSay(t *testing.T) {
	slow := heuristics.Transfer{Level: 2, Bytes: 375_000, Body: 6 * time.Second}
	tests := []struct {
		name   string
		last   func() heuristics.Transfer
		change bool
	}{
		{"slow", func() heuristics.Transfer { return slow }, true},
		{"slow, since others took the link", func() heuristics.Transfer { x := slow; x.OtherBytes = 2_625_000; return x }, false},
		{"slow, but the stack saw the link", func() heuristics.Transfer { x := slow; x.StackBPS = 4_000_000; return x }, false},
		{"from a store", func() heuristics.Transfer { x := slow; x.FromStore = true; return x }, false},
		{"a tiny answer", func() heuristics.Transfer {
			return heuristics.Transfer{Level: 2, Bytes: 3_000, Body: 100 * time.Millisecond}
		}, false},
		{"slow in the end only", func() heuristics.Transfer {
			x := heuristics.Transfer{Level: 2, Bytes: 1_062_500, Body: 4 * time.Second}
			x.Marks = []heuristics.Mark{{Body: time.Second, Bytes: 500_000}, {Body: 2 * time.Second, Bytes: 1_000_000}, {Body: 3 * time.Second, Bytes: 1_031_250}}
			return x
		}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, in := knowing(t, 12, 4e6)
			in.Current, in.Buffered = 3, 4*time.Second
			before := p.belief.rate()
			arrived(in, test.last())
			q := p.Decide(in).Level
			after := p.belief.rate()
			if changed := math.Abs(math.Log(after/before)) > .2; changed != test.change {
				t.Errorf("the rate believed went from %.0f to %.0f", before, after)
			}
			if (q < 3) != test.change {
				t.Errorf("level %d was chosen", q)
			}
		})
	}
	t.Run("waiting is no rate", func(t *testing.T) {
		p, in := knowing(t, 12, 4e6)
		before := p.belief.rate()
		in.Now += time.Minute
		p.Decide(in)
		if after := p.belief.rate(); math.Abs(after/before-1) > 1e-9 {
			t.Errorf("the rate believed went from %.0f to %.0f", before, after)
		}
	})
	t.Run("a store alone", func(t *testing.T) {
		_, in := knowing(t, 0, 4e6)
		in.BandwidthBPS = 0
		arrived(in, heuristics.Transfer{Bytes: 400_000, FirstByte: time.Millisecond, Body: time.Millisecond, FromStore: true})
		if d := policyOf(t, Foresight, Config{}).Decide(in); d.Level != 4 {
			t.Errorf("got %+v", d)
		}
	})
	t.Run("nothing at all", func(t *testing.T) {
		_, in := knowing(t, 0, 4e6)
		in.BandwidthBPS = 0
		if d := policyOf(t, Foresight, Config{}).Decide(in); d.Level != 0 {
			t.Errorf("got %+v", d)
		}
	})
}

func TestForesightAbandons(t *testing.T) {
	// A fragment of the highest level over what was a link of 8 Mbit/s; 1.5 MB.
	tests := []struct {
		name   string
		bps    float64 // of what came in
		body   time.Duration
		buffer time.Duration
		change func(*heuristics.Input)
		want   int // 4: goes on
	}{
		{"in time", 5e6, time.Second, 10 * time.Second, nil, 4},
		{"slower, with plenty in the buffer", 2e6, 1500 * time.Millisecond, 20 * time.Second, nil, 4},
		{"a dip of two seconds to a fifth", 1.6e6, 2 * time.Second, 13 * time.Second, nil, 4},
		{"too late", 1e6, time.Second, 4 * time.Second, nil, 3},
		{"the link is broken", 1e6, 2200 * time.Millisecond, 20 * time.Second, nil, 1},
		{"no sooner on any level", 8e6, 1480 * time.Millisecond, 0, nil, 4},
		{"only just begun", .1e6, 200 * time.Millisecond, 0, nil, 4},
		{"nothing lower is allowed", 1e6, 3 * time.Second, 4 * time.Second, func(in *heuristics.Input) { in.Allowed = []bool{false, false, false, false, true} }, 4},
		{"dead", 0, 4 * time.Second, 10 * time.Second, nil, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, in := knowing(t, 12, 8e6)
			in.Current = 4
			if test.change != nil {
				test.change(in)
			}
			if d := p.Decide(in); d.Level != 4 {
				t.Fatalf("got %+v", d)
			}
			in.Running = &heuristics.Transfer{Level: 4, Size: 1_500_000, Start: in.Now, FirstByte: 40 * time.Millisecond, Media: 2 * time.Second}
			for d := 100 * time.Millisecond; d <= test.body; d += 100 * time.Millisecond {
				in.Running.Body, in.Running.Bytes = d, int64(test.bps*d.Seconds()/8)
				in.Running.Note()
			}
			in.Now += 40*time.Millisecond + test.body
			in.Buffered = test.buffer
			d := p.Decide(in)
			if test.want == 4 {
				if d.Abandon || d.Level != 4 || d.Reason != heuristics.ReasonHold {
					t.Errorf("got %+v, want it to go on", d)
				}
				return
			}
			if !d.Abandon || d.Level != test.want || d.Reason != heuristics.ReasonAbandon {
				t.Errorf("got %+v, want it abandoned for level %d", d, test.want)
			}
			// Asked anew for the same chunk, it does not go back up; for the next it may.
			in.Running, in.Buffered = nil, 20*time.Second
			if d := p.Decide(in); d.Level > test.want || d.Reason != heuristics.ReasonAbandon {
				t.Errorf("asked again for the chunk: %+v", d)
			}
			in.ChunkIndex++
			if d := p.Decide(in); d.Reason == heuristics.ReasonAbandon {
				t.Errorf("asked for the next chunk: %+v", d)
			}
		})
	}
}

// TestForesightIsNotAskedOfOthers: a transfer that Decide did not ask for, as one
// that replaces something, is none of its business.
func TestForesightIsNotAskedOfOthers(t *testing.T) {
	p, in := knowing(t, 12, 8e6)
	in.Running = &heuristics.Transfer{Level: 4, Size: 1_500_000, Bytes: 1000, Start: in.Now, Body: 5 * time.Second}
	in.ChunkIndex, in.Buffered = in.ChunkIndex-4, 0
	if d := p.Decide(in); d.Abandon || d.Reason != heuristics.ReasonHold {
		t.Errorf("got %+v", d)
	}
}

func TestForesightReplaces(t *testing.T) {
	held := func(levels ...int) (list []heuristics.Held) {
		for i, q := range levels {
			list = append(list, heuristics.Held{ChunkIndex: 100 + i, Level: q, Duration: 2 * time.Second, Due: time.Duration(4+2*i) * time.Second})
		}
		return list
	}
	tests := []struct {
		name     string
		bps      float64
		buffered time.Duration
		held     []heuristics.Held
		change   func(*heuristics.Input)
		chunk    int // -1: none
		level    int
	}{
		{"a hole of low fragments", 20e6, 24 * time.Second, held(4, 4, 1, 4, 4, 4), nil, 102, 4},
		{"all are as high as can be", 20e6, 24 * time.Second, held(4, 4, 4, 4), nil, -1, 0},
		{"nothing held", 20e6, 24 * time.Second, nil, nil, -1, 0},
		{"the link carries no more", 1.6e6, 24 * time.Second, held(2, 2, 2, 2, 2, 2), nil, -1, 0},
		{"due too soon", 7e6, 24 * time.Second, held(1), nil, -1, 0},
		{"the buffer is low", 7e6, 4 * time.Second, held(3), nil, -1, 0},
		{"nothing higher is allowed", 20e6, 24 * time.Second, held(1, 1, 1, 1), func(in *heuristics.Input) { in.RenderCap = 1 }, -1, 0},
		{"paused", 20e6, 24 * time.Second, held(1, 1, 1, 1), func(in *heuristics.Input) { in.Playing = false }, -1, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, in := knowing(t, 12, test.bps)
			in.Buffered = test.buffered
			if test.change != nil {
				test.change(in)
			}
			in.Current = p.Decide(in).Level
			in.ChunkIndex++
			in.Held = test.held
			chunk, d, ok := p.Replace(in)
			if !ok {
				chunk = -1
			}
			if chunk != test.chunk || ok && (d.Level != test.level || d.Reason != heuristics.ReasonReplace || len(d.Candidates) == 0) {
				t.Errorf("chunk %d, %+v; want chunk %d at level %d", chunk, d, test.chunk, test.level)
			}
		})
	}
}

// TestForesightReplacesComeToAnEnd: what is replaced goes up, until nothing is
// worth it.
func TestForesightReplacesComeToAnEnd(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for range 200 {
		p, in := knowing(t, 6, 1e6*math.Pow(30, r.Float64()))
		in.Current = p.Decide(in).Level
		for i := range 8 {
			in.Held = append(in.Held, heuristics.Held{ChunkIndex: i, Level: r.IntN(5), Duration: 2 * time.Second, Due: time.Duration(4+2*i) * time.Second})
		}
		for n := 0; ; n++ {
			chunk, d, ok := p.Replace(in)
			if !ok {
				break
			}
			if d.Level <= in.Held[chunk].Level || n > 40 {
				t.Fatalf("replaced %d times, now level %d by %d", n, in.Held[chunk].Level, d.Level)
			}
			in.Held[chunk].Level = d.Level
		}
	}
}

// twin asks one policy everything and the other only what has consequences.
type twin struct {
	t    *testing.T
	all  heuristics.Policy
	some heuristics.Policy
	idle int
}

func (w *twin) Name() string { return w.all.Name() }

func (w *twin) Decide(in *heuristics.Input) heuristics.Decision {
	if p, ok := w.all.(heuristics.Replacer); ok && in.Running == nil {
		in.Held = []heuristics.Held{{ChunkIndex: in.ChunkIndex - 1, Level: 0, Duration: 2 * time.Second, Due: in.Buffered}}
		p.Replace(in)
		in.Held = nil
	}
	d := w.all.Decide(in).Clone()
	if in.Running != nil && !d.Abandon {
		w.idle++
		return d
	}
	if other := w.some.Decide(in); !reflect.DeepEqual(d, other.Clone()) {
		w.t.Fatalf("%s at %v: %+v, where it had been asked nothing idle %+v", w.Name(), in.Now, d, other)
	}
	return d
}

// TestNoTrace: questions about running transfers that go on, and what may be
// replaced, change no later answer.
func TestNoTrace(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	jumpy := func() func(time.Duration) float64 {
		rates := make([]float64, 600)
		for i := range rates {
			rates[i] = 200e3 * math.Pow(60, r.Float64())
		}
		return func(at time.Duration) float64 { return rates[int(at/(1500*time.Millisecond))%len(rates)] }
	}
	for _, name := range append(Names(), Audio) {
		idle := 0
		for range 6 {
			s := newSession(name, jumpy())
			w := &twin{t: t, all: s.policy, some: policyOf(t, name, Config{})}
			s.policy = w
			s.run()
			idle += w.idle
		}
		if idle < 1000 {
			t.Errorf("%s: only %d idle questions", name, idle)
		}
	}
}

// TestForesightChunksVary: fragments that differ a little in length and levels
// that come and go cost neither allocations nor sense.
func TestForesightChunksVary(t *testing.T) {
	p, in := knowing(t, 12, 3.4e6)
	r := rand.New(rand.NewPCG(13, 14))
	vary := func() {
		in.ChunkDuration = time.Duration(1900+r.IntN(200)) * time.Millisecond
		in.RenderCap = 2 + r.IntN(3)
		in.ChunkIndex++
		d := p.Decide(in)
		in.Current = d.Level
		if d.Level < 2 || d.Level > 3 {
			t.Fatalf("got %+v", d)
		}
	}
	vary()
	if n := testing.AllocsPerRun(300, vary); n > 0 {
		t.Errorf("%v allocations", n)
	}
	in.ChunksLeft, in.ChunkDuration = 1, 240*time.Millisecond
	if d := p.Decide(in); d.Level < 2 {
		t.Errorf("for a short last chunk: %+v", d)
	}
}

// TestForesightSurvivesAnything: whatever it is told, it answers with a level and
// finite scores.
func TestForesightSurvivesAnything(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	p := policyOf(t, Foresight, Config{}).(*foresight)
	long := func(most time.Duration) time.Duration {
		if r.IntN(3) == 0 {
			return 0
		}
		return time.Duration(r.Int64N(int64(most)))
	}
	for range 3000 {
		in := randomInput(r)
		in.ChunkDuration, in.Goal, in.Buffered = long(time.Minute), long(time.Hour), long(time.Hour)
		in.Live, in.LiveDelay = r.IntN(2) == 0, long(time.Minute)
		for i := range in.Levels {
			in.Levels[i].BitrateBPS *= int64(r.IntN(3))
		}
		for i := range in.Transfers {
			x := &in.Transfers[i]
			x.Start, x.Body, x.FirstByte = in.Now-long(time.Minute), long(time.Hour), long(time.Minute)
			x.Bytes, x.OtherBytes, x.StackBPS = r.Int64N(1<<40), r.Int64N(1<<40), r.Int64N(1<<40)*int64(r.IntN(2))
		}
		if r.IntN(2) == 0 {
			in.Running = &heuristics.Transfer{Level: r.IntN(12) - 2, Bytes: r.Int64N(1 << 30), Size: r.Int64N(1<<30) * int64(r.IntN(2)), Body: long(time.Hour)}
			in.ChunkIndex = p.asked
		}
		d := p.Decide(in)
		if in.Running == nil && (d.Level < 0 || d.Level >= len(in.Levels)) {
			t.Fatalf("level %d of %d", d.Level, len(in.Levels))
		}
		for _, c := range d.Candidates {
			if math.IsNaN(c.Score) || math.IsInf(c.Score, 0) {
				t.Fatalf("%+v of %+v", c, in)
			}
		}
		in.Running = nil
		in.Held = []heuristics.Held{{Level: r.IntN(4), Due: long(time.Hour), Duration: long(time.Minute)}}
		p.Replace(in)
	}
}

func BenchmarkForesight(b *testing.B) {
	for _, levels := range []int{6, 10, 20} {
		b.Run(fmt.Sprint(levels, " levels"), func(b *testing.B) {
			p, in := knowing(b, 12, 4e6)
			in.Levels = make([]heuristics.Level, levels)
			for q := range in.Levels {
				in.Levels[q].BitrateBPS = int64(300e3 * math.Pow(20, float64(q)/float64(levels-1)))
			}
			in.RenderCap = levels - 1
			p.Decide(in)
			b.ReportAllocs()
			for b.Loop() {
				in.ChunkIndex++
				p.Decide(in)
			}
		})
	}
}
