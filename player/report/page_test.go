package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/policy"
	"smoothplay/platform"
	"smoothplay/platform/null"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
	"smoothplay/player/report"
)

const ms = time.Millisecond

// scored is a policy that adds scores to the decisions of another.
type scored struct{ heuristics.Policy }

func (s scored) Decide(in *heuristics.Input) heuristics.Decision {
	d := s.Policy.Decide(in)
	for i, l := range in.Levels {
		d.Candidates = append(d.Candidates, heuristics.Candidate{Level: i, Score: -math.Abs(float64(l.BitrateBPS-in.Levels[d.Level].BitrateBPS)) / 1e6})
	}
	return d
}

// session plays a session in a bubble, with a pause, a seek and another language,
// and returns its events.
func session(t *testing.T, name, link string) []event.Event {
	t.Helper()
	return play(t, name, link, 0)
}

// play is session on a device that takes some time for each byte it decodes.
func play(t *testing.T, name, link string, perByte time.Duration) []event.Event {
	t.Helper()
	return playertest.Run(t, playertest.Scenario{
		Handler: &playertest.Presentation{
			Length: 3 * time.Minute, Levels: []int64{350_000, 700_000, 1_200_000, 2_000_000, 3_500_000, 6_000_000},
			Languages: []string{"eng", "deu"},
		},
		Decoders: &null.Decoders{Cost: func(s *platform.Sample) time.Duration {
			return 11*time.Microsecond + time.Duration(len(s.Data))*perByte
		}},
		Link: link,
		Config: func(c *player.Config) {
			c.GaugesEvery = 1003 * ms
			c.NewPolicy = func() heuristics.Policy {
				p, err := policy.New(name, policy.Config{})
				if err != nil {
					t.Error(err)
				}
				return scored{p}
			}
			c.BufferAhead = 20 * time.Second
		},
		Script: []playertest.Step{
			playertest.Pause(20 * time.Second), playertest.Play(26 * time.Second),
			playertest.Seek(100*time.Second, 2*time.Minute), playertest.SelectAudio(130*time.Second, 1),
		},
	}).Events
}

// series is what a report makes of events.
func series(name string, events []event.Event) []report.Series {
	c := report.Collector{Name: name}
	for _, e := range events {
		c.Handle(e)
	}
	return c.Series()
}

// page is the page of some runs.
func page(t testing.TB, runs []report.Series) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, runs); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hostile are strings that would break out of one place or another of a page.
var hostile = []string{
	`</script><script>document.title="broken"</script>`, `<!--<script>`, `]]>`, `"><img src=x onerror="document.title='broken'">`,
	"\u2028\u2029", `\u003c/script>`, "'\"`${document.title='broken'}", "\x00\x1b[2J\xff\xfe", `{{.Data}}`, "javascript:document.title='broken'",
	`&lt;/script&gt;`, "</title></style></head>",
}

// hostileRun is a session of which every string is hostile.
func hostileRun() []report.Series {
	all := strings.Join(hostile, " ")
	c := report.Collector{Name: all}
	for i, h := range hostile {
		at := time.Duration(i) * time.Second
		c.Handle(event.Event{At: at, Body: event.Tracks{Streams: []event.TrackStream{{Kind: "video", Name: h, Selected: true, Levels: []event.TrackLevel{{BitrateBPS: 1e6}, {Level: 1, BitrateBPS: 2e6}}}}}})
		c.Handle(event.Event{At: at, Body: event.Error{Code: event.Code(h), Message: h}})
		c.Handle(event.Event{At: at, Body: event.Fragment{Track: h, Outcome: event.Faulty, Code: event.Code(h)}})
		c.Handle(event.Event{At: at, Body: event.Failover{From: h, To: h, Cause: event.Code(h)}})
		c.Handle(event.Event{At: at, Body: event.AudioSelected{Name: h, Language: h}})
		c.Handle(event.Event{At: at, Body: event.RenderLoad{Top: 1, Reason: h}})
		c.Handle(event.Event{At: at, Body: event.LevelDecided{Policy: h, Track: "video",
			Input:    heuristics.Input{Levels: []heuristics.Level{{BitrateBPS: 1e6}, {BitrateBPS: 2e6}}, Current: i % 2, BandwidthBPS: 3e6},
			Decision: heuristics.Decision{Level: 1, Reason: heuristics.Reason(h)}}})
		c.Handle(event.Event{At: at, Body: event.LevelShown{Level: i % 2, BitrateBPS: int64(1+i%2) * 1e6, Shown: at}})
	}
	c.Handle(event.Event{At: time.Minute, Body: event.SessionEnded{Summary: event.Summary{
		URL: all, End: event.End(all), Error: &event.SummaryError{Code: event.Code(all), Message: all},
		Levels: []event.SummaryLevel{{BitrateBPS: 1e6, Shown: time.Second}},
	}}})
	runs := c.Series()
	runs[0].URL, runs[0].Versions = all, map[string]string{all: all}
	return runs
}

