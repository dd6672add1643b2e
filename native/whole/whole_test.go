package whole

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// A file takes the place of another with its own content and mode, a link's too, and leaves
// nothing beside it; where it cannot be written, what was there stays.
func TestWrite(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links and modes are others on Windows; runs elsewhere")
	}
	folder := t.TempDir()
	path, other := filepath.Join(folder, "file"), filepath.Join(t.TempDir(), "other")
	for _, err := range []error{os.WriteFile(other, []byte("theirs"), 0o644), os.Symlink(other, path)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []os.FileMode{0o644, 0o600} {
		if err := Write(path, []byte(mode.String()), mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != mode {
			t.Errorf("mode %v, %v, want %v", info.Mode(), err, mode)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != mode.String() {
			t.Errorf("%q, %v", text, err)
		}
	}
	if text, err := os.ReadFile(other); err != nil || string(text) != "theirs" {
		t.Errorf("written through the link: %q %v", text, err)
	}
	taken := filepath.Join(folder, "taken", "by a folder")
	if err := os.MkdirAll(taken, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(filepath.Dir(taken), []byte("x"), 0o644); err == nil {
		t.Error("in place of a folder")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 2 {
		t.Errorf("%v is there, %v", left, err)
	}
}
