//go:build netns

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smoothplay/player/event"
	"smoothplay/player/playertest"
)

const (
	// goodput is the share of an Ethernet frame that is left for media.
	goodput  = 1448.0 / 1514
	netnsFor = 150 * time.Second
)

// netnsLinks are what the kernel shapes the link to: seconds and kbit/s.

var netnsLinks = []struct {
	name    string
	periods []netnsPeriod
}{
	{"the shape of the comparison with other players", []netnsPeriod{{30, 8000}, {30, 1000}, {30, 4000}, {15, 600}, {45, 8000}}},
	{"a walk", []netnsPeriod{{12, 5200}, {9, 3100}, {14, 1900}, {8, 4400}, {17, 2600}, {6, 900}, {13, 6100}, {11, 3700}, {20, 1500}, {10, 4800}, {30, 2900}}},
}

type netnsPeriod struct{ seconds, kbps int }

// TestKernelLink plays over a link that the kernel shapes (tc, in a network
// namespace), and the same session in the simulator: mean bitrates within 5 %,
// switches within 20 % or one. It needs root, ip and tc; `make netns` runs it.
func TestKernelLink(t *testing.T) {
	for _, tool := range []string{"ip", "tc"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	binary := filepath.Join(t.TempDir(), "smoothplay")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for i, link := range netnsLinks {
		t.Run(link.name, func(t *testing.T) { playNetns(t, binary, i, link.periods) })
	}
}

func playNetns(t *testing.T, binary string, n int, periods []netnsPeriod) {
	space, outer, inner := fmt.Sprintf("smoothplay%d", n), fmt.Sprintf("spo%d", n), fmt.Sprintf("spi%d", n)
	host, guest := fmt.Sprintf("10.213.%d.1", n), fmt.Sprintf("10.213.%d.2", n)
	runTool(t, "ip", "netns", "add", space)
	defer runTool(t, "ip", "netns", "del", space)
	runTool(t, "ip", "link", "add", outer, "type", "veth", "peer", "name", inner)
	defer runTool(t, "ip", "link", "del", outer)
	runTool(t, "ip", "link", "set", inner, "netns", space)
	runTool(t, "ip", "addr", "add", host+"/24", "dev", outer)
	runTool(t, "ip", "link", "set", outer, "up")
	runTool(t, "ip", "netns", "exec", space, "ip", "addr", "add", guest+"/24", "dev", inner)
	runTool(t, "ip", "netns", "exec", space, "ip", "link", "set", inner, "up")

	listener, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	show := &playertest.Presentation{Length: 10 * time.Minute, Levels: []int64{350e3, 700e3, 1.2e6, 2e6, 3.5e6, 6e6}}
	server := &http.Server{Handler: show}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()

	dir := t.TempDir()
	trace, events := filepath.Join(dir, "trace.csv"), filepath.Join(dir, "events.jsonl")
	text := "duration_ms,bandwidth_kbps,latency_ms\n"
	for _, p := range periods {
		text += fmt.Sprintf("%d,%.0f,2\n", 1000*p.seconds, float64(p.kbps)*goodput)
	}
	if err := os.WriteFile(trace, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	shape(t, outer, periods[0].kbps)
	go func() {
		for i := 0; ; i = (i + 1) % len(periods) {
			shape(t, outer, periods[i].kbps)
			select {
			case <-time.After(time.Duration(periods[i].seconds) * time.Second):
			case <-ctx.Done():
				return
			}
		}
	}()
	args := []string{"netns", "exec", space, binary, "measure", "--null", "--json", "--events", events, "--for", netnsFor.String()}
	if name := os.Getenv("NETNS_POLICY"); name != "" {
		args = append(args, "--policy", name)
	}
	out := runTool(t, "ip", append(args, fmt.Sprintf("http://%s/show.ism/Manifest", listener.Addr()))...)
	var played event.Summary
	if err := json.Unmarshal([]byte(out), &played); err != nil {
		t.Fatal(err)
	}
	t.Log(runTool(t, binary, "simulate", "--like", events, trace))
	var compared struct {
		MeanOff     float64 `json:"mean_off"`
		SwitchesOff float64 `json:"switches_off"`
	}
	if err := json.Unmarshal([]byte(runTool(t, binary, "simulate", "--json", "--like", events, trace)), &compared); err != nil {
		t.Fatal(err)
	}
	switches := float64(played.SwitchesUp + played.SwitchesDown)
	if math.Abs(compared.MeanOff) > .05 || math.Abs(compared.SwitchesOff)*switches > max(.2*switches, 1) {
		t.Errorf("the simulated mean bitrate is off by %.1f %%, the switches by %.1f %%", 100*compared.MeanOff, 100*compared.SwitchesOff)
	}
}

func shape(t *testing.T, dev string, kbps int) {
	runTool(t, "tc", "qdisc", "replace", "dev", dev, "root", "tbf", "rate", fmt.Sprintf("%dkbit", kbps), "burst", "16kb", "latency", "250ms")
}

func runTool(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s %s: %v: %s", name, strings.Join(args, " "), err, errs.String())
	}
	return string(out)
}
