//go:build cgo

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"smoothplay/platform/platformtest"
	"smoothplay/player"
	"smoothplay/player/event"
	"smoothplay/player/fragment"
	"smoothplay/player/manifest"
	"smoothplay/player/origin"
	"smoothplay/player/playertest"
)

// rxPlayer serves the presentation of a real encoder: eight levels from 300
// kbit/s to 5 Mbit/s, 75 s. Of its video only the first and the last fragment of
// each level are at hand; the first stands for all that are not. Nothing in a
// fragment says which time it is of.
type rxPlayer struct {
	dir      string
	manifest string // Manifest_X.xml
}

// openRxPlayer skips the test where the files are missing.
func openRxPlayer(t *testing.T, variant string) *rxPlayer {
	t.Helper()
	manifest := "Manifest_" + variant + ".xml"
	return &rxPlayer{filepath.Dir(platformtest.Shared(t, "corpus/rx-player/Smooth_static/media/"+manifest)), manifest}
}

var (
	rxVideo = regexp.MustCompile(`^/x\.ism/QualityLevels(\d+)(,hardwareProfile=\d+)?/Fragmentsvideo=(\d+)$`)
	rxAudio = regexp.MustCompile(`^/x\.ism/QualityLevels96000/Fragmentsaudio_und=(\d+)$`)
)

