package apply_test

import (
	"fmt"
	"log"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/sparse/apply"
)

// Quest on queries and keys that were dumped from another implementation.
func ExampleRun() {
	f, err := checkpoint.Open("../testdata/quest_S128_B16_T64.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	r, err := apply.Run(sparse.Config{Method: "quest"}.With("block", "16").With("k", "3"), apply.Options{}, f, ops.Reference())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s reads %.1f%% of the entries\n", r.Plan.Method, 100*r.ReadFraction)
	for _, t := range r.Tensors {
		fmt.Println(t.Name, t.Shape)
	}
	// Output:
	// quest reads 37.5% of the entries
	// selected [2 128]
	// out [2 16]
	// score [2 8]
}
