package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// module is the path of the module; packages are named without it.
const module = "smoothplay"

// tree is the whole project, read and parsed.
type tree struct {
	fset  *token.FileSet
	files []*goFile
	// texts are all files that people write, by path: Go and others.
	texts map[string][]byte
	top   []string // names of folders in the root
}

// goFile is one Go file.
type goFile struct {
	path    string // from the root, with slashes
	pkg     string // folder from the root: the package without the module's name
	test    bool
	lines   int
	ast     *ast.File
	imports []importSpec
}

type importSpec struct {
	path string
	name string // under which the file knows it
	pos  token.Pos
}

// skipped are folders that no rule looks into.
var skipped = []string{".git", ".cache", "bin", "node_modules"}

// readTree reads the project in root.
func readTree(root fs.FS) (*tree, error) {
	t := &tree{fset: token.NewFileSet(), texts: map[string][]byte{}}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains(skipped, d.Name()) {
				return fs.SkipDir
			}
			if name != "." && !strings.Contains(name, "/") && !strings.HasPrefix(name, ".") {
				t.top = append(t.top, name)
			}
			return nil
		}
		if !d.Type().IsRegular() || !isText(name) {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		if bytes.IndexByte(text, 0) >= 0 {
			return nil
		}
		t.texts[name] = text
		if path.Ext(name) == ".go" {
			return t.parse(name, text)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the tree: %w", err)
	}
	return t, nil
}

// isText reports whether people write such a file.
func isText(name string) bool {
	switch path.Ext(name) {
	case ".go", ".md", ".mod", ".sh", ".c", ".h", ".yml", ".yaml", ".py":
		return true
	case "":
		return true // Makefile, .ci/run, LICENSE
	}
	return false
}

func (t *tree) parse(name string, text []byte) error {
	file, err := parser.ParseFile(t.fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	f := &goFile{path: name, pkg: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), lines: bytes.Count(text, []byte("\n")), ast: file}
	for _, spec := range file.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return fmt.Errorf("%s: import %s: %w", name, spec.Path.Value, err)
		}
		i := importSpec{path: p, name: path.Base(p), pos: spec.Pos()}
		if spec.Name != nil {
			i.name = spec.Name.Name
		}
		f.imports = append(f.imports, i)
	}
	t.files = append(t.files, f)
	return nil
}

// packages are the folders that hold Go files other than tests, in order.
func (t *tree) packages() []string {
	var all []string
	for _, f := range t.files {
		if !f.test && !slices.Contains(all, f.pkg) {
			all = append(all, f.pkg)
		}
	}
	slices.Sort(all)
	return all
}

// at is a finding at a place in a file.
func (t *tree) at(pos token.Pos, format string, args ...any) finding {
	p := t.fset.Position(pos)
	return finding{p.Filename + ":" + strconv.Itoa(p.Line), fmt.Sprintf(format, args...)}
}

// local is the path of an import of the project itself without the module's
// name.
func local(importPath string) (pkg string, ok bool) {
	return strings.CutPrefix(importPath, module+"/")
}

// under reports whether pkg is one of the folders or lies below one.
func under(pkg string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool {
		return pkg == folder || strings.HasPrefix(pkg, folder+"/")
	})
}

// lint prints all findings and returns their number.
func lint(root fs.FS) (int, error) {
	t, err := readTree(root)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, r := range rules {
		for _, f := range r.check(t) {
			n++
			fmt.Fprintf(os.Stdout, "%s: %s (%s: %s)\n", f.where, f.what, r.name, r.says)
		}
	}
	return n, nil
}
