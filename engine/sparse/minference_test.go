package sparse

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
)

// estimates are what MInference's package picks; see testdata/minference/make.py.
type estimates struct {
	VerticalSlash []struct {
		Vertical, Slash int
		Picked          []struct{ Columns, Distances []int } // by head
	} `json:"vertical-slash"`
	XAttention []struct {
		Block, Stride int
		Threshold     float64
		Picked        [][][]int // blocks of keys by head and block of queries
	}
}

// TestMInference holds what a prompt's queries read under vertical-slash and XAttention to
// what MInference's package estimates for the same tensors.
func TestMInference(t *testing.T) {
	files, err := filepath.Glob("testdata/minference/*.safetensors")
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		f, err := checkpoint.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		var want estimates
		if err := json.Unmarshal([]byte(f.Metadata["picked"]), &want); err != nil || len(want.VerticalSlash) != 2 || len(want.XAttention) != 3 {
			t.Fatalf("%s: %+v, %v", name, want, err)
		}
		shape, err := f.Tensor("k")
		if err != nil {
			t.Fatal(err)
		}
		length, dim := shape.Shape[1], shape.Shape[2]
		q, k := golden{f, t}.floats("q"), golden{f, t}.floats("k")
		for head := range shape.Shape[0] {
			own := func(x []float32) []float32 { return x[head*length*dim : (head+1)*length*dim] }
			for _, w := range want.VerticalSlash {
				m := VerticalSlash{Window: 64, Columns: w.Vertical, Diagonals: w.Slash, Forced: 30}
				got := m.Prefill(own(q), fill(ops.Reference(), dim, 16, own(k), own(k))).(stripes)
				if !slices.Equal(got.columns, w.Picked[head].Columns) || !slices.Equal(got.distances, w.Picked[head].Distances) {
					t.Errorf("%s, head %d, %+v: %+v, want %+v", name, head, m, got, w.Picked[head])
				}
			}
			for _, w := range want.XAttention {
				m := XAttention{Blocks: length, TopP: w.Threshold, Stride: w.Stride, AsReleased: true}
				h := fill(ops.Reference(), dim, w.Block, own(k), own(k))
				s := m.Prefill(own(q), h)
				for b, blocks := range w.Picked[head] {
					last := min((b+1)*w.Block, length) - 1
					var sel Selection
					s.Select(&sel, Query{Q: own(q)[last*dim:][:dim], Position: last}, h)
					if got := blocksOf(&sel, w.Block); !slices.Equal(got, blocks) {
						t.Errorf("%s, head %d, %+v, block %d: reads blocks %v, want %v", name, head, m, b, got, blocks)
					}
				}
			}
		}
	}
}

// blocksOf lists the blocks of so many positions that s selects.
func blocksOf(s *Selection, block int) []int {
	var out []int
	for _, j := range positions(s) {
		if !slices.Contains(out, j/block) {
			out = append(out, j/block)
		}
	}
	return out
}
