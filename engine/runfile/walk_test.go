package runfile

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
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

// TestBrokenFiles reads good files cut short and with bits turned: it never panics, takes
// memory only by the size of the file, and what is refused is refused in one line. A turned
// bit may leave a good file, of which every part can be used.
func TestBrokenFiles(t *testing.T) {
	const seed = 7
	random := rand.New(rand.NewPCG(seed, 0))
	for name, good := range goodFiles(t) {
		try := func(what string, at int, data []byte) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f, err := Read(data)
			runtime.ReadMemStats(&after)
			if took := after.TotalAlloc - before.TotalAlloc; took > uint64(1<<20+200*len(data)) {
				t.Errorf("%s, %s %d (seed %d): %d bytes of memory for a file of %d", name, what, at, seed, took, len(data))
			}
			switch {
			case err != nil && (err.Error() == "" || strings.Contains(err.Error(), "\n")):
				t.Errorf("%s, %s %d (seed %d): refused with %q", name, what, at, seed, err)
			case err == nil:
				use(f)
			case what == "cut at" && strings.HasPrefix(name, "run") && !strings.HasPrefix(err.Error(), "read "):
				t.Errorf("%s, cut at %d: %v", name, at, err)
			}
		}
		for n := range 150 {
			at := n * len(good) / 150
			try("cut at", at, good[:at])
		}
		for range 400 {
			at := random.IntN(8 * len(good))
			data := bytes.Clone(good)
			data[at/8] ^= 1 << (at % 8)
			try("bit", at, data)
		}
	}
}

// use reads what a file gave.
func use(f *File) {
	h := f.Run.Header
	if f.Heads != nil {
		if head := f.Heads(h.Layers-1, h.Heads-1); head != nil {
			head.Len()
		}
	}
	_ = f.Write(&bytes.Buffer{})
}
