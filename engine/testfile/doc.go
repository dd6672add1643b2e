// Package testfile finds files for tests that are too large, or too much another's, to be
// kept beside them: a make target fetches them from a package index.
//
//	path := testfile.Fetched(t, testfile.File{Name: "axe.js", Target: "axe", From: "axe-core 4.14.1 of npm"})
package testfile
