package sparse

import (
	"math"
	"slices"
	"testing"
)

// snap64 are SnapKV's scores of the positions before its window by their definition, in
// float64.
func snap64(m SnapKV, window []float32, h *KVCache) []float64 {
	p, d := h.Len, h.Dim
	past := p - m.Observed
	votes := make([]float64, past)
	for i := range m.Observed {
		at := past + i // the query's position
		weights := make([]float64, at+1)
		var total float64
		for j := range weights {
			var s float64
			for c := range d {
				s += float64(window[i*d+c]) * float64(h.Keys[j*d+c])
			}
			weights[j] = math.Exp(s / math.Sqrt(float64(d)))
			total += weights[j]
		}
		for j := range votes {
			votes[j] += weights[j] / total
		}
	}
	scores := make([]float64, past)
	for j := range scores {
		var sum, top float64
		for n := j - m.Kernel/2; n <= j+m.Kernel/2; n++ {
			if n >= 0 && n < past {
				sum += votes[n]
				top = max(top, votes[n])
			}
		}
		scores[j] = sum / float64(m.Kernel)
		if m.Pooling == MaxPool {
			scores[j] = top
		}
	}
	return scores
}

// naiveKeep is SnapKV by its definition, with no pooling tie possible for average pooling
// of random data.
func naiveKeep(m SnapKV, window []float32, h *KVCache) []int {
	var scores []float32
	for _, s := range snap64(m, window, h) {
		scores = append(scores, float32(s))
	}
	out := sortTopK(scores, m.Capacity-m.Observed)
	for j := len(scores); j < h.Len; j++ {
		out = append(out, j)
	}
	return out
}

func TestKeepIsTheDefinition(t *testing.T) {
	for _, m := range []SnapKV{
		{Capacity: 40, Observed: 16, Kernel: 5},
		{Capacity: 40, Observed: 16, Kernel: 5, Pooling: MaxPool},
		{Capacity: 17, Observed: 16, Kernel: 1},
		{Capacity: 100, Observed: 1, Kernel: 7},
		{Capacity: 60, Observed: 3, Kernel: 255},
	} {
		h, q := cache(11, 16, 16, 130)
		window := q[(h.Len-m.Observed)*h.Dim:]
		var sel Selection
		m.Keep(&sel, window, 0, 0, h)
		if got, want := positions(&sel), naiveKeep(m, window, h); !slices.Equal(got, want) {
			t.Errorf("%+v keeps %v, want %v", m, got, want)
		}
		if len(sel.Scores) != h.Len || sel.Unit != 1 {
			t.Errorf("%+v: %d scores of unit %d, want %d of 1", m, len(sel.Scores), sel.Unit, h.Len)
		}
		for j, s := range sel.Scores {
			if math.IsInf(float64(s), 1) != (j >= h.Len-m.Observed) {
				t.Errorf("%+v: score %v at %d", m, s, j)
			}
		}
	}
}

func TestKeepDropsNothingFromAShortPrompt(t *testing.T) {
	h, q := cache(12, 4, 4, 20)
	for _, e := range []Evictor{
		SnapKV{Capacity: 20, Observed: 8, Kernel: 3},
		SnapKV{Capacity: 50, Observed: 30, Kernel: 3}, // shorter than the window
		RandomTokens{Capacity: 20, Recent: 8},
		RandomTokens{Capacity: 50, Recent: 30},
	} {
		var sel Selection
		w := min(e.Window(), h.Len)
		e.Keep(&sel, q[(h.Len-w)*h.Dim:], 0, 0, h)
		if sel.Count() != h.Len {
			t.Errorf("%#v keeps %v of %d", e, sel.Spans, h.Len)
		}
	}
}

func TestRandomTokens(t *testing.T) {
	h, _ := cache(13, 4, 4, 100)
	m := RandomTokens{Capacity: 30, Recent: 10, Seed: 3}
	keep := func(m RandomTokens, layer, head int) []int {
		var sel Selection
		m.Keep(&sel, nil, layer, head, h)
		return positions(&sel)
	}
	base := keep(m, 0, 0)
	if len(base) != 30 || !slices.Contains(base, 99) || !slices.Contains(base, 90) || base[19] >= 90 {
		t.Errorf("keeps %v, want 20 before 90 and the last 10", base)
	}
	if slices.Equal(base, keep(m, 0, 1)) || slices.Equal(base, keep(m, 1, 0)) {
		t.Error("two heads keep the same")
	}
	if !slices.Equal(base, keep(m, 0, 0)) {
		t.Error("the same head keeps something else the second time")
	}
}

func TestKeepPanicsOnShape(t *testing.T) {
	h, q := cache(14, 4, 4, 20)
	defer func() {
		if got := recover(); got != "sparse: window of 12 values for 8 queries of size 4" {
			t.Errorf("panic %v", got)
		}
	}()
	SnapKV{Capacity: 10, Observed: 8, Kernel: 3}.Keep(new(Selection), q[:12], 0, 0, h)
}
