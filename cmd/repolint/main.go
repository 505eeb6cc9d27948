package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// A rule is one thing that must hold for the whole tree.
type rule struct {
	name  string
	says  string // what to do where it does not hold
	check func(*tree) []finding
}

// A finding is a place where a rule does not hold.
type finding struct {
	where string // path, with a line where that says something
	what  string
}

// rules are all rules.
var rules = []rule{
	{"Imports", "keep to the table in imports.go: move the code to where it may see what it needs, or pass the value down", checkImports},
	{"ThirdParty", "use the module through its owner (table in imports.go): third-party types never leave it", checkThirdParty},
	{"TestSupport", "test support is for _test.go files: move what others need out of it", checkTestSupport},
	{"Cgo", `write import "C" only under render/: everything else builds with CGO_ENABLED=0`, checkCgo},
	{"Clock", "pure packages get the time as a parameter: let the caller pass it", checkClock},
	{"Sleep", "let time pass in a testing/synctest bubble: only render/ may wait for a real device", checkSleep},
	{"HTTP", "send requests through platform.Doer: the default client has no limits and no timeouts", checkHTTP},
	{"Print", "return it, make it an event or log it with the logger that you were given: only commands write to the terminal", checkPrint},
	{"PackageComment", "write two paragraphs on what the package is for, in doc.go", checkPackageComment},
	{"FileSize", "split the file: one concept a file, at most 500 lines", checkFileSize},
	{"TopFolders", "put it into one of the rooms of the house (topFolders in layout.go)", checkTopFolders},
	{"ReadmeMap", "bring the map of folders in README.md in line with the tree", checkReadmeMap},
	{"Words", "say it without", checkWords},
}

func main() {
	root, err := findRoot()
	if err == nil {
		var found int
		found, err = lint(os.DirFS(root))
		if err == nil && found > 0 {
			os.Exit(1)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "repolint:", err)
		os.Exit(2)
	}
}

// findRoot is the folder of go.mod, here or above.
func findRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("there is no go.mod in %s or above it", start)
		}
	}
}
