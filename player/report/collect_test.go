package report_test

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"smoothplay/heuristics"
	"smoothplay/player/event"
	"smoothplay/player/report"
)

const sec = time.Second

// at is an event at a time.
func at(d time.Duration, body event.Body) event.Event { return event.Event{At: d, Body: body} }

// ladder is what a presentation with two levels says of itself.
var ladder = event.Tracks{Streams: []event.TrackStream{
	{Kind: "audio", Selected: true, Levels: []event.TrackLevel{{BitrateBPS: 64_000}}},
	{Kind: "video", Levels: []event.TrackLevel{{BitrateBPS: 9}}},
	{Kind: "video", Selected: true, Levels: []event.TrackLevel{
		{Level: 0, BitrateBPS: 1_000_000}, {Level: -1, BitrateBPS: 2_000_000, LeftOut: "no decoder"}, {Level: 1, BitrateBPS: 4_000_000},
	}},
}}

func TestCollector(t *testing.T) {
	levels := []heuristics.Level{{BitrateBPS: 1_000_000}, {BitrateBPS: 4_000_000}}
	tests := map[string]struct {
		events []event.Event
		of     func(report.Series) any
		want   any
	}{
		"the ladder is that of the selected video, without what is left out": {
			[]event.Event{at(0, ladder)},
			func(s report.Series) any { return s.Ladder }, []int64{1_000_000, 4_000_000},
		},
		"throughput is that of the body": {
			[]event.Event{at(3*sec, event.Fragment{Track: "video", Asked: sec, TTFB: sec, Elapsed: 2 * sec, Bytes: 125_000, BitrateBPS: 5, Outcome: event.Received})},
			func(s report.Series) any { return s.Transfers },
			[]report.Transfer{{Track: "video", Asked: sec, FirstByte: 2 * sec, End: 3 * sec, BitrateBPS: 5, Bytes: 125_000, RateBPS: 1_000_000, Outcome: event.Received}},
		},
		"throughput of a body that came at once is that of the request": {
			[]event.Event{at(3*sec, event.Fragment{Asked: sec, TTFB: 2 * sec, Elapsed: 2 * sec, Bytes: 250_000})},
			func(s report.Series) any { return s.Transfers[0].RateBPS }, int64(1_000_000),
		},
		"a request that failed is a mark": {
			[]event.Event{at(3*sec, event.Fragment{Track: "video", Start: 61 * sec, Outcome: event.Faulty, Code: event.ServerError, Status: 503, Attempt: 2})},
			func(s report.Series) any { return s.Marks },
			[]report.Mark{{3 * sec, report.Retry, "video fragment at 1:01.0: server_error 503, attempt 2"}},
		},
		"a decision with what the policy saw": {
			[]event.Event{{At: 2 * sec, Pos: sec, Body: event.LevelDecided{
				Policy: "plan", Track: "video", Start: 4 * sec,
				Input: heuristics.Input{
					Levels: levels, Current: 1, ChunkIndex: 2, Buffered: 3 * sec, Goal: 25 * sec, BandwidthBPS: 2_000_000, BandwidthError: .25, RenderCap: 0,
				},
				Decision: heuristics.Decision{Level: 0, Reason: heuristics.ReasonRenderCap, Candidates: []heuristics.Candidate{{Level: 0, Score: .5}, {Level: 1, Score: math.NaN()}, {Level: 7, Score: 1}}},
			}}},
			func(s report.Series) any { return s.Decisions },
			[]report.Decision{{
				At: 2 * sec, Pos: sec, Track: "video", Chunk: 2, Start: 4 * sec, From: 1, Level: 0, FromBPS: 4_000_000, BitrateBPS: 1_000_000,
				Reason: "render_cap", Buffered: 3 * sec, Goal: 25 * sec, Bandwidth: 2_000_000, Error: .25, CapBPS: 1_000_000,
				Candidates: []report.Candidate{{0, 1_000_000, .5}, {7, 0, 1}},
			}},
		},
		"an abandonment is from the running transfer": {
			[]event.Event{at(sec, event.LevelDecided{Track: "video",
				Input:    heuristics.Input{Levels: levels, Current: 0, RenderCap: 1, Running: &heuristics.Transfer{Level: 1}},
				Decision: heuristics.Decision{Level: 0, Abandon: true}})},
			func(s report.Series) any { d := s.Decisions[0]; return []any{d.From, d.FromBPS, d.Abandon, d.CapBPS} },
			[]any{1, int64(4_000_000), true, int64(0)},
		},
		"sound does not speak for the link": {
			[]event.Event{at(sec, event.LevelDecided{Track: "audio", Input: heuristics.Input{Levels: levels[:1], BandwidthBPS: 5, Buffered: sec}})},
			func(s report.Series) any { return []any{s.Estimates, s.Caps, s.Ladder, s.Buffers} },
			[]any{[]report.Estimate(nil), []report.Cap(nil), []int64(nil), []report.Buffer{{At: sec, Track: "audio", Ahead: sec}}},
		},
		"pictures by the second": {
			[]event.Event{
				at(0, ladder), at(2*sec, event.Gauges{Shown: 40, Period: 40 * ms, Cap: 1}),
				at(4*sec, event.Gauges{Shown: 70, Dropped: 10, Omitted: 6, Period: 40 * ms, Cap: 0, BandwidthBPS: 7, BandwidthError: .5, Buffers: []event.TrackBuffer{{Track: "video", Ahead: sec}}}),
				at(5*sec, event.Gauges{Shown: 60, Dropped: 10, Omitted: 6, Cap: 0}),
			},
			func(s report.Series) any { return []any{s.Frames, s.Caps, s.Buffers, s.Estimates} },
			[]any{
				[]report.Frames{{2 * sec, 25, 20, 0}, {4 * sec, 25, 15, 8}, {5 * sec, 0, 0, 0}},
				[]report.Cap{{2 * sec, 1, 4_000_000, true}, {4 * sec, 0, 1_000_000, false}},
				[]report.Buffer{{At: 4 * sec, Track: "video", Ahead: sec}},
				[]report.Estimate{{4 * sec, 7, .5}},
			},
		},
		"start, stall, pause and seek are spans": {
			[]event.Event{
				at(sec, event.FirstPicture{SinceRun: 900 * ms}),
				at(sec, event.StateChanged{From: event.Buffering, To: event.Playing}),
				at(3*sec, event.StallBegin{Began: 2 * sec}), at(5*sec, event.StallEnd{Stalled: 3 * sec}),
				at(6*sec, event.StateChanged{From: event.Playing, To: event.Paused}), at(8*sec, event.StateChanged{From: event.Paused, To: event.Playing}),
				at(9*sec, event.Seek{To: 90 * sec, Mode: "exact", InBuffer: true}), at(10*sec, event.SeekDone{}),
			},
			func(s report.Series) any { return []any{s.Spans, s.Marks} },
			[]any{
				[]report.Span{{report.Startup, 0, 900 * ms}, {report.Stall, 2 * sec, 5 * sec}, {report.Paused, 6 * sec, 8 * sec}, {report.Seeking, 9 * sec, 10 * sec}},
				[]report.Mark{{5 * sec, report.Stalled, "stalled for 3.00 s"}, {6 * sec, report.Pause, "pause"}, {8 * sec, report.Play, "play"}, {9 * sec, report.Sought, "seek to 1:30.0 (exact, in the buffer)"}},
			},
		},
		"what is open at the end ends there": {
			[]event.Event{at(sec, event.FirstPicture{SinceRun: sec}), at(3*sec, event.StallBegin{Began: 2 * sec}), at(7*sec, event.LiveEnded{})},
			func(s report.Series) any { return []any{s.Spans, s.Length, s.Unfinished} },
			[]any{[]report.Span{{report.Startup, 0, sec}, {report.Stall, 2 * sec, 7 * sec}}, 7 * sec, true},
		},
		"switches on the screen": {
			[]event.Event{
				at(sec, event.LevelShown{Shown: sec, Level: 0, BitrateBPS: 1_000_000, Width: 4, Height: 3}),
				at(2*sec, event.LevelShown{Shown: 1900 * ms, Level: 1, BitrateBPS: 4_000_000, Width: 16, Height: 9}),
				at(3*sec, event.LevelShown{Shown: 100 * ms, Level: 0, BitrateBPS: 1_000_000, Width: 4, Height: 3}),
			},
			func(s report.Series) any { return []any{s.Shown, s.Marks} },
			[]any{
				[]report.Shown{{sec, 0, 1_000_000, 4, 3}, {1900 * ms, 1, 4_000_000, 16, 9}, {1900 * ms, 0, 1_000_000, 4, 3}},
				[]report.Mark{{2 * sec, report.Up, "shows 4.00 Mbit/s (16×9) after 1.00 Mbit/s"}, {3 * sec, report.Down, "shows 1.00 Mbit/s (4×3) after 4.00 Mbit/s"}},
			},
		},
		"the render cap": {
			[]event.Event{at(0, ladder), at(sec, event.RenderLoad{Cap: 0, Top: 1, DecodeMean: 55 * ms, Period: 40 * ms, Reason: "overload"})},
			func(s report.Series) any { return []any{s.Caps, s.Marks} },
			[]any{
				[]report.Cap{{sec, 0, 1_000_000, false}},
				[]report.Mark{{sec, report.Capped, "render cap: 1.00 Mbit/s (overload), decoding 55.0 ms of 40.0 ms"}},
			},
		},
		"time does not go back, nor beyond bounds": {
			[]event.Event{
				at(5*sec, event.Gauges{BandwidthBPS: 1}), at(-sec, event.Gauges{BandwidthBPS: math.MaxInt64, BandwidthError: math.Inf(1)}),
				at(math.MaxInt64, event.Fragment{Asked: math.MinInt64, Elapsed: math.MaxInt64, TTFB: math.MaxInt64, Bytes: math.MinInt64}),
			},
			func(s report.Series) any {
				return []any{s.Estimates, s.Transfers[0].Asked, s.Transfers[0].End, s.Length}
			},
			[]any{[]report.Estimate{{5 * sec, 1, 0}, {5 * sec, 1e15, 10}}, time.Duration(0), 1000 * time.Hour, 1000 * time.Hour},
		},
		"the Summary of the session's end": {
			[]event.Event{at(0, event.SessionStarted{URL: "http://a/b"}), at(sec, event.SessionEnded{Summary: event.Summary{URL: "http://a/b", Stalls: 3}})},
			func(s report.Series) any { return []any{s.Summary.Stalls, s.Unfinished, s.Name} },
			[]any{3, false, "http://a/b"},
		},
		"the Summary so far of a session that has not ended": {
			[]event.Event{at(sec, event.FirstPicture{SinceRun: sec}), at(2*sec, event.Gauges{Decoded: 9, Shown: 8, Dropped: 1})},
			func(s report.Series) any {
				return []any{s.Summary.Startup, s.Summary.PicturesShown, s.Summary.PicturesDropped, s.Name}
			},
			[]any{sec, int64(8), int64(1), "session"},
		},
		"long strings and bytes that are no text are cut": {
			[]event.Event{at(0, event.Error{Message: strings.Repeat("é", 5000)}), at(0, event.Failover{From: "a\xffb"})},
			func(s report.Series) any { return []any{len([]rune(s.Marks[0].Text)), s.Marks[1].Text} },
			[]any{401, "from host a\uFFFDb to : "},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var c report.Collector
			for _, e := range tt.events {
				c.Handle(e)
			}
			if got := tt.of(c.Series()[0]); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func TestEachSessionIsARun(t *testing.T) {
	c := report.Collector{Name: "run.jsonl"}
	for range report.MaxRuns + 2 {
		c.Handle(at(0, event.SessionStarted{}))
		c.Handle(at(sec, event.LiveEnded{}))
	}
	all := c.Series()
	if len(all) != report.MaxRuns || all[1].Name != "run.jsonl #2" || all[report.MaxRuns-1].Length != sec {
		t.Errorf("%d sessions, the second %q", len(all), all[1].Name)
	}
}

// TestListsAreBounded hands over more than a page can draw.
func TestListsAreBounded(t *testing.T) {
	var c report.Collector
	for i := range 100_001 {
		c.Handle(at(time.Duration(i)*sec, event.SeekDone{}))
		c.Handle(at(time.Duration(i)*sec, event.LiveEnded{}))
	}
	s := c.Series()[0]
	if len(s.Marks) != 100_000 || !s.Cut {
		t.Errorf("%d marks, cut: %t", len(s.Marks), s.Cut)
	}
}

func TestRead(t *testing.T) {
	var log bytes.Buffer
	w := event.JSONL(&log)
	w.Handle(event.Event{Seq: 1, Body: event.SessionStarted{URL: "http://a/b"}})
	w.Handle(event.Event{Seq: 2, At: sec, Body: event.LiveEnded{}})
	w.Handle(event.Event{Seq: 3, At: 2 * sec, Body: event.SessionEnded{}})
	lines := strings.SplitAfter(log.String(), "\n")
	summary, err := json.MarshalIndent(event.Summary{URL: "x"}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, text string
		runs       int
		unfinished bool
		err        string
		events     bool // by IsEvents
	}{
		{"whole", log.String(), 1, false, "", true},
		{"twice", log.String() + "\n" + log.String(), 2, false, "", true},
		{"last line cut off", lines[0] + lines[1] + lines[2][:30], 1, true, "", true},
		{"first line cut off", lines[0][:60], 0, false, "reading the events of FILE: line 1: ", true},
		{"a line in the middle is broken", lines[0] + "x\n" + lines[2], 0, false, "reading the events of FILE: line 2: ", true},
		{"another type", lines[0] + `{"seq":2,"at_ns":3000000000,"type":"from_the_future"}` + "\n", 1, true, "", true},
		{"empty", "\n\n", 0, false, "no event in it", false},
		{"a summary", string(summary), 0, false, "line 1: ", false},
		{"no JSON", "stalls 3", 0, false, "line 1: ", false},
		{"type before seq", `{"type":"state","seq":1}`, 1, true, "", false},
		{"a line without end", `{"seq":1,"type":"state","cause":"` + strings.Repeat("x", 5<<20), 0, false, "too long", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := report.IsEvents([]byte(tt.text)[:min(len(tt.text), 512)]); got != tt.events {
				t.Errorf("IsEvents: %t", got)
			}
			runs, err := report.Read("FILE", strings.NewReader(tt.text))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("error %v, want one with %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(runs) != tt.runs || runs[0].Unfinished != tt.unfinished {
				t.Errorf("%d runs, unfinished: %t", len(runs), runs[0].Unfinished)
			}
		})
	}
}

// TestFromTheFileOrFromTheSession compares the two ways to a report.
func TestFromTheFileOrFromTheSession(t *testing.T) {
	events := session(t, "throughput", "4M:30s,300k:25s,8M:15s")
	var log bytes.Buffer
	w := event.JSONL(&log)
	for _, e := range events {
		w.Handle(e)
	}
	if w.Err() != nil {
		t.Fatal(w.Err())
	}
	read, err := report.Read("x", &log)
	if err != nil {
		t.Fatal(err)
	}
	a, err := json.Marshal(series("x", events))
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(read)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Error("they differ")
	}
	s := read[0]
	if len(s.Decisions) < 100 || len(s.Shown) < 3 || len(s.Frames) < 100 || len(s.Estimates) < 100 || len(s.Spans) < 3 || s.Unfinished {
		t.Errorf("%d decisions, %d levels shown, %d frames, %d estimates, %d spans", len(s.Decisions), len(s.Shown), len(s.Frames), len(s.Estimates), len(s.Spans))
	}
}
