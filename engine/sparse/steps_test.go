package sparse

import (
	"math"
	"slices"
	"testing"
)

// weights64 is the attention of q among the positions at, in float64.
func weights64(q []float32, h *KVCache, at []int) []float64 {
	out := make([]float64, len(at))
	var total float64
	for i, j := range at {
		var s float64
		for c := range h.Dim {
			s += float64(q[c]) * float64(h.Keys[j*h.Dim+c])
		}
		out[i] = math.Exp(s / math.Sqrt(float64(h.Dim)))
		total += out[i]
	}
	for i := range out {
		out[i] /= total
	}
	return out
}

// heaviest are the n of the positions at of the greatest score, ascending.
func heaviest(at []int, score func(i int) float64, n int) []int {
	order := make([]int, len(at))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case score(a) > score(b):
			return -1
		case score(a) < score(b):
			return 1
		}
		return 0
	})
	var out []int
	for _, i := range order[:min(n, len(order))] {
		out = append(out, at[i])
	}
	slices.Sort(out)
	return out
}

// layerOf are two groups of two heads of which n of 140 positions have been read, and how
// they go on.
func layerOf(n int) (l Layer, queries [][]float32, whole []*KVCache) {
	for g := range 2 {
		h, _ := cache(uint64(50+g), 8, 16, 140)
		read := NewKVCache(h.kernels, h.Dim, h.Block, 140, Summaries{})
		for t := range n {
			read.Append(h.Keys[t*8:(t+1)*8], h.Values[t*8:(t+1)*8])
		}
		for range 2 {
			_, q := cache(uint64(60+len(queries)), 8, 16, 140)
			queries = append(queries, q)
			l.Caches, whole = append(l.Caches, read), append(whole, h)
		}
	}
	return l, queries, whole
}

// observe sets the queries of l to those at [from, to).
func (l *Layer) observe(queries [][]float32, from, to int) {
	l.Windows = nil
	for _, q := range queries {
		l.Windows = append(l.Windows, q[from*8:to*8])
	}
}

// step lets e go on evicting after position n has been read.
func step(e Evictor, kept []Selection, l *Layer, queries [][]float32, whole []*KVCache, n int) {
	for i, h := range l.Caches {
		if h.Len == n {
			h.Append(whole[i].Keys[n*8:(n+1)*8], whole[i].Values[n*8:(n+1)*8])
		}
	}
	l.observe(queries, n, n+1)
	EvictStep(e, kept, *l)
}

// TestTOVAIsTheDefinition follows a layer through its steps in float64, and its groups and heads
// where each keeps a set of its own.
func TestTOVAIsTheDefinition(t *testing.T) {
	_, queries, whole := layerOf(100)
	for _, capacity := range []int{1, 20, 100, 103, 1 << 40} {
		for _, group := range []string{"", groupMax} {
			followTOVA(t, TOVA{capacity, Joint{group, WhoseLayer}}, queries, whole, 0, 4)
		}
		for h := range whole {
			followTOVA(t, TOVA{Capacity: capacity}, queries, whole, h, h+1)
		}
		for _, first := range []int{0, 2} {
			followTOVA(t, TOVA{capacity, Joint{Group: groupMean}}, queries, whole, first, first+2)
			followTOVA(t, TOVA{capacity, Joint{Group: groupMax}}, queries, whole, first, first+2)
		}
	}
}

// followTOVA holds the heads [from, to) of a layer to the set that they keep together.
func followTOVA(t *testing.T, m TOVA, queries [][]float32, whole []*KVCache, from, to int) {
	t.Helper()
	capacity := m.Capacity
	l, _, _ := layerOf(100)
	l.observe(queries, 99, 100)
	kept := make([]Selection, 4)
	KeepLayer(m, kept, l)
	var want []int
	for j := range 99 {
		want = append(want, j)
	}
	for newest := 99; newest < 120; newest++ {
		if newest > 99 {
			step(m, kept, &l, queries, whole, newest)
		}
		at := append(slices.Clone(want), newest)
		mean := make([]float64, len(at))
		for i := from; i < to; i++ {
			for n, w := range weights64(queries[i][newest*8:(newest+1)*8], whole[i], at) {
				if m.Group == groupMax {
					mean[n] = max(mean[n], w)
				} else {
					mean[n] += w / float64(to-from)
				}
			}
		}
		want = append(heaviest(at[:len(at)-1], func(i int) float64 { return mean[i] }, capacity-1), newest)
		for i := from; i < to; i++ {
			if got := positions(&kept[i]); !slices.Equal(got, want) {
				t.Fatalf("capacity %d, head %d after %d: %v, want %v", capacity, i, newest, got, want)
			}
			for n, j := range at {
				if math.Abs(float64(kept[i].Scores[j])-mean[n]) > 1e-5 {
					t.Fatalf("capacity %d after %d: position %d scores %g, want %g", capacity, newest, j, kept[i].Scores[j], mean[n])
				}
			}
		}
	}
}

