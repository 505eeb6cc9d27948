package origin

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/fstest"

	"smoothplay/testdata/demo"
)

// demoFiles returns the demo presentation as a folder that a test may change.
func demoFiles(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	entries, err := fs.ReadDir(demo.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := fs.ReadFile(demo.FS, e.Name())
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = &fstest.MapFile{Data: data}
	}
	return files
}

// edit replaces text in a file of a folder.
func edit(t testing.TB, files fstest.MapFS, name, old, new string) {
	t.Helper()
	data := files[name].Data
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%s does not contain %q", name, old)
	}
	files[name] = &fstest.MapFile{Data: bytes.ReplaceAll(data, []byte(old), []byte(new))}
}

// topBoxes cuts a file into its top-level boxes.
func topBoxes(t testing.TB, data []byte) (kinds []string, raw [][]byte) {
	t.Helper()
	for len(data) > 0 {
		n := binary.BigEndian.Uint32(data)
		if n < 8 || int(n) > len(data) {
			t.Fatalf("a box of %d bytes where %d are left", n, len(data))
		}
		kinds, raw = append(kinds, string(data[4:8])), append(raw, data[:n])
		data = data[n:]
	}
	return kinds, raw
}

// without leaves boxes of a kind out of a file.
func without(t testing.TB, data []byte, kind string) []byte {
	t.Helper()
	kinds, raw := topBoxes(t, data)
	var out []byte
	for i := range raw {
		if kinds[i] != kind {
			out = append(out, raw[i]...)
		}
	}
	return out
}

func newOrigin(t testing.TB, cfg Config) *Origin {
	t.Helper()
	o, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// folderOrigin serves files and nothing else.
func folderOrigin(t testing.TB, files fs.FS) *Origin {
	t.Helper()
	return newOrigin(t, Config{Folders: map[string]fs.FS{"": files}, NoDemo: true})
}

// get asks h for a path.
func get(t testing.TB, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	return do(t, h, http.MethodGet, path)
}

func do(t testing.TB, h http.Handler, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return rec
}

// body asks h for a path that must be there.
func body(t testing.TB, h http.Handler, path string) []byte {
	t.Helper()
	rec := get(t, h, path)
	if rec.Code != http.StatusOK {
		t.Fatalf("%s: status %d: %s", path, rec.Code, rec.Body)
	}
	return rec.Body.Bytes()
}

func newRequest(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }

func file(data []byte) *fstest.MapFile { return &fstest.MapFile{Data: data} }
