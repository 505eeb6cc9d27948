package origin

import (
	"bytes"
	"io/fs"
	"net/http"
	"testing"
	"testing/fstest"

	"smoothplay/player/manifest"
	"smoothplay/player/timeline"
)

// TestComposite holds what is served at x.csm: clips of x.ism, whose fragments are
// there, or a file.
func TestComposite(t *testing.T) {
	o, err := New(Config{Folders: map[string]fs.FS{
		"films": fstest.MapFS{"cut.csm": &fstest.MapFile{Data: []byte("<a/>")}},
		"same":  demoFiles(t),
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, base := range map[string]string{"/demo.csm": "/demo.ism/", "/same/Demo.CSM": "/same/Demo.ism/"} {
		rec := get(t, o, name)
		p, err := manifest.Parse(rec.Body.Bytes(), manifest.Limits{})
		if rec.Code != http.StatusOK || err != nil || len(p.Clips) != len(cuts) || len(p.Streams) != 3 {
			t.Fatalf("%s: %d, %v, %+v", name, rec.Code, err, p)
		}
		snap, err := timeline.New(p)
		if err != nil {
			t.Fatal(err)
		}
		c := snap.Stream(0).Chunk(snap.Stream(0).Limit() - 1)
		s := &p.Clips[c.Cut.Clip].Streams[0]
		url := manifest.ChunkURL(manifest.ClipURL("http://h"+name, &p.Clips[c.Cut.Clip]), s, &s.Levels[0], c.T)
		if got := get(t, o, url[len("http://h"):]); got.Code != http.StatusOK || !bytes.HasPrefix([]byte(url), []byte("http://h"+base)) {
			t.Errorf("%s: %d", url, got.Code)
		}
	}
	if rec := get(t, o, "/films/cut.csm"); rec.Body.String() != "<a/>" {
		t.Errorf("%d %q", rec.Code, rec.Body)
	}
	for _, name := range []string{"/none.csm", "/films/none.csm", "/.csm", "/../x.csm"} {
		if rec := get(t, o, name); rec.Code < 400 {
			t.Errorf("%s: %d", name, rec.Code)
		}
	}
}
