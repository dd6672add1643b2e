package runfile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kvscope/engine/input/inputtest"
)

// goodFiles are files that open: a run with and without its heads, and maps of each kind.
func goodFiles(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for name, f := range map[string]*File{"run": {whole(t), heads}, "light run": {whole(t), nil}} {
		var b bytes.Buffer
		if err := f.Write(&b); err != nil {
			t.Fatal(err)
		}
		out[name] = b.Bytes()
	}
	files, err := filepath.Glob("testdata/maps/*.npz")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, "../checkpoint/testdata/compressed.npz") {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Read(data); err == nil {
			out[name] = data
		}
	}
	if len(out) < 8 {
		t.Fatalf("only %d files open", len(out))
	}
	return out
}

// TestBrokenFiles breaks good files. A turned bit may leave a good file, of which every part
// can be used; a run that is cut short is said to be unreadable.
func TestBrokenFiles(t *testing.T) {
	for name, good := range goodFiles(t) {
		inputtest.Broken(t, name, good, 4<<20, 400, func(data []byte) error {
			f, err := Read(data)
			switch {
			case err == nil:
				use(f)
			case len(data) < len(good) && strings.HasPrefix(name, "run") && !strings.HasPrefix(err.Error(), "read "):
				t.Errorf("%s, cut at %d: %v", name, len(data), err)
			}
			return err
		})
	}
}

// use reads what a file gave.
func use(f *File) {
	h := f.Run.Header
	if f.Heads != nil {
		if head, err := f.Heads(h.Layers-1, h.Heads-1); err == nil {
			head.Len()
		}
	}
	_ = f.Write(&bytes.Buffer{})
}
