package traces

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"kvscope/engine/input"
	"kvscope/engine/input/inputtest"
	"kvscope/web/picture"
	"kvscope/web/sample"
	"kvscope/web/sample/sampletest"
)

// file is a made-up run as a file.
func file(t testing.TB, method string, seed uint64) []byte {
	t.Helper()
	_, content := sampletest.File(t, sample.Spec{Method: method, Model: "attention", Layers: 2, Heads: 3, Context: 300, Seed: seed})
	return content
}

func open(content []byte) (*picture.Run, error) {
	return Open(bytes.NewReader(content), int64(len(content)))
}

func TestDescribe(t *testing.T) {
	content := file(t, "quest", 4)
	got, err := Describe("my run.safetensors", bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := open(content)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "my run" || got.Bytes != len(content) || !strings.HasPrefix(got.Method, "Quest at ") || got.Tokens != len(r.Header.Tokens) ||
		got.Task != r.Header.Task+", seed 4" || got.Answer != r.Done.Answer || got.Hits != r.HeadGrid().Hits() {
		t.Errorf("%+v", got)
	}
	if _, err := Describe("x", strings.NewReader("x"), 1); err == nil || !strings.Contains(err.Error(), "no run") {
		t.Errorf("a file of one letter: %v", err)
	}
	for name, want := range map[string]string{" ": "missing", strings.Repeat("ä", MaxName+1): "at most 120"} {
		if err := CheckName(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the name %q: %v", name, err)
		}
	}
}

// TestBroken breaks the file of a run that is opened to be compared.
func TestBroken(t *testing.T) {
	inputtest.Broken(t, "run", file(t, "quest", 4), 4<<20, 100, func(data []byte) error {
		_, err := Describe("run", bytes.NewReader(data), int64(len(data)))
		return err
	})
}

// TestBrokenDescriptions breaks what is known of a trace, as the page and the server keep it.
func TestBrokenDescriptions(t *testing.T) {
	content := file(t, "quest", 4)
	whole, err := Describe("my run", bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	whole.Key, whole.Note, whole.Saved = "001764430000000-a", "of two", time.UnixMilli(1764430000000).UTC()
	text, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Read(text); err != nil || got != whole {
		t.Errorf("%+v, %v, want %+v", got, err, whole)
	}
	inputtest.Broken(t, "description", text, 1<<20, 400, func(data []byte) error {
		got, err := Read(data)
		if err == nil && (got.Name == "" || got.Bytes < 0 || got.Tokens < 0 || got.Hits < 0) {
			t.Errorf("%s is read as %+v", data, got)
		}
		return err
	})
	for field, text := range map[string]string{"name": `{}`, "bytes": `{"name": "x", "bytes": -1}`, "tokens": `{"name": "x", "tokens": "many"}`} {
		if _, err := Read([]byte(text)); input.Field(err) != field {
			t.Errorf("%s: %v, want %s to blame", text, err, field)
		}
	}
}

func TestList(t *testing.T) {
	at := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	old, late := Trace{Key: "a", Saved: at, Bytes: 3}, Trace{Key: "b", Saved: at.Add(time.Hour), Bytes: 4}
	l := List{}.Add(late).Add(old)
	if !reflect.DeepEqual(l, List{late, old}) || l.Bytes() != 7 {
		t.Fatalf("%+v", l)
	}
	renamed := old
	renamed.Name = "new"
	if got := l.Add(renamed); len(got) != 2 || got[1].Name != "new" || l[1].Name != "" {
		t.Errorf("renamed: %+v of %+v", got, l)
	}
	rest, removed, ok := l.Remove("b")
	if !ok || removed != late || len(rest) != 1 || len(l) != 2 {
		t.Errorf("removed %+v of %+v", removed, rest)
	}
	if got := rest.Add(removed); !reflect.DeepEqual(got, l) {
		t.Errorf("undone: %+v", got)
	}
	if _, _, ok := l.Remove("c"); ok {
		t.Error("removed what is not there")
	}
}

// Runs of one prompt show where they differ, others their figures alone.
func TestCompare(t *testing.T) {
	quest, err := open(file(t, "quest", 4))
	if err != nil {
		t.Fatal(err)
	}
	moba, err := open(file(t, "h2o", 4))
	if err != nil {
		t.Fatal(err)
	}
	other, err := open(file(t, "quest", 5))
	if err != nil {
		t.Fatal(err)
	}
	row := func(c Comparison, name string) Row {
		for _, r := range c.Rows {
			if r.Name == name {
				return r
			}
		}
		return Row{}
	}
	same := Compare(quest, quest)
	if same.Grid == nil || row(same, "picks in common").Left != "100.0%" {
		t.Errorf("a run against itself: %+v", row(same, "picks in common"))
	}
	c := Compare(quest, moba)
	if c.Grid == nil || c.Grid.Diff == nil || row(c, "picks in common").Left == "100.0%" {
		t.Errorf("another method picks the same: %+v", c.Rows)
	}
	if got := row(c, "method"); !strings.HasPrefix(got.Left, "Quest") || !strings.HasPrefix(got.Right, "H2O") {
		t.Errorf("methods %+v", got)
	}
	if c := Compare(quest, other); c.Grid != nil || len(c.Rows) < 10 {
		t.Errorf("of another prompt: %+v", c)
	}
}
