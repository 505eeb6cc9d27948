package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smoothplay/player/event"
	"smoothplay/player/sim"
)

// traceFolder holds three traces of two groups, an index, sizes of a ladder, and
// what others reached.
func traceFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("lab__a.csv", "duration_ms,bandwidth_kbps,latency_ms\n20000,3000,50\n10000,400,50\n")
	write("lab__b.json", `[{"duration_ms":10000,"bandwidth_kbps":900,"latency_ms":50},{"duration_ms":5000,"bandwidth_kbps":2500,"latency_ms":50}]`)
	write("road__c.mahi", strings.Repeat("10\n", 5)+"100\n150\n200\n")
	write("notes__d.csv", "a,b\n1,2\n")
	write("index.csv", "group,file,ladder\nlab,lab__a.csv,small\nlab,lab__b.json,small\nroad,road__c.mahi,small\nroad,notes__d.csv,small\n")
	write("README.md", "no trace")
	var sizes []string
	for range 60 {
		sizes = append(sizes, "[600000,1600000,4000000]")
	}
	write("small2s.json", `{"segment_duration_ms":2000,"bitrates_kbps":[300,800,2000],"segment_sizes_bits":[`+strings.Join(sizes, ",")+`]}`)
	known := "group,file,ladder,buffer_cap_s,policy,mean_kbps,stall_s,stalls,switches,reversals,startup_s,qoe_lin\n"
	for _, file := range []string{"lab__a.csv", "lab__b.json", "road__c.mahi"} {
		known += "x," + file + ",small,25,optimum,1000,0,0,0,0,0,1.5\nx," + file + ",small,25,lowest,300,0,0,0,0,0,0.2\nx," + file + ",small,25,other,900,0,0,7,0,0,0.9\n"
	}
	write("baselines.csv", known)
	return dir
}

func TestSimulateTable(t *testing.T) {
	dir := traceFolder(t)
	status, out, errs := runWith(t, "simulate", dir, "--policy", "throughput,fixed:1", "--buffer", "25s,10s")
	if status != exitDone || !strings.Contains(errs, "left out: read the trace notes__d.csv") {
		t.Fatalf("status %d: %s", status, errs)
	}
	for _, want := range []string{"small, 25s of buffer", "small, 10s of buffer", "% opt", "all    throughput  3", "all    fixed:1     3", "road   fixed:1     1", "lab    throughput  2"} {
		if !strings.Contains(out, want) {
			t.Errorf("the table does not say %q:\n%s", want, out)
		}
	}
	if _, again, _ := runWith(t, "simulate", dir, "--policy", "throughput,fixed:1", "--buffer", "25s,10s"); again != out {
		t.Error("the second time says something else")
	}
}

func TestSimulateJSON(t *testing.T) {
	dir := traceFolder(t)
	status, out, errs := runWith(t, "simulate", "--json", "--policy", "throughput", filepath.Join(dir, "lab__b.json"), "--trace", filepath.Join(dir, "lab__a.csv"))
	if status != exitDone || errs != "" {
		t.Fatalf("status %d: %s", status, errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines:\n%s", len(lines), out)
	}
	for i, file := range []string{"lab__a.csv", "lab__b.json"} {
		var row sim.Row
		var names map[string]any
		if err := json.Unmarshal([]byte(lines[i]), &row); err != nil {
			t.Fatal(err)
		}
		json.Unmarshal([]byte(lines[i]), &names)
		if row.File != file || row.Group != "lab" || row.Ladder != "small" || row.BufferS != 25 || row.Policy != "throughput" || len(row.Levels) != 60 || row.MeanKbps < 300 {
			t.Errorf("%+v", row)
		}
		for _, column := range strings.Split("group,file,ladder,buffer_cap_s,policy,mean_kbps,stall_s,stalls,switches,reversals,startup_s,qoe_lin", ",") {
			if _, ok := names[column]; !ok {
				t.Errorf("no %s in %s", column, lines[i])
			}
		}
	}
}

func TestSimulateCompares(t *testing.T) {
	dir := traceFolder(t)
	status, out, errs := runWith(t, "simulate", dir, "--compare", "throughput,fixed:0")
	if status != exitDone || !strings.Contains(out, "throughput less fixed:0: small, 25s of buffer") || !strings.Contains(out, "95 % interval") {
		t.Errorf("status %d: %s\n%s", status, errs, out)
	}
	status, out, errs = runWith(t, "simulate", dir, "--compare", "throughput,baseline:other")
	if status != exitDone || !strings.Contains(out, "switches   all    3") || !strings.Contains(out, "7.000") {
		t.Errorf("status %d: %s\n%s", status, errs, out)
	}
}

func TestSimulateWithoutFiles(t *testing.T) {
	status, out, errs := runWith(t, "simulate", "--shape", "8M:30s,1M:30s", "--for", "60s", "--policy", "fixed:0", "--bitrates", "1M,350k", "--fragment", "4s", "--json")
	var row sim.Row
	if err := json.Unmarshal([]byte(out), &row); err != nil || status != exitDone || row.MeanKbps != 350 || len(row.Levels) != 15 {
		t.Errorf("status %d, %s\n%s", status, errs, out)
	}
}

func TestSimulateOnASlowDevice(t *testing.T) {
	dir := t.TempDir()
	load := filepath.Join(dir, "load.csv")
	if err := os.WriteFile(load, []byte("t_ms,load_factor\n0,1\n60000,4\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{load, "1:60s,4"} {
		status, out, errs := runWith(t, "simulate", "--shape", "20M", "--policy", "throughput", "--decode-load", text, "--json")
		var row sim.Row
		if err := json.Unmarshal([]byte(out), &row); err != nil || status != exitDone || row.Pictures != 15_000 || row.Lost == 0 || row.CappedS < 100 {
			t.Errorf("%s: status %d, %s\n%s", text, status, errs, out)
		}
	}
	if _, out, _ := runWith(t, "simulate", "--shape", "20M", "--policy", "throughput", "--decode-load", load); !strings.Contains(out, "lost %") {
		t.Errorf("the table says nothing of lost pictures:\n%s", out)
	}
}

func TestSimulateMistakes(t *testing.T) {
	dir := traceFolder(t)
	a := filepath.Join(dir, "lab__a.csv")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no trace":          {nil, "simulate needs a TRACE"},
		"no such file":      {[]string{"nowhere.csv"}, "no such file"},
		"an empty folder":   {[]string{t.TempDir()}, "there is no trace in"},
		"not a trace":       {[]string{filepath.Join(dir, "notes__d.csv")}, "not a usable trace"},
		"policy":            {[]string{a, "--policy", "clever"}, "choose one of"},
		"level":             {[]string{a, "--policy", "fixed:high"}, "write the level as a number"},
		"buffer":            {[]string{a, "--buffer", "much"}, "is not a time"},
		"no buffer":         {[]string{a, "--buffer", "0s"}, "is not a time"},
		"comparison":        {[]string{a, "--compare", "throughput"}, "name two policies"},
		"unknown baseline":  {[]string{a, "--compare", "throughput,baseline:nobody"}, "there is no session of baseline:nobody"},
		"two movies":        {[]string{a, "--sizes", "x.json", "--bitrates", "1M"}, "exclude each other"},
		"sizes":             {[]string{a, "--sizes", a}, "not a usable trace"},
		"bitrates":          {[]string{a, "--bitrates", "fast"}, "write a bit rate as"},
		"decode load":       {[]string{a, "--decode-load", "much"}, "there is no file much, and"},
		"no such baselines": {[]string{a, "--baselines", "nowhere.csv"}, "no such file"},
		"two logs":          {[]string{"--replay", "x", "--like", "y"}, "exclude each other"},
		"no such log":       {[]string{"--replay", "nowhere.jsonl"}, "no such file"},
		"not a log":         {[]string{"--replay", a}, "line 1"},
		"like without link": {[]string{"--like", a}, "line 1"},
	} {
		status, _, errs := runWith(t, append([]string{"simulate"}, c.args...)...)
		if status == exitDone || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: status %d: %s", name, status, errs)
		}
	}
}

