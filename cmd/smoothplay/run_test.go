package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smoothplay/player/event"
)

// runWith runs the program and returns what it said.
func runWith(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, strings.NewReader(""), &out, &errs)
	return status, out.String(), errs.String()
}

// manifestOf is a manifest with one video stream.
func manifestOf(fourCC, protection string) string {
	return fmt.Sprintf(`<?xml version="1.0"?>
<SmoothStreamingMedia MajorVersion="2" MinorVersion="0" Duration="20000000">
<StreamIndex Type="video" Chunks="1" QualityLevels="1" Url="QualityLevels({bitrate})/Fragments(video={start time})">
<QualityLevel Index="0" Bitrate="300000" FourCC="%s" MaxWidth="320" MaxHeight="180"
 CodecPrivateData="0000000167640015ACD94141FB0110000003001000000303C0F162D9600000000168EBECB22C"/>
<c t="0" d="20000000"/></StreamIndex>%s</SmoothStreamingMedia>`, fourCC, protection)
}

const protectionHeader = `<Protection><ProtectionHeader SystemID="9A04F079-9840-4286-AB92-E65BE0885F95">AAAA</ProtectionHeader></Protection>`

// testServer answers what goes wrong.
func testServer(t *testing.T) (url string) {
	answers := map[string]string{
		"/html.ism/Manifest":      "<!DOCTYPE html><html><body>Welcome</body></html>",
		"/protected.ism/Manifest": manifestOf("H264", protectionHeader),
		"/codec.ism/Manifest":     manifestOf("THEO", ""),
		"/broken.ism/Manifest":    `<SmoothStreamingMedia MajorVersion="2" Duration="soon"><StreamIndex`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer, ok := answers[r.URL.Path]; ok {
			fmt.Fprint(w, answer)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// Each failure ends with one line that says what, where and what to do, and
// with the exit status of its kind.
func TestFailures(t *testing.T) {
	server := testServer(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	dir := t.TempDir()
	config := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	wrongFlag := config("flag", "# lab\nloudness = 3\n")
	wrongValue := config("value", "max-bitrate = fast\n")
	noValue := config("novalue", "max-bitrate\n")

	measure := []string{"measure", "--null"}
	probe := []string{"probe"}
	play := []string{"play", "--headless"}
	tests := []struct {
		args   []string
		status int
		says   []string // what, where, what to do
	}{
		{[]string{"paly"}, 2, []string{`unknown command "paly"`, "play", "--help"}},
		{[]string{"play", "--lop"}, 2, []string{"unknown flag: --lop", "smoothplay play --help"}},
		{[]string{"play", "--max-bitrate", "fast"}, 2, []string{"--max-bitrate", `"fast" is not a number`, "2.5M"}},
		{[]string{"play", "--start", "soon"}, 2, []string{"--start", `"soon" is not a time`, "1:05:00"}},
		{[]string{"play", "--volume", "200"}, 2, []string{"--volume", "0 to 100"}},
		{[]string{"measure", "a", "b"}, 2, []string{`"b" is one too many`}},
		{[]string{"play", "--live-start", "soon"}, 2, []string{"--live-start", `"soon" is not a time`, "edge, start, -30s"}},
		{[]string{"play", "--live-start", "-soon"}, 2, []string{"--live-start", `"soon" is not a time`, "before the edge"}},
		{[]string{"measure", "--live-distance", "2s", "--live-back-off", "6s"}, 2, []string{"--live-distance", "--live-back-off", "exclude"}},
		{[]string{"measure", "--fallback", "http://me:pw@/x?token=1", server}, 2, []string{"--fallback", "cannot be played"}},
		{[]string{"play", "--no-video", "--no-audio"}, 2, []string{"nothing to play"}},
		{[]string{"play", "--min-bitrate", "2M", "--max-bitrate", "1M"}, 2, []string{"2M", "above", "1M"}},
		{[]string{"play", "--levels", "loud"}, 2, []string{"--levels", `"loud" is no level`, "0,2,4"}},
		{[]string{"measure", "--null", "--levels", "0,9"}, 2, []string{"levels wanted", "no level is 9", "0: "}},
		{[]string{"probe"}, 2, []string{"needs a URL"}},
		{[]string{"measure", "--shape", "8M:30s,fast"}, 2, []string{"--shape", "step 2", "fast"}},
		{[]string{"measure", "--shape", "8M", "--trace", "x"}, 2, []string{"exclude each other"}},
		{[]string{"measure", "--trace", filepath.Join(dir, "none")}, 2, []string{"--trace", "no such file"}},
		{[]string{"measure", "--events", dir}, 2, []string{"--events", "directory"}},
		{[]string{"measure", "--events", "-", "--json"}, 2, []string{"standard output"}},
		{[]string{"measure", "--header", "nonsense", server}, 2, []string{"--header", "NAME: VALUE"}},
		{[]string{"measure", "--cookie", "nonsense", server}, 2, []string{"--cookie", "NAME=VALUE"}},
		{[]string{"measure", "--cacert", filepath.Join(dir, "none"), server}, 2, []string{"none", "no such file"}},
		{[]string{"measure", "--proxy", "ftp://x", server}, 2, []string{"proxy"}},
		{[]string{"measure", "--policy", "clairvoyant"}, 2, []string{"clairvoyant"}},
		{[]string{"measure", "--log", "fetch", server}, 2, []string{"--log", "AREA=LEVEL"}},
		{[]string{"measure", "--config", filepath.Join(dir, "none"), server}, 2, []string{"configuration", "no such file"}},
		{[]string{"measure", "--config", wrongFlag, server}, 2, []string{wrongFlag + ":2", "--loudness"}},
		{[]string{"measure", "--config", wrongValue, server}, 2, []string{wrongValue + ":1", "max-bitrate", "fast"}},
		{[]string{"measure", "--config", noValue, server}, 2, []string{noValue + ":1", "max-bitrate = VALUE"}},
		{[]string{"origin", "--fault", "sneeze"}, 2, []string{"--fault", "sneeze", "truncated"}},
		{[]string{"origin", "--listen", "nowhere"}, 2, []string{"--listen", "nowhere"}},
		{[]string{"origin", filepath.Join(dir, "none")}, 2, []string{"no such file"}},
		{[]string{"origin", wrongFlag}, 2, []string{wrongFlag, "no folder"}},
		{[]string{"origin", dir}, 2, []string{dir, "no presentation", ".ism"}},
	}
	for _, command := range [][]string{probe, measure, play} {
		add := func(arg string, status int, says ...string) {
			tests = append(tests, struct {
				args   []string
				status int
				says   []string
			}{append(command[:len(command):len(command)], arg), status, says})
		}
		add(filepath.Join(dir, "none.ism"), 2, "none.ism", "no such file", "check the path")
		add(dir, 2, dir, "it holds neither a Manifest nor an .ism file", "name an .ism")
		add("host/movie.ism/Manifest", 2, "host/movie.ism", "no such file", "a URL begins with http://")
		add(wrongFlag, 2, wrongFlag, "it is no presentation", "name an .ism")
		add(gone.URL+"/x.ism", 1, gone.URL, "nothing listens there", "check host and port")
		add(server+"/none.ism/Manifest", 1, server+"/none.ism", "404", "check the address")
		add(server+"/html.ism/Manifest", 1, server+"/html.ism", "not a Smooth Streaming client manifest")
		add(server+"/broken.ism/Manifest", 1, server+"/broken.ism", "Duration", "soon", "line 1")
	}
	for _, command := range [][]string{measure, play} {
		tests = append(tests, []struct {
			args   []string
			status int
			says   []string
		}{
			{append(command[:len(command):len(command)], server+"/protected.ism/Manifest"), 1, []string{server, "protected", "key"}},
			{append(command[:len(command):len(command)], server+"/codec.ism/Manifest"), 1, []string{server, "THEO"}},
		}...)
	}
	for _, test := range tests {
		t.Run(strings.Join(test.args, " "), func(t *testing.T) {
			t.Parallel()
			status, _, stderr := runWith(t, test.args...)
			if status != test.status {
				t.Errorf("exit status %d, want %d", status, test.status)
			}
			lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
			if !hasDecoders && strings.Contains(lines[0], noDecoders) {
				lines = lines[1:]
			}
			if len(lines) != 1 || !strings.HasPrefix(lines[0], "smoothplay: ") {
				t.Errorf("not one line:\n%s", stderr)
			}
			for _, part := range test.says {
				if !strings.Contains(stderr, part) {
					t.Errorf("does not say %q:\n%s", part, stderr)
				}
			}
		})
	}
}

func TestProbe(t *testing.T) {
	server := testServer(t)
	status, stdout, stderr := runWith(t, "probe", server+"/protected.ism")
	if status != 0 || stderr != "" {
		t.Fatalf("status %d: %s", status, stderr)
	}
	for _, want := range []string{server + "/protected.ism/Manifest\n", "on demand, 0:02", "320x180", "h264 High@2.1",
		"PlayReady 9A04F079-9840-4286-AB92-E65BE0885F95"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}

	status, stdout, _ = runWith(t, "probe", "--json", server+"/codec.ism/Manifest")
	var r report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil || status != 0 {
		t.Fatalf("status %d, %v", status, err)
	}
	if len(r.Streams) != 1 || len(r.Streams[0].Levels) != 1 || !strings.Contains(r.Streams[0].Levels[0].LeftOut, "THEO") {
		t.Errorf("the level is not said to be left out:\n%s", stdout)
	}
}

// The demo is served, found and described without anything else.
func TestProbeDemoFromDisk(t *testing.T) {
	for _, path := range []string{"../../testdata/demo", "../../testdata/demo/demo.ism", "../../testdata/demo/demo.ismc"} {
		status, stdout, stderr := runWith(t, "probe", path)
		if status != 0 {
			t.Fatalf("%s: status %d: %s", path, status, stderr)
		}
		for _, want := range []string{"on demand, 0:24", "1280x720", "[eng]", "[deu]", "12 chunks"} {
			if !strings.Contains(stdout, want) {
				t.Errorf("%s: no %q in\n%s", path, want, stdout)
			}
		}
	}
}

// What the command line says reaches the server, what it must not say does not
// reach the log.
func TestRequestsCarryWhatWasAskedFor(t *testing.T) {
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer server.Close()
	status, _, stderr := runWith(t, "probe", "--header", "X-Token: t0p", "--header", "X-Device:lab", "--cookie", "session=s3cret",
		"--user-agent", "lab/1", "-vv", server.URL+"/x.ism/Manifest?token=hidden")
	if status != 1 || got.Get("X-Token") != "t0p" || got.Get("X-Device") != "lab" || got.Get("Cookie") != "session=s3cret" || got.Get("User-Agent") != "lab/1" {
		t.Errorf("status %d, the server got %v", status, got)
	}
	for _, secret := range []string{"t0p", "s3cret", "hidden"} {
		if strings.Contains(stderr, secret) {
			t.Errorf("%q is in the messages:\n%s", secret, stderr)
		}
	}
}

func TestConfigFile(t *testing.T) {
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		http.Error(w, "no", http.StatusForbidden)
	}))
	defer server.Close()
	path := filepath.Join(t.TempDir(), "lab.conf")
	os.WriteFile(path, []byte("\n# of the lab\nuser-agent = from file\nheader = X-A: 1\nheader = X-B: a = b\nkeep-open\nfault = 404@every:7\njson\n"), 0o644)
	if status, _, stderr := runWith(t, "probe", "--config", path, server.URL); status != 1 {
		t.Errorf("status %d: %s", status, stderr)
	}
	if got.Get("User-Agent") != "from file" || got.Get("X-A") != "1" || got.Get("X-B") != "a = b" {
		t.Errorf("the server got %v", got)
	}
	runWith(t, "probe", "--config", path, "--user-agent", "from line", server.URL)
	if got.Get("User-Agent") != "from line" {
		t.Errorf("the command line does not win: %v", got)
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{}, {"--help"}, {"play", "--help"}, {"probe", "-h"}, {"measure", "--help"}, {"origin", "--help"}} {
		status, stdout, stderr := runWith(t, args...)
		if status != 0 || stderr != "" || !strings.Contains(stdout, "Usage:\n  smoothplay") {
			t.Errorf("%v: status %d\n%s%s", args, status, stdout, stderr)
		}
	}
	_, stdout, _ := runWith(t, "play", "--help")
	for _, want := range []string{"next audio language", "--max-bitrate rate", "--shape", "Flags of every command:", "--alang languages", "--levels levels", "--fit-window"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the help of play does not say %q:\n%s", want, stdout)
		}
	}
}

