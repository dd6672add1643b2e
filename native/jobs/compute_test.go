package jobs

import (
	"context"
	"errors"
	"testing"

	"kvscope/engine/experiment"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/native/store"
)

// answers tells the truth for even seeds, and counts its calls.
type answers struct {
	calls chan bool
	err   func(run.Request) error // or nil
}

func (answers) Models() []run.ModelInfo {
	return []run.ModelInfo{{Name: "m", Hash: "h", Context: 256, Params: 1000}}
}

func (a answers) Run(_ context.Context, req run.Request, sink trace.Sink) error {
	if a.err != nil {
		if err := a.err(req); err != nil {
			return err
		}
	}
	a.calls <- true
	if err := sink.Emit(&trace.Header{Layers: 1, Heads: 1, Tokens: []trace.Token{{}}}); err != nil {
		return err
	}
	return sink.Emit(&trace.Done{Score: float64(1 - req.Seed%2)})
}

func memory(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestComputeKnowsWhatWasComputed(t *testing.T) {
	s, a := memory(t), answers{calls: make(chan bool, 1000)}
	last := 0
	first, _, err := Compute(t.Context(), s, a, cells(4), 3, func(done, total int) {
		if done <= last || total != 40 {
			t.Errorf("progress %d of %d after %d", done, total, last)
		}
		last = done
	})
	if err != nil || last != 40 || len(a.calls) != 40 {
		t.Fatalf("%v, %d examples told, %d asked", err, last, len(a.calls))
	}
	again, _, err := Compute(t.Context(), s, a, cells(6), 1, func(int, int) {})
	if err != nil || len(a.calls) != 60 {
		t.Fatalf("%v, %d examples asked", err, len(a.calls))
	}
	if again[3].Cell != first[3].Cell || again[3].Outcome.Score() != 5 {
		t.Errorf("%+v", again[3])
	}
}

// TestComputeGoesOn: a cell that fails does not cost the others, and stays to be tried.
func TestComputeGoesOn(t *testing.T) {
	broken := errors.New("broken")
	s := memory(t)
	third := answers{calls: make(chan bool, 1000), err: func(req run.Request) error {
		if req.Seed == experiment.Seed(25) {
			return broken
		}
		return nil
	}}
	last := 0
	done, failed, err := Compute(t.Context(), s, third, cells(9), 2, func(over, _ int) { last = over })
	if err != nil || len(done) != 8 || len(failed) != 1 || failed[0].Cell.First != 20 || !errors.Is(failed[0].Err, broken) || last != 90 {
		t.Fatalf("%d done, %+v, %v", len(done), failed, err)
	}
	if done[2].Cell.First != 30 {
		t.Errorf("out of order: %+v", done[2].Cell)
	}
	third.err = nil
	if done, failed, err = Compute(t.Context(), s, third, cells(9), 2, func(int, int) {}); err != nil || len(done) != 9 || len(failed) != 0 {
		t.Errorf("%d done, %+v, %v", len(done), failed, err)
	}
}

func TestComputeStopsWhenTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := Compute(ctx, memory(t), answers{calls: make(chan bool, 1000)}, cells(9), 2, func(int, int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestEstimate(t *testing.T) {
	s, a := memory(t), answers{calls: make(chan bool, 1000)}
	estimator := NewEstimator(s, a)
	e, err := estimator.Estimate(t.Context(), cells(3))
	if err != nil {
		t.Fatal(err)
	}
	if e.Cells != 3 || e.Left != 30 || e.Tried != 1 || len(a.calls) != 1 || e.Tokens != 30*256 || e.FLOP != 2*1000*30*256 || e.Seconds <= 0 {
		t.Errorf("%+v", e)
	}
	if e, err = estimator.Estimate(t.Context(), cells(3)); err != nil || e.Tried != 0 || len(a.calls) != 1 {
		t.Errorf("tried again: %+v %v", e, err)
	}
	if err := s.Finish(t.Context(), cells(1)[0], &experiment.Outcome{Seconds: 20}, "w"); err != nil {
		t.Fatal(err)
	}
	e, err = estimator.Estimate(t.Context(), cells(3))
	if err != nil || e.Known != 1 || e.Left != 20 || e.Seconds != 40 || e.Tried != 0 {
		t.Errorf("%+v %v", e, err)
	}
}

// TestComputeUnwatched: nobody has to hear of the progress.
func TestComputeUnwatched(t *testing.T) {
	a := answers{calls: make(chan bool, 1000)}
	if done, _, err := Compute(t.Context(), memory(t), a, cells(2), 1, nil); err != nil || len(done) != 2 {
		t.Errorf("%d done, %v", len(done), err)
	}
}
