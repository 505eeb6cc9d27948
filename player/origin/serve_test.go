package origin

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"smoothplay/platform/httpclient"
	"smoothplay/player/fragment"
	"smoothplay/testdata/demo"
)

// faulty returns an Origin with the faults of a flag.
func faulty(t *testing.T, flag string) *Origin {
	t.Helper()
	faults, err := ParseFaults(flag)
	if err != nil {
		t.Fatal(err)
	}
	return newOrigin(t, Config{Faults: faults})
}

// video is the path of video chunk n of a level.
func video(level string, n int) string {
	return fmt.Sprintf("/demo.ism/QualityLevels(%s)/Fragments(video=%d)", level, n*20_000_000)
}

// What each fault does to the video fragments of two levels in turn, and to the
// manifest before them: "." is as usual, else the status.
func TestFaultsByRequest(t *testing.T) {
	for _, c := range []struct{ flag, want string }{
		{"404@every:7", ". ......4......4......4..."},
		{"500@every:7", ". ......5......5......5..."},
		{"404@fragment:7", ". ............44.........."},
		{"404@fragment:5,503@every:4", ". ...5...544...5...544...5"},
		{"412@video:2-3", ". ....4444................"},
		{"404@audio", ". ........................"},
		{"500@manifest", "5 ........................"},
		{"level-gone@500000", ". .4.4.4.4.4.4.4.4.4.4.4.4"},
		{"level-gone@250k", ". 4.4.4.4.4.4.4.4.4.4.4.4."},
		{"503@25%", ". ...5...5...5...5...5...5"},
		{"503@level:500k@every:2", ". ...5...5...5...5...5...5"},
	} {
		o := faulty(t, c.flag)
		status := func(path string) string {
			switch code := get(t, o, path).Code; code {
			case 200:
				return "."
			default:
				return strconv.Itoa(code / 100)
			}
		}
		got := status("/demo.ism/Manifest") + " "
		for n := range 12 {
			got += status(video("250000", n)) + status(video("500000", n))
		}
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.flag, got, c.want)
		}
	}
}

func TestPreconditionFailedHasNoBody(t *testing.T) {
	if rec := get(t, faulty(t, "412"), firstVideo); rec.Code != 412 || rec.Body.Len() > 0 {
		t.Errorf("%d with a body of %d bytes", rec.Code, rec.Body.Len())
	}
}

func TestOtherTime(t *testing.T) {
	whole := newOrigin(t, Config{})
	o := faulty(t, "other-time")
	for _, c := range []struct{ asked, got int }{{0, 1}, {5, 6}, {11, 10}} {
		if !bytes.Equal(body(t, o, video("250000", c.asked)), body(t, whole, video("250000", c.got))) {
			t.Errorf("asked for chunk %d: not chunk %d", c.asked, c.got)
		}
	}
	const audio = "/demo.ism/QualityLevels(64000)/Fragments(audio_eng="
	if !bytes.Equal(body(t, o, audio+"0)"), body(t, whole, audio+"20053333)")) {
		t.Error("audio: not the second chunk")
	}
	body(t, o, "/demo.ism/Manifest")
}

func TestSpoiledBodies(t *testing.T) {
	want := body(t, newOrigin(t, Config{}), firstVideo)
	truncated := body(t, faulty(t, "truncated@25%"), firstVideo)
	if len(truncated) != (len(want)+2)/4 || !bytes.HasPrefix(want, truncated) {
		t.Errorf("truncated: %d bytes of %d", len(truncated), len(want))
	}
	noise := body(t, faulty(t, "garbage"), firstVideo)
	if len(noise) != len(want) {
		t.Errorf("garbage: %d bytes instead of %d", len(noise), len(want))
	}
	if err := new(fragment.Fragment).Parse(noise, fragment.Options{}); err == nil {
		t.Error("garbage parses")
	}
	if rec := do(t, faulty(t, "garbage"), http.MethodHead, firstVideo); rec.Code != 200 || rec.Body.Len() > 0 {
		t.Errorf("HEAD: %d, %d bytes", rec.Code, rec.Body.Len())
	}
}