func (h *rxPlayer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := ""
	if r.URL.Path == "/x.ism/Manifest" {
		name = h.manifest
	} else if m := rxAudio.FindStringSubmatch(r.URL.Path); m != nil {
		name = "Fragments(audio_und=" + m[1] + ").mp4"
	} else if m := rxVideo.FindStringSubmatch(r.URL.Path); m != nil && (m[2] != "") == strings.Contains(h.manifest, "Custom") {
		if name = m[1] + "-Fragments(video=" + m[3] + ").mp4"; !h.has(name) {
			name = m[1] + "-Fragments(video=0).mp4"
		}
	}
	body, err := os.ReadFile(filepath.Join(h.dir, name))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func (h *rxPlayer) has(name string) bool {
	_, err := os.Stat(filepath.Join(h.dir, name))
	return err == nil
}

// A real presentation, in all variants of its manifest, plays to the end without
// an error, and every picture is decoded and shown.
func TestRealCorpus(t *testing.T) {
	for _, c := range []struct {
		variant  string
		maxBPS   int64
		pictures int // 50 a fragment, 25 of the last
		length   time.Duration
		silence  int64 // stretches of silence
	}{
		{"Regular", 0, 37*50 + 25, 75 * time.Second, 0},
		{"Custom_Attributes", 1_500_000, 37*50 + 25, 75 * time.Second, 0},
		{"Empty_Text_Track", 800_000, 37*50 + 25, 75 * time.Second, 0},
		// Its sound begins 16 ms after its pictures.
		{"Not_Starting_at_0", 800_000, 34*50 + 25, 69 * time.Second, 1},
	} {
		t.Run(c.variant, func(t *testing.T) {
			handler := openRxPlayer(t, c.variant)
			w := watch(t, func(cam *camera) playertest.Scenario {
				cam.marks = false
				return playertest.Scenario{Handler: handler, Path: "/x.ism/Manifest", Link: "12M",
					Config: func(p *player.Config) { p.Limits.MaxBPS = c.maxBPS }}
			})
			w.flawless(c.pictures, c.length, c.silence)
		})
	}
}

// flawless asserts that a presentation was played to the end without any error:
// all pictures were decoded and shown, in order and each at its time, and the
// sound is whole but for some stretches of silence.
func (w *watched) flawless(pictures int, length time.Duration, silence int64) {
	w.t.Helper()
	w.completed()
	for _, e := range event.Bodies[event.Error](w.Events) {
		w.t.Errorf("%s: %s", e.Code, e.Message)
	}
	s := w.Summary
	if s.PicturesDecoded != int64(pictures) || s.PicturesShown != int64(pictures) || len(w.pictures) != pictures || s.PicturesDropped != 0 {
		w.t.Errorf("%d pictures were decoded, %d shown and %d dropped, want %d", s.PicturesDecoded, s.PicturesShown, s.PicturesDropped, pictures)
	}
	for i := 1; i < len(w.pictures); i++ {
		if w.pictures[i].frame <= w.pictures[i-1].frame {
			w.t.Errorf("the picture of %v follows that of %v", time.Duration(w.pictures[i].frame), time.Duration(w.pictures[i-1].frame))
		}
	}
	if len(w.Heard) != 1 || s.AudioGaps != silence || w.Sound.Underruns != 0 || s.Stalls != 0 {
		w.t.Errorf("the sound has %d pieces, %d gaps and %d underruns; %d stalls", len(w.Heard), s.AudioGaps, w.Sound.Underruns, s.Stalls)
		return
	}
	if heard := time.Duration(w.Sound.Heard) * time.Second / rate; (heard - length).Abs() > 60*time.Millisecond {
		w.t.Errorf("%v of sound were heard, want %v", heard, length)
	}
	if worst := s.AVOffset.Max(); worst > 45*time.Millisecond {
		w.t.Errorf("pictures and sound are up to %v apart", worst)
	}
}

// measureJSON runs the program and returns the summary that it writes.
func measureJSON(t *testing.T, args ...string) event.Summary {
	t.Helper()
	status, stdout, stderr := runWith(t, append([]string{"measure", "--json"}, args...)...)
	var s event.Summary
	if err := json.Unmarshal([]byte(stdout), &s); err != nil || status != 0 || stderr != "" {
		t.Fatalf("status %d, %v: %s", status, err, stderr)
	}
	return s
}

// The same by the command, in real time and close to the end. A busy machine
// may leave pictures out: it says so.
func TestRealCorpusMeasured(t *testing.T) {
	server := httptest.NewServer(openRxPlayer(t, "Regular"))
	defer server.Close()
	s := measureJSON(t, "--start", "72", server.URL+"/x.ism/Manifest")
	// From 72 s on there are a fragment of 50 pictures and one of 25; the first
	// of them is shown at 72.04 s, and the last before it covers the start.
	if n := s.PicturesShown + s.PicturesDropped; s.End != event.Completed || s.Error != nil || s.FragmentErrors != 0 || n < 75 || n > 76 {
		t.Errorf("%d pictures shown, %d dropped: %+v", s.PicturesShown, s.PicturesDropped, s)
	}
}

// writeSmooth has the ffmpeg command write a presentation as folders of
// fragments, as a packager would.
func writeSmooth(t testing.TB, encode ...string) (folder string) {
	t.Helper()
	tool, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("skipped: the ffmpeg command is not installed")
	}
	folder = filepath.Join(t.TempDir(), "show")
	args := append([]string{"-hide_banner", "-loglevel", "error", "-nostdin", "-y"}, encode...)
	cmd := exec.CommandContext(t.Context(), tool, append(args, "-f", "smoothstreaming", "-min_frag_duration", "2000000", folder)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, &stderr)
	}
	return folder
}

// giveFirstTimes puts the time of each stream's first chunk into the manifest:
// FFmpeg leaves it out, also where it is not 0.
func giveFirstTimes(t testing.TB, folder string) (moved bool) {
	t.Helper()
	path := filepath.Join(folder, "Manifest")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), "<StreamIndex")
	noun := regexp.MustCompile(`Fragments\((\w+)=`)
	for i, part := range parts[1:] {
		first := slices.Min(fragmentTimes(t, folder, noun.FindStringSubmatch(part)[1]))
		moved = moved || first != 0
		parts[i+1] = strings.Replace(part, "<c ", fmt.Sprintf(`<c t="%d" `, first), 1)
	}
	if err := os.WriteFile(path, []byte(strings.Join(parts, "<StreamIndex")), 0o644); err != nil {
		t.Fatal(err)
	}
	return moved
}

