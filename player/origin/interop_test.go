package origin

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
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
