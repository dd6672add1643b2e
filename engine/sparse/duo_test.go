package sparse

import (
	"slices"
	"testing"
)

// TestDuoAttentionIsTheDefinition: the heads of the highest rates, as many as the budget has
// room for, read everything and the others their pattern; together they keep to the budget.
func TestDuoAttentionIsTheDefinition(t *testing.T) {
	const n = 200
	h, q := cache(95, 8, 16, n)
	rates := [][]float64{{.5, .1, .9, .2}, {.9, .3, .7, .7}}
	for _, c := range []struct {
		values Values
		whole  [][2]int // layer and head of those that read everything, by hand
		few    int      // what the others read
	}{
		// Of 50 tokens 25 are everybody's: 25/175 of 8 heads, or of 4 groups, which is none.
		{Values{"budget": "1/4", "group": "each"}, [][2]int{{0, 2}}, 25},
		{Values{"budget": "1/4"}, nil, 25},
		// 40/190 of 8, and 80/180 of 4: means .3 .55 .6 .7.
		{Values{"k": "50", "initial": "2", "window": "8", "group": "each"}, [][2]int{{0, 2}}, 10},
		{Values{"k": "100", "initial": "0", "window": "20"}, [][2]int{{1, 2}, {1, 3}}, 20},
		// 95/195 of 4 by maxima .5 .9 .9 .7: one, the first of two that are equal.
		{Values{"k": "100", "initial": "4", "window": "1", "group": "max"}, [][2]int{{0, 2}, {0, 3}}, 5},
		{Values{"k": "175", "initial": "4", "window": "1", "group": "each"}, [][2]int{{0, 0}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {1, 3}}, 5},
		// 90/180 of two layers, of means .425 and .65.
		{Values{"k": "110", "initial": "0", "window": "20", "whose_budget": "layer"}, [][2]int{{1, 0}, {1, 1}, {1, 2}, {1, 3}}, 20},
		{Values{"budget": "1"}, [][2]int{{0, 0}, {0, 1}, {0, 2}, {0, 3}, {1, 0}, {1, 1}, {1, 2}, {1, 3}}, n},
	} {
		p, err := New(Config{Method: "duoattention", Values: c.values}, n)
		if err != nil {
			t.Fatal(err)
		}
		if !p.Probe || !p.NeedsModel {
			t.Errorf("%v: %+v asks for no probe", c.values, p)
		}
		total := 0
		p = p.Edited(Edit{Drop: []int{99}}).Rated(rates, 2)
		for l := range rates {
			for head := range rates[l] {
				var sel Selection
				p.Selector.Select(&sel, Query{Q: q[(n-1)*8:], Position: n - 1, Layer: l, Head: head}, h)
				want := c.few
				if slices.Contains(c.whole, [2]int{l, head}) {
					want = n
				}
				total += sel.Count()
				if sel.Count() != want || !sel.Has(n-1) || !sel.Has(0) && c.values["initial"] != "0" {
					t.Errorf("%v: layer %d head %d reads %d, want %d", c.values, l, head, sel.Count(), want)
				}
			}
		}
		if total > 8*p.K {
			t.Errorf("%v: %d positions read, want at most %d of each of 8 heads", c.values, total, p.K)
		}
	}
	for _, v := range []Values{{"k": "9", "initial": "4", "window": "5"}, {"k": "4"}} {
		if _, err := New(Config{Method: "duoattention", Values: v}, n); err == nil {
			t.Errorf("%v leaves nothing for retrieval heads and passes", v)
		}
	}
}
