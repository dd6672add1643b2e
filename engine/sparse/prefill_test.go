package sparse

import (
	"math"
	"slices"
	"testing"
)

// stripes64 are the columns and the distances that VerticalSlash reads, by its definition, in
// float64, given all queries of h.
func stripes64(m VerticalSlash, q []float32, h *KVCache) (columns, distances []int) {
	sums, diagonals := make([]float64, h.Len), make([]float64, h.Len)
	all := make([]int, h.Len)
	for j := range all {
		all[j] = j
	}
	for i := max(0, h.Len-m.Window); i < h.Len; i++ {
		for j, w := range weights64(q[i*h.Dim:(i+1)*h.Dim], h, all[:i+1]) {
			sums[j] += w
			diagonals[i-j] += w
		}
	}
	forced := func(sums []float64) func(j int) float64 {
		return func(j int) float64 {
			if j < m.Forced {
				return math.Inf(1)
			}
			return sums[j]
		}
	}
	return heaviest(all, forced(sums), m.Columns), heaviest(all, forced(diagonals), m.Diagonals)
}

// TestVerticalSlashIsTheDefinition holds what every query of a prompt, and some after it,
// read to columns and diagonals chosen in float64.
func TestVerticalSlashIsTheDefinition(t *testing.T) {
	const n, more = 150, 20
	whole, q := cache(91, 8, 16, n+more)
	for _, m := range []VerticalSlash{
		{Window: 64, Columns: 20, Diagonals: 25, Forced: 4}, {Window: 1, Columns: 0, Diagonals: 1, Forced: 1},
		{Window: 500, Columns: 40, Diagonals: 9, Forced: 30}, {Window: 7, Columns: 1 << 40, Diagonals: 1, Forced: 1},
	} {
		h := prefix(whole, n)
		columns, distances := stripes64(m, q, h)
		s := Prefill(m, q[:n*8], h)
		for p := range n + more {
			var want []int
			for j := range p + 1 {
				if slices.Contains(columns, j) || slices.Contains(distances, p-j) {
					want = append(want, j)
				}
			}
			var sel Selection
			s.Select(&sel, Query{Q: q[p*8 : (p+1)*8], Position: p}, whole)
			if got := positions(&sel); !slices.Equal(got, want) {
				t.Fatalf("%+v at %d reads %v, want %v", m, p, got, want)
			}
		}
	}
}

// squares64 are the scores of the blocks of keys for block b of the queries at positions first
// and on, by XAttention's definition, in float64, one pair at a time.
func squares64(m XAttention, q []float32, first, b int, h *KVCache) []float64 {
	out := make([]float64, b+1)
	high := 0.0
	for r := b * h.Block / m.Stride; r < (b+1)*h.Block/m.Stride; r++ {
		z, total, any := make([]float64, r+1), 0.0, false
		for c := range z {
			sum, pairs := 0.0, 0
			for i := range m.Stride {
				at, key := r*m.Stride+i, c*m.Stride+m.Stride-1-i
				if m.AsReleased {
					pairs = m.Stride
				}
				if at < first || at >= h.Len || key >= h.Len || key > at && !m.AsReleased {
					continue
				}
				if !m.AsReleased {
					pairs++
				}
				for d := range h.Dim {
					sum += float64(q[(at-first)*h.Dim+d]) * float64(h.Keys[key*h.Dim+d])
				}
			}
			if pairs > 0 {
				z[c] = math.Exp(sum / float64(pairs) / math.Sqrt(float64(h.Dim)))
			}
			total += z[c]
		}
		for at := r * m.Stride; at < (r+1)*m.Stride; at++ {
			any = any || at >= first && at < h.Len
		}
		if !any {
			continue
		}
		high++
		for c, v := range z {
			if total == 0 {
				v, total = 1, 1 // the first square, where no query of those given may read a key on the antidiagonal
			}
			out[c*m.Stride/h.Block] += v / total
		}
	}
	for i := range out {
		out[i] /= high
	}
	return out
}

