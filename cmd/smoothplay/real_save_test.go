//go:build cgo

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"smoothplay/player/save"
	"smoothplay/testdata/demo"
)

// tool runs a command of FFmpeg, which must find nothing wrong, and returns what
// it writes.
func tool(t *testing.T, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("skipped: the %s command is not installed", name)
	}
	cmd := exec.CommandContext(t.Context(), path, append([]string{"-v", "error"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Fatalf("%s %q: %v: %s", name, args, err, &stderr)
	}
	return stdout.String()
}

// decoded is a digest of each picture or piece of sound of a stream of a file, as
// FFmpeg decodes it, with its time. options are those of the input.
func decoded(t *testing.T, file, stream string, options ...string) (times, digests []string) {
	t.Helper()
	args := append(append([]string{"-nostdin"}, options...), "-i", file, "-map", stream, "-vsync", "passthrough", "-f", "framemd5", "-")
	for line := range strings.Lines(tool(t, "ffmpeg", args...)) {
		if fields := strings.Split(line, ","); line[0] != '#' && len(fields) == 6 {
			times = append(times, strings.TrimSpace(fields[2]))
			digests = append(digests, strings.TrimSpace(fields[5]))
		}
	}
	return times, digests
}

// startOnDemand serves the demo on demand.
func startOnDemand(t *testing.T) (manifest string) {
	t.Helper()
	manifest, stop, err := demoOrigin()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return manifest
}

// saveJSON runs save and returns the summary that it writes.
func saveJSON(t *testing.T, status int, args ...string) save.Summary {
	t.Helper()
	got, stdout, stderr := runWith(t, append([]string{"save", "--json"}, args...)...)
	var s save.Summary
	if err := json.Unmarshal([]byte(stdout), &s); err != nil || got != status {
		t.Fatalf("status %d, %v: %s", got, err, stderr)
	}
	return s
}

// FFmpeg decodes of a saved file, to the bit, what it decodes of the files that
// the presentation is made of: all pictures and all sound, each at its time.
func TestRealSave(t *testing.T) {
	manifest := startOnDemand(t)
	path := filepath.Join(t.TempDir(), "demo.mp4")
	s := saveJSON(t, 0, manifest, "-o", path, "--levels", "0-1", "--faststart")
	if s.MissingPieces != 0 || s.Duration != 24*time.Second || len(s.Tracks) != 4 {
		t.Errorf("%+v", s)
	}
	for i, name := range []string{"demo_500000.ismv", "demo_250000.ismv", "demo_eng.isma", "demo_deu.isma"} {
		source := filepath.Join(t.TempDir(), name)
		data, err := demo.FS.ReadFile(name)
		if err == nil {
			err = os.WriteFile(source, data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		times, got := decoded(t, path, fmt.Sprintf("0:%d", i))
		_, want := decoded(t, source, "0:0")
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %d frames are not those of the source, %d", name, len(got), len(want))
		}
		if i < 2 && (len(times) != demo.Frames || times[0] != "0" || times[599] != "599") {
			t.Errorf("%s: %d pictures", name, len(times))
		}
	}
	probed := tool(t, "ffprobe", "-show_entries", "stream=codec_name,start_time,duration,nb_frames:stream_tags=language:stream_disposition=default", "-of", "compact", path)
	for _, want := range []string{
		"codec_name=h264|start_time=0.000000|duration=24.000000|nb_frames=600|disposition:default=1|tag:language=und",
		"codec_name=h264|start_time=0.000000|duration=24.000000|nb_frames=600|disposition:default=0|tag:language=und",
		"codec_name=aac|start_time=0.000000|duration=24.000000|nb_frames=1125|disposition:default=1|tag:language=eng",
		"codec_name=aac|start_time=0.000000|duration=24.000000|nb_frames=1125|disposition:default=0|tag:language=deu",
	} {
		if !strings.Contains(probed, want) {
			t.Errorf("ffprobe does not say %s:\n%s", want, probed)
		}
	}
}

// A range of it shows the pictures of that range, and no other.
func TestRealSaveRange(t *testing.T) {
	manifest := startOnDemand(t)
	dir := t.TempDir()
	whole, part := filepath.Join(dir, "whole.mp4"), filepath.Join(dir, "part.mp4")
	saveJSON(t, 0, manifest, "-o", whole, "--levels", "0")
	saveJSON(t, 0, manifest, "-o", part, "--levels", "0", "--from", "5", "--to", "9.4")
	for _, stream := range []string{"0:1", "0:2"} {
		all := tool(t, "ffmpeg", "-nostdin", "-i", whole, "-map", stream, "-ac", "1", "-f", "s16le", "-")
		got := tool(t, "ffmpeg", "-nostdin", "-i", part, "-map", stream, "-ac", "1", "-f", "s16le", "-")
		const sample, second = 2, 2 * 48000 // bytes
		if len(all) != 24*second || len(got) < 4.4*second || len(got) > 4.45*second {
			t.Errorf("%s: %d bytes of sound of %d", stream, len(got), len(all))
			continue
		}
		// The noise in AAC is a decoder's own, so that they differ a little.
		right := apart(got[:4.4*second], all[5*second:])
		for _, wrong := range []int{-10, -1, 1, 10} {
			if off := apart(got[:4.4*second], all[5*second+wrong*sample:]); off < 2*right {
				t.Errorf("%s: the sound differs by %v, and moved by %d samples by %v", stream, right, wrong, off)
			}
		}
	}
	_, all := decoded(t, whole, "0:0")
	times, got := decoded(t, part, "0:0")
	if want := all[125:235]; strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%d pictures, want the %d from number 125 on", len(got), len(want))
	}
	if len(times) == 0 || times[0] != "0" {
		t.Errorf("the first picture is shown at %v", times[:min(len(times), 1)])
	}
	if probed := tool(t, "ffprobe", "-show_entries", "format=duration", "-of", "csv=p=0", part); strings.TrimSpace(probed) != "4.400000" {
		t.Errorf("duration %s", probed)
	}
}

// apart is how much two pieces of sound of 16 bits differ, as long as the
// first lasts.
func apart(a, b string) (sum float64) {
	for i := 0; i+1 < len(a); i += 2 {
		x, y := int16(uint16(a[i])|uint16(a[i+1])<<8), int16(uint16(b[i])|uint16(b[i+1])<<8)
		sum += math.Abs(float64(x) - float64(y))
	}
	return sum / float64(len(a)/2)
}

// Killed without warning, again and again, it goes on each time, and the file
// comes out the same to the byte.
func TestRealSaveKilled(t *testing.T) {
	manifest := startOnDemand(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	whole, path := filepath.Join(dir, "whole.mp4"), filepath.Join(dir, "killed.mp4")
	first := saveJSON(t, 0, manifest, "-o", whole, "--levels", "0")
	kills := 0
	for {
		cmd := exec.Command(self, "save", manifest, "-o", path, "--levels", "0", "--shape", "3M")
		cmd.Env = append(os.Environ(), "SMOOTHPLAY_TEST_MAIN=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-time.After(900 * time.Millisecond):
			cmd.Process.Kill()
			<-ended
			if kills++; kills > 30 {
				t.Fatal("it never comes to an end")
			}
			continue
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
		}
		break
	}
	if kills == 0 {
		t.Error("it was never killed")
	}
	a, errA := os.ReadFile(whole)
	b, errB := os.ReadFile(path)
	if errA != nil || errB != nil || !bytes.Equal(a, b) || int64(len(a)) != first.Bytes {
		t.Errorf("after %d kills the file differs: %d and %d bytes; %v, %v", kills, len(a), len(b), errA, errB)
	}
}