// eventWatch cancels when an event of a type is written.
type eventWatch struct {
	bytes.Buffer
	until  string
	cancel func()
}

func (w *eventWatch) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(`"type":"`+w.until+`"`)) {
		w.cancel()
	}
	return w.Buffer.Write(b)
}

// Where there is nobody to look on, play says how it went.
func TestPlayHeadless(t *testing.T) {
	status, stdout, stderr := runWith(t, "play", "--headless", "--start", "23.8", "--shape", "max")
	if status != 0 || stdout != "" || !strings.Contains(stderr, "smoothplay: 0.") || !strings.Contains(stderr, " 0 stalls\n") {
		t.Errorf("status %d, %q, %q", status, stdout, stderr)
	}
}

// A signal ends a measurement cleanly: that is no failure, the events are
// complete and the summary is there.
func TestMeasureIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &eventWatch{until: "first_picture", cancel: cancel}
	var errs bytes.Buffer
	status := run(ctx, []string{"measure", "--null", "--events", "-"}, nil, out, &errs)
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs.String())
	}
	text := out.String()
	last := text[strings.LastIndex(text, `{"seq"`):]
	if !strings.Contains(last, `"type":"session_ended"`) || !strings.Contains(last, `"end":"stopped"`) {
		t.Errorf("the last event is %s", last)
	}
	if !strings.Contains(last, "\nend          stopped\n") {
		t.Errorf("there is no summary after the events:\n%s", last)
	}
}

