//go:build cgo

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"smoothplay/player/event"
	"smoothplay/testdata/demo"
)

// liveFault is something that goes wrong with the origins of TestLive, for a
// while.
type liveFault struct {
	fault string // %d: the bitrate on the screen
	both  bool   // of both origins; otherwise of the one that is played from
	takes time.Duration
	// tells is what the status line says of it; "": it is not noticed.
	tells string
	// stalls: nothing can be played for a while.
	stalls bool
}

// liveCalm is the time between two faults.
const liveCalm = 20 * time.Second

var liveFaults = []liveFault{
	{fault: "die@0s-15s", takes: 15 * time.Second, tells: "moved from"},
	{fault: "no-tfrf", both: true, takes: 20 * time.Second},
	{fault: "encoder-gap@0s-14s", both: true, takes: 14 * time.Second, tells: "waiting for the encoder", stalls: true},
	{fault: "503@30%", both: true, takes: 20 * time.Second, tells: "503 Service Unavailable"},
	{fault: "level-gone@%d", both: true, takes: 20 * time.Second, tells: "no video of"},
	{fault: "bad-tfrf", both: true, takes: 20 * time.Second},
	{fault: "encoder-gap@0s-12s", takes: 12 * time.Second, tells: "moved from"},
	{fault: "412@edge:30%", both: true, takes: 20 * time.Second},
	{fault: "die@0s-12s", both: true, takes: 12 * time.Second, tells: "waiting for the server", stalls: true},
	{fault: "stale-manifest", both: true, takes: 20 * time.Second},
	{fault: "garbage@20%", both: true, takes: 20 * time.Second, tells: "not a fragment"},
	{fault: "cut@50%@every:4", both: true, takes: 20 * time.Second, tells: "video: "},
	{fault: "slow@700k", both: true, takes: 20 * time.Second},
}

// TestLive follows two live origins, which this program serves, in a window with
// real pictures and sound for LIVE_FOR, while faults are switched on and off, and
// reads the status line of a terminal (make live: ten minutes). LIVE_EVENTS is
// where the events go.
func TestLive(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("LIVE_FOR"))
	if err != nil {
		t.Skip("it takes real time: say how long in LIVE_FOR, as 10m")
	}
	a, b := startOrigin(t), startOrigin(t)
	terminal, lines := openTerminal(t)
	p := preparePlaying(t, "--fallback", b, a)
	p.cmd.Stderr = terminal
	p.start()
	terminal.Close()
	log := p.collect()
	began := time.Now()
	for n := 0; ; n++ {
		f := liveFaults[n%len(liveFaults)]
		time.Sleep(liveCalm)
		if time.Since(began)+f.takes+liveCalm > length {
			break
		}
		at := time.Now()
		before := log.stalls()
		origins := []string{a, b}
		if !f.both {
			origins = []string{log.origin(a, b)}
		}
		f.fault = strings.ReplaceAll(f.fault, "%d", strconv.FormatInt(log.level(), 10))
		for _, o := range origins {
			askFault(t, http.MethodPost, o, f.fault)
		}
		time.Sleep(f.takes)
		for _, o := range origins {
			askFault(t, http.MethodDelete, o, "")
		}
		time.Sleep(3 * time.Second)
		told := lines.since(at)
		t.Logf("%4.0f s  %-20s %s", at.Sub(began).Seconds(), f.fault, strings.Join(distinct(told), "; "))
		if f.tells != "" && !slices.ContainsFunc(told, func(line string) bool { return strings.Contains(line, f.tells) }) {
			t.Errorf("%s: the status line does not say %q", f.fault, f.tells)
		}
		if n := log.stalls() - before; n > 0 && !f.stalls {
			t.Errorf("%s: %d stalls", f.fault, n)
		}
	}
	p.press("q")
	s := log.summary(t)
	var text bytes.Buffer
	if err := s.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s\n%s", &text, strings.Join(log.notes, "\n"))
	if err := p.wait(); err != nil || s.End != event.WasStopped {
		t.Errorf("it ended as %s: %v", s.End, err)
	}
	if want := int64(s.Played.Seconds() * demo.FrameRate); s.PicturesShown < want*9/10 {
		t.Errorf("%d pictures were shown in %v, want about %d", s.PicturesShown, s.Played, want)
	}
	if p95 := s.AVOffset.Quantile(.95); p95 > 40*time.Millisecond {
		t.Errorf("picture and sound are %v apart, 5 %% of the time", p95)
	}
	if half := s.LiveLatency.Quantile(.5); half > 14*time.Second {
		t.Errorf("it is %v behind the encoder, half of the time", half)
	}
	if s.Failovers == 0 {
		t.Error("it never moved to the other origin")
	}
}

// startOrigin starts the program as a live origin whose faults can be switched,
// and returns the URL of its presentation.
func startOrigin(t *testing.T) (manifest string) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "origin", "--live", "--control", "--listen", "127.0.0.1:0", "--log", "origin=error")
	cmd.Env = append(os.Environ(), "SMOOTHPLAY_TEST_MAIN=1")
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the origin does not say where it is: %v", err)
	}
	return strings.TrimSpace(line)
}

