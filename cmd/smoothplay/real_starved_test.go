//go:build cgo && linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/player/event"
	"smoothplay/player/fragment"
	"smoothplay/player/timeline"
	"smoothplay/render/ffmpeg"
)

// ladderOfWork makes a presentation of four levels, of which each takes about
// twice the work of the one below.
func ladderOfWork(t *testing.T) (folder string) {
	t.Helper()
	args := []string{"-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=25,noise=alls=10:allf=t", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000",
		"-filter_complex", "[0:v]split=4[a][b][c][d];[a]scale=320:180[v0];[b]scale=640:360[v1];[c]scale=1280:720[v2];[d]null[v3]",
		"-map", "[v0]", "-map", "[v1]", "-map", "[v2]", "-map", "[v3]", "-map", "1:a", "-t", "12",
		"-c:v", "libx264", "-preset", "superfast", "-pix_fmt", "yuv420p", "-bf", "2", "-g", "50", "-keyint_min", "50", "-sc_threshold", "0",
		"-c:a", "aac", "-b:a", "64k", "-ac", "2"}
	for i, bitrate := range []string{"600k", "2M", "6M", "14M"} {
		v := fmt.Sprint(i)
		args = append(args, "-b:v:"+v, bitrate, "-maxrate:v:"+v, bitrate, "-bufsize:v:"+v, bitrate)
	}
	folder = writeSmooth(t, args...)
	giveFirstTimes(t, folder)
	return folder
}

// workOf is the processor time that decoding each level of a folder takes with
// one thread, by the second of media.
func workOf(t *testing.T, folder string) (work []time.Duration) {
	t.Helper()
	p := manifestIn(t, folder)
	snapshot, err := timeline.New(p)
	if err != nil {
		t.Fatal(err)
	}
	video, s := snapshot.Stream(0), &p.Streams[0]
	for i := range s.Levels {
		format, _, err := fragment.FormatOf(s, &s.Levels[i])
		if err != nil {
			t.Fatal(err)
		}
		decoder, err := ffmpeg.Decoders{Threads: 1}.OpenVideo(*format)
		if err != nil {
			t.Fatal(err)
		}
		from := cpuOf(syscall.RUSAGE_SELF)
		const chunks = 3
		for n := range chunks {
			decodeChunk(t, decoder, video, folder, n, format)
		}
		work = append(work, (cpuOf(syscall.RUSAGE_SELF)-from)/time.Duration(chunks*2))
		decoder.Close()
	}
	return work
}

func decodeChunk(t *testing.T, d platform.VideoDecoder, video *timeline.Stream, folder string, n int, format *platform.Format) {
	t.Helper()
	chunk := video.Chunk(video.First() + n)
	body, err := os.ReadFile(filepath.Join(folder, fmt.Sprintf("QualityLevels(%d)", format.BitrateBPS), fmt.Sprintf("Fragments(video=%d)", chunk.T)))
	if err != nil {
		t.Fatal(err)
	}
	var f fragment.Fragment
	if err := f.Parse(body, fragment.Options{Kind: platform.Video, FragmentDuration: uint64(chunk.D)}); err != nil {
		t.Fatal(err)
	}
	for k, s := range f.Samples {
		sample := platform.Sample{PTS: time.Duration(k) * period, DTS: time.Duration(k) * period, Duration: period, Key: s.Sync, Data: s.Data}
		if n == 0 && k == 0 {
			sample.Format = format
		}
		if err := d.Decode(&sample, func(p *platform.Picture) error { p.Release(); return nil }); err != nil {
			t.Fatal(err)
		}
	}
}

// quota bounds the processor time of a process, by a control group.
type quota struct {
	dir  string
	unit string // of version 2; "": version 1
	left string // microseconds, as set last
}

