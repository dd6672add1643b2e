package experiment_test

import (
	"fmt"
	"log"

	"kvscope/engine/experiment"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
)

// A grid is split into cells of at most ten examples of one combination each.
func ExampleGrid_Cells() {
	grid := experiment.Grid{
		Models: []string{"ratplus"}, Tasks: []string{"MK-2"}, Methods: []string{"quest", "dense"}, Examples: 15,
		Params: sparse.Sweep{"budget": {"1/8"}, "block": {"16", "32"}},
	}
	models := []run.ModelInfo{{Name: "ratplus", Hash: "5e8f", Context: 1024}}
	cells, err := grid.Cells(models, "1.0")
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range cells {
		fmt.Printf("%s: examples %d to %d\n", c.Selection(), c.First, c.First+c.Examples-1)
	}
	// Output:
	// Quest at budget 1/8, blocks of 16: examples 0 to 9
	// Quest at budget 1/8, blocks of 32: examples 0 to 9
	// Dense: examples 0 to 9
	// Quest at budget 1/8, blocks of 16: examples 10 to 14
	// Quest at budget 1/8, blocks of 32: examples 10 to 14
	// Dense: examples 10 to 14
}
