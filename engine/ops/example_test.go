package ops_test

import (
	"fmt"

	"kvscope/engine/ops"
)

// One query attends to two spans of a cache of four positions.
func ExampleReference() {
	k := ops.Reference()
	keys := []float32{4, 0, 0, 4, 9, 9, 0, 4}
	values := []float32{1, 0, 0, 1, 7, 7, 0, 3}
	dst, weights := make([]float32, 2), make([]float32, 3)
	spans := []ops.Span{{Start: 0, End: 2}, {Start: 3, End: 4}} // position 2 is not read
	k.Attend(dst, weights, []float32{0, 1}, keys, values, spans, 1, 1)
	fmt.Printf("weights %.2f, output %.2f\n", weights, dst)
	// Output:
	// weights [0.01 0.50 0.50], output [0.01 1.98]
}

// Quest's bound of two blocks: no key of a block has a larger dot product with the
// query than this.
func ExampleKernels_boundScores() {
	k := ops.Reference()
	lo, hi := []float32{-1, 0, 2, 2}, []float32{1, 3, 2, 5}
	scores := make([]float32, 2)
	k.BoundScores(scores, []float32{1, -1}, lo, hi)
	fmt.Println(scores)
	// Output:
	// [1 0]
}
