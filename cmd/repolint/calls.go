package main

import (
	"go/ast"
	"slices"
	"strings"
)

// pure are the packages that never read a clock.
var pure = []string{
	"heuristics", "drm", "player/event", "player/manifest", "player/timeline",
	"player/fragment", "player/schedule", "player/sim", "player/text",
}

// The functions that the rules are about.
var (
	clockCalls = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	httpCalls  = []string{"DefaultClient", "Get", "Head", "Post", "PostForm"}
	slogCalls  = []string{
		"Default", "SetDefault", "Debug", "Info", "Warn", "Error", "Log", "LogAttrs",
		"DebugContext", "InfoContext", "WarnContext", "ErrorContext",
	}
)

// uses calls found for each place where f uses one of the names of an imported
// package; no names: any.
func (f *goFile) uses(importPath string, names []string, found func(*ast.SelectorExpr)) {
	var known []string
	for _, i := range f.imports {
		if i.path == importPath {
			known = append(known, i.name)
		}
	}
	if known == nil {
		return
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if ok && slices.Contains(known, x.Name) && (names == nil || slices.Contains(names, sel.Sel.Name)) {
			found(sel)
		}
		return true
	})
}

// checkClock keeps the clock out of pure packages.
func checkClock(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		if f.test || !under(f.pkg, pure...) {
			continue
		}
		f.uses("time", clockCalls, func(sel *ast.SelectorExpr) {
			found = append(found, t.at(sel.Pos(), "%s is pure and must not use time.%s", f.pkg, sel.Sel.Name))
		})
	}
	return found
}

// checkSleep keeps tests from waiting in real time. The tests of a package that
// knows bubbles are trusted to sleep in them.
func checkSleep(t *tree) []finding {
	bubbles := map[string]bool{}
	for _, f := range t.files {
		for _, i := range f.imports {
			bubbles[f.pkg] = bubbles[f.pkg] || f.test && i.path == "testing/synctest"
		}
	}
	var found []finding
	for _, f := range t.files {
		if !f.test || bubbles[f.pkg] || under(f.pkg, "render") {
			continue
		}
		f.uses("time", []string{"Sleep"}, func(sel *ast.SelectorExpr) {
			found = append(found, t.at(sel.Pos(), "the test sleeps in real time"))
		})
	}
	return found
}

// checkHTTP keeps to the device's HTTP client.
func checkHTTP(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		if f.test {
			continue
		}
		f.uses("net/http", httpCalls, func(sel *ast.SelectorExpr) {
			found = append(found, t.at(sel.Pos(), "http.%s uses the default client", sel.Sel.Name))
		})
	}
	return found
}

// checkPrint keeps packages from writing to the terminal and to global logs.
func checkPrint(t *tree) []finding {
	var found []finding
	for _, f := range t.files {
		if f.test || f.ast.Name.Name == "main" {
			continue
		}
		report := func(sel *ast.SelectorExpr) {
			found = append(found, t.at(sel.Pos(), "%s.%s in a package that is no command", sel.X.(*ast.Ident).Name, sel.Sel.Name))
		}
		f.uses("fmt", []string{"Print", "Printf", "Println"}, report)
		f.uses("log/slog", slogCalls, report)
		f.uses("log", nil, report)
	}
	return found
}

// checkPackageComment asks each package what it is for.
func checkPackageComment(t *tree) []finding {
	said := map[string]string{}
	names := map[string]string{}
	for _, f := range t.files {
		if f.test {
			continue
		}
		names[f.pkg] = f.ast.Name.Name
		if f.ast.Doc != nil {
			said[f.pkg] += f.ast.Doc.Text()
		}
	}
	var found []finding
	for _, pkg := range t.packages() {
		start := "Package " + names[pkg] + " "
		if names[pkg] == "main" {
			start = "Command "
		}
		switch {
		case said[pkg] == "":
			found = append(found, finding{pkg, "the package has no comment"})
		case !strings.HasPrefix(said[pkg], start):
			found = append(found, finding{pkg, "the package comment does not begin with \"" + start + "\""})
		}
	}
	return found
}
