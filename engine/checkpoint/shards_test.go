package checkpoint

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestIdentity: a file is another when it changes, also one that keeps its size.
func TestIdentity(t *testing.T) {
	path, saved := filepath.Join(t.TempDir(), "w.safetensors"), time.Unix(1e9, 0)
	identity := func(values ...float32) string {
		if err := Save(path, nil, []Tensor{NewF32("w", []int{len(values)}, values)}); err != nil {
			t.Fatal(err)
		}
		saved = saved.Add(time.Millisecond) // which the clock of a file system may not tell
		if err := os.Chtimes(path, saved, saved); err != nil {
			t.Fatal(err)
		}
		f, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		return f.Identity()
	}
	one, other, longer := identity(1), identity(2), identity(1, 2)
	if one == other || one == longer || !strings.HasPrefix(one, "file-") {
		t.Errorf("%q, %q and %q", one, other, longer)
	}
	f, err := Parse(encode(t, nil, nil))
	if err != nil || f.Identity() != "" {
		t.Errorf("in memory: %q, %v", f.Identity(), err)
	}
}

func FuzzIndex(f *testing.F) {
	good, err := os.ReadFile("testdata/model.safetensors.index.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"weight_map": {"w": "../w.safetensors"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		shards, err := parseIndex(text)
		if err != nil {
			return
		}
		for name := range shards {
			if filepath.Base(name) != name {
				t.Fatalf("%q leads out of the folder", name)
			}
		}
	})
}
