package picture

import (
	"math"
	"testing"

	"kvscope/engine/trace"
)

// TestTablesAt: two layers of two heads over ten positions in pages of four, the last of
// which holds two.
func TestTablesAt(t *testing.T) {
	r := &Run{}
	emit := func(e trace.Event) {
		if err := r.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	emit(&trace.Header{Layers: 2, Heads: 2, HeadDim: 4, Phase: "evict", Block: 4, K: 2, Tokens: make([]trace.Token, 10)})
	picked := [][]byte{{0b00000001, 0b10}, {0b00000011, 0}, {0b00010000, 0}, {0b00010000, 0b01}} // of ten tokens
	for i, p := range picked {
		if _, ok := r.TablesAt(0); ok {
			t.Errorf("known after %d heads", i)
		}
		emit(&trace.Selection{Step: 0, Layer: i / 2, Head: i % 2, First: 9, Queries: 1, Unit: 1, Candidates: 10, Picked: p})
	}
	got, ok := r.TablesAt(0)
	// Heads touch pages 0 and 2, 0, 1, 1 and 2: 6, 4, 4 and 6 entries; layers 6 and 6; all 10.
	if want := (Tables{Head: 0.5, Layer: 0.6, All: 1}); !ok || math.Abs(got.Head-want.Head)+math.Abs(got.Layer-want.Layer)+math.Abs(got.All-want.All) > 1e-12 {
		t.Errorf("%+v, want %+v", got, want)
	}
	if _, ok := r.TablesAt(1); ok {
		t.Error("a line that there is not")
	}
}
