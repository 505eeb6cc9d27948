package main

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

var readProject = sync.OnceValues(func() (*tree, error) {
	root, err := findRoot()
	if err != nil {
		return nil, err
	}
	return readTree(os.DirFS(root))
})

// project is the tree that the tests stand in.
func project(t *testing.T) *tree {
	tr, err := readProject()
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// hold fails with every place of the project where a rule does not hold.
func hold(t *testing.T, name string) {
	t.Helper()
	i := slices.IndexFunc(rules, func(r rule) bool { return r.name == name })
	if i < 0 {
		t.Fatalf("there is no rule %s", name)
	}
	for _, f := range rules[i].check(project(t)) {
		t.Errorf("%s: %s: %s", f.where, f.what, rules[i].says)
	}
}

func TestImports(t *testing.T)        { hold(t, "Imports") }
func TestThirdParty(t *testing.T)     { hold(t, "ThirdParty") }
func TestTestSupport(t *testing.T)    { hold(t, "TestSupport") }
func TestCgo(t *testing.T)            { hold(t, "Cgo") }
func TestClock(t *testing.T)          { hold(t, "Clock") }
func TestSleep(t *testing.T)          { hold(t, "Sleep") }
func TestHTTP(t *testing.T)           { hold(t, "HTTP") }
func TestPrint(t *testing.T)          { hold(t, "Print") }
func TestPackageComment(t *testing.T) { hold(t, "PackageComment") }
func TestFileSize(t *testing.T)       { hold(t, "FileSize") }
func TestTopFolders(t *testing.T)     { hold(t, "TopFolders") }
func TestWords(t *testing.T)          { hold(t, "Words") }

func TestReadmeMap(t *testing.T) {
	if project(t).texts["README.md"] == nil {
		t.Skip("there is no README.md yet; once there is one, its map of folders must be the tree")
	}
	hold(t, "ReadmeMap")
}

// TestRulesFind holds each rule against a file that breaks it and one that does
// not: a rule that finds nothing would hold for ever.
func TestRulesFind(t *testing.T) {
	// found "": nothing
	tests := []struct{ rule, path, text, found string }{
		{"Imports", "heuristics/a.go", `package heuristics; import _ "smoothplay/platform"`, "heuristics must not import platform"},
		{"Imports", "player/a.go", `package player; import _ "smoothplay/player/origin"`, "player must not import player/origin"},
		{"Imports", "player/a.go", `package player; import _ "smoothplay/player/timeline"`, ""},
		{"Imports", "render/sdl/a.go", `package sdl; import _ "smoothplay/player"`, "render/sdl must not import player"},
		{"Imports", "player/new/a.go", `package new`, "stands in no rule"},
		{"Imports", "heuristics/a_test.go", `package heuristics; import _ "smoothplay/platform"`, ""},
		{"Imports", "player/a_test.go", `package player; import _ "smoothplay/render/sdl"`, "run without cgo"},
		{"Imports", "player/playertest/a_test.go", `package playertest; import _ "smoothplay/render/ffmpeg"`, ""},
		{"ThirdParty", "player/a.go", `package player; import _ "github.com/asticode/go-astiav"`, "belongs to render/ffmpeg"},
		{"ThirdParty", "render/ffmpeg/a.go", `package ffmpeg; import _ "github.com/asticode/go-astiav"`, ""},
		{"ThirdParty", "render/ffmpeg/a.go", `package ffmpeg; import _ "example.org/new"`, "without an owner"},
		{"ThirdParty", "player/timeline/a_test.go", `package timeline; import _ "github.com/Eyevinn/mp4ff/mp4"`, ""},
		{"ThirdParty", "player/timeline/a.go", `package timeline; import _ "github.com/Eyevinn/mp4ff/mp4"`, "belongs to player/fragment"},
		{"TestSupport", "player/a.go", `package player; import _ "smoothplay/player/playertest"`, "for tests alone"},
		{"TestSupport", "player/a_test.go", `package player; import _ "smoothplay/player/playertest"`, ""},
		{"Cgo", "player/a.go", `package player; import "C"`, "uses cgo"},
		{"Cgo", "player/a_test.go", `package player; import "C"`, "uses cgo"},
		{"Cgo", "render/ffmpeg/a.go", `package ffmpeg; import "C"`, ""},
		{"Clock", "drm/piff/a.go", `package piff; import "time"; var _ = time.Now()`, "must not use time.Now"},
		{"Clock", "drm/piff/a.go", `package piff; import clock "time"; var _ = clock.Since`, "must not use time.Since"},
		{"Clock", "drm/piff/a.go", `package piff; import "time"; var _ = time.Second`, ""},
		{"Clock", "player/a.go", `package player; import "time"; var _ = time.Now()`, ""},
		{"Clock", "drm/a_test.go", `package drm; import "time"; var _ = time.Now()`, ""},
		{"Sleep", "player/a_test.go", `package player; import "time"; func f() { time.Sleep(1) }`, "sleeps"},
		{"Sleep", "player/a_test.go", `package player; import ("time"; _ "testing/synctest"); func f() { time.Sleep(1) }`, ""},
		{"Sleep", "render/sdl/a_test.go", `package sdl; import "time"; func f() { time.Sleep(1) }`, ""},
		{"HTTP", "player/a.go", `package player; import "net/http"; var _ = http.DefaultClient`, "default client"},
		{"HTTP", "player/a.go", `package player; import "net/http"; var _, _ = http.Get("x")`, "default client"},
		{"HTTP", "player/a.go", `package player; import "net/http"; var _ = http.Client{}`, ""},
		{"Print", "player/a.go", `package player; import "fmt"; func f() { fmt.Println() }`, "fmt.Println"},
		{"Print", "player/a.go", `package player; import "log"; func f() { log.Fatal() }`, "log.Fatal"},
		{"Print", "player/a.go", `package player; import "log/slog"; func f() { slog.Info("") }`, "slog.Info"},
		{"Print", "player/a.go", `package player; import "log/slog"; type T struct { l *slog.Logger }; func (t T) f() { t.l.Info("") }`, ""},
		{"Print", "cmd/x/a.go", `package main; import "fmt"; func f() { fmt.Println() }`, ""},
		{"PackageComment", "player/a.go", `package player`, "no comment"},
		{"PackageComment", "player/a.go", "// The player.\npackage player", "does not begin"},
		{"PackageComment", "player/a.go", "// Package player plays.\npackage player", ""},
		{"PackageComment", "cmd/x/a.go", "// Command x does.\npackage main", ""},
		{"FileSize", "player/a.go", "package player" + strings.Repeat("\n", 501), "501 lines"},
		{"FileSize", "player/a.go", "package player" + strings.Repeat("\n", 500), ""},
		{"FileSize", "player/a_test.go", "package player" + strings.Repeat("\n", 501), ""},
		{"TopFolders", "util/a.go", "package util", "none of the top-level folders"},
		{"TopFolders", ".ci/run", "", ""},
		{"ReadmeMap", "README.md", "```\nplayer/\n  event/\n```", "shows player/event/, which is not there"},
		{"ReadmeMap", "player/a.go", "package player", "README.md: is missing"},
		{"Words", "a.md", "see /work/main", "one machine"},
		{"Words", "a.md", "see network/work/main and ../work/x", ""},
		{"Words", "Makefile", "GOPROXY=https://proxy.golang.org", "registry"},
		{"Words", "player/a.go", "package player // TODO", "without its reason"},
		{"Words", "player/a.go", "package player // TODO: fix this", "without its reason"},
		{"Words", "player/a.go", "package player // TODO: hold longer once the server tells us when", ""},
	}
	for _, test := range tests {
		t.Run(test.rule+" "+test.text[:min(len(test.text), 60)], func(t *testing.T) {
			tr, err := readTree(fstest.MapFS{test.path: {Data: []byte(test.text)}})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(rules, func(r rule) bool { return r.name == test.rule })
			var found []string
			for _, f := range rules[i].check(tr) {
				found = append(found, f.where+": "+f.what)
			}
			switch all := strings.Join(found, "\n"); {
			case test.found == "" && len(found) > 0:
				t.Errorf("found without reason:\n%s", all)
			case !strings.Contains(all, test.found):
				t.Errorf("found %q, want %q", all, test.found)
			}
		})
	}
	for _, r := range rules {
		if !slices.ContainsFunc(tests, func(test struct{ rule, path, text, found string }) bool {
			return test.rule == r.name && test.found != ""
		}) {
			t.Errorf("no test shows that the rule %s finds anything", r.name)
		}
	}
}

func TestReadmeMapInBothDirections(t *testing.T) {
	tr, err := readTree(fstest.MapFS{
		"README.md":         {Data: []byte("text player/\n```\nmake demo\n```\n\n```\nplayer/      plays\n  event/     what happened\n\n  gone/      is gone\ncmd/\n  smoothplay/  the binary\n```\n")},
		"player/a.go":       {Data: []byte("package player")},
		"player/event/a.go": {Data: []byte("package event")},
		"player/new/a.go":   {Data: []byte("package new")},
		"cmd/smoothplay/a":  {Data: []byte("no package, but a folder")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range checkReadmeMap(tr) {
		got = append(got, f.what)
	}
	want := []string{"the map does not show player/new/", "the map shows player/gone/, which is not there"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParseRules(t *testing.T) {
	may, err := parseRules("NONE < a, b; # comment; with < signs\n a < c < d; b, c < e;")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		from, to string
		want     bool
	}{{"c", "a", true}, {"d", "a", true}, {"d", "c", true}, {"e", "a", true}, {"e", "b", true}, {"d", "b", false}, {"a", "b", false}, {"a", "c", false}} {
		if may[test.from][test.to] != test.want {
			t.Errorf("%s imports %s: %v, want %v", test.from, test.to, !test.want, test.want)
		}
	}
	for _, bad := range []string{"a b < c", "NONE < a,", "NONE", "x < y"} {
		if _, err := parseRules(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// TestImportRulesAreAcyclic: nobody may import whoever may import him.
func TestImportRulesAreAcyclic(t *testing.T) {
	may, err := parseRules(importRules)
	if err != nil {
		t.Fatal(err)
	}
	for a := range may {
		for b := range may[a] {
			if may[b][a] {
				t.Errorf("%s and %s may import each other", a, b)
			}
		}
	}
}

func TestBrokenGoIsAnError(t *testing.T) {
	_, err := readTree(fstest.MapFS{"player/a.go": {Data: []byte("package {")}})
	if err == nil || !strings.Contains(err.Error(), "player/a.go") {
		t.Errorf("got %v", err)
	}
}
