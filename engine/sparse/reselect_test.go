package sparse

import (
	"reflect"
	"testing"
)

// TestReselectIsSelect: by the scores that a query left at any budget every method
// picks at another what it picks with the keys, ties included.
func TestReselectIsSelect(t *testing.T) {
	h, q := cache(11, 8, 16, 200)
	for i, v := range h.Keys { // coarse keys tie
		h.Keys[i] = float32(int(v))
	}
	h = prefix(h, 200)
	for _, s := range selectors() {
		for _, p := range []int{0, 15, 16, 100, 199} {
			query := Query{Q: q[p*h.Dim : (p+1)*h.Dim], Position: p, Layer: 1, Head: 2}
			var was, want, got Selection
			switch m := s.Selector.(type) { // what leaves the scores: the method at another budget
			case Quest:
				Quest{Blocks: m.Blocks + 3}.Select(&was, query, h)
			case MoBA:
				MoBA{Blocks: 1}.Select(&was, query, h)
			case OracleBlocks:
				OracleBlocks{Blocks: 1}.Select(&was, query, h)
			case OracleTokens:
				OracleTokens{Tokens: 100}.Select(&was, query, h)
			}
			s.Select(&want, query, h)
			query.Q = nil
			if !Reselect(s.Selector, &got, query, Shape(h.kernels, h.Block, h.Len), was.Scores) {
				t.Errorf("%s at %d: the scores do not tell", s.name, p)
				continue
			}
			if !reflect.DeepEqual(got.Spans, want.Spans) || got.Unit != want.Unit || len(got.Scores) != len(want.Scores) {
				t.Errorf("%s at %d: %v of %d scores, want %v of %d", s.name, p, got.Spans, len(got.Scores), want.Spans, len(want.Scores))
			}
		}
	}
}

// TestReselectRefusesOtherScores: those of fewer candidates, and of a layer that had
// none.
func TestReselectRefusesOtherScores(t *testing.T) {
	h, _ := cache(12, 8, 16, 200)
	shape := Shape(h.kernels, 16, 200)
	var dst Selection
	for _, s := range []Reselector{Quest{Blocks: 3}, MoBA{Blocks: 3}, OracleBlocks{Blocks: 3}, OracleTokens{Tokens: 9}, DenseFirst{Layers: 1, Rest: Quest{Blocks: 3}}} {
		for _, scores := range [][]float32{nil, make([]float32, 5)} {
			if s.Reselect(&dst, Query{Position: 199, Layer: 1}, shape, scores) {
				t.Errorf("%T picks by %d scores of another cache", s, len(scores))
			}
		}
	}
	if (DenseFirst{Layers: 1, Rest: Twilight{Blocks: 2, TopP: 1}}).Reselect(&dst, Query{Position: 199, Layer: 1}, shape, make([]float32, 200)) {
		t.Error("Twilight hands blocks on by bounds that its scores are not")
	}
}
