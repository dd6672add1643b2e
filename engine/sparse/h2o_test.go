package sparse

import (
	"math"
	"slices"
	"testing"
)

// TestHeavyHittersAreTheDefinition adds up the attention of all queries in float64.
func TestHeavyHittersAreTheDefinition(t *testing.T) {
	const n, d = 150, 8 // more rows than are computed at a time
	h, q := cache(31, d, 16, n)
	sums := make([]float64, n)
	for i := range n {
		weights := make([]float64, i+1)
		var total float64
		for j := range weights {
			var s float64
			for c := range d {
				s += float64(q[i*d+c]) * float64(h.Keys[j*d+c])
			}
			weights[j] = math.Exp(s / math.Sqrt(d))
			total += weights[j]
		}
		for j, w := range weights {
			sums[j] += w / total
		}
	}
	for _, m := range []H2O{{Capacity: 40, Recent: 20}, {Capacity: 30}, {Capacity: 7, Recent: 7}} {
		var sel Selection
		m.Keep(&sel, q, 0, 0, h)
		past := n - m.Recent
		scores := make([]float32, past)
		for j := range scores {
			scores[j] = float32(sums[j])
			if off := math.Abs(float64(sel.Scores[j]) - sums[j]); off > 1e-4 {
				t.Errorf("%+v: position %d scores %g, want %g", m, j, sel.Scores[j], sums[j])
			}
		}
		want := sortTopK(scores, m.Capacity-m.Recent)
		for j := past; j < n; j++ {
			want = append(want, j)
		}
		var got []int
		for j := range n {
			if sel.Has(j) {
				got = append(got, j)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v keeps %v, want %v", m, got, want)
		}
	}
}
