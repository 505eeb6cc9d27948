package sim

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/policy"
	"smoothplay/player/event"
)

// written is a log after a way through a file.
func written(t testing.TB, events []event.Event) iter.Seq2[event.Event, error] {
	t.Helper()
	var file bytes.Buffer
	w := event.JSONL(&file)
	for _, e := range events {
		w.Handle(e)
	}
	if w.Err() != nil {
		t.Fatal(w.Err())
	}
	return event.Read(&file)
}

// TestReplaysSimulatedSessions asks every policy again what it was asked in a
// session on every kind of link.
func TestReplaysSimulatedSessions(t *testing.T) {
	m := movie(t, 60, 300_000, 700_000, 1_500_000, 3_000_000, 6_000_000)
	for _, name := range policy.Names() {
		if name == policy.BolaE {
			continue // the simulator tells it the buffer more finely than an Input can
		}
		asked := map[Question]int{}
		for _, link := range synthetic() {
			p, err := policy.New(name, policy.Config{})
			if err != nil {
				t.Fatal(err)
			}
			var log event.Recorder
			r := simulate(t, Config{Movie: m, Link: link, Policy: p, LearnedSizes: true, Events: &log})
			for d, err := range Replay(written(t, log.Events()), "", policy.Config{}) {
				if err != nil {
					t.Fatal(err)
				}
				asked[d.Question]++
				if !d.Same || !reflect.DeepEqual(d.Logged, d.Again) {
					t.Fatalf("%s on %s: event %d: %+v, and now %+v", name, link.Name, d.Seq, d.Logged, d.Again)
				}
			}
			if r.Abandoned > 0 && asked[AskAbandon] == 0 {
				t.Errorf("%s on %s gave %d transfers up, and the log says nothing", name, link.Name, r.Abandoned)
			}
		}
		if asked[AskFetch] < 12*60 {
			t.Errorf("%s: %v asked", name, asked)
		}
	}
}

// TestReplaysReplacements tells a decision to replace from one to fetch.
func TestReplaysReplacements(t *testing.T) {
	in := heuristics.Input{
		Now: time.Minute, Levels: []heuristics.Level{{BitrateBPS: 1e6}, {BitrateBPS: 2e6}}, Current: 0, ChunkIndex: 12,
		ChunkDuration: 2 * time.Second, Buffered: 10 * time.Second, Goal: 20 * time.Second, RenderCap: 1, StartLevel: -1,
		Held: []heuristics.Held{{ChunkIndex: 11, Duration: 2 * time.Second, Due: 8 * time.Second}},
	}
	log := func(yield func(event.Event, error) bool) {
		_ = yield(event.Event{Seq: 1, Body: event.Fragment{Track: "video", T: 22, Chunk: 11, Outcome: event.Received}}, nil) &&
			yield(event.Event{Seq: 2, Body: event.LevelDecided{Policy: policy.Fixed, Track: "video", T: 22, Input: in,
				Decision: heuristics.Decision{Level: 1, Reason: heuristics.ReasonReplace}}}, nil)
	}
	n := 0
	for d, err := range Replay(log, "", policy.Config{}) {
		n++
		if err != nil || d.Question != AskReplace || d.Same || d.Again.Level != 0 || d.LoggedBPS != 2e6 || d.AgainBPS != 1e6 {
			t.Errorf("%+v, %v", d, err)
		}
	}
	if n != 1 {
		t.Errorf("%d decisions", n)
	}
}

