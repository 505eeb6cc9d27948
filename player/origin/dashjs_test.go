//go:build peers

package origin

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// dashJS is the version of the reference player that is tried, as npm knows it.
const dashJS = "dashjs@4.7.4"

// dashPage plays a URL as a page would that knows nothing of smoothplay, and
// tells what happens.
const dashPage = `<!DOCTYPE html>
<meta charset="utf-8">
<video id="video" width="480" height="270" autoplay></video>
<script src="dash.all.min.js"></script>
<script src="dash.mss.min.js"></script>
<script>
const tell = (kind, what) => fetch("tell", {method: "POST", body: JSON.stringify({kind, ...what})});
addEventListener("error", e => tell("error", {text: e.message}));
addEventListener("unhandledrejection", e => tell("error", {text: String(e.reason)}));
const video = document.getElementById("video"), player = dashjs.MediaPlayer().create();
let playing = false;
video.addEventListener("playing", () => { playing = true });
const buffered = () => Math.min(player.getBufferLength("video"), player.getBufferLength("audio"));
video.addEventListener("waiting", () => playing && tell("stall", {position: video.currentTime, buffered: buffered()}));
video.addEventListener("error", () => tell("error", {text: video.error.message}));
player.on(dashjs.MediaPlayer.events.ERROR, e => tell("error", {text: JSON.stringify(e.error)}));
const url = new URLSearchParams(location.search).get("url");
player.clearDefaultUTCTimingSources();
player.addUTCTimingSource("urn:mpeg:dash:utc:http-head:2014", url);
player.updateSettings({streaming: {abr: {limitBitrateByPortal: true}}}); // light to decode
player.initialize(video, url, true);
setInterval(() => {
	const q = video.getVideoPlaybackQuality();
	tell("state", {
		position: video.currentTime, pictures: q.totalVideoFrames, dropped: q.droppedVideoFrames,
		now: Date.now() / 1000,
	});
}, 1000);
</script>
`

// told is what the page tells. Position and Buffered are in seconds, Now since
// 1970.
type told struct {
	Kind, Text        string
	Position, Now     float64
	Buffered          float64
	Pictures, Dropped int
}

