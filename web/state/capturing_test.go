package state

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// TestCaptured: queries and keys are a model that takes no prompt, beside models that do.
func TestCaptured(t *testing.T) {
	d := ready(t)
	d.do(Set{Field: "source", Value: "text"}).do(Set{Field: "method", Value: "moba"})
	own := run.ModelInfo{Name: "own", Arch: run.ArchCapture, Context: 64}
	d.do(Captured{Side: 1, Info: own})
	if len(d.starts()) != 0 || d.s.Problems["text"] == "" {
		t.Errorf("the other column runs without a text: %v", d.s.Problems)
	}
	for range 2 { // opened again it is still one model
		d.do(Set{Field: "source", Value: "task"}).do(Captured{Side: 1, Info: own})
	}
	if len(d.s.Meta.Models) != 3 || d.s.Draft.Model(1) != "own" || d.s.Draft.Model(0) != "attention" {
		t.Errorf("models %v, columns %q and %q", d.s.Meta.Models, d.s.Draft.Left, d.s.Draft.Right)
	}
	if d.s.Longest() != 1024 {
		t.Errorf("prompts of %d tokens at most, want the model's 1024", d.s.Longest())
	}
	starts := d.starts()
	if len(starts) != 2 {
		t.Fatalf("starts %v", starts)
	}
	if r := starts[0].Request; r.Task == "" || r.Method != "moba" {
		t.Errorf("the model is asked %+v", r)
	}
	if r := starts[1].Request; r.Task != "" || r.Text != "" || r.Context != nil || r.Model != "own" || r.Method != "moba" {
		t.Errorf("the capture is asked %+v", r)
	}
	// Dropped beyond the columns it has one of its own.
	if d.do(Captured{Side: 3, Info: own}); d.s.Draft.Columns() != 3 || d.s.Draft.Model(2) != "own" {
		t.Errorf("%d columns, the third of %q", d.s.Draft.Columns(), d.s.Draft.Model(2))
	}
	// Alone it needs no prompt at all.
	d.do(Set{Field: "third", Value: ""}).do(Set{Field: "source", Value: "text"}).do(Captured{Side: 0, Info: own})
	if len(d.starts()) != 2 {
		t.Errorf("captures alone do not start: %v", d.s.Problems)
	}
}

// TestCapturedAsks: what a file says of a method is in the form, which runs with it, in the
// address, which the browser goes back from, and in what is said.
func TestCapturedAsks(t *testing.T) {
	own := run.ModelInfo{Name: "own", Arch: run.ArchCapture, Context: 64}
	asks := sparse.Config{Method: "snapkv", Values: sparse.Values{"window": "8", "k": "40"}}
	d := ready(t)
	d.do(Set{Field: ColumnField(1), Value: ColumnSpec{Model: "ratplus", Method: "moba"}.String()})
	d.do(Captured{Side: 1, Info: own, Asks: asks, Ignored: []string{"top_p"}})
	starts := d.starts()
	if len(starts) != 2 || starts[1].Request.Model != "own" || starts[1].Request.Method != "snapkv" {
		t.Fatalf("starts %+v", starts)
	}
	got := starts[1].Request.Values
	if got["window"] != "8" || got["k"] != "40" || got["budget"] != "" {
		t.Errorf("the capture is asked with %v, want what the file says and no budget", got)
	}
	if l, ok := d.link(); !ok || !l.Push || !strings.Contains(l.Query, "method=snapkv") || !strings.Contains(l.Query, "k=40") {
		t.Errorf("link %+v", l)
	}
	if again := ParseQuery(d.s.Query()); !reflect.DeepEqual(again.Form.config(Problems{}), starts[1].Request.Config) {
		t.Errorf("the address %q asks for %+v", d.s.Query(), again.Form.config(Problems{}))
	}
	if want := "own is open, and the form has what it says: snapkv, k 40, window 8; ignored: top_p"; d.s.Toast.Text != want {
		t.Errorf("%q, want %q", d.s.Toast.Text, want)
	}
	// A file that names no method sets what it says of the form's, and a budget takes the place of k.
	d.do(Captured{Side: 1, Info: own, Asks: sparse.Config{Values: sparse.Values{"budget": "1/4"}}})
	if f := d.s.Form; f.Method != "snapkv" || f.Get("k") != "" || f.Get("budget") != "1/4" || f.Get("window") != "8" {
		t.Errorf("%s %v", f.Method, f.Options)
	}
	// What cannot be is said, and the form stays.
	before := d.s.Form
	d.do(Captured{Side: 1, Info: own, Refused: errors.New("the file's block: -3, want a whole number from 1")})
	if u := d.s.Columns[1].Unopened; !d.s.Form.Equal(before) || !strings.Contains(u.Advice, "the file's block: -3") || len(d.starts()) != 2 {
		t.Errorf("%+v, starts %v", u, d.starts())
	}
}
