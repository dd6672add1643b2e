package sparse

import (
	"math"
	"testing"
)

// TestTwilightReadsTheFewest: what is read is among Quest's blocks, its estimated
// weights reach the share, and no smaller set of them would.
func TestTwilightReadsTheFewest(t *testing.T) {
	h, q := cache(33, 16, 8, 200)
	for _, p := range []float64{0.3, 0.8, 0.99} {
		for _, position := range []int{0, 50, 199} {
			m := Twilight{Blocks: 9, TopP: p}
			query := Query{Q: q[position*16 : (position+1)*16], Position: position}
			var sel, blocks Selection
			m.Select(&sel, query, h)
			Quest{Blocks: m.Blocks}.Select(&blocks, query, h)

			weight, total := make([]float64, position+1), 0.0
			for j := range weight {
				if !blocks.Has(j) {
					continue
				}
				var top, s float64
				for _, v := range h.Keys[j*16 : (j+1)*16] {
					top = max(top, math.Abs(float64(v)))
				}
				for c, v := range h.Keys[j*16 : (j+1)*16] {
					s += float64(query.Q[c]) * math.RoundToEven(float64(v)/top*7) * top / 7
				}
				weight[j] = math.Exp(s / 4)
				total += weight[j]
			}
			kept, lightest, heaviestLeft := 0.0, math.Inf(1), 0.0
			for j := range weight {
				weight[j] /= total
				if math.Abs(weight[j]-float64(sel.Scores[j])) > 1e-5 {
					t.Errorf("p %v, query %d: position %d scores %g, want %g", p, position, j, sel.Scores[j], weight[j])
				}
				if sel.Has(j) {
					kept += weight[j]
					lightest = min(lightest, weight[j])
				} else {
					heaviestLeft = max(heaviestLeft, weight[j])
				}
			}
			if kept < p-1e-5 || kept-lightest > p+1e-5 || lightest < heaviestLeft-1e-5 {
				t.Errorf("p %v, query %d: keeps %g, the lightest being %g, the heaviest left %g", p, position, kept, lightest, heaviestLeft)
			}
		}
	}
}
