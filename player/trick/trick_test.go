package trick

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

const (
	ms     = time.Millisecond
	sec    = time.Second
	period = 40 * ms
)

// usual is a presentation of four levels with a key each two seconds, over a link of
// 4 Mbit/s.
func usual(rate float64) Input {
	return Input{
		Rate: rate, Chunk: 2 * sec, Period: period, Keys: 1, KeyShare: 0.2, References: 0.4,
		Levels:       []Level{{250_000, 0, true}, {500_000, 0, true}, {900_000, 0, true}, {1_700_000, 0, true}},
		BandwidthBPS: 4_000_000, RoundTrip: 20 * ms, KeyFrames: true,
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		name   string
		rate   float64
		change func(*Input)
		want   Plan
	}{
		{"keys are near enough", 64, nil, Plan{Level: 1, Step: 6 * sec, Keys: 1}},
		{"backwards alike", -64, nil, Plan{Level: 1, Step: 6 * sec, Keys: 1}},
		{"keys are too far apart", 8, nil, Plan{Level: 0, Whole: true, Step: 800 * ms, Keys: 1}},
		{"a slow rate affords a higher level", -1, nil, Plan{Level: 3, Whole: true, Step: 80 * ms, Keys: 1}},
		{"many keys in a chunk", 8, func(in *Input) { in.Keys = 4 }, Plan{Level: 2, Step: 500 * ms, Keys: 4}},
		{"no requests for keys", 64, func(in *Input) { in.KeyFrames = false }, Plan{Level: 0, Step: 10 * sec, Keys: 1}},
		{"the link is too slow for whole fragments", 8, func(in *Input) { in.BandwidthBPS = 1_000_000 }, Plan{Level: 0, Step: 2 * sec, Keys: 1}},
		{"the link is too slow for all keys", 64, func(in *Input) { in.BandwidthBPS = 400_000 }, Plan{Level: 0, Step: 22 * sec, Keys: 1}},
		{"the decoder is too slow for whole fragments", 8, func(in *Input) {
			for i := range in.Levels {
				in.Levels[i].Decode = 15 * ms
			}
		}, Plan{Level: 2, Step: 2 * sec, Keys: 1}},
		{"the decoder is too slow for the large ones", 64, func(in *Input) {
			in.Levels[1].Decode, in.Levels[2].Decode, in.Levels[3].Decode = 20*ms, 80*ms, 200*ms
		}, Plan{Level: 1, Step: 6 * sec, Keys: 1}},
		{"far away", 64, func(in *Input) { in.RoundTrip = 300 * ms }, Plan{Level: 0, Step: 12 * sec, Keys: 1}},
		{"nothing is known of the link", 8, func(in *Input) { in.BandwidthBPS = 0 }, Plan{Level: 0, Whole: true, Step: 800 * ms, Keys: 1}},
		{"in a hurry", 64, func(in *Input) { in.Hurry = true }, Plan{Level: 0, Step: 6 * sec, Keys: 1}},
		{"stays where it just goes on", 64, func(in *Input) {
			in.BandwidthBPS = 2_800_000
			in.Current = Plan{Level: 1, Step: sec}
		}, Plan{Level: 1, Step: 6 * sec, Keys: 1}},
		{"but does not go up to it", 64, func(in *Input) { in.BandwidthBPS = 2_800_000 }, Plan{Level: 0, Step: 6 * sec, Keys: 1}},
		{"only what may be used", 64, func(in *Input) { in.Levels[2].Usable = false }, Plan{Level: 1, Step: 6 * sec, Keys: 1}},
	} {
		in := usual(c.rate)
		if c.change != nil {
			c.change(&in)
		}
		if got := Choose(in); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestChooseAnything: whatever it is told, a plan goes forward.
func TestChooseAnything(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		in := Input{
			Rate:  math.Copysign(0.25+random.Float64()*64, random.Float64()-0.5),
			Chunk: time.Duration(1 + random.Int64N(int64(20*sec))), Period: time.Duration(1 + random.Int64N(int64(sec))),
			Keys: random.IntN(50), KeyShare: random.Float64(), References: random.Float64(),
			BandwidthBPS: random.Int64N(10_000_000), RoundTrip: time.Duration(random.Int64N(int64(sec))), KeyFrames: random.IntN(2) > 0,
		}
		for range 1 + random.IntN(5) {
			in.Levels = append(in.Levels, Level{random.Int64N(20_000_000), time.Duration(random.Int64N(int64(100 * ms))), random.IntN(3) > 0})
		}
		p := Choose(in)
		if p.Step <= 0 && in.Chunk/time.Duration(max(in.Keys, 1)) > 0 || p.Keys < 1 || p.Level < 0 || p.Level >= len(in.Levels) {
			t.Fatalf("%+v: %+v", in, p)
		}
	}
}

// TestPointsGoOnAcrossChunks: places follow each other at equal steps, whatever the
// chunks.
func TestPointsGoOnAcrossChunks(t *testing.T) {
	for _, back := range []bool{false, true} {
		p := Plan{Whole: true, Step: 700 * ms, Keys: 1}
		next := 10 * sec
		var all []time.Duration
		for i := range 5 {
			c := Span{time.Duration(5+i) * 2 * sec, time.Duration(6+i) * 2 * sec}
			if back {
				c = Span{time.Duration(4-i) * 2 * sec, time.Duration(5-i) * 2 * sec}
				next = min(next, c.End-1)
			}
			var points []time.Duration
			points, next = p.Points(c, next, back)
			all = append(all, points...)
		}
		if len(all) < 14 {
			t.Errorf("%d places", len(all))
		}
		for i := 1; i < len(all); i++ {
			if step := (all[i] - all[i-1]).Abs(); step != 700*ms {
				t.Errorf("back %v: %v follows %v", back, all[i], all[i-1])
			}
		}
	}
	keys := Plan{Step: 2 * sec, Keys: 1}
	if got, next := keys.Points(Span{6 * sec, 8 * sec}, 7*sec, true); fmt.Sprint(got, next) != "[6s] 4s" {
		t.Errorf("of key pictures: %v, then %v", got, next)
	}
	if got, _ := (Plan{Step: 1}).Points(Span{0, math.MaxInt64}, 0, false); len(got) != maxPoints {
		t.Errorf("%d places", len(got))
	}
}

// group is a group of pictures in decoding order: a key, then a reference and two
// disposable pictures before it, and so on.
func group(start time.Duration, n int) []Sample {
	list := []Sample{{PTS: start, Key: true}}
	for i := 1; i+2 < n; i += 3 {
		at := start + time.Duration(i)*period
		list = append(list, Sample{PTS: at + 2*period}, Sample{PTS: at, Disposable: true}, Sample{PTS: at + period, Disposable: true})
	}
	return list
}

func TestPick(t *testing.T) {
	samples := slices.Concat(group(0, 25), group(time.Second, 25))
	for _, c := range []struct {
		name       string
		points     []time.Duration
		step       time.Duration
		keys, back bool
		want       string
	}{
		{"keys alone", []time.Duration{0, sec}, sec, true, false, "[{[0] [0s]} {[25] [1s]}]"},
		{"keys backwards", []time.Duration{sec, 0}, sec, true, true, "[{[25] [1s]} {[0] [0s]}]"},
		{"near references", []time.Duration{0, 400 * ms}, 400 * ms, false, false, "[{[0 1 4 7] [0s 360ms]}]"},
		{"backwards", []time.Duration{400 * ms, 0}, 400 * ms, false, true, "[{[0 1 4 7] [360ms 0s]}]"},
		{"others, where references are too far off", []time.Duration{0, 80 * ms, 160 * ms}, 80 * ms, false, false, "[{[0 1 3 4 5] [0s 80ms 160ms]}]"},
		{"the same is shown once", []time.Duration{0, 10 * ms, 20 * ms}, 10 * ms, false, false, "[{[0] [0s]}]"},
		{"nothing wanted", nil, sec, false, false, "[]"},
	} {
		if got := fmt.Sprint(Pick(samples, c.points, c.step, c.keys, c.back)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if got := Pick(nil, []time.Duration{0}, sec, false, false); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

// TestPickHoldsFew: backwards, few pictures are held at once, and all are shown.
func TestPickHoldsFew(t *testing.T) {
	samples := group(0, 100)
	var points []time.Duration
	for at := 99 * period; at >= 0; at -= period {
		points = append(points, at)
	}
	shown := 0
	last := time.Duration(math.MaxInt64)
	for _, s := range Pick(samples, points, period, false, true) {
		if len(s.Show) > maxHeld {
			t.Errorf("%d pictures are held", len(s.Show))
		}
		for _, pts := range s.Show {
			if pts >= last {
				t.Errorf("%v follows %v", pts, last)
			}
			last = pts
			shown++
		}
	}
	if shown != 100 {
		t.Errorf("%d pictures are shown, want 100", shown)
	}
}

// TestPickDecodesWhatIsNeeded: a shot begins with a key, and holds what is shown and
// all that others before it refer to.
func TestPickDecodesWhatIsNeeded(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 3000 {
		n := 1 + random.IntN(60)
		samples := make([]Sample, n)
		for i := range samples {
			samples[i] = Sample{PTS: time.Duration(random.IntN(50)) * period, Key: random.IntN(10) == 0, Disposable: random.IntN(2) == 0}
		}
		var points []time.Duration
		back := random.IntN(2) > 0
		for i := range random.IntN(20) {
			at := time.Duration(i) * 100 * ms
			if back {
				at = 2*sec - at
			}
			points = append(points, at)
		}
		for _, s := range Pick(samples, points, 100*ms, random.IntN(2) > 0, back) {
			if len(s.Decode) == 0 || len(s.Show) == 0 || s.Decode[0] != keyOf(samples, s.Decode[0]) || !slices.IsSorted(s.Decode) {
				t.Fatalf("%+v", s)
			}
			for i := s.Decode[0]; i < s.Decode[len(s.Decode)-1]; i++ {
				if !samples[i].Disposable && !slices.Contains(s.Decode, i) {
					t.Fatalf("sample %d is missing of %v", i, s.Decode)
				}
			}
			for _, pts := range s.Show {
				if !slices.ContainsFunc(s.Decode, func(i int) bool { return samples[i].PTS == pts }) {
					t.Fatalf("%v is shown and not decoded", pts)
				}
			}
		}
	}
}