// newQuota makes a control group, or says why the machine does not permit it.
func newQuota(t *testing.T) *quota {
	t.Helper()
	var why error
	name := fmt.Sprintf("smoothplay-test-%d", os.Getpid())
	for _, q := range []*quota{
		{dir: filepath.Join("/sys/fs/cgroup/cpu", name)},
		{dir: filepath.Join("/sys/fs/cgroup/cpu,cpuacct", name)},
		{dir: filepath.Join("/sys/fs/cgroup", name), unit: "cpu.max"},
	} {
		if _, err := os.Stat(filepath.Dir(q.dir)); err != nil {
			continue
		}
		if err := os.Mkdir(q.dir, 0o755); err != nil {
			why = errors.Join(why, err)
			continue
		}
		t.Cleanup(func() {
			for range 50 { // until the process in it is gone
				if os.Remove(q.dir) == nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		})
		if err := q.set(1); err != nil {
			why = errors.Join(why, err)
			continue
		}
		// What is left is left: other work on the machine is not to take it.
		for file, most := range map[string]string{"cpu.shares": "200000", "cpu.weight": "10000"} {
			_ = os.WriteFile(filepath.Join(q.dir, file), []byte(most), 0o644)
		}
		return q
	}
	t.Skipf("skipped: no control group can be made that bounds the processor time: %v", why)
	return nil
}

// quotaPeriod is short, so that what is left comes evenly, as on a slow device;
// the least quota is a millisecond.
const quotaPeriod = 5 * time.Millisecond

// set leaves a number of processors.
func (q *quota) set(processors float64) error {
	micros := strconv.Itoa(max(int(processors*float64(quotaPeriod.Microseconds())), 1000))
	if micros == q.left {
		return nil
	}
	q.left = micros
	whole := strconv.Itoa(int(quotaPeriod.Microseconds()))
	if q.unit != "" {
		return os.WriteFile(filepath.Join(q.dir, q.unit), []byte(micros+" "+whole), 0o644)
	}
	return errors.Join(
		os.WriteFile(filepath.Join(q.dir, "cpu.cfs_period_us"), []byte(whole), 0o644),
		os.WriteFile(filepath.Join(q.dir, "cpu.cfs_quota_us"), []byte(micros), 0o644))
}

// starved is a measurement by a process of its own, with a quota that changes.
type starved struct {
	events  []event.Event
	summary event.Summary
}

// starve measures a folder for a time; processors says what is left of them after
// a time, every second.
func starve(t *testing.T, q *quota, folder string, lasts time.Duration, processors func(since time.Duration) float64, args ...string) *starved {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(t.TempDir(), "events.jsonl")
	ctx, cancel := context.WithTimeout(t.Context(), lasts+time.Minute)
	defer cancel()
	if err := q.set(processors(0)); err != nil {
		t.Fatal(err)
	}
	// The shell enters the group before the program begins.
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", `echo $$ > "$0" && exec "$@"`, filepath.Join(q.dir, "cgroup.procs"),
		self, "measure", "--loop", "--buffer", "6s", "--for", lasts.String(), "--events", log, folder}, args...)...)
	cmd.Env = append(os.Environ(), "SMOOTHPLAY_TEST_MAIN=1", "GOMAXPROCS=2")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	began, done := time.Now(), make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for running := true; running; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatalf("the measurement failed: %v: %s", err, &stderr)
			}
			running = false
		case <-tick.C:
			if err := q.set(processors(time.Since(began))); err != nil {
				t.Error(err)
			}
		}
	}
	file, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := &starved{}
	for e, err := range event.Read(bufio.NewReader(file)) {
		if err != nil {
			t.Fatal(err)
		}
		s.events = append(s.events, e)
		if end, ok := e.Body.(event.SessionEnded); ok {
			s.summary = end.Summary
		}
	}
	return s
}

// lostBefore is the share of the pictures due that was lost up to an event, by
// its index.
func (s *starved) lostBefore(i int) (share float64, lost int) {
	due := 0
	for _, e := range s.events[:i] {
		switch b := e.Body.(type) {
		case event.FramesDropped:
			lost += b.Count + b.Skipped
		case event.Gauges:
			due = int(b.Shown + b.Dropped + b.Omitted)
		}
	}
	return float64(lost) / float64(max(due+lost, 1)), lost
}

// capped is the index of the first event, from a time on, that leaves not all
// levels; -1: none does.
func (s *starved) capped(from time.Duration) int {
	return slices.IndexFunc(s.events, func(e event.Event) bool {
		b, ok := e.Body.(event.RenderLoad)
		return ok && b.Cap < b.Top && e.At >= from
	})
}

// shown is the level on the screen at an event, by its index.
func (s *starved) shown(i int) (level int) {
	for _, e := range s.events[:i] {
		if b, ok := e.Body.(event.LevelShown); ok {
			level = b.Level
		}
	}
	return level
}

