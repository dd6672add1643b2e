package lens

import (
	"fmt"
	"slices"

	"kvscope/engine/checkpoint"
)

// Heads finds a head by layer and number; it is an error where there is none, or where it
// cannot be read.
type Heads func(layer, head int) (*HeadTensors, error)

func errNoHead(layer, head int) error { return fmt.Errorf("no head %d in layer %d", head, layer) }

// Tensors are all heads of a model side by side, q, k and gate [L, H, T, Dh], or
// attention [L, H, N, T] of heads that are known by their weights.
func Tensors(layers, heads int, of Heads) ([]checkpoint.Tensor, error) {
	if first, err := of(0, 0); err == nil && first.Queries > 0 {
		return weights(layers, heads, of)
	}
	var q, k, gate []float32
	var shape []int
	for l := range layers {
		for n := range heads {
			h, err := of(l, n)
			if err == nil {
				err = h.check()
			}
			if err != nil {
				return nil, fmt.Errorf("layer %d, head %d: %w", l, n, err)
			}
			if shape == nil {
				shape = []int{layers, heads, h.Len(), h.Dim}
			}
			if shape[2] != h.Len() || shape[3] != h.Dim {
				return nil, fmt.Errorf("layer %d, head %d has %d positions of size %d, the first %d of %d", l, n, h.Len(), h.Dim, shape[2], shape[3])
			}
			q, k, gate = append(q, h.Q...), append(k, h.K...), append(gate, h.Gate...)
		}
	}
	out := []checkpoint.Tensor{checkpoint.NewF32("q", shape, q), checkpoint.NewF32("k", shape, k)}
	if len(gate) == len(k) {
		out = append(out, checkpoint.NewF32("gate", shape, gate))
	}
	return out, nil
}

// ReadTensors finds in f what Tensors made, for a prompt of so many positions. A head is
// read when it is asked for. It is nil where f holds no heads.
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
	s := savedHeads{file: f, prompt: prompt}
	for _, name := range []string{"q", "k", "gate"} {
		if name == "gate" && !f.Has(name) {
			continue
		}
		if err := s.fit(name); err != nil {
			return nil, err
		}
	}
	if prompt > s.shape[2] || slices.Contains(s.shape, 0) {
		return nil, fmt.Errorf("q of shape %v for a prompt of %d tokens", s.shape, prompt)
	}
	return s.head, nil
}

// savedHeads are the heads that Tensors wrote to a file.
type savedHeads struct {
	file   *checkpoint.File
	prompt int
	shape  []int // [L, H, T, Dh]
}

// fit holds a tensor to the shape of those before it.
func (s *savedHeads) fit(name string) error {
	dtype, shape, ok := s.file.Shape(name)
	switch {
	case !ok:
		_, err := s.file.Tensor(name) // says why
		return err
	case len(shape) != 4:
		return fmt.Errorf("%s has shape %v, want [layers, heads, positions, head size]", name, shape)
	case s.shape != nil && !slices.Equal(s.shape, shape):
		return fmt.Errorf("%s has shape %v beside %v", name, shape, s.shape)
	}
	s.shape = shape
	_, err := checkpoint.Tensor{Name: name, DType: dtype}.Float32() // a type that can be widened
	return err
}

// head reads one head.
func (s *savedHeads) head(layer, head int) (*HeadTensors, error) {
	if layer < 0 || layer >= s.shape[0] || head < 0 || head >= s.shape[1] {
		return nil, errNoHead(layer, head)
	}
	h := &HeadTensors{Dim: s.shape[3], Prompt: s.prompt}
	n := s.shape[2] * s.shape[3]
	for _, x := range []struct {
		name string
		to   *[]float32
	}{{"q", &h.Q}, {"k", &h.K}, {"gate", &h.Gate}} {
		if x.name == "gate" && !s.file.Has("gate") {
			continue
		}
		t, err := s.file.Range(x.name, (layer*s.shape[1]+head)*n, n)
		if err != nil {
			return nil, err
		}
		if *x.to, err = t.Float32(); err != nil {
			return nil, err
		}
	}
	return h, nil
}
