package origin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
	"smoothplay/testdata/demo"
)

// doerFunc is a platform.Doer made of a function.
type doerFunc func(*http.Request) (*http.Response, error)

func (f doerFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

func fileURL(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// request sends a request through d.
func ask(t *testing.T, d platform.Doer, method, url string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := d.Do(r)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	return resp, data
}

func TestLocal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "my films & more")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "demo"), demo.FS); err != nil {
		t.Fatal(err)
	}
	d := Local(nil)
	want := body(t, newOrigin(t, Config{}), "/demo.ism/Manifest")
	for _, c := range []struct{ path, effective string }{
		{"demo/demo.ism/Manifest", "demo/demo.ism/Manifest"},
		{"demo/demo.ism/manifest", "demo/demo.ism/manifest"},
		{"demo/demo.ism", "demo/demo.ism/Manifest"},
		{"demo/demo.ismc", "demo/demo.ism/Manifest"},
		{"demo/Manifest", "demo/Manifest"},
		{"demo", "demo/Manifest"},
	} {
		resp, got := ask(t, d, http.MethodGet, fileURL(filepath.Join(dir, c.path)))
		if resp.StatusCode != 200 || !bytes.Equal(got, want) {
			t.Errorf("%s: %s, %d bytes: %.80s", c.path, resp.Status, len(got), got)
			continue
		}
		if got := resp.Request.URL.String(); got != fileURL(filepath.Join(dir, c.effective)) {
			t.Errorf("%s: answered as %s", c.path, got)
		}
		// What is relative to the effective URL is there.
		next := resp.Request.URL.ResolveReference(&url.URL{Path: "QualityLevels(250000)/Fragments(video=0)"})
		fragment, data := ask(t, d, http.MethodGet, next.String())
		if fragment.StatusCode != 200 || fragment.ContentLength != int64(len(data)) || string(data[4:8]) != "moof" ||
			fragment.Header.Get("Content-Type") != "video/mp4" {
			t.Errorf("%s: %s, %d bytes, length %d", next, fragment.Status, len(data), fragment.ContentLength)
		}
	}
	if resp, data := ask(t, d, http.MethodHead, fileURL(filepath.Join(dir, "demo/demo.ism"))); resp.StatusCode != 200 || len(data) != 0 || resp.ContentLength != int64(len(want)) {
		t.Errorf("HEAD: %s, %d bytes, length %d", resp.Status, len(data), resp.ContentLength)
	}
	if resp, data := ask(t, d, http.MethodGet, fileURL(filepath.Join(dir, "none.ism"))); resp.StatusCode != 404 || !strings.Contains(string(data), "none.ism") {
		t.Errorf("missing: %s: %s", resp.Status, data)
	}
}

func TestLocalLeavesOtherURLsAlone(t *testing.T) {
	sentinel := errors.New("it was asked")
	d := Local(doerFunc(func(*http.Request) (*http.Response, error) { return nil, sentinel }))
	for url, want := range map[string]string{
		"http://127.0.0.1/x.ism/Manifest": sentinel.Error(),
		"file://server/x.ism/Manifest":    "names no host",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Do(r); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error that says %q", url, err, want)
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "file:///x", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Do(r); err == nil {
		t.Error("POST: no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Do(r.Clone(ctx)); err == nil {
		t.Error("a request that was given up: no error")
	}
	if _, err := Local(nil).Do(&http.Request{URL: &url.URL{Scheme: "http", Host: "x"}}); err == nil {
		t.Error("no next: no error")
	}
}

// Real files of others, where they are at hand: every audio fragment that the
// manifest lists is there, and so are the first video fragments of each level.
func TestLocalServesAnotherPlayersFiles(t *testing.T) {
	folder := platformtest.Shared(t, "corpus/rx-player/Smooth_static/media")
	d := Local(nil)
	resp, data := ask(t, d, http.MethodGet, fileURL(filepath.Join(folder, "Manifest_Regular.xml")))
	if resp.StatusCode != 200 || !bytes.Contains(data, []byte("SmoothStreamingMedia")) {
		t.Fatalf("%s", resp.Status)
	}
	for _, path := range []string{
		"QualityLevels300000/Fragmentsvideo=0", "QualityLevels5000000/Fragmentsvideo=740000000",
		"QualityLevels128000/Fragmentsaudio_und=20053333", "QualityLevels(300000)/Fragments(video=0)",
	} {
		next := resp.Request.URL.ResolveReference(&url.URL{Path: path})
		if resp, data := ask(t, d, http.MethodGet, next.String()); resp.StatusCode != 200 {
			t.Errorf("%s: %s %.100s", path, resp.Status, data)
		}
	}
	if resp, _ := ask(t, d, http.MethodGet, resp.Request.URL.ResolveReference(&url.URL{Path: "QualityLevels300000/Fragmentsvideo=20000000"}).String()); resp.StatusCode != 404 {
		t.Errorf("a fragment that is not there: %s", resp.Status)
	}
}
