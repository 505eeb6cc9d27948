package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smoothplay/player/origin"
	"smoothplay/player/save"
)

// Each mistake ends with one line that says what, where and what to do.
func TestSaveFailures(t *testing.T) {
	server := testServer(t)
	manifest := startDemo(t, "")
	there := filepath.Join(t.TempDir(), "there.mp4")
	if err := os.WriteFile(there, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out.mp4")
	for _, c := range []struct {
		args   []string
		status int
		says   []string
	}{
		{[]string{manifest}, 2, []string{"-o FILE", "save --help"}},
		{[]string{"-o", out}, 2, []string{"needs a URL"}},
		{[]string{"-o", there, manifest}, 2, []string{"there.mp4", "exists", "--overwrite"}},
		{[]string{"-o", t.TempDir(), manifest}, 2, []string{"exists", "no file"}},
		{[]string{"-o", filepath.Join(out, "no", "x.mp4"), manifest}, 1, []string{"no such file"}},
		{[]string{"-o", out, "--mirror", out, manifest}, 2, []string{"-o and --mirror"}},
		{[]string{"--mirror", out, "--follow", manifest}, 2, []string{"--mirror", "--follow"}},
		{[]string{"-o", out, "--no-video", "--no-audio", manifest}, 2, []string{"nothing to save"}},
		{[]string{"-o", out, "--from", "5", "--to", "4", manifest}, 2, []string{"--to", "not after"}},
		{[]string{"-o", out, "--to", "5", "--for", "4", manifest}, 2, []string{"exclude"}},
		{[]string{"-o", out, "--follow", "--for", "4", manifest}, 2, []string{"--follow"}},
		{[]string{"-o", out, "--live-start", "edge", "--from", "4", manifest}, 2, []string{"--live-start"}},
		{[]string{"-o", out, "--parallel", "50", manifest}, 2, []string{"--parallel", "1 to 8"}},
		{[]string{"-o", out, "--from", "30", manifest}, 2, []string{"begins at 30s", "ends at 24s"}},
		{[]string{"-o", out, "--levels", "9", manifest}, 2, []string{"no level is 9", "0: 250k"}},
		{[]string{"-o", out, "--alang", "fr", manifest}, 2, []string{`"fr"`, `"eng"`, `"deu"`}},
		{[]string{"-o", out, "--angle", "left", manifest}, 2, []string{`"left"`, `"video"`}},
		{[]string{"-o", out, server + "/codec.ism"}, 1, []string{"nothing to save", "THEO"}},
		{[]string{"-o", out, server + "/none.ism"}, 1, []string{"404", "none.ism"}},
		{[]string{"-o", out, server + "/html.ism"}, 1, []string{"not a Smooth Streaming client manifest"}},
	} {
		status, stdout, stderr := runWith(t, append([]string{"save"}, c.args...)...)
		if status != c.status || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: status %d, output %q, messages %q", c.args, status, stdout, stderr)
		}
		for _, want := range c.says {
			if !strings.Contains(stderr, want) {
				t.Errorf("%q does not say %q: %s", c.args, want, stderr)
			}
		}
	}
	if left, _ := filepath.Glob(out + "*"); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// startDemo serves the demo with faults, and returns the URL of its manifest.
func startDemo(t *testing.T, faults string) (manifest string) {
	t.Helper()
	wrong, err := origin.ParseFaults(faults)
	if faults == "" {
		wrong, err = nil, nil
	}
	if err != nil {
		t.Fatal(err)
	}
	o, err := origin.New(origin.Config{Faults: wrong})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(o)
	t.Cleanup(server.Close)
	return server.URL + "/demo.ism/Manifest"
}

// What was saved is told, for people and for programs; what is missing is listed,
// and the exit status is 1.
func TestSaveTells(t *testing.T) {
	dir := t.TempDir()
	status, stdout, stderr := runWith(t, "save", startDemo(t, ""), "-o", filepath.Join(dir, "a.mp4"), "--level", "250k", "--alang", "de")
	if status != 0 || stderr != "" {
		t.Fatalf("status %d: %s", status, stderr)
	}
	for _, want := range []string{"a.mp4  935.6 kB  0:24", "h264 250 kbit/s 320x180", "600 samples, 24 s from 0 s on", "audio_deu deu  aac"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("it does not say %q: %s", want, stdout)
		}
	}
	status, stdout, stderr = runWith(t, "save", startDemo(t, "404@video:3-4"), "-o", filepath.Join(dir, "b.mp4"), "--levels", "0", "--json", "--end", "14")
	var s save.Summary
	if err := json.Unmarshal([]byte(stdout), &s); err != nil || status != 1 {
		t.Fatalf("status %d, %v: %s", status, err, stdout)
	}
	if s.MissingPieces != 2 || s.MissingMedia != 4*time.Second || len(s.Missing) != 2 || s.Duration != 14*time.Second {
		t.Errorf("%+v", s)
	}
	for _, want := range []string{"missing: video 250k at 0:06 for 2s", "404", "2 pieces are missing (4s)", "--overwrite"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("it does not say %q: %s", want, stderr)
		}
	}
}

// A mirror plays from its folder, and what was missing comes with the next try.
func TestSaveMirror(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "mirror")
	status, _, stderr := runWith(t, "save", startDemo(t, "404@video:3-4"), "--mirror", folder, "--levels", "0,1")
	if status != 1 || !strings.Contains(stderr, "4 pieces are missing (8s)") {
		t.Fatalf("status %d: %s", status, stderr)
	}
	status, stdout, stderr := runWith(t, "save", startDemo(t, ""), "--mirror", folder, "--levels", "0,1")
	if status != 0 || stderr != "" || !strings.Contains(stdout, "mirror  2.6 MB") {
		t.Fatalf("status %d: %s %s", status, stdout, stderr)
	}
	status, stdout, stderr = runWith(t, "measure", "--null", "--json", "--levels", "0,1", "--start", "21", folder)
	if status != 0 || !strings.Contains(stdout, `"completed"`) {
		t.Errorf("status %d: %s %s", status, stdout, stderr)
	}
}

func TestSaveProgressText(t *testing.T) {
	p := &saveProgress{}
	p.take(save.Progress{Done: 40 * time.Second, Total: 200 * time.Second, Position: 20 * time.Second, Bytes: 1_000_000})
	p.take(save.Progress{Done: 80 * time.Second, Total: 200 * time.Second, Position: 40 * time.Second, Bytes: 3_000_000, Fetched: 2_000_000, Missing: 1})
	if got, want := p.text(4*time.Second), "0:40  40%  4.00 Mbit/s  5.0x  3.0 MB  left 0:12  1 missing"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.take(save.Progress{Position: 3700 * time.Second, Bytes: 3_000_000, Waiting: true})
	if got, want := p.text(4*time.Second), "1:01:40  3.0 MB  waiting for more"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
