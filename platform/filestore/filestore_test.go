package filestore

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"smoothplay/platform"
	"smoothplay/platform/platformtest"
)

var _ platform.Store = (*Store)(nil)

func TestExam(t *testing.T) {
	platformtest.TestStore(t, func(_ *testing.T, place string) platform.Store { return New(place) })
}

func TestFolderIsMadeByTheFirstPut(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := New(dir)
	if _, err := s.Get("x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Get in a folder that is not there: %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("Get made the folder")
	}
	if err := s.Put("x", []byte("1")); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	for _, path := range []string{dir, s.path("x")} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v: others may look into it", path, info.Mode(), err)
		}
	}
}

func TestFileNamesAreHarmless(t *testing.T) {
	dir := t.TempDir()
	s := New(dir)
	for _, key := range []string{"../../etc/passwd", "a/b/c", "CON", "\x00", strings.Repeat("x", 10_000), "..", ""} {
		if err := s.Put(key, []byte("v")); err != nil {
			t.Errorf("Put(%.20q): %v", key, err)
		}
		path := s.path(key)
		if filepath.Dir(path) != dir || len(filepath.Base(path)) > 100 {
			t.Errorf("%.20q is kept in %s", key, path)
		}
	}
	if base := filepath.Base(s.path("Bandwidth.v1")); !strings.HasPrefix(base, "bandwidthv1-") {
		t.Errorf("the file is called %s", base)
	}
}

func TestTooLarge(t *testing.T) {
	s := New(t.TempDir())
	if err := s.Put("x", bytes.Repeat([]byte{1}, maxValue)); err != nil {
		t.Fatal(err)
	}
	if err := s.Put("x", make([]byte, maxValue+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Put of too much: %v", err)
	}
	if b, err := s.Get("x"); err != nil || len(b) != maxValue {
		t.Errorf("the former value: %d bytes, %v", len(b), err)
	}
	if err := os.Truncate(s.path("x"), 1<<30); err != nil { // not by us
		t.Fatal(err)
	}
	if _, err := s.Get("x"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Get of too much: %v", err)
	}
}

func TestOldValuesMakeRoom(t *testing.T) {
	dir := t.TempDir()
	s := New(dir)
	begin := time.Now().Add(-24 * time.Hour)
	for i := range maxFiles {
		key := fmt.Sprint(i)
		if err := s.Put(key, []byte(key)); err != nil {
			t.Fatal(err)
		}
		at := begin.Add(time.Duration(i) * time.Second)
		if err := os.Chtimes(s.path(key), at, at); err != nil {
			t.Fatal(err)
		}
	}
	abandoned, fresh, foreign := filepath.Join(dir, unwritten+"1"), filepath.Join(dir, unwritten+"2"), filepath.Join(dir, "README")
	for _, path := range []string{abandoned, fresh, foreign} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{abandoned, foreign} {
		if err := os.Chtimes(path, begin, begin); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Put("0", []byte("again")); err != nil { // now the newest
		t.Fatal(err)
	}
	if err := s.Put("one more", nil); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]bool{"0": true, "1": false, "2": true, "255": true, "one more": true} {
		if _, err := s.Get(key); (err == nil) != want {
			t.Errorf("value %q: %v, want it there: %v", key, err, want)
		}
	}
	for path, want := range map[string]bool{abandoned: false, fresh: true, foreign: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", path, err, want)
		}
	}
}

// TestFailedPutLeavesNothing: neither a part of a value nor a file.
func TestFailedPutLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := New(dir)
	if err := os.Mkdir(s.path("x"), 0o700); err != nil { // in the way of the rename
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.path("x"), "y"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Put("x", []byte("v")); err == nil {
		t.Fatal("Put succeeded")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d entries are left, %v", len(entries), err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := New(file).Put("x", nil); err == nil {
		t.Error("Put into a file as if it were a folder succeeded")
	}
}
