package event

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files")

const (
	sec = time.Second
	ms  = time.Millisecond
)

// aSession is a short session with a bit of everything.
func aSession() (Summary, []Event) {
	var events []Event
	var s Summarizer
	at := func(at, pos time.Duration, body Body) {
		e := Event{Seq: uint64(len(events) + 1), At: at, Pos: pos, Body: body}
		events = append(events, e)
		s.Handle(e)
	}
	fragment := func(level, attempt int, outcome Outcome, bytes int64) Fragment {
		return Fragment{Track: "video", Level: level, Duration: 2 * sec, Attempt: attempt, Outcome: outcome, Bytes: bytes}
	}
	at(0, 0, SessionStarted{URL: "http://h/a.ism/Manifest"})
	at(0, 0, StateChanged{"", Opening, "run"})
	at(40*ms, 0, Manifest{Bytes: 1000})
	at(40*ms, 0, Tracks{Streams: []TrackStream{
		{Kind: "audio", Selected: true, Levels: []TrackLevel{{Level: 0, BitrateBPS: 64000}}},
		{Kind: "video", Selected: true, Levels: []TrackLevel{
			{Level: 1, BitrateBPS: 3_000_000, Width: 1280, Height: 720},
			{Level: 0, BitrateBPS: 500_000, Width: 640, Height: 360},
			{Level: -1, BitrateBPS: 9_000_000, Width: 3840, Height: 2160, LeftOut: "hevc"},
		}}}})
	at(41*ms, 0, StateChanged{Opening, Buffering, "manifest"})
	at(70*ms, 0, fragment(0, 1, Faulty, 10))
	at(90*ms, 0, fragment(0, 2, Received, 125_000))
	at(90*ms, 0, Fragment{Track: "audio", Attempt: 1, Outcome: Received, Bytes: 16_000})
	at(100*ms, 0, StateChanged{Buffering, Playing, "buffered"})
	at(100*ms, 0, LevelShown{Level: 0, BitrateBPS: 500_000, Width: 640, Height: 360})
	at(100*ms, 0, FirstPicture{SinceRun: 100 * ms})
	at(300*ms, 0, fragment(1, 1, Received, 750_000))
	at(2100*ms, 2*sec, LevelShown{Level: 1, BitrateBPS: 3_000_000, Width: 1280, Height: 720})
	at(2500*ms, 2*sec, fragment(1, 1, Abandoned, 50_000))
	at(4100*ms, 4*sec, RenderLoad{Cap: 0, Top: 1})
	// Told 100 ms after it began, and with a change of state in between.
	at(6150*ms, 6*sec, StateChanged{Playing, Buffering, "buffer_empty"})
	at(6200*ms, 6*sec, StallBegin{Began: 6100 * ms})
	at(7100*ms, 6*sec, StallEnd{Stalled: sec})
	at(7100*ms, 6*sec, StateChanged{Buffering, Playing, "buffered"})
	at(7100*ms, 6*sec, LevelShown{Level: 0, BitrateBPS: 500_000, Width: 640, Height: 360})
	at(8100*ms, 7*sec, RenderLoad{Cap: 1, Top: 1})
	at(8200*ms, 7100*ms, Rate{From: 1, To: 1.02})
	at(8300*ms, 7200*ms, Failover{From: "a", To: "b", Cause: LiveStalled})
	at(9100*ms, 8*sec, Seek{To: 60 * sec})
	at(9100*ms, 8*sec, StateChanged{Playing, Seeking, "command"})
	at(9140*ms, 60*sec, SeekDone{Elapsed: 40 * ms})
	at(9140*ms, 60*sec, StateChanged{Seeking, Playing, "shown"})
	at(9640*ms, 60500*ms, Error{Stage: StageFragment, Code: FragmentSkipped, Message: "a hole"})
	f := Figures{MediaTime: 1000 * sec, PicturesDecoded: 300, PicturesShown: 290, PicturesDropped: 10, PicturesRepeated: 1, DiscardedBytes: 100_000,
		CPU: 3 * sec, PeakRSSBytes: 50 << 20}
	f.AVOffset.AddN(5*ms, 100)
	f.AVOffset.Add(30 * ms)
	f.Buffer.AddN(20*sec, 9)
	f.Buffer.Add(sec)
	f.LiveLatency.AddN(8*sec, 5)
	return s.Summary(10140*ms, Completed, f), events
}

