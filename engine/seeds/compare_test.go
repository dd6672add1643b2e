package seeds

import (
	"context"
	"errors"
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
	if err := sink.Emit(&trace.Header{Layers: 1, Heads: 1, Expected: []string{"7"}, Model: req.Model, Task: req.Task, Seed: req.Seed, Method: req.Method}); err != nil {
		return err
	}
	return sink.Emit(&trace.Done{Score: score})
}

func quest() run.Request {
	return run.Request{Task: "S-2", Force: "1", Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8"}}}
}

func TestCompareGivesRowsInOrder(t *testing.T) {
	var lost, order []uint64
	err := Compare(t.Context(), oracle{}, quest(), []string{"weak", "strong"}, 3, 10, func(row Row) error {
		order = append(order, row.Seed)
		if row.Lost() {
			lost = append(lost, row.Seed)
			if right, wrong := row.Right(); !slices.Equal(right, []string{"strong"}) || !slices.Equal(wrong, []string{"weak"}) {
				t.Errorf("seed %d: right %v, wrong %v", row.Seed, right, wrong)
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
	// 10 is even too, but there the model is wrong with everything read.
	if want := []uint64{4, 6, 8, 12}; !slices.Equal(lost, want) {
		t.Errorf("lost %v, want %v", lost, want)
	}
}

func TestCompareEndsWithTheFirstError(t *testing.T) {
	stop := errors.New("enough")
	if err := Compare(t.Context(), oracle{}, quest(), []string{"weak"}, 1, 100, func(Row) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v, want the error of the receiver", err)
	}
	if err := Compare(t.Context(), oracle{fail: 2}, quest(), []string{"weak"}, 1, 100, func(Row) error { return nil }); err == nil || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("%v, want the error of the run", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Compare(ctx, oracle{}, quest(), []string{"weak"}, 1, 5, func(Row) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that of the context", err)
	}
}

func TestCompareRefusesWhatHasNoSeeds(t *testing.T) {
	text := quest()
	text.Task, text.Text = "", "some text"
	for field, c := range map[string]struct {
		req run.Request
		n   int
	}{"task": {text, 5}, "seeds": {quest(), 0}} {
		if err := Compare(t.Context(), oracle{}, c.req, []string{"weak"}, 1, c.n, nil); input.Field(err) != field {
			t.Errorf("%v, want an error of %s", err, field)
		}
	}
}
