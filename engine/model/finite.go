package model

import "fmt"

// CheckFinite reads every matrix of w and names the first element that is NaN or infinite,
// by its row and column. Vectors are read, and checked, when a model is opened; matrices
// are views of a file that may be larger than memory, so that this takes as long as
// reading all of it.
func (w *Weights) CheckFinite(c Config) error {
	for _, t := range w.tensors(c) {
		if t.matrix == nil || t.matrix.hollow() {
			continue
		}
		row := make([]float32, t.matrix.Cols)
		for r := range t.matrix.Rows {
			t.matrix.DequantizeRow(row, r)
			for i, v := range row {
				if v-v != 0 {
					return fmt.Errorf("tensor %q holds %g at [%d, %d], want finite numbers", t.own, v, r, i)
				}
			}
		}
	}
	return nil
}
