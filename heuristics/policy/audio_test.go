package policy

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"smoothplay/heuristics"
)

// soundInput is a question about the next fragment of four levels of sound with
// everything as good as it can be.
func soundInput(change func(*heuristics.Input)) *heuristics.Input {
	in := &heuristics.Input{
		Now: time.Minute, ChunkIndex: 30, ChunkDuration: 2 * time.Second, ChunksLeft: 100, Goal: 30 * time.Second,
		Buffered: 28 * time.Second, Playing: true, SinceDiscontinuity: 20, StartLevel: -1, Current: 3, RenderCap: 3,
		BandwidthBPS: 8_000_000, OthersBPS: 350_000,
		Levels: []heuristics.Level{{BitrateBPS: 32_000}, {BitrateBPS: 64_000}, {BitrateBPS: 128_000}, {BitrateBPS: 256_000}},
	}
	if change != nil {
		change(in)
	}
	return in
}

func TestAudio(t *testing.T) {
	type input = heuristics.Input
	for _, c := range []struct {
		name   string
		change func(*input)
		level  int
		reason heuristics.Reason
	}{
		{"all is well", nil, 3, heuristics.ReasonHold},
		{"one level", func(in *input) { in.Levels, in.Current = in.Levels[:1], 0 }, 0, heuristics.ReasonOnly},
		{"nothing is known", func(in *input) { in.Current, in.BandwidthBPS = -1, 0 }, 0, heuristics.ReasonStart},
		{"the first, on a link that is known", func(in *input) { in.Current, in.BandwidthBPS = -1, 1_500_000 }, 2, heuristics.ReasonStart},
		{"the first, on a link that is known badly", func(in *input) {
			in.Current, in.BandwidthBPS, in.BandwidthError = -1, 1_500_000, 0.5
		}, 1, heuristics.ReasonStart},
		{"up", func(in *input) { in.Current = 0 }, 3, heuristics.ReasonBandwidth},
		{"not up with a low buffer", func(in *input) { in.Current, in.Buffered = 0, 17*time.Second }, 0, heuristics.ReasonHold},
		{"not up where it is held at most", func(in *input) { in.Current, in.BandwidthBPS = 2, 2_000_000 }, 2, heuristics.ReasonHold},
		{"held between the two shares", func(in *input) { in.BandwidthBPS = 2_000_000 }, 3, heuristics.ReasonHold},
		{"down with the link", func(in *input) { in.BandwidthBPS = 1_600_000 }, 2, heuristics.ReasonBandwidth},
		{"pictures need the link", func(in *input) { in.OthersBPS, in.BandwidthBPS = 1_500_000, 2_000_000 }, 2 - 1, heuristics.ReasonBandwidth},
		{"pictures need all of it", func(in *input) { in.OthersBPS = 7_000_000 }, 0, heuristics.ReasonBandwidth},
		{"the buffer runs out", func(in *input) { in.Buffered, in.BandwidthBPS = time.Second, 2_000_000 }, 2, heuristics.ReasonBufferLow},
		{"the buffer is empty", func(in *input) { in.Buffered = 0 }, 0, heuristics.ReasonBufferLow},
		{"nothing runs out while paused", func(in *input) { in.Buffered, in.Playing = 0, false }, 3, heuristics.ReasonHold},
		{"a level that failed", func(in *input) { in.Allowed = []bool{true, true, true, false} }, 2, heuristics.ReasonUserLimit},
		{"tiny fragments", func(in *input) {
			in.Current, in.BandwidthBPS = 0, 0
			in.Transfers = []heuristics.Transfer{{Bytes: 8000, FirstByte: 20 * time.Millisecond, Body: 20 * time.Millisecond}}
		}, 2, heuristics.ReasonBandwidth},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := policyOf(t, Audio, Config{}).Decide(soundInput(c.change))
			if d.Level != c.level || d.Reason != c.reason {
				t.Errorf("level %d for the reason %s, want %d for %s", d.Level, d.Reason, c.level, c.reason)
			}
		})
	}
}