// block is the data of a page, which ends where its element ends.
var block = regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`)

// checkPage holds a page against what it must not do, whatever is in it.
func checkPage(t testing.TB, html []byte) {
	t.Helper()
	data := block.FindSubmatch(html)
	if data == nil {
		t.Fatal("the page has no data")
	}
	var read struct{ Runs []json.RawMessage }
	if err := json.Unmarshal(data[1], &read); err != nil || len(read.Runs) == 0 {
		t.Fatalf("the data of the page: %d runs, %v", len(read.Runs), err)
	}
	if i := bytes.IndexAny(data[1], "<>&\u2028\u2029"); i >= 0 {
		t.Fatalf("the data of the page holds %q", data[1][i])
	}
	for what, want := range map[string]int{"<script": 3, "</script": 3, "<style": 1, "</style": 1, "<title": 1, "<img": 0, "<!--": 0} {
		if got := bytes.Count(html, []byte(what)); got != want {
			t.Fatalf("%d times %s in the page, want %d", got, what, want)
		}
	}
}

func TestHostileStringsStayText(t *testing.T) { checkPage(t, page(t, hostileRun())) }

func TestPageAsksNobody(t *testing.T) {
	html := page(t, hostileRun())
	if !bytes.Contains(html, []byte(`http-equiv="Content-Security-Policy" content="default-src &#39;none&#39;;`)) {
		t.Error("the page has no content security policy")
	}
	if !bytes.Contains(html, []byte("Copyright (c) 2022 Leon Sorokin")) {
		t.Error("the page has no copyright notice of its charting library")
	}
	if m := regexp.MustCompile(`(?i)\b(src|href|srcset|action)\s*=\s*["']|@import|url\(|fetch\(|XMLHttpRequest|sendBeacon`).Find(block.ReplaceAll(html, nil)); m != nil {
		t.Errorf("the page has %q", m)
	}
}

func TestWriteBoundsTheRuns(t *testing.T) {
	for n, ok := range map[int]bool{0: false, 1: true, report.MaxRuns: true, report.MaxRuns + 1: false} {
		if err := report.Write(io.Discard, make([]report.Series, n)); (err == nil) != ok || err != nil && !errors.Is(err, report.ErrRuns) {
			t.Errorf("%d runs: %v", n, err)
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, fmt.Errorf("no space") }

func TestWriteTellsAnError(t *testing.T) {
	if err := report.Write(fullDisk{}, make([]report.Series, 1)); err == nil || !strings.Contains(err.Error(), "no space") {
		t.Errorf("error %v", err)
	}
}

// FuzzRead reads any log and draws what comes of it.
func FuzzRead(f *testing.F) {
	var log bytes.Buffer
	w := event.JSONL(&log)
	for i, body := range []event.Body{
		event.SessionStarted{URL: "http://a/b?c=..."}, event.Tracks{Streams: []event.TrackStream{{Kind: "video", Selected: true, Levels: []event.TrackLevel{{BitrateBPS: 5}}}}},
		event.StateChanged{From: event.Buffering, To: event.Paused}, event.Fragment{Track: "video", Elapsed: 5, Bytes: 9, Outcome: event.Received},
		event.LevelDecided{Track: "video", Input: heuristics.Input{Levels: []heuristics.Level{{BitrateBPS: 5}}}, Decision: heuristics.Decision{Reason: "plan", Candidates: []heuristics.Candidate{{Score: 1e300}}}},
		event.LevelShown{BitrateBPS: 5}, event.StallBegin{Began: 3}, event.StallEnd{Stalled: 9}, event.Seek{To: 7}, event.SeekDone{}, event.RenderLoad{Top: 3, Reason: "overload"},
		event.Gauges{Shown: 5, Period: 40 * ms, Buffers: []event.TrackBuffer{{Track: "video", Ahead: 7}}}, event.Error{Message: hostile[0]}, event.SessionEnded{},
	} {
		w.Handle(event.Event{Seq: uint64(i + 1), At: time.Duration(i) * time.Second, Body: body})
	}
	f.Add(log.Bytes())
	for line := range bytes.Lines(log.Bytes()) {
		f.Add(line)
	}
	f.Add([]byte(`{"seq":1,"at_ns":-9223372036854775808,"type":"stall_begin","began_ns":9223372036854775807}`))
	f.Fuzz(func(t *testing.T, log []byte) {
		runs, err := report.Read("<log>", bytes.NewReader(log))
		if report.IsEvents(log); err != nil {
			return
		}
		for _, s := range runs {
			checkOrder(t, s)
		}
		if len(runs) > report.MaxRuns {
			t.Fatalf("%d runs", len(runs))
		}
		checkPage(t, page(t, runs))
	})
}

// checkOrder holds a Series against what it says of times.
func checkOrder(t *testing.T, s report.Series) {
	t.Helper()
	last := map[string]time.Duration{}
	ascends := func(list string, at time.Duration) {
		if at < last[list] || at > s.Length {
			t.Fatalf("%s: %v after %v, of %v", list, at, last[list], s.Length)
		}
		last[list] = at
	}
	for _, x := range s.Transfers {
		if x.Asked < 0 || x.FirstByte < x.Asked || x.End < x.FirstByte || x.End > s.Length || x.RateBPS < 0 {
			t.Fatalf("transfer %+v", x)
		}
	}
	for _, x := range s.Spans {
		if x.Begin < 0 || x.End < x.Begin || x.End > s.Length {
			t.Fatalf("span %+v", x)
		}
	}
	for _, x := range s.Decisions {
		ascends("decisions", x.At)
	}
	for _, x := range s.Shown {
		ascends("shown", x.At)
	}
	for _, x := range s.Estimates {
		ascends("estimates", x.At)
	}
	for _, x := range s.Buffers {
		ascends("buffers", x.At)
	}
	for _, x := range s.Frames {
		ascends("frames", x.At)
	}
	for _, x := range s.Caps {
		ascends("caps", x.At)
	}
	for _, x := range s.Marks {
		ascends("marks", x.At)
	}
}
