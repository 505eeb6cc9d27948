package save

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/Eyevinn/mp4ff/mp4"

	"smoothplay/heuristics"
	"smoothplay/platform/httpclient"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// newOrigin is an origin that serves the demo.
func newOrigin(t *testing.T, cfg origin.Config) *origin.Origin {
	t.Helper()
	o, err := origin.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func withFaults(t *testing.T, text string) *origin.Origin {
	t.Helper()
	faults, err := origin.ParseFaults(text)
	if err != nil {
		t.Fatal(err)
	}
	return newOrigin(t, origin.Config{Faults: faults})
}

// run saves from a handler on an in-memory network, in a bubble.
func run(t *testing.T, h http.Handler, cfg Config) (s *Summary, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { s, err = inBubble(t, h, t.Context(), cfg) })
	return s, err
}

func inBubble(t *testing.T, h http.Handler, ctx context.Context, cfg Config) (*Summary, error) {
	return over(t, h, func(cfg Config) (*Summary, error) { return Run(ctx, cfg) }, cfg)
}

// over completes cfg for an in-memory network that answers with h.
func over(t *testing.T, h http.Handler, do func(Config) (*Summary, error), cfg Config) (*Summary, error) {
	network := playertest.NewNetwork()
	defer network.Serve(h)()
	client, err := httpclient.New(httpclient.Config{Dial: network.Dial})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	cfg.Doer = client
	if cfg.URL == "" {
		cfg.URL = "http://test/demo.ism/Manifest"
	}
	return do(cfg)
}

func target(t *testing.T) string { return filepath.Join(t.TempDir(), "out.mp4") }

// must fails the test where err is not nil.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

var allLevels = everyLevel

// level chooses one level.
func level(q int) func([]heuristics.Level) ([]bool, error) {
	return func(l []heuristics.Level) ([]bool, error) {
		in := make([]bool, len(l))
		in[q] = true
		return in, nil
	}
}

// decode reads a file with another program's eyes.
func decode(t *testing.T, path string) *mp4.File {
	t.Helper()
	f, err := mp4.ReadMP4File(path)
	must(t, err)
	return f
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

func same(t *testing.T, a, b []byte) {
	t.Helper()
	if !bytes.Equal(a, b) {
		t.Errorf("files of %d and %d bytes differ", len(a), len(b))
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	must(t, os.WriteFile(to, read(t, from), 0o666))
}