func TestReplayShowsWhatAnotherWouldDo(t *testing.T) {
	m := movie(t, 60, 300_000, 700_000, 1_500_000, 3_000_000)
	p, _ := policy.New(policy.Throughput, policy.Config{})
	var log event.Recorder
	simulate(t, Config{Movie: m, Link: flat(2e6), Policy: p, Events: &log})
	same, differ := 0, 0
	for d, err := range Replay(written(t, log.Events()), policy.Fixed, policy.Config{Level: 3}) {
		if err != nil {
			t.Fatal(err)
		}
		if d.Policy != policy.Fixed || d.Again.Level != 3 {
			t.Fatalf("%+v", d)
		}
		if d.Same {
			same++
		} else {
			differ++
		}
	}
	if differ < 60 || same != 0 {
		t.Errorf("%d the same, %d differ", same, differ)
	}
	for _, err := range Replay(written(t, log.Events()), "nonesuch", policy.Config{}) {
		if err == nil {
			t.Error("a policy that there is not answers")
		}
	}
}

// Equal Inputs are equal after a way through JSON: to the last bit of a float,
// and nothing of no length is something else than nothing.
func TestInputsSurviveJSON(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 7))
	for range 2000 {
		in := anyInput(rnd)
		text, err := json.Marshal(&in)
		if err != nil {
			t.Fatal(err)
		}
		var back heuristics.Input
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(in, back) {
			t.Fatalf("went in: %+v\ncame out: %+v\n%s", in, back, text)
		}
	}
}

// A list without entries is told as none at all. Policies look at the length.
func TestEmptyListsAreNone(t *testing.T) {
	in := heuristics.Input{Levels: []heuristics.Level{{BitrateBPS: 1}}, Allowed: []bool{}, Sizes: []int64{}, Transfers: []heuristics.Transfer{}, Held: []heuristics.Held{}}
	text, _ := json.Marshal(&in)
	var back heuristics.Input
	if err := json.Unmarshal(text, &back); err != nil || back.Allowed != nil || back.Sizes != nil || back.Transfers != nil || back.Held != nil {
		t.Errorf("%+v, %v", back, err)
	}
	for _, name := range policy.Names() {
		for _, current := range []int{-1, 0} {
			a, _ := policy.New(name, policy.Config{})
			b, _ := policy.New(name, policy.Config{})
			in.Current, back.Current = current, current
			if x, y := a.Decide(&in), b.Decide(&back); !reflect.DeepEqual(x, y) {
				t.Errorf("%s: %+v with empty lists, %+v with none", name, x, y)
			}
		}
	}
}

func anyInput(rnd *rand.Rand) heuristics.Input {
	some := func(n int) int { return rnd.IntN(n) }
	long := func() time.Duration { return time.Duration(rnd.Int64N(1 << 45)) }
	odd := func() float64 {
		if some(20) == 0 {
			return []float64{0, 1, math.SmallestNonzeroFloat64, math.MaxFloat64, 1e21, 1e-7, .1 + .2}[some(7)]
		}
		return math.Exp(40 * (rnd.Float64() - .5))
	}
	transfer := func() heuristics.Transfer {
		t := heuristics.Transfer{Level: some(5) - 1, Bytes: rnd.Int64(), Size: rnd.Int64N(2), Start: long(), FirstByte: long(), Body: long(),
			Media: long(), FromStore: some(2) == 0, StackBPS: rnd.Int64N(3), OtherBytes: rnd.Int64N(2)}
		for range some(4) {
			t.Marks = append(t.Marks, heuristics.Mark{Body: long(), Bytes: rnd.Int64()})
		}
		return t
	}
	in := heuristics.Input{
		Now: long(), Current: some(5) - 1, ChunkIndex: some(1000), ChunkDuration: long(), ChunksLeft: some(100) - 1, Buffered: long(),
		Goal: long(), Playing: some(2) == 0, SinceDiscontinuity: some(100), BandwidthBPS: rnd.Int64(), BandwidthError: odd(),
		RenderCap: some(4), StartLevel: some(5) - 1, Live: some(2) == 0, LiveDelay: long(),
	}
	for range 1 + some(4) {
		in.Levels = append(in.Levels, heuristics.Level{BitrateBPS: rnd.Int64(), Width: some(2), Height: some(4000)})
		if some(2) == 0 {
			in.Allowed = append(in.Allowed, some(2) == 0)
			in.Sizes = append(in.Sizes, rnd.Int64())
		}
	}
	for range some(3) {
		in.Transfers = append(in.Transfers, transfer())
		in.Held = append(in.Held, heuristics.Held{ChunkIndex: some(9), Level: some(4), Duration: long(), Due: long()})
	}
	if some(2) == 0 {
		t := transfer()
		in.Running = &t
	}
	return in
}

