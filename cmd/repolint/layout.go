package main

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// topFolders are the rooms of the house.
var topFolders = []string{"cmd", "player", "heuristics", "drm", "render", "platform", "testdata"}

// maxLines is the longest that a file may be which is no test.
const maxLines = 500

// checkTopFolders keeps the house as it was drawn.
func checkTopFolders(t *tree) []finding {
	var found []finding
	for _, name := range t.top {
		if !slices.Contains(topFolders, name) {
			found = append(found, finding{name + "/", "is none of the top-level folders " + strings.Join(topFolders, " ")})
		}
	}
	return found
}

// checkFileSize keeps files readable.
func checkFileSize(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		if !f.test && f.lines > maxLines {
			found = append(found, finding{f.path, fmt.Sprintf("has %d lines", f.lines)})
		}
	}
	return found
}

// checkReadmeMap compares the map of folders in README.md with the tree: each
// package has its line, and each line its folder.
func checkReadmeMap(t *tree) []finding {
	readme, ok := t.texts["README.md"]
	if !ok {
		return []finding{{"README.md", "is missing"}}
	}
	drawn := folderMap(string(readme))
	var found []finding
	for _, pkg := range t.packages() {
		if !slices.Contains(drawn, pkg) {
			found = append(found, finding{"README.md", "the map does not show " + pkg + "/"})
		}
	}
	for _, folder := range drawn {
		has := func(name string) bool { return under(name, folder) }
		if !slices.ContainsFunc(t.packages(), has) && !slices.ContainsFunc(t.folders(), has) {
			found = append(found, finding{"README.md", "the map shows " + folder + "/, which is not there"})
		}
	}
	return found
}

// folders are all folders with a file that people write.
func (t *tree) folders() []string {
	var all []string
	for name := range t.texts {
		all = append(all, path.Dir(name))
	}
	return all
}

// mapLine is a line of the map: "  name/   what it is for".
var mapLine = regexp.MustCompile(`^( *)([\w.-]+(?:/[\w.-]+)*)/(?: |$)`)

// folderMap reads the folders out of a README: the indented list in a code
// block that holds a line "player/".
func folderMap(readme string) []string {
	for i, block := range strings.Split(readme, "```") {
		if i%2 == 0 || !strings.Contains("\n"+block, "\nplayer/") {
			continue
		}
		type level struct {
			indent int
			path   string
		}
		var stack []level
		var all []string
		for line := range strings.Lines(block) {
			m := mapLine.FindStringSubmatch(strings.TrimRight(line, "\n"))
			if m == nil {
				continue
			}
			for len(stack) > 0 && stack[len(stack)-1].indent >= len(m[1]) {
				stack = stack[:len(stack)-1]
			}
			folder := m[2]
			if len(stack) > 0 {
				folder = path.Join(stack[len(stack)-1].path, folder)
			}
			stack = append(stack, level{len(m[1]), folder})
			all = append(all, folder)
		}
		return all
	}
	return nil
}

// words are what no file may say, and why.
var words = []struct {
	pattern *regexp.Regexp
	why     string
}{
	{regexp.MustCompile(`(^|[^.\w/])/work/`), "names a folder of one machine"},
	{regexp.MustCompile(`/home/\w+/|/root/|/tmp/bash`), "names a folder of one machine"},
	{regexp.MustCompile(`(?i)\b(proxy|sum)\.golang\.org|goproxy\.|registry\.npmjs\.org|\bpypi\.org|snapshot\.debian\.org|artifactory|\bnexus\.`), "names a package registry: leave that to the environment"},
	{regexp.MustCompile(`\b(TODO|FIXME|XXX)\b(?:$|:?\s*$|:?(?:\s+\S+){1,3}$)`), "a TODO without its reason: say in a sentence what is missing and why it waits"},
}

// checkWords looks for words that do not belong into the project.
func checkWords(t *tree) []finding {
	var found []finding
	for name, text := range t.texts {
		if under(path.Dir(name), "cmd/repolint") {
			continue // which must say them
		}
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			for _, w := range words {
				if m := w.pattern.FindString(strings.TrimRight(line, "\r\n")); m != "" {
					found = append(found, finding{fmt.Sprintf("%s:%d", name, n), fmt.Sprintf("%q %s", m, w.why)})
				}
			}
		}
	}
	slices.SortFunc(found, func(a, b finding) int { return strings.Compare(a.where, b.where) })
	return found
}
