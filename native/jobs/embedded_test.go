package jobs

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestQueueURLIsPrivate: the secret goes to a file of its own, not to where a link leads
// nor to a file that others can read.
func TestQueueURLIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links and modes are others on Windows; runs elsewhere")
	}
	dir := t.TempDir()
	other, path := filepath.Join(dir, "other"), filepath.Join(dir, "queue", urlFile)
	for _, err := range []error{os.WriteFile(other, []byte("theirs"), 0o644), os.Mkdir(filepath.Dir(path), 0o700), os.Symlink(other, path)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	e, err := Embed(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if text, err := os.ReadFile(other); err != nil || string(text) != "theirs" {
		t.Errorf("written through the link: %q %v", text, err)
	}
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got, err := EmbeddedURL(filepath.Dir(path)); err != nil || got != e.URL() {
		t.Errorf("%q %v, want %q", got, err, e.URL())
	}
	if left, err := filepath.Glob(path + ".*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
