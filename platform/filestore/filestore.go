package filestore

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	maxValue = 1 << 20 // bytes
	maxFiles = 256
	// A file that was being written is left over when nothing came of it for
	// this long.
	leftOver  = time.Hour
	unwritten = ".new-"
	// readable is how much of a name is legible in the name of its file.
	readable = 32
)

// ErrTooLarge marks a value of more than 1 MiB.
var ErrTooLarge = errors.New("the value is larger than 1 MiB")

// Store keeps values in a folder. It implements [platform.Store].
type Store struct {
	dir string
	mu  sync.Mutex // one Put at a time makes room
}

// New returns the store in dir. The folder, and those above it, are made by the
// first Put; nobody but the user may look into it.
func New(dir string) *Store { return &Store{dir: dir} }

// Get implements [platform.Store].
func (s *Store) Get(key string) ([]byte, error) {
	f, err := os.Open(s.path(key))
	if err != nil {
		return nil, fmt.Errorf("get %q: %w", key, err)
	}
	defer f.Close()
	value, err := io.ReadAll(io.LimitReader(f, maxValue+1))
	if err == nil && len(value) > maxValue {
		err = ErrTooLarge
	}
	if err != nil {
		return nil, fmt.Errorf("get %q: %w", key, err)
	}
	return value, nil
}

// Put implements [platform.Store]. Whoever gets the value meanwhile has the
// former one or the new one, never a part.
func (s *Store) Put(key string, value []byte) error {
	if len(value) > maxValue {
		return fmt.Errorf("put %q: %w", key, ErrTooLarge)
	}
	if err := s.put(s.path(key), value); err != nil {
		return fmt.Errorf("put %q: %w", key, err)
	}
	return nil
}

func (s *Store) put(path string, value []byte) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.dir, unwritten+"*") // for the user alone
	if err != nil {
		return err
	}
	_, err = f.Write(value)
	if err == nil {
		err = f.Sync() // a rename may be on the disk before what was written
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
		return err
	}
	return s.makeRoom()
}

// makeRoom removes what was put first where there is too much, and what was
// left over by a process that ended in the middle of Put.
func (s *Store) makeRoom() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	var files []fs.FileInfo
	for _, e := range entries {
		info, err := e.Info()
		switch {
		case err != nil || !info.Mode().IsRegular():
		case strings.HasPrefix(e.Name(), unwritten):
			if time.Since(info.ModTime()) > leftOver {
				os.Remove(filepath.Join(s.dir, e.Name()))
			}
		case strings.HasSuffix(e.Name(), suffix):
			files = append(files, info)
		}
	}
	if len(files) <= maxFiles {
		return nil
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range files[:len(files)-maxFiles] {
		os.Remove(filepath.Join(s.dir, f.Name()))
	}
	return nil
}

// suffix tells the files of the store from others in its folder.
const suffix = ".value"

// path is the file of a name: what is harmless of it, for whoever looks into the
// folder, and a hash that tells all names apart on any file system.
func (s *Store) path(key string) string {
	var legible strings.Builder
	for _, c := range strings.ToLower(key) {
		if legible.Len() == readable {
			break
		}
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			legible.WriteRune(c)
		}
	}
	hash := sha256.Sum256([]byte(key))
	return filepath.Join(s.dir, fmt.Sprintf("%s-%x%s", legible.String(), hash[:12], suffix))
}
