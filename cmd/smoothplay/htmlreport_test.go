package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pageRuns are the sessions in a page of --report, as far as they are looked at.
func pageRuns(t *testing.T, path string) (runs []pageRun) {
	t.Helper()
	html, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).FindSubmatch(html)
	if data == nil {
		t.Fatalf("%s is no report", path)
	}
	var page struct{ Runs []pageRun }
	if err := json.Unmarshal(data[1], &page); err != nil {
		t.Fatal(err)
	}
	return page.Runs
}

type pageRun struct {
	Name      string
	Decisions []any
	Buffers   []any
	Frames    []any
}

// What is simulated is drawn, beside what was simulated earlier.
func TestSimulateReport(t *testing.T) {
	dir := t.TempDir()
	log, first, second := filepath.Join(dir, "first.jsonl"), filepath.Join(dir, "first.html"), filepath.Join(dir, "second.html")
	args := []string{"simulate", "--shape", "4M:30s,500k:20s", "--for", "1m"}
	status, _, errs := runWith(t, append(args, "--policy", "throughput", "--events", log, "--report", first)...)
	if status != exitDone {
		t.Fatalf("status %d: %s", status, errs)
	}
	runs := pageRuns(t, first)
	if len(runs) != 1 || len(runs[0].Decisions) < 25 || len(runs[0].Buffers) < 25 || !strings.HasPrefix(runs[0].Name, "throughput on ") {
		t.Errorf("%+v", runs)
	}
	status, _, errs = runWith(t, append(args, "--policy", "bola-e,fixed:0", "--against", log, "--report", second)...)
	if status != exitDone {
		t.Fatalf("status %d: %s", status, errs)
	}
	var names []string
	for _, r := range pageRuns(t, second) {
		names = append(names, strings.Split(r.Name, " ")[0])
	}
	if got := strings.Join(names, " "); got != "first.jsonl bola-e fixed:0" {
		t.Errorf("the runs are %s", got)
	}
}

// A page holds so many sessions; of the others it is said that they are missing.
func TestSimulateReportOfMany(t *testing.T) {
	page := filepath.Join(t.TempDir(), "many.html")
	buffers := strings.Repeat("10s,", 39) + "10s"
	status, _, errs := runWith(t, "simulate", "--shape", "4M", "--for", "10s", "--policy", "fixed:0", "--buffer", buffers, "--report", page)
	if status != exitDone || !strings.Contains(errs, "the page holds 32 sessions, 8 are left out") {
		t.Fatalf("status %d: %s", status, errs)
	}
	if n := len(pageRuns(t, page)); n != 32 {
		t.Errorf("%d sessions", n)
	}
}

// The demo is measured from close to its end, and drawn beside itself.
func TestMeasureReport(t *testing.T) {
	dir := t.TempDir()
	log, page := filepath.Join(dir, "events.jsonl"), filepath.Join(dir, "page.html")
	args := []string{"measure", "--null", "--start", "23", "--shape", "max", "--report", page}
	if status, _, errs := runWith(t, append(args, "--events", log)...); status != exitDone {
		t.Fatalf("status %d: %s", status, errs)
	}
	if runs := pageRuns(t, page); len(runs) != 1 || len(runs[0].Frames) == 0 || !strings.HasPrefix(runs[0].Name, "http://127.0.0.1") {
		t.Errorf("%+v", runs)
	}
	if status, _, errs := runWith(t, append(args, "--against", log)...); status != exitDone {
		t.Fatalf("status %d: %s", status, errs)
	}
	if runs := pageRuns(t, page); len(runs) != 2 || runs[0].Name != "events.jsonl" || runs[1].Name != "this run" {
		t.Errorf("%+v", runs)
	}
}

func TestReportThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "page.html")
	summary, broken := filepath.Join(dir, "summary.json"), filepath.Join(dir, "broken.jsonl")
	for path, text := range map[string]string{summary: `{"url":"x","sessions":1}`, broken: `{"seq":1,"type":"state","from":3}` + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if runs, err := earlierRuns(summary); err != nil || runs != nil {
		t.Errorf("a summary is %v, %v", runs, err)
	}
	simulate := []string{"simulate", "--shape", "4M", "--for", "10s"}
	for _, tt := range []struct {
		args   []string
		status int
		says   string
	}{
		{append(simulate, "--report", dir), exitUsage, "--report"},
		{append(simulate, "--report", page, "--against", filepath.Join(dir, "none")), exitUsage, "none"},
		{append(simulate, "--report", page, "--against", broken), exitUsage, "line 1"},
		{[]string{"measure", "--null", "--report", page, filepath.Join(dir, "none")}, exitUsage, "none"},
	} {
		status, _, errs := runWith(t, tt.args...)
		if status != tt.status || !strings.Contains(errs, tt.says) {
			t.Errorf("%v: status %d, %s", tt.args, status, errs)
		}
		if _, err := os.Stat(page); err == nil {
			t.Errorf("%v: left an empty page", tt.args)
		}
	}
}