// Over a real connection a cut is what it is: fewer bytes than announced.
func TestCutAndDie(t *testing.T) {
	server := httptest.NewServer(faulty(t, "die@audio,cut@50%"))
	defer server.Close()
	server.Config.ErrorLog = nil
	resp, err := server.Client().Get(server.URL + firstVideo)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != io.ErrUnexpectedEOF || int64(len(got)) != (resp.ContentLength+1)/2 {
		t.Errorf("cut: %d bytes of %d, %v", len(got), resp.ContentLength, err)
	}
	if resp, err := server.Client().Get(server.URL + "/demo.ism/QualityLevels(64000)/Fragments(audio_eng=0)"); err == nil {
		resp.Body.Close()
		t.Errorf("die: status %d", resp.StatusCode)
	}
}

// died reports whether h broke the connection before an answer.
func died(t *testing.T, h http.Handler, path string) (broken bool) {
	defer func() {
		if e := recover(); e != nil {
			if e != http.ErrAbortHandler {
				panic(e)
			}
			broken = true
		}
	}()
	get(t, h, path)
	return false
}

func TestFaultsByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour) // the clock of faults begins with the first request
		o := faulty(t, "die@10s:20s,404@30s")
		for second := range 40 {
			if got, want := died(t, o, "/demo.ism/Manifest"), second >= 10 && second < 20; got != want {
				t.Errorf("after %d s: the manifest's connection died: %v", second, got)
			}
			if second < 10 || second >= 20 {
				if got, want := get(t, o, firstVideo).Code == 404, second >= 30; got != want {
					t.Errorf("after %d s: 404 is %v", second, got)
				}
			}
			time.Sleep(time.Second)
		}
	})
}

func TestSlowAndLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			flag string
			want time.Duration
		}{
			{"late@5s", 5 * time.Second},
			{"late", 3 * time.Second},
			{"slow@80k", 0}, // reckoned below
		} {
			o := faulty(t, c.flag)
			began := time.Now()
			n := len(body(t, o, firstVideo))
			if c.want == 0 {
				c.want = time.Duration(n) * time.Second / 10_000
			}
			if took := time.Since(began); took < c.want-50*time.Millisecond || took > c.want+50*time.Millisecond {
				t.Errorf("%s: took %v, want %v", c.flag, took, c.want)
			}
			if took := took(func() { body(t, o, "/demo.ism/Manifest") }); took != 0 {
				t.Errorf("%s: the manifest took %v", c.flag, took)
			}
		}
		// A client that goes away ends the wait.
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		o := faulty(t, "late@1h")
		if took := took(func() {
			o.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, firstVideo, nil))
		}); took != time.Second {
			t.Errorf("the request went on for %v after its client", took)
		}
	})
}

func took(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

// All answers share the link, and each waits for its delay.
func TestLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		link, err := httpclient.NewLink(httpclient.Shape{{BPS: 2_000_000}}, 40*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		o := newOrigin(t, Config{Link: link})
		want := len(body(t, newOrigin(t, Config{}), firstVideo))
		expected := 40*time.Millisecond + time.Duration(want)*time.Second/250_000
		if took := took(func() { body(t, o, firstVideo) }); took < expected-25*time.Millisecond || took > expected+25*time.Millisecond {
			t.Errorf("%d bytes at 2 Mbit/s took %v, want %v", want, took, expected)
		}
	})
}

func TestSetFaults(t *testing.T) {
	o := newOrigin(t, Config{})
	if get(t, o, firstVideo).Code != 200 {
		t.Error("a fault from nowhere")
	}
	o.SetFaults(Faults{{Kind: "503"}})
	if get(t, o, firstVideo).Code != 503 {
		t.Error("the fault is not there")
	}
	o.SetFaults(nil)
	if get(t, o, firstVideo).Code != 200 {
		t.Error("the fault is still there")
	}
}

// Serving costs no copy of a fragment in memory.
func BenchmarkFragment(b *testing.B) {
	o := newOrigin(b, Config{})
	path := video("1700000", demo.Frames/50/2)
	b.SetBytes(int64(len(body(b, o, path))))
	b.ReportAllocs()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for b.Loop() {
		o.ServeHTTP(&discard{header: http.Header{}}, r)
	}
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }

func TestFaultsOnUnknownPaths(t *testing.T) {
	o := faulty(t, "404@fragment:1,other-time")
	for _, path := range []string{"/nothing.ism/QualityLevels(1)/Fragments(video=0)", "/nothing", "/"} {
		if rec := get(t, o, path); strings.HasPrefix(path, "/nothing") && rec.Code != 404 {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
}
