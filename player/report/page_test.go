package report_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"smoothplay/heuristics"
	"smoothplay/heuristics/policy"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/playertest"
	"smoothplay/player/report"
)

const ms = time.Millisecond

// session plays a session in a bubble, with whatever a report draws, and returns
// its events.
func session(t *testing.T, name, link string) []event.Event {
	t.Helper()
	return playertest.Run(t, playertest.Scenario{
		Handler: &playertest.Presentation{
			Length: 3 * time.Minute, Levels: []int64{350_000, 700_000, 1_200_000, 2_000_000, 3_500_000, 6_000_000},
			Languages: []string{"eng", "deu"},
		},
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

// write writes a page to a file and returns its path.
func write(t *testing.T, runs []report.Series) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Write(&b, runs); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInBrowser(t *testing.T) {
	b := startBrowser(t)
	one := series("throughput", session(t, "throughput", "8M:30s,1M:30s,4M:30s,300k:25s,8M:15s"))
	two := append(one, series("bola-e", session(t, "bola-e", "8M:30s,1M:30s,4M:30s,300k:25s,8M:15s"))...)
	single, double := write(t, one), write(t, two)
	b.window(1280, 1000, false)
	b.open(single)
	b.mustBeQuiet(single)
	b.screenshot("single-1280", true)
	var at struct{ X, Y float64 }
	b.eval(`(() => { const r = document.querySelector("#bitrate-0 .u-over").getBoundingClientRect(); return {X: r.x + r.width * .3, Y: r.y + r.height / 2} })()`, &at)
	b.mouse("mouseMoved", at.X, at.Y)
	b.screenshot("single-hover", false)
	b.heard = nil
	b.window(1920, 1080, true)
	b.open(double)
	b.screenshot("double-1920-dark", true)
	b.window(1280, 1000, false)
	b.open(double)
	b.screenshot("double-1280", true)
	b.eval(`(() => { const r = document.querySelector("#bitrate-0 .u-over").getBoundingClientRect(); return {X: r.x + r.width * .5, Y: r.y + r.height / 2} })()`, &at)
	b.mouse("mouseMoved", at.X, at.Y)
	b.screenshot("double-hover", false)
	b.print("double")
	b.mustBeQuiet(double)
}

// scored is a policy that adds scores to the decisions of another.
type scored struct{ heuristics.Policy }

func (s scored) Decide(in *heuristics.Input) heuristics.Decision {
	d := s.Policy.Decide(in)
	for i, l := range in.Levels {
		d.Candidates = append(d.Candidates, heuristics.Candidate{Level: i, Score: -math.Abs(float64(l.BitrateBPS-in.Levels[d.Level].BitrateBPS)) / 1e6})
	}
	return d
}