// TestH2ODecodeIsTheDefinition follows four heads through their steps in float64, each by
// itself, or those of a group or all by the mean or the maximum of what they pay.
func TestH2ODecodeIsTheDefinition(t *testing.T) {
	for _, m := range []H2ODecode{
		{20, 10, Joint{}}, {20, 0, Joint{}}, {20, 20, Joint{}}, {1, 0, Joint{}}, {104, 52, Joint{}}, {1 << 40, 7, Joint{}}, {20, 10, Joint{Whose: WhoseLayer}}, {20, 0, Joint{Whose: WhoseLayer}},
		{20, 10, Joint{Group: groupMean}}, {20, 4, Joint{Group: groupMax}}, {20, 10, Joint{groupMax, WhoseLayer}},
	} {
		l, queries, whole := layerOf(100)
		l.observe(queries, 0, 100)
		kept, heads := make([]Selection, 4), make([]hitters, 4)
		KeepLayer(m, kept, l)
		with := func(i int) (from, to int) {
			switch {
			case m.Whose == WhoseLayer:
				return 0, 4
			case m.Group != "":
				return i / 2 * 2, i/2*2 + 2
			}
			return i, i + 1
		}
		for i := range queries {
			from, to := with(i)
			heads[i].sums = make([]float64, 140)
			for k := from; k < to; k++ {
				own := hitters{sums: make([]float64, 140)}
				for p := range 100 {
					own.read(queries[k:k+1], whole[k:k+1], p, false)
				}
				heads[i].there = own.there
				for j, v := range own.sums {
					if m.Group == groupMax {
						heads[i].sums[j] = max(heads[i].sums[j], v)
					} else {
						heads[i].sums[j] += v / float64(to-from)
					}
				}
			}
		}
		for newest := 99; newest < 120; newest++ {
			if newest > 99 {
				step(m, kept, &l, queries, whole, newest)
			}
			for i := range queries {
				if from, to := with(i); newest > 99 {
					heads[i].read(queries[from:to], whole[from:to], newest, m.Group == groupMax)
				}
				heads[i].evict(m, newest)
				if got := positions(&kept[i]); !slices.Equal(got, heads[i].there) {
					t.Fatalf("%+v, head %d after %d: %v, want %v", m, i, newest, got, heads[i].there)
				}
			}
		}
	}
}

// hitters are the positions of a head that are there, and the attention that each was paid.
type hitters struct {
	there []int
	sums  []float64
}

// read adds what queries of a position pay on average, or the greatest of it.
func (s *hitters) read(queries [][]float32, caches []*KVCache, position int, greatest bool) {
	s.there = append(s.there, position)
	paid := make([]float64, len(s.there))
	for i, q := range queries {
		for n, w := range weights64(q[position*8:(position+1)*8], caches[i], s.there) {
			if greatest {
				paid[n] = max(paid[n], w)
			} else {
				paid[n] += w / float64(len(queries))
			}
		}
	}
	for n, w := range paid {
		s.sums[s.there[n]] += w
	}
}

func (s *hitters) evict(m H2ODecode, newest int) {
	past := s.there
	for len(past) > 0 && past[len(past)-1] > newest-m.Recent {
		past = past[:len(past)-1]
	}
	recent := slices.Clone(s.there[len(past):])
	s.there = append(heaviest(past, func(n int) float64 { return s.sums[past[n]] }, m.Capacity-len(recent)), recent...)
}

// TestStepsOfOthersStay: what decides once keeps the positions that come after.
func TestStepsOfOthersStay(t *testing.T) {
	for _, e := range []Evictor{Knorm{Capacity: 30}, EditedOnce{Knorm{Capacity: 30}, Edit{Drop: []int{0}}}} {
		l, queries, whole := layerOf(100)
		l.observe(queries, 100, 100)
		kept := make([]Selection, 4)
		KeepLayer(e, kept, l)
		want := positions(&kept[3])
		for n := 100; n < 105; n++ {
			step(e, kept, &l, queries, whole, n)
			want = append(want, n)
		}
		if got := positions(&kept[3]); !slices.Equal(got, want) {
			t.Errorf("%T keeps %v, want %v", e, got, want)
		}
	}
	// By hand a block comes and goes at every step.
	e := EditedOnce{TOVA{10, Joint{Whose: WhoseLayer}}, Edit{Force: []int{1}, Drop: []int{6}}}
	l, queries, whole := layerOf(100)
	l.observe(queries, 99, 100)
	kept := make([]Selection, 4)
	KeepLayer(e, kept, l)
	for n := 100; n < 105; n++ {
		step(e, kept, &l, queries, whole, n)
		for j := range n {
			if in := kept[0].Has(j); j/16 == 1 && !in || j/16 == 6 && in {
				t.Errorf("after %d position %d is kept: %v", n, j, in)
			}
		}
		if !kept[0].Has(n) {
			t.Errorf("position %d does not stay for its own step", n)
		}
	}
}
