package lens_test

import (
	"fmt"

	"kvscope/engine/lens"
	"kvscope/engine/ops"
)

// A row of a head's attention map, and what its memory carries there.
func ExampleHeadTensors_Row() {
	h := &lens.HeadTensors{
		Dim: 2, Prompt: 3,
		Q:    []float32{0, 0, 0, 0, 0, 5},
		K:    []float32{1, 0, 0, 1, 1, 1},
		Gate: []float32{0, 0, 0.5, 0.5, 0.75, 0.75},
	}
	row := make([]float32, 3)
	h.Row(ops.Reference(), row, 2)
	fmt.Printf("attention of the last token %.2f\n", row)
	fmt.Printf("share of each token in its cache entry %.2f\n", h.MemoryKernel(2))
	// Output:
	// attention of the last token [0.01 0.49 0.49]
	// share of each token in its cache entry [0.38 0.38 0.25]
}