func TestSummaryOfASession(t *testing.T) {
	got, _ := aSession()
	check := func(name string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	check("startup", got.Startup, 100*ms)
	check("manifest", got.ManifestTime, 40*ms)
	// 0.1 to 6.1, 7.1 to 9.1, 9.14 to 10.14 s
	check("played", got.Played, 9*sec)
	check("stalls", got.Stalls, 1)
	check("stalled", got.Stalled, sec)
	check("levels", len(got.Levels), 2)
	check("low shown", got.Levels[0].Shown, 5*sec)
	check("high shown", got.Levels[1].Shown, 4*sec)
	check("low fragments", got.Levels[0].Fragments, int64(1))
	check("high fragments", got.Levels[1].Fragments, int64(1))
	check("mean bitrate", got.MeanBitrateBPS, int64(1_611_111))
	check("up", got.SwitchesUp, 1)
	check("down", got.SwitchesDown, 1)
	check("reversals", got.Reversals, 1)
	check("capped", got.Capped, 3*sec)
	check("seeks", got.Seeks, 1)
	check("seek time", got.SeekTime.Max(), 40*ms)
	check("fragments", got.Fragments, int64(3))
	check("retries", got.Retries, int64(1))
	check("fragment errors", got.FragmentErrors, int64(1))
	check("bytes", got.Bytes, int64(1000+10+125_000+16_000+750_000+50_000))
	check("wasted", got.WastedBytes, int64(10+50_000+100_000))
	check("error", got.Error, (*SummaryError)(nil))
	check("rate changes", got.RateChanges, 1)
	check("failovers", got.Failovers, 1)
	check("media time", got.MediaTime, 1000*sec)
	check("latency", got.LiveLatency.Max(), 8*sec)
}

func TestSummaryGolden(t *testing.T) {
	sum, events := aSession()
	events = append(events, Event{Seq: uint64(len(events) + 1), At: 10140 * ms, Pos: 61500 * ms, Body: SessionEnded{sum}})
	var log, text bytes.Buffer
	w := JSONL(&log)
	for _, e := range events {
		w.Handle(e)
	}
	if err := w.Err(); err != nil {
		t.Fatal(err)
	}
	if err := sum.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{"session.jsonl": log.Bytes(), "summary.txt": text.Bytes()} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs (-update writes it anew if the change is meant):\n%s", file, got)
		}
	}
}

func TestSummarySurvivesJSON(t *testing.T) {
	want, _ := aSession()
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Summary
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s\n got %+v\nwant %+v", b, got, want)
	}
}

func TestSummaryOfARunningSessionChangesNothing(t *testing.T) {
	_, events := aSession()
	var plain, asked Summarizer
	for _, e := range events {
		plain.Handle(e)
		asked.Handle(e)
		asked.Summary(e.At+time.Millisecond, WasStopped, Figures{})
	}
	a, b := plain.Summary(20*sec, Completed, Figures{}), asked.Summary(20*sec, Completed, Figures{})
	if !reflect.DeepEqual(a, b) {
		t.Errorf("asking changed it:\n%+v\n%+v", a, b)
	}
}

func TestStallOpenAtTheEndCounts(t *testing.T) {
	var s Summarizer
	s.Handle(Event{At: 0, Body: StateChanged{Buffering, Playing, ""}})
	s.Handle(Event{At: 2 * sec, Body: StallBegin{Began: 1900 * ms}})
	got := s.Summary(5*sec, HasFailed, Figures{})
	if got.Played != 1900*ms || got.Stalled != 3100*ms || got.Stalls != 1 {
		t.Errorf("played %v, stalled %v in %d", got.Played, got.Stalled, got.Stalls)
	}
}

func TestOnlyAFatalErrorIsTheEnd(t *testing.T) {
	var s Summarizer
	s.Handle(Event{Body: Error{Stage: StageFragment, Code: FragmentSkipped, Message: "survived"}})
	s.Handle(Event{Body: Error{Stage: StageNetwork, Code: NotFound, Message: "the end", Fatal: true}})
	got := s.Summary(0, HasFailed, Figures{})
	if want := (SummaryError{StageNetwork, NotFound, "the end"}); got.Error == nil || *got.Error != want {
		t.Errorf("got %+v, want %+v", got.Error, want)
	}
	if got := s.Summary(0, WasStopped, Figures{}); got.Error != nil {
		t.Errorf("stopped, with error %+v", got.Error)
	}
}

func TestMerge(t *testing.T) {
	a, _ := aSession()
	b := a
	b.Startup, b.Played, b.PeakRSSBytes = 300*ms, sec, 1
	b.MediaTime = 900 * sec
	b.End, b.Error = HasFailed, &SummaryError{StageDecode, DecoderFailed, "broke"}
	b.Levels = []SummaryLevel{{BitrateBPS: 1_000_000, Width: 960, Height: 540, Shown: 9 * sec}}
	for _, m := range []Summary{Merge(a, b), Merge(b, a)} {
		if m.Sessions != 2 || m.Startup != 200*ms || m.Played != 10*sec || m.PeakRSSBytes != 50<<20 || m.URL != a.URL {
			t.Errorf("sessions %d, startup %v, played %v, peak %d", m.Sessions, m.Startup, m.Played, m.PeakRSSBytes)
		}
		if m.End != HasFailed || m.Error == nil {
			t.Errorf("end %s, error %v", m.End, m.Error)
		}
		if len(m.Levels) != 3 || m.Levels[1].BitrateBPS != 1_000_000 {
			t.Errorf("levels %+v", m.Levels)
		}
		if want := (a.MeanBitrateBPS + 1_000_000) / 2; (m.MeanBitrateBPS-want)/10 != 0 {
			t.Errorf("mean bitrate %d, want about %d", m.MeanBitrateBPS, want)
		}
		if m.RateChanges != 2 || m.Failovers != 2 || m.MediaTime != 1000*sec {
			t.Errorf("%d rate changes, %d failovers, to %v", m.RateChanges, m.Failovers, m.MediaTime)
		}
		if m.AVOffset.Count() != 2*a.AVOffset.Count() || m.Fragments != 2*a.Fragments {
			t.Error("counts did not add up")
		}
	}
	if got := Merge(Summary{}, a); !reflect.DeepEqual(got, a) {
		t.Error("a zero Summary changed another")
	}
	// Merging is associative.
	if x, y := Merge(Merge(a, a), b), Merge(a, Merge(a, b)); !reflect.DeepEqual(x, y) {
		t.Errorf("(a+a)+b differs from a+(a+b):\n%+v\n%+v", x, y)
	}
}
