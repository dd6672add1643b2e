package sparse_test

import (
	"fmt"
	"log"

	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// cache holds 32 keys of two channels: each block of eight looks one way.
func cache(keep sparse.Summaries) *sparse.KVCache {
	h := sparse.NewKVCache(ops.Reference(), 2, 8, 32, keep)
	for i := range 32 {
		key := [][]float32{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}[i/8]
		h.Append(key, key)
	}
	return h
}

// A method by its name and parameters, and what one query of one head may read.
func ExampleNew() {
	plan, err := sparse.New(sparse.Config{Method: "quest"}.With("block", "8").With("k", "2").With("public_code", "false"), 32)
	if err != nil {
		log.Fatal(err)
	}
	var picked sparse.Selection
	plan.Selector.Select(&picked, sparse.Query{Q: []float32{-0.5, 1}, Position: 31}, cache(plan.Summaries))
	fmt.Println("scores of blocks:", picked.Scores)
	fmt.Println("read:", picked.Spans)
	// Output:
	// scores of blocks: [-0.5 1 0.5 -1]
	// read: [{0 8} {24 32}]
}

// Local is a method of one's own: the last N tokens.
type Local struct {
	sparse.Pattern
	N int
}

// Select implements Selector.
func (m Local) Select(dst *sparse.Selection, q sparse.Query, _ *sparse.KVCache) {
	dst.Unit, dst.Scores = 1, nil
	dst.Spans = append(dst.Spans[:0], ops.Span{Start: max(0, q.Position+1-m.N), End: q.Position + 1})
}

// A method says which positions a query may read; a Pattern is one that looks at no keys.
func ExampleSelector() {
	var method sparse.Selector = Local{N: 4}
	var picked sparse.Selection
	method.Select(&picked, sparse.Query{Q: []float32{1, 0}, Position: 20}, cache(sparse.Summaries{}))
	fmt.Println(picked.Count(), "positions:", picked.Spans, picked.Has(16), picked.Has(17))
	// Output: 4 positions: [{17 21}] false true
}

// Every parameter of a method can be an axis of an experiment.
func ExampleSweep() {
	snapkv, _ := sparse.Method("snapkv")
	settings, err := sparse.Sweep{"budget": {"1/4", "1/8"}, "window": {"16", "32"}, "block": {"64"}}.Of(snapkv)
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range settings {
		fmt.Println(s)
	}
	// Output:
	// {"budget":"1/4","window":16}
	// {"budget":"1/4"}
	// {"budget":"1/8","window":16}
	// {"budget":"1/8"}
}
