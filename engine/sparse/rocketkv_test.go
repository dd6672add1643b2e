package sparse

import (
	"math"
	"slices"
	"testing"
)

// TestRocketKVIsTheDefinition holds what stays to SnapKV, and what a query reads of it to
// bounds in float64.
func TestRocketKVIsTheDefinition(t *testing.T) {
	for _, c := range []struct {
		tokens, budget, stays int // T/c^(0.2 + 0.06·log2 c), by hand
	}{{1024, 512, 855}, {1024, 64, 302}, {4096, 64, 399}, {100, 100, 100}} {
		if got := rocketStays(c.tokens, c.budget); got != c.stays {
			t.Errorf("of %d at a budget of %d %d stay, want %d", c.tokens, c.budget, got, c.stays)
		}
	}
	const n, d = 200, 16
	h, q := cache(71, d, 16, n)
	query := Query{Q: q[(n-1)*d : n*d], Position: n - 1}
	for _, m := range []RocketKV{
		{Read: 40, Page: 4, Channels: 0.5}, {Read: 33, Page: 5, Channels: 1}, {Read: 3, Page: 8, Channels: 0.01}, {Read: 99, Page: 1, Channels: 0.3},
	} {
		m.Scorer, m.Group = SnapKV{Capacity: 98, Observed: 16, Kernel: 63, Pooling: MaxPool}, groupEach
		var sel, snap Selection
		m.Keep(&sel, q[(n-16)*d:], 0, 0, h)
		m.Scorer.Keep(&snap, q[(n-16)*d:], 0, 0, h)
		there := positions(&snap)
		if !slices.Equal(positions(&sel), there) {
			t.Fatalf("%+v: %v stay, SnapKV keeps %v", m, positions(&sel), there)
		}
		m.Narrow(&sel, query, h)
		want := there
		if len(there) > m.Read {
			want = promising(m, there, query, h)
		}
		if got := positions(&sel); !slices.Equal(got, want) || len(got) > m.Read {
			t.Errorf("%+v reads %v, want %v", m, got, want)
		}
	}
}

// TestRocketKVOfPositionsThatCameSince: bounds that were made once, and those of pages that
// were filled or begun since, pick what bounds made anew do, also of an edited cache.
func TestRocketKVOfPositionsThatCameSince(t *testing.T) {
	const n, d = 150, 16
	whole, q := cache(72, d, 16, n)
	m := RocketKV{Scorer: SnapKV{Capacity: 70, Observed: 9, Kernel: 5, Pooling: MaxPool}, Read: 31, Page: 4, Channels: 0.5, Group: groupMean}
	for _, edit := range []Edit{{}, {Force: []int{1}, Drop: []int{2}}} {
		for length := n - 11; length < n; length++ {
			h := prefix(whole, length)
			e := Evictor(m)
			if !edit.Empty() {
				e = EditedOnce{m, edit}
			}
			one := make([]Selection, 1)
			KeepLayer(e, one, Layer{Count: 1, Windows: [][]float32{q[(length-9)*d : length*d]}, Caches: []*KVCache{h}})
			var sel, anew Selection
			kept := one[0]
			if edit.Empty() != (kept.bounds != nil) {
				t.Fatalf("%+v: %d bounds are kept", edit, len(kept.bounds))
			}
			query := Query{Q: q[(n-1)*d:], Position: n - 1}
			sel.Since(&kept, length, n-1)
			anew.Since(&kept, length, n-1)
			anew.bounds, anew.paged = nil, nil
			there := sel.positions()
			m.Narrow(&sel, query, whole)
			m.Narrow(&anew, query, whole)
			want := promising(m, there, query, whole)
			if got, other := positions(&sel), positions(&anew); !slices.Equal(got, want) || !slices.Equal(other, want) {
				t.Errorf("%+v, %d since: %v and anew %v, want %v", edit, n-length, got, other, want)
			}
		}
	}
}

// promising are the positions of the pages of the greatest bounds.
func promising(m RocketKV, there []int, q Query, h *KVCache) []int {
	order := make([]int, h.Dim)
	for c := range order {
		order[c] = c
	}
	size := func(c int) float64 { return math.Abs(float64(q.Q[c])) }
	channels := heaviest(order, size, int(math.Ceil(m.Channels*float64(h.Dim))))
	var pages [][]int
	for page := range slices.Chunk(there, m.Page) {
		pages = append(pages, page)
	}
	bound := func(p int) float64 {
		sum := 0.0
		for _, c := range channels {
			lo, hi := math.Inf(1), math.Inf(-1)
			for _, j := range pages[p] {
				lo, hi = min(lo, float64(h.Keys[j*h.Dim+c])), max(hi, float64(h.Keys[j*h.Dim+c]))
			}
			sum += max(float64(q.Q[c])*lo, float64(q.Q[c])*hi)
		}
		return sum
	}
	newest := len(pages) - 1
	last := pages[newest]
	numbers := make([]int, newest)
	for p := range numbers {
		numbers[p] = p
	}
	var out []int
	for _, p := range heaviest(numbers, bound, max(0, (m.Read-len(last))/m.Page)) {
		out = append(out, pages[p]...)
	}
	return append(out, last[max(0, len(last)-m.Read):]...)
}