// TestXAttentionIsTheDefinition holds scores and what every query reads to sums in float64: of
// whole prompts, of the last queries alone, and of queries that come one by one.
func TestXAttentionIsTheDefinition(t *testing.T) {
	const n = 150
	h, q := cache(92, 8, 16, n)
	for _, m := range []XAttention{
		{Blocks: 1 << 40, TopP: 0.6, Stride: 8}, {Blocks: 4, TopP: 1, Stride: 4}, {Blocks: 5, TopP: 0.5, Stride: 16},
		{Blocks: 5, TopP: 0.5, Stride: 16, AsReleased: true}, {Blocks: 1 << 40, TopP: 0.7, Stride: 4, AsReleased: true},
		{Blocks: 1, TopP: 0.9, Stride: 1}, {Blocks: 2, TopP: 0.9, Stride: 2}, {Blocks: 1 << 40, TopP: 1, Stride: 8},
	} {
		for _, first := range []int{0, 37, n - 1} {
			s := Prefill(m, q[first*8:], h)
			for p := first; p < n; p++ {
				var sel Selection
				s.Select(&sel, Query{Q: q[p*8 : (p+1)*8], Position: p}, h)
				m.compare(t, &sel, squares64(m, q[first*8:], first, p/16, h), p, h)
			}
		}
		for _, p := range []int{0, 3, 16, 80, n - 1} {
			var sel Selection
			m.Select(&sel, Query{Q: q[p*8 : (p+1)*8], Position: p}, h)
			m.compare(t, &sel, squares64(m, q[p*8:(p+1)*8], p, p/16, prefix(h, p+1)), p, h)
		}
	}
}

// compare holds what a query at p selected to the scores of its blocks.
func (m XAttention) compare(t *testing.T, sel *Selection, scores []float64, p int, h *KVCache) {
	t.Helper()
	for b, w := range scores {
		if math.Abs(float64(sel.Scores[b])-w) > 1e-5 {
			t.Fatalf("%+v at %d: block %d scores %g, want %g", m, p, b, sel.Scores[b], w)
		}
	}
	last := len(scores) - 1
	blocks := []int{last}
	if m.Blocks > 1 && last > 0 {
		blocks = append(blocks, 0)
	}
	sum := scores[0] + scores[last]
	for len(blocks) < min(m.Blocks, last+1) && (sum < m.TopP || m.TopP == 1) {
		best := -1
		for b := 1; b < last; b++ {
			if !slices.Contains(blocks, b) && (best < 0 || scores[b] > scores[best]) {
				best = b
			}
		}
		if best < 0 {
			break
		}
		blocks, sum = append(blocks, best), sum+scores[best]
	}
	var want []int
	for j := range p + 1 {
		if slices.Contains(blocks, j/h.Block) {
			want = append(want, j)
		}
	}
	if got := positions(sel); !slices.Equal(got, want) || sel.Unit != h.Block {
		t.Fatalf("%+v at %d reads %v, want %v", m, p, got, want)
	}
}

// TestPrefillOfOthers: what does not look ahead is left as it is, and an edit sees to it that
// what it edits does.
func TestPrefillOfOthers(t *testing.T) {
	h, q := cache(93, 8, 16, 64)
	if s := Prefill(MoBA{Blocks: 2}, q, h); s != (MoBA{Blocks: 2}) {
		t.Errorf("MoBA becomes %+v", s)
	}
	m := VerticalSlash{Window: 8, Columns: 3, Diagonals: 4, Forced: 1}
	query := Query{Q: q[63*8:], Position: 63}
	var own, edited Selection
	Prefill(m, q, h).Select(&own, query, h)
	Prefill(Edited{m, Edit{Drop: []int{0}}}, q, h).Select(&edited, query, h)
	want := slices.DeleteFunc(positions(&own), func(j int) bool { return j < 16 })
	if got := positions(&edited); !slices.Equal(got, want) || len(want) == own.Count() {
		t.Errorf("without block 0 %v are read, want %v", got, want)
	}
}
