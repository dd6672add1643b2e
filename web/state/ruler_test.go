package state

import (
	"os"
	"strings"
	"testing"

	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/trace"
)

// A text from a file goes into the form. RULER's examples have their questions and run at
// once, one by its number; the link brings the same back.
func TestTextFiles(t *testing.T) {
	file, err := os.ReadFile("../../engine/niah/testdata/own/validation.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	one := string(file)
	two := one + strings.ReplaceAll(one, "1234567", "7654321")
	d := ready(t)
	d.do(TextOpened{Name: "notes.txt", Text: "The grass is green."})
	if d.s.Draft.Text != "The grass is green." || d.s.Draft.Source != FromText || len(d.starts()) != 0 || d.s.Toast.Text != "notes.txt is in the text field" {
		t.Errorf("%+v, %d runs, said %q", d.s.Draft, len(d.starts()), d.s.Toast.Text)
	}
	d.do(Set{Field: "key", Value: "left over"})
	d.do(TextOpened{Name: "validation.jsonl", Text: two})
	asked := func() niah.RULERExample {
		t.Helper()
		if len(d.starts()) != 2 {
			t.Fatalf("%d runs, problems %v", len(d.starts()), d.s.Problems)
		}
		r := d.starts()[0].Request
		examples, err := niah.ReadRULER(strings.NewReader(r.Text))
		if err != nil || len(examples) != 1 || r.Key != "" || r.Value != "" || r.Task != "" || r.Depth != nil {
			t.Fatalf("%v: %d examples, %+v", err, len(examples), r)
		}
		return examples[0]
	}
	if e := asked(); e.Outputs[0] != "1234567" || !strings.HasSuffix(e.AnswerPrefix, " is") {
		t.Errorf("asked %+v", e)
	}
	d.do(Set{Field: "seed", Value: "2"})
	d.do(Submit{})
	if e := asked(); e.Outputs[0] != "7654321" {
		t.Errorf("example 2 expects %v", e.Outputs)
	}
	l, _ := d.link()
	d = ready(t)
	d.do(Restore{Place: ParseQuery(l.Query).WithText(two)})
	if e := asked(); e.Outputs[0] != "7654321" {
		t.Errorf("the link %.80q brings back %v", l.Query, e.Outputs)
	}
	for seed, want := range map[string]string{"3": "want 1 to 2", "0": "want 1 to 2", "x": "not a whole number"} {
		d.do(Set{Field: "seed", Value: seed})
		d.do(Submit{})
		if len(d.starts()) != 0 || !strings.Contains(d.s.Problems["seed"], want) {
			t.Errorf("example %s: %d runs, problems %v", seed, len(d.starts()), d.s.Problems)
		}
	}
	d.do(Set{Field: "seed", Value: "1"})
	d.do(Set{Field: "text", Value: one + `{"input": "x"}`})
	d.do(Submit{})
	if !strings.Contains(d.s.Problems["text"], "line 2: field outputs is missing") {
		t.Errorf("problems %v", d.s.Problems)
	}
	for name, shown := range map[string]bool{"seed": true, "text": true, "key": false, "value": false, "depth": false, "task": false} {
		if d.s.Draft.has(name) != shown {
			t.Errorf("the form shows %s: %v", name, !shown)
		}
	}
	for task, want := range map[string]string{"": "own text", niah.CustomID: "own text", niah.PromptID: "free prompt", niah.RULERID: "RULER, example 2", "MK-1": "MK-1, seed 2"} {
		if got := (&trace.Header{Task: task, Seed: 2}).Asked(); got != want {
			t.Errorf("%q is called %q, want %q", task, got, want)
		}
	}
	if got := (&trace.Header{Arch: run.ArchCapture}).Asked(); got != "queries and keys" {
		t.Errorf("a capture is called %q", got)
	}
}

// Who copies the link hears which files are not in it.
func TestLinkNamesFiles(t *testing.T) {
	d := ready(t)
	d.do(Share{})
	if note := d.effects[0].(CopyLink).Note; note != "" {
		t.Errorf("without a file: %q", note)
	}
	d.do(Opened{Side: 1, Name: "maps.npz", Run: replayed(t)})
	d.do(Share{})
	if note := d.effects[0].(CopyLink).Note; note != " The file maps.npz is not in it: send the file along." {
		t.Errorf("with a file: %q", note)
	}
}