// The demo is measured from the binary alone, here from close to its end.
func TestMeasureDemo(t *testing.T) {
	t.Chdir(t.TempDir())
	log := filepath.Join(t.TempDir(), "events.jsonl")
	status, stdout, stderr := runWith(t, "measure", "--json", "--start", "23.5", "--shape", "max", "--events", log)
	if status != 0 {
		t.Fatalf("status %d: %s", status, stderr)
	}
	var s event.Summary
	if err := json.Unmarshal([]byte(stdout), &s); err != nil {
		t.Fatal(err)
	}
	// Frames are not counted: a loaded machine may drop some.
	if s.End != event.Completed || s.PicturesShown+s.PicturesDropped < 12 || s.Fragments < 2 || s.CPU == 0 || s.PeakRSSBytes == 0 {
		t.Errorf("summary:\n%s", stdout)
	}
	file, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	seq := uint64(0)
	for e, err := range event.Read(file) {
		if err != nil || e.Seq != seq+1 {
			t.Fatalf("after event %d comes %d: %v", seq, e.Seq, err)
		}
		seq = e.Seq
	}
	if seq < 5 {
		t.Errorf("%d events", seq)
	}
}

// origin says where its presentations are, serves them with the faults asked
// for, logs each request, and ends cleanly.
func TestOrigin(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout, lines := io.Pipe()
	var stderr bytes.Buffer
	status := make(chan int, 1)
	go func() {
		status <- run(ctx, []string{"origin", "--listen", "127.0.0.1:0", "--fault", "500@every:2", "../../testdata"}, nil, lines, &stderr)
	}()
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url = strings.TrimSpace(url)
	if !strings.HasSuffix(url, "/demo/demo.ism/Manifest") {
		t.Errorf("serves %s", url)
	}
	if status, stdout, stderr := runWith(t, "probe", url); status != 0 || !strings.Contains(stdout, "1280x720") {
		t.Errorf("probe: status %d: %s%s", status, stdout, stderr)
	}
	fragment := strings.TrimSuffix(url, "Manifest") + "QualityLevels(250000)/Fragments(video=0)"
	for _, want := range []int{200, 500} {
		resp, err := http.Get(fragment)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("got status %d, want %d", resp.StatusCode, want)
		}
	}
	cancel()
	if got := <-status; got != 0 {
		t.Errorf("exit status %d: %s", got, stderr.String())
	}
	for _, want := range []string{"path=/demo/demo.ism/Manifest status=200", "Fragments(video=0) status=500", "INFO origin: "} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, stderr.String())
		}
	}
}
