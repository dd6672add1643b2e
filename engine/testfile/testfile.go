package testfile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// File is a file that is fetched.
type File struct {
	Name   string // in the folder bin
	Target string // of make, that fetches it
	From   string // package, version and index
}

// Fetched is the path of a file. The test is skipped where the package index refused it,
// with what it said, and where nobody has asked for it yet; the latter fails the test
// where CI=true.
func Fetched(t testing.TB, f File) string {
	t.Helper()
	path := filepath.Join(bin(t), f.Name)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if why, err := os.ReadFile(strings.TrimSuffix(path, filepath.Ext(path)) + ".refused"); err == nil && len(why) > 0 {
		t.Skipf("the package index does not serve %s: %s", f.From, strings.TrimSpace(string(why)))
	}
	ask := "bin/" + f.Name + " is not there: `make " + f.Target + "` fetches it from " + f.From
	if os.Getenv("CI") == "true" && !testing.Short() {
		t.Fatal(ask)
	}
	t.Skip(ask)
	return ""
}

// bin is the folder bin beside the module's go.mod.
func bin(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "bin")
		}
	}
	t.Fatalf("no go.mod above the test's folder (%v)", err)
	return ""
}
