package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smoothplay/player/event"
)

func aSummary() event.Summary {
	return event.Summary{
		Sessions: 1, End: event.Completed, Startup: 1500 * time.Millisecond, Played: 60 * time.Second,
		Stalls: 1, Stalled: time.Second, MeanBitrateBPS: 2_400_000, SwitchesUp: 3, SwitchesDown: 2,
		PicturesShown: 990, PicturesDropped: 10, Bytes: 20_000_000, WastedBytes: 1_000_000,
	}
}

func TestBudget(t *testing.T) {
	s := aSummary()
	for text, broken := range map[string]string{
		"stalls=1":                      "",
		"stalls=0":                      "it is 1",
		"startup<2s":                    "",
		"startup < 1.5s":                "it is 1.50s",
		"startup<=1.5s":                 "",
		"startup>1:00":                  "it is 1.50s",
		"switches<10":                   "",
		"switches>=6":                   "it is 5",
		"mean_bitrate>=2.5M":            "it is 2.40 Mbit/s",
		"mean_bitrate>2400k":            "it is 2.40 Mbit/s",
		"dropped_share<=1%":             "",
		"dropped_share<0.01":            "it is 1.00 %",
		"wasted<1MB":                    "it is 1.0 MB",
		"live_latency_p95<10s":          "there is no live_latency_p95",
		"stalls=1,startup<2s,wasted=0B": "it is 1.0 MB",
	} {
		var b budget
		if err := b.Set(text); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got := strings.Join(b.broken(&s), "\n")
		if broken == "" && got != "" || !strings.Contains(got, broken) {
			t.Errorf("%s: broken %q, want %q", text, got, broken)
		}
		if b.String() != strings.Join(strings.Split(text, ","), ",") {
			t.Errorf("%s is written as %s", text, &b)
		}
	}
	for text, says := range map[string]string{
		"":              "is no budget",
		"stalls":        "is no budget",
		"joy>1":         `"joy" is no figure of a summary: there are failures, startup,`,
		"stalls=no":     "not a number",
		"startup<fast":  "as 30s",
		"mean_bitrate>": "2.5M",
		"bytes<1x":      "8MB",
		"wasted_share<": "5%",
		"stalls==0":     "not a number",
	} {
		var b budget
		if err := b.Set(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, want %q", text, err, says)
		}
	}
}

func TestAgainst(t *testing.T) {
	before, now := aSummary(), aSummary()
	tolerant := tolerance{all: .05}
	if err := tolerant.Set("10%,startup=50%"); err != nil {
		t.Fatal(err)
	}
	if found := compare(&before, &now, &tolerant); len(found) > 0 {
		t.Errorf("equal sessions differ: %+v", found)
	}
	now.Startup *= 140
	now.Startup /= 100                        // tolerated
	now.MeanBitrateBPS = 2_000_000            // worse: less
	now.Stalls, now.Stalled = 0, 0            // better
	now.SwitchesUp = 30                       // worse
	now.PicturesShown = 5000                  // neither: shares count
	now.WastedBytes = before.WastedBytes + 10 // tolerated
	verdicts := map[string]bool{}
	for _, d := range compare(&before, &now, &tolerant) {
		verdicts[d.metric.Name] = d.worse
	}
	want := map[string]bool{"mean_bitrate": true, "stalls": false, "stalled": false, "stall_share": false, "switches": true, "dropped_share": false}
	for name, worse := range want {
		if got, ok := verdicts[name]; !ok || got != worse {
			t.Errorf("%s: worse %v, found %v", name, got, ok)
		}
	}
	if len(verdicts) != len(want) {
		t.Errorf("differences in %v", verdicts)
	}
	now.Startup = 0
	lost := compare(&before, &now, &tolerant)
	if lost[0].metric.Name != "startup" || !lost[0].worse || lost[0].now != "-" {
		t.Errorf("no first picture any more: %+v", lost[0])
	}
	var out bytes.Buffer
	err := reportDifferences(&out, "x.json", lost)
	if err == nil || err.Error() != "3 figures are worse than in x.json" {
		t.Errorf("got %v", err)
	}
	if text := out.String(); !strings.Contains(text, "switches ") || !strings.Contains(text, "+540.0 %  worse") {
		t.Errorf("the table\n%s", text)
	}
	if err := reportDifferences(&out, "x.json", nil); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"", "much", "5%,joy=3%", "5%,startup=x"} {
		var tol tolerance
		if tol.Set(text) == nil {
			t.Errorf("the tolerance %q was taken", text)
		}
	}
}

// A merged summary compares with a single session, and a log of events does.
func TestBaselines(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, value any) string {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s := aSummary()
	one := write("one.json", s)
	many := write("many.json", event.NewSeries([]event.Summary{s, s, s}))
	log := write("log.jsonl", event.Event{Seq: 1, Body: event.SessionEnded{Summary: s}})
	for _, path := range []string{one, many, log} {
		b, err := readBaseline(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if found := compare(&b.summary, &s, &tolerance{}); len(found) > 0 {
			t.Errorf("%s: %+v", path, found)
		}
		if b.log != (path == log) {
			t.Errorf("%s: a log: %v", path, b.log)
		}
	}
	for _, path := range []string{write("empty.json", struct{}{}), write("list.json", []int{1}), write("begun.jsonl", event.Event{Seq: 1, Body: event.SessionStarted{}}), filepath.Join(dir, "none")} {
		if _, err := readBaseline(path); err == nil || !strings.Contains(err.Error(), "--against") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestNumberedFiles(t *testing.T) {
	for _, x := range []struct {
		name  string
		n, of int
		want  string
	}{{"run.jsonl", 1, 1, "run.jsonl"}, {"a.b/run.jsonl", 3, 5, "a.b/run-3.jsonl"}, {"run", 2, 2, "run-2"}, {"", 1, 2, ""}} {
		if got := numbered(x.name, x.n, x.of); got != x.want {
			t.Errorf("%s of %d: %s, want %s", x.name, x.of, got, x.want)
		}
	}
}

// The flags of measure are checked before anything is played.
func TestMeasureFlags(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("10s dance\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		args []string
		says string
	}{
		{[]string{"--script", filepath.Join(dir, "none")}, "no such file"},
		{[]string{"--script", script}, script + `:1: "dance" is no command`},
		{[]string{"--repeat", "0"}, "at least one"},
		{[]string{"--repeat", "2", "--events", "-"}, "mix sessions"},
		{[]string{"--budget", "joy<1"}, "there are failures, startup"},
		{[]string{"--tolerance", "5%"}, "without --against"},
		{[]string{"--against", script}, "neither a summary"},
		{[]string{"--tolerance", "lots"}, "5% or 0.05"},
		{[]string{"--cmcd", "post"}, "query, header or off"},
	} {
		status, stdout, stderr := runWith(t, append([]string{"measure", "--null"}, x.args...)...)
		if status != exitUsage || stdout != "" || !strings.Contains(stderr, x.says) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: status %d, %s%s", x.args, status, stdout, stderr)
		}
	}
}
