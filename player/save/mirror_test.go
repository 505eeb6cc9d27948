package save

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"smoothplay/player/origin"
)

// mirrorIn mirrors from a handler, in a bubble.
func mirrorIn(t *testing.T, h http.Handler, cfg Config) (s *Summary, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err = over(t, h, func(cfg Config) (*Summary, error) { return Mirror(t.Context(), cfg) }, cfg)
	})
	return s, err
}

// What is saved from a mirror is what is saved from the server, to the byte.
func TestMirror(t *testing.T) {
	o := newOrigin(t, origin.Config{})
	folder := t.TempDir()
	s, err := mirrorIn(t, o, Config{Output: folder})
	must(t, err)
	if s.Fragments != 4*12+2*12+3*12 || s.MissingPieces != 0 || s.Bytes != s.Fetched || len(s.Tracks) != 9 {
		t.Errorf("%+v", s)
	}
	served, mirrored := target(t), target(t)
	_, err = run(t, o, Config{Output: served, Levels: allLevels})
	must(t, err)
	_, err = Run(t.Context(), Config{Output: mirrored, Levels: allLevels, Doer: origin.Local(nil), URL: "file://" + folder})
	must(t, err)
	same(t, read(t, mirrored), read(t, served))
}

// An interrupted mirror asks only for what is not there, and what cannot be had is
// told.
func TestMirrorResumed(t *testing.T) {
	folder := t.TempDir()
	_, err := mirrorIn(t, withFaults(t, "404@video:3-4"), Config{Output: folder, Levels: level(1), Languages: []string{"de"}})
	var incomplete *IncompleteError
	if !errors.As(err, &incomplete) || incomplete.Pieces != 2 {
		t.Fatal(err)
	}
	o := newOrigin(t, origin.Config{})
	var asked atomic.Int64
	s, err := mirrorIn(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		o.ServeHTTP(w, r)
	}), Config{Output: folder, Levels: level(1), Languages: []string{"de"}})
	must(t, err)
	if asked.Load() != 1+2 || s.Fragments != 24+3*12 || s.Fetched >= s.Bytes {
		t.Errorf("%d requests: %+v", asked.Load(), s)
	}
	files := 0
	must(t, filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			files++
		}
		return err
	}))
	if files != 1+24+3*12 {
		t.Errorf("%d files", files)
	}
}

// What is encrypted, of an unknown codec or text is kept as it is served.
func TestMirrorAsServed(t *testing.T) {
	strange := video(tick, steady(0, 2*tick, 3, 10)...)
	strange.fourCC = "THEO"
	text := audio(1000, steady(0, 2000, 3, 1)...)
	text.kind, text.name, text.fourCC, text.data = "text", "subs", "TTML", ""
	f := fake{strange, text}
	folder := t.TempDir()
	s, err := mirrorIn(t, f, Config{URL: fakeURL, Output: folder})
	must(t, err)
	if s.Fragments != 6 {
		t.Errorf("%+v", s)
	}
	if got := string(read(t, filepath.Join(folder, "Manifest"))); got != f.manifest() {
		t.Errorf("the manifest is not as it was served: %s", got)
	}
	same(t, read(t, filepath.Join(folder, "Q(1000)", "F(subs=2000)")), text.chunks[1].body())
}

// Nothing is written outside of the folder, whatever a server says.
func TestMirrorStaysInside(t *testing.T) {
	for _, where := range []string{"../F(video={start time})", "a/../../F(video={start time})", "http://other/x.ism/F(video={start time})", "/F(video={start time})"} {
		f := fake{video(tick, steady(0, 2*tick, 1, 10)...)}
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/Manifest") {
				w.Write([]byte(strings.Replace(f.manifest(), "Q({bitrate})/F(video={start time})", where, 1)))
				return
			}
			w.Write(f[0].chunks[0].body())
		})
		folder := filepath.Join(t.TempDir(), "inside")
		if _, err := mirrorIn(t, h, Config{URL: fakeURL, Output: folder}); err == nil || !strings.Contains(err.Error(), "no place") {
			t.Errorf("%s: %v", where, err)
		}
		if entries, _ := os.ReadDir(filepath.Dir(folder)); len(entries) != 1 {
			t.Errorf("%s: %v", where, entries)
		}
	}
	live := newOrigin(t, origin.Config{Live: &origin.Live{}})
	_, err := mirrorIn(t, live, Config{URL: liveURL, Output: t.TempDir()})
	wants(t, err, ErrLive)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Mirror(ctx, Config{URL: fakeURL, Output: t.TempDir(), Doer: origin.Local(nil)})
	if err == nil {
		t.Error("it went on after its end")
	}
}