// tell logs what happened to the cap.
func (s *starved) tell(t *testing.T) {
	t.Helper()
	for i, e := range s.events {
		switch b := e.Body.(type) {
		case event.RenderLoad:
			share, lost := s.lostBefore(i)
			t.Logf("%5.1fs cap %d of %d at level %d, %s: decoding takes %v of %v, device %.2f, process %.2f, throttled %t, next level %.2f, effort %q; %d pictures (%.2f %%) lost so far",
				e.At.Seconds(), b.Cap, b.Top, b.Level, b.Reason, b.DecodeMean.Round(100*time.Microsecond), b.Period, b.Device, b.Process, b.Throttled, b.Expected, b.Effort, lost, 100*share)
		case event.LevelShown:
			t.Logf("%5.1fs level %d is shown", e.At.Seconds(), b.Level)
		}
	}
	due := s.summary.PicturesShown + s.summary.PicturesDropped
	figures, _ := json.Marshal(s.summary.Levels)
	t.Logf("%d of %d pictures lost (%.2f %%), %d stalls, %d gaps in the sound; %s",
		s.summary.PicturesDropped, due, 100*float64(s.summary.PicturesDropped)/float64(max(due, 1)), s.summary.Stalls, s.summary.AudioGaps, figures)
}

// TestRealStarvedDevice plays with real decoding and too little processor time for
// the highest level. Where others take more and more of it, the levels are capped
// before more than a hundredth of the pictures is lost; where there is too little
// from the beginning, nearly none is lost once they are capped. The sound has no
// gap. What it finds depends on what else the machine does: player's scenarios
// have the same on a device that is slow by a script.
func TestRealStarvedDevice(t *testing.T) {
	if os.Getenv("STARVED") == "" {
		t.Skip("skipped: it takes a minute and a half of a machine with nothing else to do; make starved runs it")
	}
	q := newQuota(t)
	folder := ladderOfWork(t)
	work := workOf(t, folder)
	top := len(work) - 1
	need := work[top].Seconds() // processors, for decoding the highest level in real time
	const (
		others = 0.04 // processors that the rest of the player takes
		least  = 0.7  // of what is needed
	)
	t.Logf("a second of the levels takes %v to decode", work)
	if need*least+others < 0.001/quotaPeriod.Seconds() {
		t.Skip("skipped: the machine is too fast: what it would have to be left is less than can be set")
	}
	t.Run("others take more and more", func(t *testing.T) {
		const from = 14 * time.Second
		s := starve(t, q, folder, 44*time.Second, func(since time.Duration) float64 {
			left := 3.0
			if since > from {
				left = max(1.9-0.05*float64((since-from)/time.Second), least)
			}
			return others + need*left
		})
		s.tell(t)
		i := slices.IndexFunc(s.events, func(e event.Event) bool { return e.At >= from })
		if _, lost := s.lostBefore(i); lost > 0 || s.shown(i) < top {
			t.Skipf("skipped: the machine is too busy to judge by: when others began to take from it, level %d was shown and %d pictures were lost", s.shown(i), lost)
		}
		at := s.capped(from)
		if at < 0 {
			t.Fatal("the levels were never capped")
		}
		if share, lost := s.lostBefore(at); share > 0.01 {
			t.Errorf("the levels were capped after %d pictures, %.1f %%, were lost", lost, 100*share)
		}
		if s.summary.AudioGaps > 0 {
			t.Errorf("the sound has %d gaps", s.summary.AudioGaps)
		}
	})
	t.Run("slow from the beginning", func(t *testing.T) {
		s := starve(t, q, folder, 24*time.Second, func(time.Duration) float64 { return others + need*least })
		s.tell(t)
		at := s.capped(0)
		if at < 0 {
			t.Fatal("the levels were never capped")
		}
		// What is buffered of too high a level is replaced within two fragments.
		relieved := s.events[at].At + 6*time.Second
		i := slices.IndexFunc(s.events, func(e event.Event) bool { return e.At >= relieved })
		if i < 0 {
			t.Skip("skipped: the levels were capped too late to tell what became of it")
		}
		_, before := s.lostBefore(i)
		_, all := s.lostBefore(len(s.events))
		if left := (24*time.Second - relieved) / period; all-before > int(left)/20 {
			t.Errorf("%d of some %d pictures were lost after the cap took effect", all-before, left)
		}
		if s.summary.AudioGaps > 0 {
			t.Errorf("the sound has %d gaps", s.summary.AudioGaps)
		}
	})
}
