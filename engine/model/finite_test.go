package model

import (
	"math"
	"strings"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
)

// TestCheckFinite: what is no number is found in every form in which matrices are kept.
func TestCheckFinite(t *testing.T) {
	inf := float32(math.Inf(1))
	m, err := Open("testdata/llama_gqa_tied", ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	c := m.Config()
	for _, form := range []checkpoint.DType{checkpoint.F32, checkpoint.BF16, checkpoint.I8} {
		w, err := m.Weights().Compress(c, form)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.CheckFinite(c); err != nil {
			t.Errorf("%s: %v", form, err)
		}
		switch down := &w.Layers[1].Down; form {
		case checkpoint.F32:
			down.F32[2*down.Cols+3] = float32(math.NaN())
		case checkpoint.BF16:
			down.BF16[2*down.Cols+3] = uint16(math.Float32bits(inf) >> 16)
		default:
			down.Scale[2], down.Int8[2*down.Cols] = inf, 1
		}
		if err := w.CheckFinite(c); err == nil || !strings.Contains(err.Error(), "layers.1.mlp.down_proj.weight") || !strings.Contains(err.Error(), "at [2, ") {
			t.Errorf("%s: %v, want the tensor and its row", form, err)
		}
	}
	gguf, err := Open("testdata/gguf/legacy.gguf", ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	defer gguf.Close()
	if err := gguf.Weights().CheckFinite(gguf.Config()); err != nil {
		t.Errorf("blocks: %v", err)
	}
}
