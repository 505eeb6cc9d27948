package platformtest

import (
	"os"
	"path/filepath"
	"testing"
)

// Root is the folder of go.mod, above the folder of the test.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}

// Shared is the path of a file or folder of the data of real servers and networks
// that may lie beside the project, in a folder shared. Where it is not there the
// test is skipped.
func Shared(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(Root(t)), "shared", filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("not tested on real data: %v", err)
	}
	return path
}
