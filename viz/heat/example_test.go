package heat_test

import (
	"fmt"

	"kvscope/viz/heat"
)

// lower is a causal map of n tokens that attend to all before them alike.
type lower int

func (n lower) Size() (rows, cols int) { return int(n), int(n) }

func (n lower) Rows(dst []float32, from, to int) { n.Patch(dst, from, to, 0, int(n)) }

func (n lower) Patch(dst []float32, r0, r1, c0, c1 int) {
	for r := r0; r < r1; r++ {
		for c := c0; c < c1; c++ {
			dst[(r-r0)*(c1-c0)+c-c0] = 0
			if c <= r {
				dst[(r-r0)*(c1-c0)+c-c0] = 1 / float32(r+1)
			}
		}
	}
}

// A map of 1,024 tokens seen from afar: the largest weight and the sum of each cell.
func ExamplePyramid() {
	p := heat.New(lower(1024))
	for !p.Take(256) {
	}
	tile := p.Tile(8, 0, 0) // a cell is 256 x 256 weights
	fmt.Println(p.Levels(), "levels;", tile.Rows, "x", tile.Cols, "cells")
	fmt.Printf("first row: largest %.3f, sums %.1f\n", tile.Max[:4], tile.Sum[:4])
	// Output:
	// 11 levels; 4 x 4 cells
	// first row: largest [1.000 0.000 0.000 0.000], sums [256.0 0.0 0.0 0.0]
}
