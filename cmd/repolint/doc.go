// Command repolint holds the project to its rules: who may import whom, who
// owns which third-party module, where the clock may be read, what a package
// must say of itself, that the map of folders in README.md is the tree.
//
//	go run ./cmd/repolint     all findings, exit status 1 if there is one
//	go test ./cmd/repolint    the same, a test for each rule
//
// It parses the files itself and asks no other program: what it says depends on
// nothing but the tree. A rule that stands in the way is changed here, in the
// same change as the code, with the reason in the table; it is not worked around.
package main
