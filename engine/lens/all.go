package lens

import (
	"fmt"

	"kvscope/engine/checkpoint"
)

// Heads finds a head by layer and number, nil when it is not there.
type Heads func(layer, head int) *Head

// Tensors are all heads of a model side by side, q, k and gate [L, H, T, Dh], or
// attention [L, H, N, T] of heads that are known by their weights; none when a head
// is missing.
func Tensors(layers, heads int, of Heads) []checkpoint.Tensor {
	if first := of(0, 0); first != nil && first.Queries > 0 {
		return weights(layers, heads, of)
	}
	var q, k, gate []float32
	var shape []int
	for l := range layers {
		for n := range heads {
			h := of(l, n)
			if h == nil || h.check() != nil || shape != nil && (shape[2] != h.Len() || shape[3] != h.Dim) {
				return nil
			}
			shape = []int{layers, heads, h.Len(), h.Dim}
			q, k, gate = append(q, h.Q...), append(k, h.K...), append(gate, h.Gate...)
		}
	}
	out := []checkpoint.Tensor{checkpoint.NewF32("q", shape, q), checkpoint.NewF32("k", shape, k)}
	if len(gate) == len(k) {
		out = append(out, checkpoint.NewF32("gate", shape, gate))
	}
	return out
}

// ReadTensors finds in f what Tensors made, for a prompt of so many positions. It is
// nil where f holds no heads.
func ReadTensors(f *checkpoint.File, prompt int) (Heads, error) {
	if f.Has(weightsName) {
		heads, shape, err := ReadWeights(f)
		if err == nil && shape[3] < prompt {
			err = fmt.Errorf("%s of shape %v for a prompt of %d tokens", weightsName, shape, prompt)
		}
		return heads, err
	}
	if !f.Has("q") || !f.Has("k") {
		return nil, nil
	}
	var shape []int
	read := func(name string) ([]float32, error) {
		t, err := f.Tensor(name)
		if err != nil {
			return nil, err
		}
		if len(t.Shape) != 4 {
			return nil, fmt.Errorf("%s has shape %v, want [layers, heads, positions, head size]", name, t.Shape)
		}
		if shape == nil {
			shape = t.Shape
		}
		for i := range shape {
			if t.Shape[i] != shape[i] {
				return nil, fmt.Errorf("%s has shape %v beside %v", name, t.Shape, shape)
			}
		}
		return t.Float32()
	}
	q, err := read("q")
	if err != nil {
		return nil, err
	}
	k, err := read("k")
	if err != nil {
		return nil, err
	}
	var gate []float32
	if f.Has("gate") {
		if gate, err = read("gate"); err != nil {
			return nil, err
		}
	}
	layers, heads, n, dim := shape[0], shape[1], shape[2], shape[3]
	if prompt > n || n*dim == 0 {
		return nil, fmt.Errorf("q of shape %v for a prompt of %d tokens", shape, prompt)
	}
	return func(layer, head int) *Head {
		if layer < 0 || layer >= layers || head < 0 || head >= heads {
			return nil
		}
		at := (layer*heads + head) * n * dim
		h := &Head{Dim: dim, Prompt: prompt, Q: q[at:][:n*dim], K: k[at:][:n*dim]}
		if gate != nil {
			h.Gate = gate[at:][:n*dim]
		}
		return h
	}, nil
}
