package run

import (
	"testing"

	"kvscope/engine/figures"
	"kvscope/engine/model"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// crowded is a sink of a run that tells it how much of scores and attention came.
type crowded struct {
	trace.Run
	bytes int
}

func (c *crowded) Emit(e trace.Event) error {
	if s, ok := e.(*trace.Selection); ok {
		c.bytes += 4 * (len(s.Scores) + len(s.Mass))
	}
	return c.Run.Emit(e)
}

// TestScoresAreBounded: whole steps have scores and attention while there is room, the
// others none, their picks are whole, and what heads came to counts all of them.
func TestScoresAreBounded(t *testing.T) {
	e := testEngine(t, model.Attention)
	for _, method := range []string{"quest", "snapkv", "oracle-token"} {
		req := Request{Model: "m", Task: "S-2", Seed: 3, MaxNew: new(6), Config: sparse.Config{Method: method, Values: sparse.Values{"budget": "1/4", "block": "4"}}}
		if method == "snapkv" {
			req.Config = req.With("window", "8")
		}
		whole := record(t, e, req)
		l, err := e.find("m")
		if err != nil {
			t.Fatal(err)
		}
		j, err := e.prepare(l, req)
		if err != nil {
			t.Fatal(err)
		}
		heads, first := 4, whole.Selection(0, 0, 0)
		perStep := 4 * heads * (len(first.Scores) + len(first.Mass))
		room := 3*perStep + perStep/2 // later steps have a little more
		rec := &recorder{
			kernels: e.kernels, tally: figures.NewTally(2, 2), prompt: len(j.example.Tokens), gold: j.example.Gold,
			rows: map[[2]int]*trace.Selection{}, room: room,
		}
		var got crowded
		rec.sink = &got
		if err := got.Emit(whole.Header); err != nil {
			t.Fatal(err)
		}
		for _, s := range whole.Selections {
			if s.Step < 0 {
				continue
			}
			copied := *s
			rec.fit(&copied)
			if err := got.Emit(&copied); err != nil {
				t.Fatal(err)
			}
			if light := len(copied.Mass) == 0; light != (s.Step >= 3) || light && len(copied.Scores) > 0 || string(copied.Picked) != string(s.Picked) {
				t.Fatalf("%s: step %d has %d scores and %d masses", method, s.Step, len(copied.Scores), len(copied.Mass))
			}
		}
		if rec.light == nil || *rec.light != 3 || got.bytes > room {
			t.Errorf("%s: light from %v, %d bytes where %d are allowed", method, rec.light, got.bytes, room)
		}
		if whole.Done.LightFrom != nil {
			t.Errorf("%s: a small run is light", method)
		}
		// What was left out tells nothing about another budget.
		got.Done = whole.Done
		more := req
		more.Config = req.With("budget", "1/2")
		if events := Reselect(more, req, &got.Run, e.kernels); method == "quest" && events != nil {
			t.Error("a preview of picks by scores that are not there")
		}
	}
}
