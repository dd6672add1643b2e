package sparse

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// scores64 computes the scores of the positions of h by the scorer's definition, in float64,
// q being the queries of all of them.
func scores64(s scorer, q []float32, h *KVCache) []float64 {
	d := h.Dim
	switch m := s.(type) {
	case SnapKV:
		out := snap64(m, q[(h.Len-m.Observed)*d:], h)
		for range m.Observed {
			out = append(out, math.Inf(1))
		}
		return out
	case H2O:
		out, at := make([]float64, h.Len), []int{}
		for i := range h.Len {
			at = append(at, i)
			for j, w := range weights64(q[i*d:(i+1)*d], h, at) {
				out[j] += w
			}
		}
		for j := h.Len - m.Recent; j < h.Len; j++ {
			out[j] = math.Inf(1)
		}
		return out
	case ExpectedAttention:
		return naiveExpected(m, q, h)
	case Knorm:
		shortness, _ := keyScores(h)
		return shortness
	case KeyDiff:
		_, difference := keyScores(h)
		return difference
	}
	panic(fmt.Sprintf("no definition of %T", s))
}

// joint64 are the scores of every head of l, by those who choose together: one list for a
// group, or for each head.
func joint64(s scorer, group string, queries [][]float32, l Layer) [][]float64 {
	var out [][]float64
	for g := 0; g < len(l.Caches); g += 2 { // layerOf has groups of two
		a, b := scores64(s, queries[g], l.Caches[g]), scores64(s, queries[g+1], l.Caches[g])
		if group == groupEach {
			out = append(out, a, b)
			continue
		}
		for j := range a {
			if group == groupMax {
				a[j] = max(a[j], b[j])
			} else {
				a[j] = (a[j] + b[j]) / 2
			}
		}
		out = append(out, a)
	}
	return out
}

// alone64 is a layer that has been read, all of its queries observed.
func alone64(n int) (Layer, [][]float32) {
	l, queries, _ := layerOf(n)
	for i, h := range l.Caches {
		h.Rotations = turns(h.Dim, 1)
		queries[i] = queries[i][:n*h.Dim]
	}
	return l, queries
}

// TestAdaKVIsTheDefinition lets heads draw from one budget, the highest score of all first,
// once each has its safe share: in float64, for every scorer and every way of a group.
func TestAdaKVIsTheDefinition(t *testing.T) {
	const n = 90
	for _, s := range []scorer{
		SnapKV{Observed: 9, Kernel: 5, Capacity: 1}, H2O{Recent: 7}, standardExpected(), Knorm{}, KeyDiff{},
	} {
		for _, m := range []AdaKV{{Capacity: 30, Safe: 0.2}, {Capacity: 21, Safe: 0}, {Capacity: 50, Safe: 1}, {Capacity: 12, Safe: 0.01}, {Capacity: n + 9, Safe: 0.5}} {
			for _, m.Group = range []string{groupEach, groupMean, groupMax} {
				m.Scorer = s
				l, queries := alone64(n)
				l.observe(queries, n-min(n, s.Window()), n)
				kept := make([]Selection, len(l.Caches))
				m.KeepLayer(kept, l)
				units := joint64(s, m.Group, queries, l)
				want := share64(units, min(m.Capacity, n), m.Safe)
				for h := range kept {
					if got, want := positions(&kept[h]), want[h*len(units)/len(kept)]; !slices.Equal(got, want) {
						t.Fatalf("%T, %d of %d, safe %g, %s: head %d keeps %v, want %v", s, m.Capacity, n, m.Safe, m.Group, h, got, want)
					}
				}
			}
		}
	}
}

// share64 are the positions that each of those who choose keeps of capacity on average.
func share64(scores [][]float64, capacity int, safe float64) [][]int {
	taken := make([][]bool, len(scores))
	best := func(among []int) (unit, position int) {
		unit = -1
		for _, u := range among {
			for j, s := range scores[u] {
				// Of scores that are one number in float32, the first is taken.
				if !taken[u][j] && (unit < 0 || float32(s) > float32(scores[unit][position])) {
					unit, position = u, j
				}
			}
		}
		return unit, position
	}
	var all []int
	left := capacity * len(scores)
	for u := range scores {
		all = append(all, u)
		taken[u] = make([]bool, len(scores[u]))
		own := int(safe * float64(capacity))
		if safe > 0 {
			own = max(1, own)
		}
		for range own {
			_, j := best([]int{u})
			taken[u][j] = true
			left--
		}
	}
	for range left {
		u, j := best(all)
		taken[u][j] = true
	}
	out := make([][]int, len(scores))
	for u := range taken {
		for j, is := range taken[u] {
			if is {
				out[u] = append(out[u], j)
			}
		}
	}
	return out
}

// TestPyramidKVIsTheDefinition holds what every layer keeps to budgets on a line from the
// first to the last and to SnapKV's votes, in float64.
func TestPyramidKVIsTheDefinition(t *testing.T) {
	const n, w = 100, 8
	for _, c := range []struct {
		capacity, beta, layers int
		first, last            int // what the first and the last layer keep, by hand
	}{
		{40, 2, 5, 60, 20},    // 20 and 2·40 − 20
		{40, 20, 5, 40, 40},   // 2 for the last layer is less than the window: everywhere the mean
		{60, 4, 7, 92, 28},    // 105 do not fit beside the window: n − w, and 2·60 − 92
		{120, 2, 3, 100, 100}, // everything
		{30, 3, 1, 30, 30},    // alone
	} {
		total := 0
		for index := range c.layers {
			for _, group := range []string{groupEach, groupMean, groupMax} {
				m := PyramidKV{Scorer: SnapKV{Observed: w, Kernel: 5, Capacity: c.capacity}, Capacity: c.capacity, Beta: c.beta, Group: group}
				l, queries := alone64(n)
				l.Index, l.Count = index, c.layers
				l.observe(queries, n-w, n)
				kept := make([]Selection, len(l.Caches))
				m.KeepLayer(kept, l)
				size := c.first
				if c.layers > 1 {
					size = int(math.RoundToEven(float64(c.first) + float64(index)*float64(c.last-c.first)/float64(c.layers-1)))
				}
				units := joint64(m.Scorer, group, queries, l)
				for h := range kept {
					own := units[h*len(units)/len(kept)]
					all := make([]int, n)
					for j := range all {
						all[j] = j
					}
					want := heaviest(all, func(j int) float64 { return float64(float32(own[j])) }, size)
					if got := positions(&kept[h]); !slices.Equal(got, want) {
						t.Fatalf("%+v, layer %d, head %d, %s: %v, want %v", c, index, h, group, got, want)
					}
				}
				total += kept[0].Count()
			}
		}
		if mean := 3 * c.layers * min(c.capacity, n); total < mean-3*c.layers || total > mean+3*c.layers {
			t.Errorf("%+v: %d positions stay, want about %d", c, total, mean)
		}
	}
}
