package experiment

import (
	"context"
	"errors"
	"math"
	"reflect"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/run"
	"kvscope/engine/trace"
)

// teller answers by a rule of the request alone.
type teller struct{ err error }

func (r teller) Run(_ context.Context, req run.Request, sink trace.Sink) error {
	if r.err != nil {
		return r.err
	}
	if err := sink.Emit(&trace.Header{Layers: 1, Heads: 2, Budget: 0.25, Block: 16, K: 4}); err != nil {
		return err
	}
	score := 0.0
	if req.Seed%4 != 0 {
		score = 1
	}
	return sink.Emit(&trace.Done{Score: score, Hits: []trace.Hit{{Hit: score == 1}, {Head: 1, Hit: req.SelectorSeed == 1}}})
}

func grid() Grid {
	return Grid{
		Models: []string{"attention", "ratplus"}, Tasks: []string{"S-1", "MV"}, Methods: []string{"quest"},
		Budgets: []string{"1/4"}, Selector: "random", Seeds: 2, Examples: 8,
	}
}

func TestMeasure(t *testing.T) {
	calls := 0
	one, err := Measure(t.Context(), teller{}, grid(), 1, func(done, total int) {
		if calls++; done != calls || total != 4*16 {
			t.Errorf("progress %d of %d at call %d", done, total, calls)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	many, err := Measure(t.Context(), teller{}, grid(), 5, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*Result{one, many} {
		for i := range r.Rows {
			r.Rows[i].Seconds = 0
		}
	}
	if !reflect.DeepEqual(one, many) {
		t.Error("the result depends on the number of workers")
	}
	if len(one.Rows) != 4 || len(one.Hits) != 8 || calls != 64 {
		t.Fatalf("%d rows, %d hits, %d calls", len(one.Rows), len(one.Hits), calls)
	}
	row := one.Rows[0]
	if row.Model != "attention" || row.Task != "S-1" || row.Examples != 16 || math.Abs(row.Accuracy-0.75) > 1e-12 || row.K != 4 {
		t.Errorf("%+v", row)
	}
	if math.Abs(one.Hits[0].Rate-0.75) > 1e-12 || math.Abs(one.Hits[1].Rate-0.5) > 1e-12 {
		t.Errorf("%+v", one.Hits[:2])
	}
}

func TestMeasureFails(t *testing.T) {
	broken := errors.New("broken")
	if _, err := Measure(t.Context(), teller{broken}, grid(), 3, func(int, int) {}); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Measure(ctx, teller{}, grid(), 2, func(done, _ int) {
		if done == 10 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestGridErrors(t *testing.T) {
	for field, change := range map[string]func(*Grid){
		"models":   func(g *Grid) { g.Models = nil },
		"tasks":    func(g *Grid) { g.Tasks = []string{"S-9"} },
		"method":   func(g *Grid) { g.Methods = []string{"magic"} },
		"budgets":  func(g *Grid) { g.Budgets = []string{"3"} },
		"selector": func(g *Grid) { g.Selector = "lucky" },
		"examples": func(g *Grid) { g.Examples = 0 },
		"seeds":    func(g *Grid) { g.Selector = "own" },
	} {
		g := grid()
		change(&g)
		if got := input.Field(g.Validate()); got != field {
			t.Errorf("%s: blamed %q", field, got)
		}
	}
	if err := grid().Validate(); err != nil {
		t.Error(err)
	}
}

// The reference values are those of Newcombe (1998), table I.
func TestWilson(t *testing.T) {
	for _, tc := range []struct {
		hits, n   int
		low, high float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}} {
		low, high := Wilson(float64(tc.hits)/float64(tc.n), tc.n)
		if math.Abs(low-tc.low) > 5e-5 || math.Abs(high-tc.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", tc.hits, tc.n, low, high, tc.low, tc.high)
		}
	}
}