// fragmentTimes are the times of the fragments of a stream, by name, in one of
// its levels.
func fragmentTimes(t testing.TB, folder, noun string) (times []uint64) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "QualityLevels(*)", "Fragments("+noun+"=*)"))
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no fragment of %s in %s: %v", noun, folder, err)
	}
	for _, file := range files {
		_, number, _ := strings.Cut(strings.TrimSuffix(file, ")"), "=")
		n, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		times = append(times, n)
	}
	slices.Sort(times)
	return slices.Compact(times)
}

// samplesIn counts the samples of a stream as the fragments in a folder have
// them.
func samplesIn(t testing.TB, folder, noun string, bitrate int64) (n int) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(folder, fmt.Sprintf("QualityLevels(%d)", bitrate), "Fragments("+noun+"=*)"))
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var f fragment.Fragment
		if err := f.Parse(data, fragment.Options{}); err != nil {
			t.Fatal(err)
		}
		n += len(f.Samples)
	}
	return n
}

func manifestIn(t testing.TB, folder string) *manifest.Presentation {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "Manifest"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := manifest.Parse(text, manifest.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What FFmpeg packages plays to the end, and every picture is decoded: without
// B-frames as it comes, and with them once its manifest says when it begins.
func TestRealFFmpeg(t *testing.T) {
	const length = 6 // seconds
	sources := []string{"-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", strconv.Itoa(length)}
	levels := []string{"-map", "0:v", "-map", "0:v", "-map", "1:a", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p",
		"-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-b:v:0", "300k", "-s:v:0", "320x180", "-b:v:1", "900k", "-c:a", "aac", "-b:a", "96k", "-ac", "2"}
	for _, c := range []struct {
		name    string
		options []string
		patch   bool
	}{
		{"without B-frames", []string{"-bf", "0"}, false},
		{"with B-frames", []string{"-bf", "2"}, true},
		{"with a pyramid of B-frames", []string{"-bf", "3", "-b_strategy", "2", "-x264-params", "b-pyramid=normal"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := writeSmooth(t, slices.Concat(sources, levels, c.options)...)
			if moved := giveFirstTimes(t, folder); c.patch && !moved {
				t.Error("the first fragment is at 0: this is no test for B-frames")
			}
			for _, l := range manifestIn(t, folder).Streams[0].Levels {
				if n := samplesIn(t, folder, "video", l.BitrateBPS); n != length*25 {
					t.Fatalf("%d bit/s: FFmpeg wrote %d samples", l.BitrateBPS, n)
				}
			}
			server, err := origin.New(origin.Config{Folders: map[string]fs.FS{"show": os.DirFS(folder)}, NoDemo: true})
			if err != nil {
				t.Fatal(err)
			}
			w := watch(t, func(cam *camera) playertest.Scenario {
				cam.marks = false
				return playertest.Scenario{Handler: server, Path: "/show/Manifest", Link: "20M", Config: func(p *player.Config) { p.NewPolicy = following([]int{0, 1}) }}
			})
			w.flawless(length*25, length*time.Second, 0)
			shown := event.Bodies[event.LevelShown](w.Events)
			if len(shown) != length/2 {
				t.Errorf("the level changes %d times", len(shown))
			}
			for i := 1; i < len(w.pictures); i++ {
				if step := time.Duration(w.pictures[i].frame - w.pictures[i-1].frame); step < period-time.Microsecond || step > period+time.Microsecond {
					t.Errorf("picture %d is %v after the one before", i, step)
				}
			}
		})
	}
}

// The same from the folder itself, without a server and in real time, by the
// command.
func TestRealFFmpegMeasured(t *testing.T) {
	folder := writeSmooth(t, "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25", "-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "2.4",
		"-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-bf", "2", "-c:a", "aac", "-ac", "2")
	giveFirstTimes(t, folder)
	s := measureJSON(t, folder)
	if s.End != event.Completed || s.Error != nil || s.FragmentErrors != 0 || s.PicturesShown+s.PicturesDropped != 60 {
		t.Errorf("%d pictures shown, %d dropped: %+v", s.PicturesShown, s.PicturesDropped, s)
	}
}
