package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kvscope/engine/input"
	"kvscope/web/sample"
	"kvscope/web/sample/sampletest"
	"kvscope/web/traces"
)

// Traces are kept over the end of a program, found by their keys, changed and removed.
func TestTraces(t *testing.T) {
	s := OpenTraces(filepath.Join(t.TempDir(), "traces"))
	if list, err := s.List(); err != nil || list == nil || len(list) != 0 {
		t.Fatalf("before there is a folder: %v, %v", list, err)
	}
	const older, newer = "001764430000000-a", "001764430000001-b"
	_, content := sampletest.File(t, sample.Spec{Method: "quest", Model: "attention", Layers: 2, Heads: 3, Context: 300, Seed: 4})
	for _, key := range []string{newer, older} {
		got, err := s.Keep(key, "my run", bytes.NewReader(content))
		if err != nil || got.Key != key || got.Saved.UnixMilli() != 1764430000000+int64(key[16]-'a') || got.Bytes != len(content) || !strings.HasPrefix(got.Method, "Quest") {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if _, err := s.Change(older, traces.Change{Name: "the older", Note: "of two"}); err != nil {
		t.Fatal(err)
	}
	list, err := OpenTraces(s.folder).List()
	if err != nil || len(list) != 2 || list[0].Key != newer || list[1].Name != "the older" || list[1].Note != "of two" {
		t.Fatalf("%+v, %v", list, err)
	}
	f, err := s.Open(older)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() != int64(len(content)) || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	if err := s.Remove(newer); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(s.folder)
	if err != nil || len(left) != 2 {
		t.Errorf("%v is left of one trace, %v", left, err)
	}
}

// What cannot be kept is refused with what is to blame, and leaves nothing.
func TestTracesRefuse(t *testing.T) {
	s := OpenTraces(t.TempDir())
	const key = "001764430000000-a"
	_, content := sampletest.File(t, sample.Spec{Method: "quest", Model: "attention", Layers: 2, Heads: 3, Context: 300, Seed: 4})
	for _, c := range []struct {
		name, key, called, field string
		content                  []byte
	}{
		{"a path", "../001764430000000-a", "x", "key", content},
		{"no name", key, " ", "name", content},
		{"no run", key, "x", "file", []byte("no run")},
		{"half a run", key, "x", "file", content[:len(content)/2]},
	} {
		if _, err := s.Keep(c.key, c.called, bytes.NewReader(c.content)); input.Field(err) != c.field {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if left, err := os.ReadDir(s.folder); err != nil || len(left) != 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	if _, err := s.Keep(key, "x", bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]traces.Change{"name": {}, "note": {Name: "x", Note: strings.Repeat("n", traces.MaxNote+1)}} {
		if _, err := s.Change(key, change); input.Field(err) != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if err := s.room("001764430000001-b", maxTraceBytes); input.Field(err) != "file" {
		t.Errorf("without room: %v", err)
	}
	const none = "001764430000009-z"
	_, opened := s.Open(none)
	_, changed := s.Change(none, traces.Change{Name: "x"})
	for _, err := range []error{opened, changed, s.Remove(none)} {
		if !errors.Is(err, ErrNoTrace) {
			t.Errorf("of none: %v", err)
		}
	}
	// What is no trace's is passed over.
	for _, name := range []string{"notes.json", "001764430000002-c.json"} {
		if err := os.WriteFile(filepath.Join(s.folder, name), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if list, err := s.List(); err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A trace whose description is damaged is not lost: it is described anew, once, by its file.
func TestTracesDescribeAnew(t *testing.T) {
	s := OpenTraces(t.TempDir())
	const key = "001764430000000-a"
	_, content := sampletest.File(t, sample.Spec{Method: "quest", Model: "attention", Layers: 2, Heads: 3, Context: 300, Seed: 4})
	kept, err := s.Keep(key, "my run", bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	about := s.path(key, aboutSuffix)
	for _, c := range []struct{ damaged, name, note, says string }{
		{"", key, "", "end of JSON input"}, {"{", key, "", "end of JSON input"}, {"null", key, "", "name: missing"},
		{`{"name": "my run", "note": "of two", "bytes": -1}`, "my run", "of two", "bytes: -1"},
		{`{"name": "my run", "score": 3}`, "my run", "", "score: "},
	} {
		if err := os.WriteFile(about, []byte(c.damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		want := kept
		want.Name, want.Note = c.name, c.note
		for range 2 { // it stays said
			list, err := s.List()
			if err != nil || len(list) != 1 {
				t.Fatalf("%q: %+v, %v", c.damaged, list, err)
			}
			if want.Fault = list[0].Fault; list[0] != want || !strings.Contains(want.Fault, c.says) {
				t.Errorf("%q: %+v, want %+v with %q", c.damaged, list[0], want, c.says)
			}
		}
		if text, err := os.ReadFile(about); err != nil || string(text) == c.damaged {
			t.Errorf("%q is there still: %v", c.damaged, err)
		}
		if changed, err := s.Change(key, traces.Change{Name: "again"}); err != nil || changed.Fault != "" {
			t.Errorf("described again: %+v, %v", changed, err)
		}
	}
	if err := os.Remove(about); err != nil {
		t.Fatal(err)
	}
	if list, err := s.List(); err != nil || len(list) != 1 || list[0].Tokens != kept.Tokens || !strings.Contains(list[0].Fault, "it is missing") {
		t.Errorf("without a description: %+v, %v", list, err)
	}
}

// A trace whose file is damaged too is listed with why, keeps what it was called, and can be
// removed.
func TestTracesUnread(t *testing.T) {
	s := OpenTraces(t.TempDir())
	const key, other = "001764430000000-a", "001764430000001-b"
	for at, text := range map[string]string{
		s.path(key, aboutSuffix): `{"name": "my run", "hits": -1}`, s.path(key, traceSuffix): "no run", s.path(other, traceSuffix): "",
	} {
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		list, err := s.List()
		if err != nil || len(list) != 2 || list[1].Name != "my run" || list[1].Bytes != 6 || !strings.Contains(list[1].Fault, "hits: -1") || !strings.Contains(list[1].Fault, "it is no run") || list[0].Fault == "" {
			t.Fatalf("%+v, %v", list, err)
		}
	}
	for _, k := range []string{key, other} {
		if err := s.Remove(k); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(s.folder); err != nil || len(left) != 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}