// A log of simulate is one as measure writes: it replays, and can be simulated
// again.
func TestSimulateReplaysAndImitates(t *testing.T) {
	dir := traceFolder(t)
	a, log := filepath.Join(dir, "lab__a.csv"), filepath.Join(dir, "run.jsonl")
	if status, _, errs := runWith(t, "simulate", a, "--policy", "throughput", "--events", log, "--learned-sizes"); status != exitDone {
		t.Fatalf("status %d: %s", status, errs)
	}
	status, out, errs := runWith(t, "simulate", "--replay", log)
	if status != exitDone || !strings.Contains(out, "and 0 otherwise") {
		t.Errorf("status %d: %s\n%s", status, errs, out)
	}
	status, out, errs = runWith(t, "simulate", "--replay", log, "--policy", "fixed:2")
	if status != exitDone || !strings.Contains(out, "replayed") || !strings.Contains(out, "fixed:2 decided") {
		t.Errorf("status %d: %s\n%s", status, errs, out)
	}
	status, out, _ = runWith(t, "simulate", "--replay", log, "--json")
	var d sim.Replayed
	if err := json.Unmarshal([]byte(strings.SplitN(out, "\n", 2)[0]), &d); err != nil || status != exitDone || !d.Same || d.Policy != "throughput" {
		t.Errorf("status %d: %+v, %v", status, d, err)
	}

	var like resemblance
	status, out, errs = runWith(t, "simulate", "--like", log, a, "--json")
	if err := json.Unmarshal([]byte(out), &like); err != nil || status != exitDone || like.Played.Switches == 0 || like.MeanOff > .02 || like.MeanOff < -.02 {
		t.Errorf("status %d: %s, %v\n%s", status, errs, err, out)
	}
	if status, out, _ = runWith(t, "simulate", "--like", log, a); status != exitDone || !strings.Contains(out, "mean kbit/s") {
		t.Errorf("status %d\n%s", status, out)
	}

	// One decision is not what the policy says.
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	var forged bytes.Buffer
	w := event.JSONL(&forged)
	n := 0
	for e, err := range event.Read(bytes.NewReader(text)) {
		if err != nil {
			t.Fatal(err)
		}
		if d, ok := e.Body.(event.LevelDecided); ok {
			if n++; n == 10 {
				d.Decision.Level = 2 - d.Decision.Level/2*2
				d.Decision.Reason = "whim"
				e.Body = d
			}
		}
		w.Handle(e)
	}
	if err := os.WriteFile(log, forged.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	status, out, errs = runWith(t, "simulate", "--replay", log)
	if status != exitFailed || !strings.Contains(out, "whim") || !strings.Contains(errs, fmt.Sprintf("1 of %d decisions came out otherwise", n)) {
		t.Errorf("status %d: %s\n%s", status, errs, out)
	}
}
