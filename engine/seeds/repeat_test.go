package seeds

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// oracle answers by a rule: weak is wrong with everything read at seeds that divide by 5,
// and under a method at even ones; strong is always right.
type oracle struct{ fail uint64 }

func (o oracle) Run(_ context.Context, req run.Request, sink trace.Sink) error {
	if o.fail != 0 && req.Seed == o.fail {
		return errors.New("no luck")
	}
	score := 1.0
	if req.Model == "weak" && (req.Seed%5 == 0 || req.Method != "dense" && req.Seed%2 == 0) {
		score = 0
	}
	if err := sink.Emit(&trace.Header{Layers: 2, Heads: 4, Expected: []string{"7"}, Model: req.Model, Task: req.Task, Seed: req.Seed, Method: req.Method}); err != nil {
		return err
	}
	return sink.Emit(&trace.Done{Score: score, Hits: []trace.Hit{{Layer: 1, Head: 2, Hit: score == 1}, {Layer: 0, Head: 1, Hit: true}}})
}

func quest(models ...string) (reqs []run.Request) {
	for _, model := range models {
		reqs = append(reqs, run.Request{Model: model, Task: "S-2", Force: "1", Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8"}}})
	}
	return reqs
}

func TestRepeatGivesRowsInOrder(t *testing.T) {
	var lost, order []uint64
	var rows []Row
	err := Repeat(t.Context(), Engine{oracle{}}, quest("weak", "strong"), 3, 10, func(row Row) error {
		order, rows = append(order, row.Seed), append(rows, row)
		if row.Lost() {
			lost = append(lost, row.Seed)
			if row.Answers[0].Kept() || !row.Answers[1].Kept() {
				t.Errorf("seed %d: %+v", row.Seed, row)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []uint64{3, 4, 5, 6, 7, 8, 9, 10, 11, 12}; !slices.Equal(order, want) {
		t.Errorf("rows %v, want %v", order, want)
	}
	share := ShareOf(rows, 0)
	want := Share{Seeds: 10, Right: 4, Dense: 8, Lost: 4, Heads: []HeadShare{{0, 1, 10}, {1, 2, 4}}}
	if !reflect.DeepEqual(share, want) {
		t.Errorf("sums up to %+v, want %+v", share, want)
	}
	// 10 is even too, but there the model is wrong with everything read.
	if want := []uint64{4, 6, 8, 12}; !slices.Equal(lost, want) {
		t.Errorf("lost %v, want %v", lost, want)
	}
}

func TestRepeatEndsWithTheFirstError(t *testing.T) {
	stop := errors.New("enough")
	if err := Repeat(t.Context(), Engine{oracle{}}, quest("weak"), 1, 100, func(Row) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v, want the error of the receiver", err)
	}
	if err := Repeat(t.Context(), Engine{oracle{fail: 2}}, quest("weak"), 1, 100, func(Row) error { return nil }); err == nil || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("%v, want the error of the run", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Repeat(ctx, Engine{oracle{}}, quest("weak"), 1, 5, func(Row) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that of the context", err)
	}
}

func TestRepeatRefusesWhatHasNoSeeds(t *testing.T) {
	text := quest("weak")
	text[0].Task, text[0].Text = "", "some text"
	for field, c := range map[string]struct {
		reqs []run.Request
		n    int
	}{"task": {text, 5}, "seeds": {quest("weak"), Most + 1}} {
		if err := Repeat(t.Context(), Engine{oracle{}}, c.reqs, 1, c.n, nil); input.Field(err) != field {
			t.Errorf("%v, want an error of %s", err, field)
		}
	}
}
