package sparse

import (
	"slices"
	"testing"

	"kvscope/engine/ops"
)

func TestEdited(t *testing.T) {
	h, q := cache(41, 8, 16, 100)
	query := Query{Q: q[99*8:], Position: 99}
	for name, c := range map[string]struct {
		s    Selector
		edit Edit
		want []ops.Span
	}{
		"forced":             {Streaming{Initial: 4, Window: 6}, Edit{Force: []int{2}}, []ops.Span{{Start: 0, End: 4}, {Start: 32, End: 48}, {Start: 94, End: 100}}},
		"dropped":            {Dense{}, Edit{Drop: []int{1, 3}}, []ops.Span{{Start: 0, End: 16}, {Start: 32, End: 48}, {Start: 64, End: 100}}},
		"own position stays": {Dense{}, Edit{Drop: []int{6}}, []ops.Span{{Start: 0, End: 96}, {Start: 99, End: 100}}},
		"drop goes first":    {Dense{}, Edit{Force: []int{1}, Drop: []int{1}}, []ops.Span{{Start: 0, End: 16}, {Start: 32, End: 100}}},
		"not there":          {Streaming{Window: 1}, Edit{Force: []int{40}}, []ops.Span{{Start: 99, End: 100}}},
	} {
		var sel Selection
		Plan{Selector: c.s}.Edited(c.edit).Selector.Select(&sel, query, h)
		if !slices.Equal(sel.Spans, c.want) {
			t.Errorf("%s: reads %v, want %v", name, sel.Spans, c.want)
		}
	}
	var sel Selection
	Plan{Evictor: SnapKV{Capacity: 20, Observed: 10, Kernel: 1}}.Edited(Edit{Force: []int{0}, Drop: []int{6}}).Evictor.Keep(&sel, q[90*8:], 0, 0, h)
	if !sel.Has(0) || !sel.Has(15) || sel.Has(96) || sel.Has(99) || !sel.Has(95) {
		t.Errorf("an eviction with block 0 forced and block 6 dropped keeps %v", sel.Spans)
	}
	if s := (Plan{Selector: Dense{}}).Edited(Edit{}).Selector; s != (Dense{}) {
		t.Errorf("an empty edit makes %#v", s)
	}
}