// askFault switches faults of the origin of a manifest.
func askFault(t *testing.T, method, manifest, fault string) {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+hostOf(manifest)+"/fault", strings.NewReader(fault))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		t.Fatalf("%s %s: %s", method, fault, resp.Status)
	}
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}

// liveLog is what the events of a session that plays have said so far.
type liveLog struct {
	mu      sync.Mutex
	stalled int
	rate    int64  // of the level on the screen
	at      string // host that is played from; "": the first one
	ended   *event.Summary
	notes   []string      // of what went wrong
	done    chan struct{} // closed after the last event
}

// collect reads the events of p from now on.
func (p *playing) collect() *liveLog {
	l := &liveLog{done: make(chan struct{})}
	keep := event.JSONL(io.Discard)
	if name := os.Getenv("LIVE_EVENTS"); name != "" {
		file, err := os.Create(name)
		if err != nil {
			p.t.Fatal(err)
		}
		keep = event.JSONL(file)
	}
	go func() {
		defer close(l.done)
		for e := range p.events {
			keep.Handle(e)
			l.mu.Lock()
			note := func(format string, args ...any) {
				l.notes = append(l.notes, fmt.Sprintf("%6.1f s  ", e.At.Seconds())+fmt.Sprintf(format, args...))
			}
			switch b := e.Body.(type) {
			case event.StallBegin:
				l.stalled++
			case event.StallEnd:
				note("stalled for %v", b.Stalled.Round(time.Millisecond))
			case event.LevelShown:
				l.rate = b.BitrateBPS
			case event.Failover:
				l.at = b.To
				note("from %s to %s: %s", b.From, b.To, b.Cause)
			case event.Seek:
				note("seek from %v to %v: %s", e.Pos.Round(time.Millisecond), b.To, b.Cause)
			case event.FramesDropped:
				note("%d pictures late, %d not decoded at level %d", b.Late, b.Skipped, b.Level)
			case event.Error:
				note("%s", b.Message)
			case event.SessionEnded:
				l.ended = &b.Summary
			}
			l.mu.Unlock()
		}
	}()
	return l
}

func (l *liveLog) stalls() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stalled
}

// level is the bitrate of the level on the screen.
func (l *liveLog) level() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rate
}

// origin is that of the two which is played from.
func (l *liveLog) origin(a, b string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at == hostOf(b) {
		return b
	}
	return a
}

func (l *liveLog) summary(t *testing.T) *event.Summary {
	t.Helper()
	select {
	case <-l.done:
	case <-time.After(30 * time.Second):
		t.Fatal("the session does not end")
	}
	if l.ended == nil {
		t.Fatal("the session ended without a summary")
	}
	return l.ended
}

// terminalLines are the lines that a terminal was shown, and when.
type terminalLines struct {
	mu   sync.Mutex
	text []string
	at   []time.Time
}

// since are the lines shown from an instant on.
func (l *terminalLines) since(at time.Time) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, _ := slices.BinarySearchFunc(l.at, at, time.Time.Compare)
	return slices.Clone(l.text[i:])
}

// openTerminal opens a terminal of 200 columns: a program gets one end, and what
// it writes there is kept.
func openTerminal(t *testing.T) (end *os.File, lines *terminalLines) {
	t.Helper()
	control := func(f *os.File, request, argument uintptr) error {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, argument); errno != 0 {
			return errno
		}
		return nil
	}
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("there is no terminal: %v", err)
	}
	t.Cleanup(func() { ours.Close() })
	var locked, number int32
	size := [4]uint16{40, 200}
	err = errors.Join(
		control(ours, syscall.TIOCSPTLCK, uintptr(unsafe.Pointer(&locked))),
		control(ours, syscall.TIOCGPTN, uintptr(unsafe.Pointer(&number))),
		control(ours, syscall.TIOCSWINSZ, uintptr(unsafe.Pointer(&size))))
	if err == nil {
		end, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	lines = &terminalLines{}
	go func() {
		scan := bufio.NewScanner(ours) // ends with an error when the program does
		scan.Split(func(data []byte, atEOF bool) (int, []byte, error) {
			if i := bytes.IndexAny(data, "\r\n"); i >= 0 {
				return i + 1, data[:i], nil
			}
			return 0, nil, nil
		})
		for scan.Scan() {
			if text := strings.TrimSpace(strings.ReplaceAll(scan.Text(), "\x1b[K", "")); text != "" {
				lines.mu.Lock()
				lines.text, lines.at = append(lines.text, text), append(lines.at, time.Now())
				lines.mu.Unlock()
			}
		}
		io.Copy(io.Discard, ours)
	}()
	return end, lines
}

// distinct are the messages among lines: those that begin with the time of day.
func distinct(lines []string) []string {
	var messages []string
	for _, line := range lines {
		if len(line) > 9 && line[2] == ':' && line[5] == ':' && !slices.Contains(messages, line[9:]) {
			messages = append(messages, line[9:])
		}
	}
	return messages
}
