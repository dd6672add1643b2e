package picture

import (
	"math"
	"slices"
	"testing"

	"kvscope/engine/trace"
)

// two steps of one layer of two heads over 8 positions in blocks of 2.
func pickedRun(t *testing.T, picks [2][2]byte, scores []float32) *Run {
	t.Helper()
	r := &Run{}
	emit := func(e trace.Event) {
		if err := r.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	emit(&trace.Header{
		Layers: 1, Heads: 2, Block: 2, Tokens: make([]trace.Token, 8), Phase: "decode",
		Answer: make([]trace.Token, 2), Gold: []int{4, -1},
	})
	for step := range 2 {
		for h := range 2 {
			emit(&trace.Selection{
				Step: step, Head: h, First: 7, Queries: 1, Unit: 2, Candidates: 4, Picked: []byte{picks[step][h]},
				Scores: scores, Mass: []float32{0.1, 0.2, 0.3, 0.4},
			})
		}
		emit(&trace.Step{Step: step})
	}
	return r
}

func TestCompare(t *testing.T) {
	a := pickedRun(t, [2][2]byte{{0b0011, 0b1111}, {0b0001, 0}}, nil)
	b := pickedRun(t, [2][2]byte{{0b0110, 0b1111}, {0b1000, 0}}, nil)
	d := b.Compare(a, b.Grid(nil), nil)
	if want := []float32{0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0}; !slices.Equal(d.Left, want) {
		t.Errorf("a alone %v, want %v", d.Left, want)
	}
	if want := []float32{0.5, 1, 0.5, 0.5, 0, 0, 0, 0, 0, 0}; !slices.Equal(d.Both, want) {
		t.Errorf("both %v, want %v", d.Both, want)
	}
	if want := []float32{0, 0, 0.5, 0, 0, 0, 0, 0, 0.5, 0}; !slices.Equal(d.Right, want) {
		t.Errorf("b alone %v, want %v", d.Right, want)
	}
	one := b.Compare(a, b.Grid(nil), &Head{0, 0})
	if want := []float32{0, 0, 1, 0, 0, 0, 0, 0, 1, 0}; !slices.Equal(one.Right, want) {
		t.Errorf("head 0, b alone %v, want %v", one.Right, want)
	}
	// One of three at step 0 and none of two at step 1; all at step 0 and nothing picked at step 1.
	if got := b.Jaccard(a); math.Abs(float64(got[0])-1.0/6) > 1e-6 || got[1] != 1 {
		t.Errorf("Jaccard %v, want 1/6 and 1", got)
	}
	other := &Run{}
	if err := other.Emit(&trace.Header{Layers: 1, Heads: 2, Tokens: make([]trace.Token, 9)}); err != nil {
		t.Fatal(err)
	}
	if b.Compare(other, b.Grid(nil), nil) != nil || b.Jaccard(other) != nil || b.Compare(nil, b.Grid(nil), nil) != nil {
		t.Error("runs of other prompts are compared")
	}
}

func TestScatter(t *testing.T) {
	r := pickedRun(t, [2][2]byte{{0b0011, 1}, {1, 1}}, []float32{float32(math.Inf(1)), 3, 2, 1})
	s := r.Scatter(0, &Head{0, 0})
	if len(s.Points) != 4 || math.Abs(s.Correlation+1) > 1e-9 {
		t.Fatalf("%+v, want four points, scores against mass", s)
	}
	if want := (Point{Block: 0, Score: float32(math.Inf(1)), Mass: 0.1, Picked: true, Forced: true}); s.Points[0] != want {
		t.Errorf("%+v, want %+v", s.Points[0], want)
	}
	if want := (Point{Block: 2, Score: 2, Mass: 0.3, Gold: true}); s.Points[2] != want {
		t.Errorf("%+v, want %+v", s.Points[2], want)
	}
	if r.Scatter(0, nil) != nil || r.Scatter(9, &Head{0, 0}) != nil || pickedRun(t, [2][2]byte{}, nil).Scatter(0, &Head{0, 0}) != nil {
		t.Error("a scatter of nothing")
	}
	for _, c := range []struct {
		a, b []float64
		want float64
	}{
		{[]float64{1, 2, 3}, []float64{10, 20, 30}, 1},
		{[]float64{1, 1, 2, 3}, []float64{1, 1, 2, 3}, 1},
		{[]float64{1, 2, 3, 4}, []float64{2, 1, 4, 3}, 0.6},
	} {
		if got := spearman(c.a, c.b); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%v and %v correlate by %v, want %v", c.a, c.b, got, c.want)
		}
	}
	if !math.IsNaN(spearman([]float64{1, 2}, []float64{1, 2})) {
		t.Error("two points correlate")
	}
}

func TestRanking(t *testing.T) {
	h := &Heads{Layers: 2, Heads: 2, Cells: []HeadCell{{Recall: 0.5}, {Recall: -1}, {Recall: 0.9}, {Recall: 0.5}}}
	if got, want := h.Ranking(Recall), []Head{{1, 0}, {0, 0}, {1, 1}, {0, 1}}; !slices.Equal(got, want) {
		t.Errorf("ranking %v, want %v", got, want)
	}
	if !h.Has(Recall) || (&Heads{Cells: []HeadCell{{Recall: -1}}}).Has(Recall) {
		t.Error("what is known of heads")
	}
}

func TestMemoryLengthOfHeads(t *testing.T) {
	r := pickedRun(t, [2][2]byte{}, nil)
	if r.HeadGrid().Has(Memory) {
		t.Error("a memory before the run is done")
	}
	if err := r.Emit(&trace.Done{Hits: []trace.Hit{{MemoryLength: 8}, {Head: 1, MemoryLength: 1}}}); err != nil {
		t.Fatal(err)
	}
	g := r.HeadGrid()
	if a, b := g.At(Head{0, 0}), g.At(Head{0, 1}); a.MemoryLength != 8 || a.Value(Memory) != 1 || b.Value(Memory) != 0 {
		t.Errorf("heads %+v %+v, want the scale's ends", a, b)
	}
}

// A block that others of greater scores gave way to was read by rule.
func TestForcedBlocksAreTold(t *testing.T) {
	s := &Scatter{Points: []Point{{Score: -5, Picked: true}, {Score: 3, Picked: true}, {Score: 1}, {Score: 1, Picked: true}, {Score: float32(math.Inf(1)), Picked: true}}}
	s.force()
	for i, want := range []bool{true, false, false, false, true} {
		if s.Points[i].Forced != want {
			t.Errorf("point %d: forced %t, want %t", i, s.Points[i].Forced, want)
		}
	}
}
