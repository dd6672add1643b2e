package jobs

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"kvscope/native/whole"
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
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), whole.Prefix+"*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestDamagedQueueIsMadeAnew: a queue whose files hold something else is made anew, and the
// experiment goes on.
func TestDamagedQueueIsMadeAnew(t *testing.T) {
	b := set(t, time.Second)
	want := cells(6)
	id := b.create(want)
	b.queue.Close()
	damaged := 0
	err := filepath.WalkDir(b.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == urlFile {
			return err
		}
		damaged++
		return os.WriteFile(path, []byte("something else"), 0o600)
	})
	if err != nil || damaged < 4 {
		t.Fatalf("%d files damaged, %v", damaged, err)
	}
	e, err := Embed(b.folder)
	if err != nil {
		t.Fatal(err)
	}
	b.queue = e
	b.d = b.dispatch(time.Second)
	b.work(fast)
	b.until(id, "all cells", over)
	b.exact(id, want)
}