// The reference player of DASH, which reads Smooth Streaming too, follows the
// demo as a live event in Debian's Chromium: no error, no stall for want
// of fragments, as many pictures as there are, each video fragment asked for. LIVE_FOR is for how long.
//
// Its times since the epoch are below 2^53: from there on dash.js rounds those of
// tfrf boxes, and asks for fragments that do not exist.
func TestDashJSFollowsTheLiveDemo(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("skipped: chromium is not installed")
	}
	scripts := fetchDashJS(t)
	length, err := time.ParseDuration(cmp.Or(os.Getenv("LIVE_FOR"), "2m"))
	if err != nil {
		t.Fatalf("LIVE_FOR: %v", err)
	}

	epoch := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	asked, early := map[uint64]bool{}, 0 // times of video
	o := newOrigin(t, Config{Live: &Live{Epoch: epoch}, Access: func(a Access) {
		mu.Lock()
		defer mu.Unlock()
		switch r, ok := parseRequest(a.Path); {
		case a.Status == http.StatusPreconditionFailed:
			early++
		case a.Status >= 400:
			t.Errorf("%s %s: %d %v", a.Method, a.Path, a.Status, a.Err)
		case ok && r.stream == "video" && !r.manifest:
			asked[r.time] = true
		}
	}})
	event := httptest.NewServer(o)
	defer event.Close()

	var log []told
	pages := http.NewServeMux()
	pages.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		if script := scripts[path.Base(r.URL.Path)]; script != nil {
			w.Header().Set("Content-Type", "text/javascript")
			w.Write(script)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, dashPage)
	})
	pages.HandleFunc("POST /tell", func(w http.ResponseWriter, r *http.Request) {
		var m told
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
			t.Error(err)
		}
		mu.Lock()
		log = append(log, m)
		mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	})
	site := httptest.NewServer(pages)
	defer site.Close()

	browse(t, chromium, site.URL+"/?url="+event.URL+"/demo.isml/Manifest", length)

	mu.Lock()
	defer mu.Unlock()
	var states []told
	for _, m := range log {
		switch {
		case m.Kind == "stall" && m.Buffered > 1:
			t.Logf("the browser waits for its decoder at %.1f, with %.1f s buffered", m.Position, m.Buffered)
		case m.Kind == "stall":
			t.Errorf("a stall at %.1f, with %.1f s buffered", m.Position, m.Buffered)
		case m.Kind != "state":
			t.Errorf("%s: %s", m.Kind, m.Text)
		case m.Pictures > 0:
			states = append(states, m)
		}
	}
	if len(states) < 2 {
		t.Fatalf("no picture in %v: %+v", length, log)
	}
	first, last := states[0], states[len(states)-1]
	t.Logf("%.1f s played in %v, %d pictures (%d of them dropped), %d video fragments, %d requests too early",
		last.Position-first.Position, length, last.Pictures, last.Dropped, len(asked), early)
	behind := func(m told) float64 { return m.Now - float64(epoch.Unix()) - m.Position }
	t.Logf("latency %.1f s at the beginning, %.1f s at the end", behind(first), behind(last))
	// Joining takes some seconds, and its first picture a look at the clock.
	if played := last.Position - first.Position; played < length.Seconds()-15 {
		t.Errorf("it played %.1f s in %v", played, length)
	}
	if want := int((last.Position - first.Position) * 24); last.Pictures < want {
		t.Errorf("%d pictures in %.1f s of 25 a second", last.Pictures, last.Position-first.Position)
	}
	times := slices.Sorted(maps.Keys(asked))
	for i := 1; i < len(times); i++ {
		if times[i]-times[i-1] != 20_000_000 {
			t.Errorf("after %d it asked for %d", times[i-1], times[i])
		}
	}
}

// fetchDashJS has npm fetch the player, and returns its scripts by name. It skips
// the test where that cannot be done.
func fetchDashJS(t *testing.T) map[string][]byte {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("skipped: npm is not installed, which fetches " + dashJS)
	}
	dir := t.TempDir()
	if out, err := exec.Command(npm, "pack", dashJS, "--pack-destination", dir).CombinedOutput(); err != nil {
		t.Skipf("skipped: npm cannot fetch %s: %v\n%s", dashJS, err, out)
	}
	packs, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(packs) != 1 {
		t.Fatalf("npm fetched %v: %v", packs, err)
	}
	file, err := os.Open(packs[0])
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	scripts := map[string][]byte{"dash.all.min.js": nil, "dash.mss.min.js": nil}
	for pack := tar.NewReader(unzipped); ; {
		entry, err := pack.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if dir, name := path.Split(entry.Name); dir == "package/dist/" {
			if _, wanted := scripts[name]; wanted {
				if scripts[name], err = io.ReadAll(pack); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for name, script := range scripts {
		if script == nil {
			t.Fatalf("%s has no %s: %v", dashJS, name, fs.ErrNotExist)
		}
	}
	return scripts
}

// browse shows a page to nobody for a time.
func browse(t *testing.T, chromium, url string, length time.Duration) {
	t.Helper()
	// Not of t.TempDir: processes of the browser that end late write into it.
	profile, err := os.MkdirTemp("", "smoothplay-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(profile)
	args := []string{
		"--headless", "--user-data-dir=" + profile, "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--autoplay-policy=no-user-gesture-required",
		"--remote-debugging-port=0", // keeps it running
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox")
	}
	var said bytes.Buffer
	cmd := exec.Command(chromium, append(args, url)...)
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		t.Fatalf("the browser ended: %v\n%s", err, strings.TrimSpace(said.String()))
	case <-time.After(length):
	}
	cmd.Process.Signal(os.Interrupt)
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		cmd.Process.Kill()
		<-ended
	}
}
