package playertest

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smoothplay/platform/platformtest"
	"smoothplay/player/event"
)

var update = flag.Bool("update", false, "write the golden event logs anew")

// Digest is an event log as lines of JSON; of a decision, which carries all that
// the policy knew, only what a reader of the log looks for.
func Digest(events []event.Event) []string {
	lines := make([]string, 0, len(events))
	for _, e := range events {
		if d, ok := e.Body.(event.LevelDecided); ok {
			lines = append(lines, fmt.Sprintf(
				`{"seq":%d,"at_ns":%d,"pos_ns":%d,"type":"level_decided","track":%q,"t":"%d","level":%d,"reason":%q,"abandon":%t,"buffered_ns":%d,"bandwidth_bps":%d,"cap":%d}`,
				e.Seq, e.At, e.Pos, d.Track, d.T, d.Decision.Level, d.Decision.Reason, d.Decision.Abandon,
				d.Input.Buffered, d.Input.BandwidthBPS, d.Input.RenderCap))
			continue
		}
		line, err := json.Marshal(e)
		if err != nil {
			line = fmt.Appendf(nil, "%d: %v", e.Seq, err)
		}
		lines = append(lines, string(line))
	}
	return lines
}

// Golden compares the log of a session with testdata/golden/NAME.jsonl at the
// root of the module; go test -update writes it.
func Golden(t *testing.T, name string, events []event.Event) {
	t.Helper()
	GoldenLines(t, name+".jsonl", Digest(events))
}

// GoldenLines compares lines with those of the file testdata/golden/NAME.
func GoldenLines(t *testing.T, name string, got []string) {
	t.Helper()
	path := filepath.Join(platformtest.Root(t), "testdata", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("nothing golden: %v (go test -update writes it)", err)
	}
	if diff := FirstDifference(strings.Split(strings.TrimSpace(string(want)), "\n"), got); diff != "" {
		t.Errorf("%s: the session took another course than the golden one: %s", name, diff)
	}
}