func TestReplayRefusesWhatNoPlayerTells(t *testing.T) {
	good := heuristics.Input{Levels: []heuristics.Level{{BitrateBPS: 1}, {BitrateBPS: 2}}, Current: 0, ChunkDuration: time.Second, RenderCap: 1, StartLevel: -1}
	for name, change := range map[string]func(*heuristics.Input){
		"no levels":          func(in *heuristics.Input) { in.Levels = nil },
		"descending":         func(in *heuristics.Input) { in.Levels[1].BitrateBPS = 0 },
		"current":            func(in *heuristics.Input) { in.Current = 2 },
		"cap":                func(in *heuristics.Input) { in.RenderCap = -1 },
		"start":              func(in *heuristics.Input) { in.StartLevel = 7 },
		"negative time":      func(in *heuristics.Input) { in.Buffered = -1 },
		"level of transfer":  func(in *heuristics.Input) { in.Transfers = []heuristics.Transfer{{Level: 2}} },
		"running":            func(in *heuristics.Input) { in.Running = &heuristics.Transfer{Level: -7} },
		"bytes":              func(in *heuristics.Input) { in.Running = &heuristics.Transfer{Bytes: -7} },
		"held":               func(in *heuristics.Input) { in.Held = []heuristics.Held{{Level: 3}} },
		"more allowed":       func(in *heuristics.Input) { in.Allowed = make([]bool, 3) },
		"unending":           func(in *heuristics.Input) { in.Now = math.MaxInt64 },
		"negative mark":      func(in *heuristics.Input) { in.Running = &heuristics.Transfer{Marks: []heuristics.Mark{{Bytes: -1}}} },
		"since":              func(in *heuristics.Input) { in.SinceDiscontinuity = -1 },
		"negative bandwidth": func(in *heuristics.Input) { in.BandwidthBPS = -1 },
	} {
		in := good.Clone()
		change(&in)
		if err := checkInput(&in); !errors.Is(err, ErrTrace) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := checkInput(&good); err != nil {
		t.Error(err)
	}
	broken := strings.NewReader(`{"seq":1,"type":"level_decided","policy":"fixed","track":"video","decision":{"level":3}}`)
	for _, err := range Replay(event.Read(broken), "", policy.Config{}) {
		if !errors.Is(err, ErrTrace) {
			t.Errorf("%v", err)
		}
	}
}

// FuzzReplay reads logs from anywhere: neither the replay nor a policy panics,
// nor does what makes a movie of them.
func FuzzReplay(f *testing.F) {
	m, _ := ConstantMovie("made", 2*time.Second, 4, 300_000, 700_000)
	for _, name := range policy.Names() {
		p, _ := policy.New(name, policy.Config{})
		var file bytes.Buffer
		if _, err := Run(Config{Movie: m, Link: flat(1e6), Policy: p, Events: event.JSONL(&file)}); err != nil {
			f.Fatal(err)
		}
		f.Add(file.Bytes())
	}
	f.Fuzz(func(t *testing.T, log []byte) {
		for _, name := range []string{"", policy.Default} {
			for d, err := range Replay(event.Read(bytes.NewReader(log)), name, policy.Config{}) {
				if err == nil && d.Again.Level < 0 {
					t.Errorf("%+v", d)
				}
			}
		}
		if r, err := ReadRecorded(event.Read(bytes.NewReader(log))); err == nil && (r.Movie == nil || len(r.Movie.Bits) > maxChunks) {
			t.Errorf("%+v", r)
		}
	})
}
