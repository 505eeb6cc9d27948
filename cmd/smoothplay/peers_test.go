//go:build peers && cgo

package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"smoothplay/player/event"
)

// peersRuns is how often each player plays; they take turns.
const peersRuns = 5

// TestPeers compares what it costs smoothplay and other players to play the same
// samples: a minute of 1920x1080 at 25 pictures a second and 6 Mbit/s, in a
// window of that size on a display that nobody sees, or decoding alone. Players
// that are not installed are left out (GStreamer's needs gstreamer1.0-x). It is run by `make peers`.
func TestPeers(t *testing.T) {
	for _, tool := range []string{"ffmpeg", "Xvfb"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed", tool)
		}
	}
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // VLC runs as another user
		t.Fatal(err)
	}
	movie, folder := makeMovie(t, dir)
	binary := filepath.Join(dir, "smoothplay")
	command(t, "go", "build", "-o", binary, ".")
	display := startDisplay(t, "1920x1080x24")

	peers := []*peer{
		{name: "smoothplay", ours: true, args: []string{binary, "play", "--keep-open=false", "--events", filepath.Join(dir, "events"), folder}},
		{name: "VLC, x11", args: []string{"vlc", "-I", "dummy", "--no-audio-time-stretch", "--aout", "adummy", "--vout", "xcb_x11",
			"--width", "1920", "--height", "1080", "--fullscreen", "--play-and-exit", movie}},
		{name: "GStreamer, ximagesink", args: []string{"gst-launch-1.0", "-q", "playbin", "uri=file://" + movie,
			"video-sink=ximagesink", "audio-sink=fakesink sync=true"}},
		{name: "decoding alone, smoothplay", ours: true, args: []string{binary, "measure", "--no-audio", folder}},
		{name: "decoding alone, ffmpeg -f null", args: []string{"ffmpeg", "-v", "error", "-re", "-threads", "2", "-i", movie, "-an", "-f", "null", "-"}},
	}
	for range peersRuns {
		for _, p := range peers {
			if _, err := exec.LookPath(p.args[0]); err != nil {
				continue
			}
			p.run(t, display)
		}
	}
	var table strings.Builder
	fmt.Fprintf(&table, "%-32s %10s %10s %12s %12s\n", "median of "+strconv.Itoa(peersRuns), "CPU", "of ours", "peak RSS", "peak PSS")
	for _, p := range peers {
		if len(p.cpu) == 0 {
			fmt.Fprintf(&table, "%-32s left out\n", p.name)
			continue
		}
		fmt.Fprintf(&table, "%-32s %8.2f s %8.2f x %9.1f MB %9.1f MB\n", p.name, median(p.cpu).Seconds(),
			float64(median(p.cpu))/float64(median(peers[0].cpu)), float64(median(p.rss))/1e6, float64(median(p.pss))/1e6)
	}
	fmt.Fprintf(&table, "pictures that smoothplay dropped in its last run: %d\n", dropped(t, filepath.Join(dir, "events")))
	t.Log("\n" + table.String())
}

// peer is a player and what its runs took.
type peer struct {
	name string
	ours bool
	args []string
	cpu  []time.Duration
	rss  []int64 // bytes, at most
	pss  []int64
}

func (p *peer) run(t *testing.T, display string) {
	args := p.args
	if args[0] == "vlc" && os.Geteuid() == 0 { // it refuses to run as root
		args = append([]string{"setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"}, args...)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "DISPLAY="+display, "SDL_AUDIODRIVER=dummy", "HOME="+os.TempDir())
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Errorf("%s: %v", p.name, err)
		return
	}
	peak := make(chan int64)
	done := make(chan struct{})
	go func() { peak <- peakPSS(cmd.Process.Pid, done) }()
	err := cmd.Wait()
	close(done)
	pss := <-peak
	switch {
	case err != nil && p.ours:
		t.Errorf("%s: %v\n%s", p.name, err, output.String())
		return
	case err != nil: // something that it needs is not installed
		t.Logf("%s is left out: %v\n%s", p.name, err, output.String())
		return
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	p.cpu = append(p.cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	p.rss = append(p.rss, usage.Maxrss*1024)
	p.pss = append(p.pss, pss)
}

// peakPSS watches the proportional set size of a process until done.
func peakPSS(pid int, done <-chan struct{}) (peak int64) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	line := regexp.MustCompile(`(?m)^Pss:\s+(\d+) kB`)
	for {
		select {
		case <-tick.C:
			rollup, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
			if m := line.FindSubmatch(rollup); m != nil {
				kB, _ := strconv.ParseInt(string(m[1]), 10, 64)
				peak = max(peak, kB*1024)
			}
		case <-done:
			return peak
		}
	}
}

// dropped is how many pictures were dropped in the session of an event log.
func dropped(t *testing.T, log string) (n int64) {
	file, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for e, err := range event.Read(file) {
		if err != nil {
			t.Fatal(err)
		}
		if end, ok := e.Body.(event.SessionEnded); ok {
			n = end.PicturesDropped
		}
	}
	return n
}

// makeMovie makes the same samples as one file and as a presentation.
func makeMovie(t *testing.T, dir string) (movie, folder string) {
	movie, folder = filepath.Join(dir, "movie.mp4"), filepath.Join(dir, "movie")
	command(t, "ffmpeg", "-v", "error",
		"-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=25,noise=alls=12:allf=t", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
		"-t", "60", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-profile:v", "high", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0",
		"-b:v", "6M", "-maxrate", "6M", "-bufsize", "6M", "-c:a", "aac", "-b:a", "128k", "-ac", "2", movie)
	command(t, "ffmpeg", "-v", "error", "-i", movie, "-c", "copy", "-f", "smoothstreaming", "-min_frag_duration", "2000000", folder)
	return movie, folder
}

// command runs a command to its end.
func command(t *testing.T, name string, args ...string) {
	if output, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, output)
	}
}

func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
