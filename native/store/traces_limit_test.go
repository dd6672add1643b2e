package store

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"kvscope/engine/input"
	"kvscope/web/sample"
	"kvscope/web/sample/sampletest"
	"kvscope/web/traces"
)

// atOnce are how many do the same at once in these tests.
const atOnce = 6

// Of several that come at once no more are kept than there is room for.
func TestTracesLimitAtOnce(t *testing.T) {
	s := OpenTraces(t.TempDir())
	_, content := sampletest.File(t, sample.Spec{Method: "quest", Model: "attention", Layers: 2, Heads: 3, Context: 300, Seed: 4})
	if _, err := s.Keep("001764430000000-a", "x", bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	about, err := os.ReadFile(s.path("001764430000000-a", aboutSuffix))
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < maxTraces-1; n++ {
		if err := os.WriteFile(s.path(fmt.Sprintf("%015d-b", n), aboutSuffix), about, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var arrived, all sync.WaitGroup
	arrived.Add(atOnce)
	var kept atomic.Int32
	for i := range atOnce {
		all.Go(func() {
			_, err := s.Keep(fmt.Sprintf("001764430000001-%d", i), "x", io.MultiReader(bytes.NewReader(content), &meeting{&arrived}))
			if err == nil {
				kept.Add(1)
			} else if input.Field(err) != "file" {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if list, err := s.List(); err != nil || kept.Load() != 1 || len(list) != maxTraces {
		t.Errorf("%d of %d at once are kept beside %d, %d are there, %v", kept.Load(), atOnce, maxTraces-1, len(list), err)
	}
	// What is too much already is refused before it is read.
	if _, err := s.Keep("001764430000002-c", "x", unread{t}); input.Field(err) != "file" {
		t.Errorf("without room: %v", err)
	}
}

// meeting is the end of a file that comes when all others have come to theirs.
type meeting struct{ arrived *sync.WaitGroup }

func (m *meeting) Read([]byte) (int, error) {
	m.arrived.Done()
	m.arrived.Wait()
	return 0, io.EOF
}

// unread is a file that may not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("a file without room is read")
	return 0, io.EOF
}

// A trace that several describe at once is described as one of them did.
func TestTracesChangeAtOnce(t *testing.T) {
	s := OpenTraces(t.TempDir())
	const key = "001764430000000-a"
	_, content := sampletest.File(t, sample.Spec{Method: "quest", Model: "attention", Layers: 2, Heads: 3, Context: 300, Seed: 4})
	if _, err := s.Keep(key, "x", bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range atOnce {
		all.Go(func() {
			name := fmt.Sprint("name ", i)
			for range 50 {
				got, err := s.Change(key, traces.Change{Name: name, Note: name})
				if err != nil || got.Name != name {
					t.Errorf("%+v, %v", got, err)
					return
				}
			}
		})
	}
	all.Wait()
	if list, err := s.List(); err != nil || len(list) != 1 || list[0].Name != list[0].Note || list[0].Fault != "" {
		t.Errorf("%+v, %v", list, err)
	}
	if left, err := os.ReadDir(s.folder); err != nil || len(left) != 2 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// What a program left half written when it ended is gone when the next begins, whatever its
// version; what others put there stays.
func TestTracesLeftovers(t *testing.T) {
	folder := t.TempDir()
	gone := []string{".kvscope-17", "part-1234567", "001764430000000-a.json.part"}
	stay := []string{"001764430000000-a.json", "001764430000000-a.safetensors", "part-of mine.txt", "notes.json.part", "part-1"}
	for _, name := range append(gone, stay[:4]...) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(folder, stay[4]), 0o700); err != nil {
		t.Fatal(err)
	}
	OpenTraces(folder)
	for _, name := range gone {
		if _, err := os.Stat(filepath.Join(folder, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", name, err)
		}
	}
	for _, name := range stay {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
}