func TestAudioComesBackLate(t *testing.T) {
	p := policyOf(t, Audio, Config{})
	at := func(now time.Duration, current int, bps int64) int {
		return p.Decide(soundInput(func(in *heuristics.Input) { in.Now, in.Current, in.BandwidthBPS = now, current, bps })).Level
	}
	if q := at(60*time.Second, 3, 300_000); q != 0 {
		t.Fatalf("level %d on a slow link", q)
	}
	for now := 61 * time.Second; now < 75*time.Second; now += time.Second {
		if q := at(now, 0, 8_000_000); q != 0 {
			t.Errorf("level %d, %v after a step down", q, now-60*time.Second)
		}
	}
	if q := at(75*time.Second, 0, 8_000_000); q != 3 {
		t.Errorf("level %d 15 s after a step down", q)
	}
}

func TestAudioGivesATransferUp(t *testing.T) {
	running := func(bytes int64, body time.Duration, marks ...heuristics.Mark) func(*heuristics.Input) {
		return func(in *heuristics.Input) {
			in.Buffered = 3 * time.Second
			in.Running = &heuristics.Transfer{Level: 3, Bytes: bytes, Size: 64_000, Body: body, Marks: marks}
		}
	}
	for _, c := range []struct {
		name    string
		change  func(*heuristics.Input)
		abandon bool
	}{
		{"it has only begun", running(100, 100*time.Millisecond), false},
		{"it is in time", running(20_000, time.Second), false},
		{"it comes too late", running(5_000, time.Second), true},
		{"it has become slow", running(40_000, 3*time.Second, heuristics.Mark{Body: time.Second, Bytes: 39_000}, heuristics.Mark{Body: 2 * time.Second, Bytes: 39_500}), true},
		{"it is nearly there", running(60_000, 30*time.Second, heuristics.Mark{Body: 10 * time.Second, Bytes: 59_000}, heuristics.Mark{Body: 20 * time.Second, Bytes: 59_900}), false},
		{"it is of the lowest level", func(in *heuristics.Input) {
			running(1_000, time.Second)(in)
			in.Running.Level = 0
		}, false},
		{"nothing runs out", func(in *heuristics.Input) {
			running(5_000, time.Second)(in)
			in.Playing = false
		}, false},
	} {
		p := policyOf(t, Audio, Config{})
		d := p.Decide(soundInput(c.change))
		if d.Abandon != c.abandon || d.Abandon && (d.Level != 0 || d.Reason != heuristics.ReasonAbandon) {
			t.Errorf("%s: %+v", c.name, d)
		}
		if !c.abandon {
			continue
		}
		if again := p.Decide(soundInput(nil)); again.Level != 0 || again.Reason != heuristics.ReasonAbandon {
			t.Errorf("%s: the same chunk is asked for at level %d", c.name, again.Level)
		}
	}
}

// TestAudioIsAPolicy: what holds for those of video.
func TestAudioIsAPolicy(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	a, b := policyOf(t, Audio, Config{}), policyOf(t, Audio, Config{})
	if a.Name() != Audio {
		t.Errorf("it is called %q", a.Name())
	}
	for range 20_000 {
		in := randomInput(r)
		in.OthersBPS = r.Int64N(3_000_000)
		before := in.Clone()
		d, e := a.Decide(in), b.Decide(in)
		if !reflect.DeepEqual(d, e) || !reflect.DeepEqual(*in, before) {
			t.Fatalf("%+v and %+v for %+v", d, e, before)
		}
		if d.Level < 0 || d.Level >= len(in.Levels) || !usable(in, d.Level) && d.Level != lowest(in) || d.Abandon || d.Reason == "" {
			t.Fatalf("%+v for %+v", d, in)
		}
		// A question about a transfer that goes on leaves no trace: only a is asked.
		in.Running = &heuristics.Transfer{Level: d.Level, Bytes: r.Int64N(100_000), Body: time.Duration(r.Int64N(int64(time.Second))), Size: 100_000}
		in.Buffered = in.Goal
		if d := a.Decide(in); d.Abandon {
			b.Decide(in)
		}
	}
	in := soundInput(nil)
	if n := testing.AllocsPerRun(100, func() { a.Decide(in) }); n != 0 {
		t.Errorf("a decision makes %v allocations", n)
	}
}
