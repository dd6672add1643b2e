package sparse

import (
	"math"
	"slices"
	"testing"
)

// keyScores are Knorm's and KeyDiff's scores by their definitions, in float64.
func keyScores(h *KVCache) (shortness, difference []float64) {
	anchor := make([]float64, h.Dim)
	length := func(x []float64) float64 {
		var sum float64
		for _, v := range x {
			sum += v * v
		}
		return math.Sqrt(sum)
	}
	var keys [][]float64
	for j := range h.Len {
		key := make([]float64, h.Dim)
		for c := range key {
			key[c] = float64(h.Keys[j*h.Dim+c])
		}
		keys = append(keys, key)
		for c, v := range key {
			anchor[c] += v / length(key) / float64(h.Len)
		}
	}
	for _, key := range keys {
		var dot float64
		for c, v := range key {
			dot += v * anchor[c]
		}
		shortness = append(shortness, -length(key))
		difference = append(difference, -dot/length(key)/length(anchor))
	}
	return shortness, difference
}

// TestKeyEvictorsAreTheDefinition holds what needs no query to its formula, and to keeping
// the same at another capacity by the scores alone.
func TestKeyEvictorsAreTheDefinition(t *testing.T) {
	h, _ := cache(41, 16, 16, 150)
	shortness, difference := keyScores(h)
	for name, c := range map[string]struct {
		made func(capacity int) Evictor
		want []float64
	}{
		"knorm":   {func(n int) Evictor { return Knorm{Capacity: n} }, shortness},
		"keydiff": {func(n int) Evictor { return KeyDiff{Capacity: n} }, difference},
	} {
		for _, capacity := range []int{1, 40, 149, 150, 1 << 40} {
			var sel, again Selection
			c.made(capacity).Keep(&sel, nil, 3, 2, h)
			rounded := make([]float32, h.Len)
			for j, w := range c.want {
				rounded[j] = float32(w)
				if math.Abs(float64(sel.Scores[j])-w) > 1e-5*math.Abs(w)+1e-6 {
					t.Errorf("%s: position %d scores %g, want %g", name, j, sel.Scores[j], w)
				}
			}
			want := sortTopK(rounded, min(capacity, h.Len))
			if got := positions(&sel); !slices.Equal(got, want) || sel.Unit != 1 {
				t.Errorf("%s of %d keeps %v, want %v", name, capacity, got, want)
			}
			if e := c.made(capacity).(Reevictor); !e.Reevict(&again, 3, 2, Shape(h.kernels, 16, h.Len), sel.Scores) || !slices.Equal(positions(&again), want) {
				t.Errorf("%s of %d keeps %v by its scores, want %v", name, capacity, positions(&again), want)
			}
			if c.made(capacity).(Reevictor).Reevict(&again, 0, 0, Shape(h.kernels, 16, 149), sel.Scores) {
				t.Errorf("%s decides on another prompt", name)
			}
		}
	}
	// A key of no length has no direction and is like nothing.
	clear(h.Keys[5*h.Dim : 6*h.Dim])
	var sel Selection
	KeyDiff{Capacity: 9}.Keep(&sel, nil, 0, 0, h)
	if sel.Scores[5] != 0 {
		t.Errorf("a key of zeros scores %g", sel.Scores[5])
	}
}
