package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Tests neither use nor change what this user's sessions have learned: in their
// cache folder a file is in the way of the store.
func init() {
	cache := filepath.Join(os.TempDir(), fmt.Sprintf("smoothplay-tests-%d", os.Getuid()))
	if err := os.MkdirAll(cache, 0o700); err != nil {
		panic(err)
	}
	if err := os.WriteFile(filepath.Join(cache, "smoothplay"), nil, 0o600); err != nil {
		panic(err)
	}
	os.Setenv("XDG_CACHE_HOME", cache)
}

func TestStoreFlags(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	named := t.TempDir()
	other, demo := &source{}, &source{demo: true}
	for _, test := range []struct {
		name  string
		flags storeFlags
		from  *source
		want  string // folder; "": none
	}{
		{"default", storeFlags{}, other, filepath.Join(cache, "smoothplay")},
		{"of the demo", storeFlags{}, demo, ""},
		{"named", storeFlags{dir: named}, demo, named},
		{"none", storeFlags{dir: named, none: true}, other, ""},
	} {
		s := test.flags.storeOrCache(test.from)
		if s == nil {
			if test.want != "" {
				t.Errorf("%s: there is no store", test.name)
			}
			continue
		}
		if err := s.Put("bandwidth", []byte("x")); err != nil {
			t.Fatal(err)
		}
		files, _ := filepath.Glob(filepath.Join(test.want, "bandwidth-*"))
		if test.want == "" || len(files) != 1 {
			t.Errorf("%s: %d files in %q", test.name, len(files), test.want)
		}
		os.RemoveAll(test.want)
	}
	if s := (&storeFlags{}).store(); s != nil {
		t.Error("a measurement has a store that nobody asked for")
	}
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	if s := (&storeFlags{}).storeOrCache(other); s != nil {
		t.Error("there is a store without a cache")
	}
}

func TestShapedLinksHaveTheirOwnName(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range []linkFlags{{}, {shape: "8M"}, {shape: "1M"}, {trace: "8M"}, {latency: timeValue(time.Second)}} {
		name := f.name()
		if seen[name] || (name == "") != (f == linkFlags{}) {
			t.Errorf("%+v is called %q", f, name)
		}
		seen[name] = true
	}
}

func TestPolicyConfig(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good.xml", `<Config><PanicBufferFullness value="5"/></Config>`)
	for _, test := range []struct {
		policy, config, want string // want: "": no error
	}{
		{"smooth2009", good, ""},
		{"throughput", "", ""},
		{"throughput", good, "--policy smooth2009"},
		{"", good, "--policy smooth2009"},
		{"smooth2009", filepath.Join(dir, "none.xml"), "no such file"},
		{"smooth2009", file("bad.xml", `<Config><PanicBufferFullness value="50"/></Config>`), "bad.xml"},
	} {
		f := sessionFlags{rate: 1, policy: test.policy, policyConfig: test.config}
		config, err := f.config(&source{url: "http://test/a.ism"})
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%q with %s: %v, want %q", test.policy, filepath.Base(test.config), err, test.want)
			continue
		}
		if made := err == nil && config.NewPolicy != nil; made != (test.want == "" && test.config != "") {
			t.Errorf("%q with %s makes a policy: %v", test.policy, filepath.Base(test.config), made)
		}
	}
}
