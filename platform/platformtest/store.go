package platformtest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"smoothplay/platform"
)

// OpenStore opens the store that keeps its values at place, the path of a folder
// that exists and is empty at first: what one process puts there another gets.
// A store that needs no folder keeps one set of values for each place.
type OpenStore func(t *testing.T, place string) platform.Store

// TestStore examines an implementation of [platform.Store].
func TestStore(t *testing.T, open OpenStore) {
	t.Helper()
	examine(t, storeRules, open, nil)
}

// names are what a Store must tell apart, whatever its file system thinks.
var names = []string{
	"bandwidth", "Bandwidth", "bandwidth.json", "a/b", "a/c", "a", "../up", "/root", "..", ".", "",
	"con", "with space", "naïve 名前", "a\x00b", "a\\b", "a:b", "%2e", "*?", strings.Repeat("long/", 100),
}

var storeRules = []rule[OpenStore]{
	{"keeps-values",
		"A Store keeps small values by name between processes.",
		func(t *testing.T, open OpenStore) error {
			place := t.TempDir()
			first := open(t, place)
			if err := first.Put("name", []byte("one")); err != nil {
				return err
			}
			if err := first.Put("name", []byte("two")); err != nil {
				return err
			}
			if err := expectValue(first, "name", []byte("two")); err != nil {
				return err
			}
			if err := expectValue(open(t, place), "name", []byte("two")); err != nil {
				return fmt.Errorf("opened again: %w", err)
			}
			return nil
		}},
	{"never-put",
		"Get returns an error that wraps fs.ErrNotExist for a name never put.",
		func(t *testing.T, open OpenStore) error {
			s := open(t, t.TempDir())
			if err := s.Put("a", []byte("value")); err != nil {
				return err
			}
			for _, name := range []string{"b", "a/b", "", "..", "A b"} {
				if b, err := s.Get(name); !errors.Is(err, fs.ErrNotExist) {
					return fmt.Errorf("Get(%q) returned %q, %v", name, b, err)
				}
			}
			return nil
		}},
	{"any-name-any-value",
		"Names are any text, values any bytes",
		func(t *testing.T, open OpenStore) error {
			s := open(t, t.TempDir())
			value := func(name string) []byte { return []byte("\x00\xff\r\n" + name) }
			for _, name := range names {
				if err := s.Put(name, value(name)); err != nil {
					return fmt.Errorf("Put(%q): %w", name, err)
				}
			}
			for _, name := range names {
				if err := expectValue(s, name, value(name)); err != nil {
					return err
				}
			}
			for _, size := range []int{0, 1, 64 << 10} {
				b := bytes.Repeat([]byte{0xfe}, size)
				if err := s.Put("size", b); err != nil {
					return fmt.Errorf("Put of %d bytes: %w", size, err)
				}
				if err := expectValue(s, "size", b); err != nil {
					return err
				}
			}
			return nil
		}},
	{"values-are-copies",
		"what is handed in or out is the caller's to change afterwards",
		func(t *testing.T, open OpenStore) error {
			s := open(t, t.TempDir())
			in := []byte("value")
			if err := s.Put("a", in); err != nil {
				return err
			}
			clear(in)
			out, err := s.Get("a")
			if err != nil {
				return err
			}
			if string(out) != "value" {
				return fmt.Errorf("the bytes given to Put were changed, and Get returns %q", out)
			}
			clear(out)
			return expectValue(s, "a", []byte("value"))
		}},
	{"concurrent-use",
		"Safe for concurrent use.",
		func(t *testing.T, open OpenStore) error {
			s := open(t, t.TempDir())
			return together(8, func(i int) error {
				own := fmt.Sprintf("own %d", i)
				for n := range 10 {
					value := bytes.Repeat([]byte{byte(n)}, 1000)
					if err := errors.Join(s.Put(own, value), s.Put("shared", value)); err != nil {
						return err
					}
					if err := expectValue(s, own, value); err != nil {
						return err
					}
					// Of the shared name it must be a whole value, whosoever it is.
					b, err := s.Get("shared")
					if err != nil || len(b) != 1000 || bytes.Count(b, b[:1]) != 1000 {
						return fmt.Errorf("of a name that several goroutines put, Get returned %d bytes, %v", len(b), err)
					}
				}
				return nil
			})
		}},
}

func expectValue(s platform.Store, name string, want []byte) error {
	got, err := s.Get(name)
	if err != nil {
		return fmt.Errorf("Get(%.40q): %w", name, err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("Get(%.40q) returned %.40q, want %.40q", name, got, want)
	}
	return nil
}
