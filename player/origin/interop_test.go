package origin

import (
	"cmp"
	"context"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"smoothplay/testdata/demo"
)

// GStreamer's client plays the demo from an Origin to the end: all fragments of
// one language and of one video level at each time are asked for, and neither
// side has an error to report.
func TestGStreamerPlaysTheDemo(t *testing.T) {
	gst, err := exec.LookPath("gst-launch-1.0")
	if err != nil {
		t.Skip("skipped: gst-launch-1.0 is not installed (gstreamer1.0-tools, -plugins-good, -plugins-bad, -libav)")
	}
	if testing.Short() {
		t.Skip("skipped: takes some seconds")
	}
	var mu sync.Mutex
	asked := map[string]map[uint64]bool{} // times by stream
	o := newOrigin(t, Config{Access: func(a Access) {
		mu.Lock()
		defer mu.Unlock()
		if a.Status != 200 && a.Status != 206 {
			t.Errorf("%s %s: %d %v", a.Method, a.Path, a.Status, a.Err)
		}
		if r, ok := parseRequest(a.Path); ok && !r.manifest {
			if asked[r.stream] == nil {
				asked[r.stream] = map[uint64]bool{}
			}
			asked[r.stream][r.time] = true
		}
	}})
	server := httptest.NewServer(o)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	// Without sync the sinks take what they get: 24 s play in a few.
	// With -v the video sink writes a line for each picture.
	cmd := exec.CommandContext(ctx, gst, "-v", "--no-fault", "playbin", "uri="+server.URL+"/demo.ism/Manifest",
		"video-sink=fakesink name=pictures sync=false silent=false", "audio-sink=fakesink sync=false")
	cmd.Env = append(os.Environ(), "GST_REGISTRY="+t.TempDir()+"/registry.bin", "GST_DEBUG=1", "GST_DEBUG_NO_COLOR=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("gst-launch-1.0: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), "Got EOS") {
		t.Errorf("it did not come to the end:\n%s", out)
	}
	if strings.Contains(string(out), "ERROR") {
		t.Errorf("it reports errors:\n%s", out)
	}
	if n := strings.Count(string(out), "/GstFakeSink:pictures: last-message = chain"); n != demo.Frames {
		t.Errorf("it decoded %d pictures of %d", n, demo.Frames)
	}
	mu.Lock()
	defer mu.Unlock()
	// playbin begins both languages, and goes on with one.
	for _, c := range []struct {
		kind string
		got  int
	}{{"video", len(asked["video"])}, {"audio", max(len(asked["audio_eng"]), len(asked["audio_deu"]))}} {
		if c.got != 12 {
			t.Errorf("%s: %d of 12 fragments asked for", c.kind, c.got)
		}
	}
}

// GStreamer's client follows the demo as a live event: it asks for one video
// fragment after the other without leaving one out, goes on showing pictures,
// and has no error to report. LIVE_FOR is for how long; make peers has it go on
// for two minutes.
//
// The manifest lists what is announced: GStreamer (1.22) refreshes it every two
// fragments, forgets what it had learned from tfrf boxes, and goes back to the
// beginning of the window where the fragment that it waits for is not listed.
func TestGStreamerFollowsTheLiveDemo(t *testing.T) {
	gst, err := exec.LookPath("gst-launch-1.0")
	if err != nil {
		t.Skip("skipped: gst-launch-1.0 is not installed (gstreamer1.0-tools, -plugins-good, -plugins-bad, -libav)")
	}
	if testing.Short() {
		t.Skip("skipped: takes half a minute")
	}
	length, err := time.ParseDuration(cmp.Or(os.Getenv("LIVE_FOR"), "25s"))
	if err != nil {
		t.Fatalf("LIVE_FOR: %v", err)
	}
	var mu sync.Mutex
	asked := map[uint64]bool{} // times of video
	o := newOrigin(t, Config{Live: &Live{ListAnnounced: true}, Access: func(a Access) {
		mu.Lock()
		defer mu.Unlock()
		// It asks for all that is announced, some of it too early.
		if a.Status != 200 && a.Status != 412 {
			t.Errorf("%s %s: %d %v", a.Method, a.Path, a.Status, a.Err)
		}
		if r, ok := parseRequest(a.Path); ok && r.stream == "video" && a.Status == 200 {
			asked[r.time] = true
		}
	}})
	server := httptest.NewServer(o)
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	cmd := exec.CommandContext(ctx, gst, "-v", "--no-fault", "playbin", "uri="+server.URL+"/demo.isml/Manifest",
		"video-sink=fakesink name=pictures sync=true silent=false", "audio-sink=fakesink sync=true")
	cmd.Env = append(os.Environ(), "GST_REGISTRY="+t.TempDir()+"/registry.bin", "GST_DEBUG=1", "GST_DEBUG_NO_COLOR=1")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if took := time.Since(began); took < length {
		t.Errorf("it gave up after %v: %v", took, err)
	}
	if strings.Contains(string(out), "ERROR") {
		t.Errorf("it reports errors:\n%s", out)
	}
	mu.Lock()
	defer mu.Unlock()
	times := slices.Sorted(maps.Keys(asked))
	for i := 1; i < len(times); i++ {
		if times[i]-times[i-1] != 20_000_000 {
			t.Errorf("after %d it asked for %d", times[i-1], times[i])
		}
	}
	// It begins some fragments behind the newest, and then is as fast as the clock.
	if want := int(length/(2*time.Second)) - 2; len(times) < want {
		t.Errorf("%d video fragments in %v, want %d", len(times), length, want)
	}
	pictures := strings.Count(string(out), "/GstFakeSink:pictures: last-message = chain")
	if want := int((length - 10*time.Second).Seconds() * 25 / 2); pictures < want {
		t.Errorf("%d pictures in %v, want %d", pictures, length, want)
	}
	t.Logf("%d pictures, %d video fragments in %v", pictures, len(times), length)
}
