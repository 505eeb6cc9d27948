package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"smoothplay/player/origin"
)

func TestLiveFlags(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	for line, want := range map[string]origin.Live{
		"--live": {Window: 2 * time.Minute, LookAhead: 2, LookAheadName: "LookAheadFragmentCount", Mode: origin.Complete, Ending: origin.EndClosed},
		"--live --window 0 --lookahead 0 --lookahead-name LookaheadCount --mode promise --encoder-delay 300ms --list-announced --event-duration 1h": {
			LookAhead: -1, LookAheadName: "LookaheadCount", Mode: origin.Promise, Ending: origin.EndClosed,
			Delay: 300 * time.Millisecond, ListAnnounced: true, Duration: time.Hour},
		"--live --epoch 2026-01-31T00:00:00Z --event-start -10m --event-end 1:30 --ending silent --tfrf-version-0 --repeat --no-seek --no-pause": {
			Window: 2 * time.Minute, LookAhead: 2, LookAheadName: "LookAheadFragmentCount", Mode: origin.Complete, Ending: origin.EndSilent,
			Epoch: now.Add(-12 * time.Hour), Start: now.Add(-10 * time.Minute), End: now.Add(90 * time.Second),
			Version0: true, Repeat: true, NoSeek: true, NoPause: true},
	} {
		got, err := liveOf(t, line, now)
		if err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s:\ngot  %+v, %v\nwant %+v", line, got, err, want)
		}
	}
	if got, err := liveOf(t, "", now); got != nil || err != nil {
		t.Errorf("without --live: %+v, %v", got, err)
	}
	for line, want := range map[string]string{
		"--window 1h":              "add --live",
		"--live --event-end soon":  "--event-end",
		"--live --epoch yesterday": "--epoch",
	} {
		if _, err := liveOf(t, line, now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}

// liveOf is what the flags of a command line make live.
func liveOf(t *testing.T, line string, now time.Time) (*origin.Live, error) {
	t.Helper()
	var flags liveFlags
	cmd := &cobra.Command{Use: "origin"}
	flags.register(cmd)
	if err := cmd.Flags().Parse(strings.Fields(line)); err != nil {
		t.Fatal(err)
	}
	return flags.live(cmd, now)
}

func TestLivePath(t *testing.T) {
	for manifest, want := range map[string]string{
		"demo.ism/Manifest":     "demo.isml/Manifest",
		"a/Demo.ISM/Manifest":   "a/Demo.isml/Manifest",
		"a/event.isml/Manifest": "a/event.isml/Manifest",
		"show/Manifest":         "show.isml/Manifest",
		"v1.2/show/Manifest":    "v1.2/show.isml/Manifest",
		"Manifest":              "live.isml/Manifest",
	} {
		if got := livePath(manifest); got != want {
			t.Errorf("%s: %s, want %s", manifest, got, want)
		}
	}
}

// With --live, origin says where its presentations are live, serves them, and
// lets faults be switched where it is told to.
func TestOriginLive(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout, lines := io.Pipe()
	var stderr bytes.Buffer
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"origin", "--listen", "127.0.0.1:0", "--live", "--control", "../../testdata"}, nil, lines, &stderr)
	}()
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address = strings.TrimSpace(address)
	if !strings.HasSuffix(address, "/demo/demo.isml/Manifest") {
		t.Errorf("serves %s", address)
	}
	root, _, _ := strings.Cut(strings.TrimPrefix(address, "http://"), "/")
	client := http.Client{Timeout: time.Minute}
	ask := func(method, address, text string) string {
		r, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.Status + " " + string(answer)
	}
	if got := ask("GET", address, ""); !strings.Contains(got, `IsLive="TRUE"`) {
		t.Errorf("the manifest: %s", got)
	}
	if got := ask("POST", "http://"+root+"/fault", "500@manifest"); got != "200 OK 500@manifest\n" {
		t.Errorf("a fault: %s", got)
	}
	if got := ask("GET", address, ""); !strings.HasPrefix(got, "500") {
		t.Errorf("the manifest with a fault: %s", got)
	}
	cancel()
	if got := <-status; got != 0 {
		t.Errorf("exit status %d: %s", got, &stderr)
	}
}

func TestOriginLiveUsage(t *testing.T) {
	for line, want := range map[string]string{
		"origin --window 1h":             "add --live",
		"origin --live --mode sometimes": "complete or promise",
		"origin --live --ending never":   "closed",
		"origin --live --lookahead 1000": "255",
		"origin --live --event-end -3h":  "ends",
		"origin --live --epoch tomorrow": "--epoch",
	} {
		if status, stdout, stderr := runWith(t, strings.Fields(line)...); status != 2 || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d, %s%s, want %q", line, status, stdout, stderr, want)
		}
	}
}
