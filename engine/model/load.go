package model

import (
	"fmt"
	"slices"
	"strings"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
	"kvscope/engine/ops/quant"
)

// weights are views of the parameters of s, to be computed with by k: they end with s.
// What vectors and matrices have no view for is copied.
func (s *Source) weights(k *ops.Kernels) (*Weights, error) {
	w := &Weights{Layers: make([]Layer, s.Config.Layers), PairedRows: s.pairedRows}
	read := map[string]bool{}
	for _, t := range w.tensors(s.stored()) {
		name := s.name(t.names)
		if err := t.load(s.file, name, k); err != nil {
			return nil, err
		}
		read[name], read[name+scaleSuffix] = true, true
	}
	w.tie(s.Config)
	if s.whole {
		if err := s.leftOver(read); err != nil {
			return nil, err
		}
	}
	if s.adapter != nil {
		return w, s.adapter.lay(w, s.Config)
	}
	return w, nil
}

// leftOver is an error where tensors were not read that a model of this architecture
// has no place for.
func (s *Source) leftOver(read map[string]bool) error {
	var over []string
	for _, name := range s.file.Names() {
		// Angles that older versions of transformers saved, and the head of a tied model,
		// are made from other things.
		known := read[name] || strings.HasSuffix(name, ".rotary_emb.inv_freq") || s.Config.Tied && name == s.name(hfHead)
		if !known {
			over = append(over, name)
		}
	}
	if len(over) == 0 {
		return nil
	}
	listed := strings.Join(over[:min(len(over), 3)], ", ")
	if len(over) > 3 {
		listed += fmt.Sprintf(" and %d more", len(over)-3)
	}
	return fmt.Errorf("holds tensors that %s of this shape has no place for: %s", s.Config.Kind(), listed)
}

// load sets t to what f holds under that name, to be computed with by k.
func (t tensor) load(f *checkpoint.File, name string, k *ops.Kernels) (err error) {
	if t.vector == nil {
		*t.matrix, err = readMatrix(f, name, t.shape, k)
		return err
	}
	if *t.vector, err = f.Float32(name, t.shape...); err != nil {
		return err
	}
	for i, v := range *t.vector {
		if v-v != 0 {
			return fmt.Errorf("tensor %q holds %g at %d, want finite numbers", name, v, i)
		}
	}
	return nil
}

// smallMatrix is the largest number of elements that are widened to float32 on opening
// where k has no kernel for their form: of a small model, which would be slower for nothing.
const smallMatrix = 1 << 20

// readMatrix views the matrix of that name and, of an I8 matrix, its scales.
func readMatrix(f *checkpoint.File, name string, shape []int, k *ops.Kernels) (Matrix, error) {
	t, err := f.Tensor(name)
	if err != nil {
		return Matrix{}, err
	}
	if !slices.Equal(t.Shape, shape) {
		return Matrix{}, fmt.Errorf("tensor %q has shape %v, want %v", name, t.Shape, shape)
	}
	m := Matrix{Rows: shape[0], Cols: shape[1]}
	switch {
	case t.DType == checkpoint.F32:
		m.F32 = checkpoint.View[float32](t)
	case t.DType == checkpoint.BF16:
		m.BF16 = checkpoint.View[uint16](t)
	case t.DType == checkpoint.I8:
		m.Int8 = checkpoint.View[int8](t)
		m.Scale, err = f.Float32(name + scaleSuffix)
		if err == nil && len(m.Scale) != m.Rows {
			err = fmt.Errorf("tensor %q has %d scales, want %d, one for each row of %q", name+scaleSuffix, len(m.Scale), m.Rows, name)
		}
	case quant.ByName(string(t.DType)) != nil && (t.Len() > smallMatrix || k.Blocks[string(t.DType)].MatVec != nil):
		m.Blocks, m.Format = t.Data, quant.ByName(string(t.DType))
		if m.Cols%m.Format.Len != 0 {
			err = fmt.Errorf("tensor %q has rows of %d, which are no whole blocks of %s", name, m.Cols, t.DType)
		}
	default:
		m.F32, err = t.Float32()
	}
	return m, err
}

// ReadWeights reads the parameters of a model of shape c whose names carry prefix,
// as float32 that may be changed.
func ReadWeights(f *checkpoint.File, c Config, prefix string) (*Weights, error) {
	w := &Weights{Layers: make([]Layer, c.Layers)}
	for _, t := range w.tensors(c) {
		x, err := f.Float32(prefix+t.own, t.shape...)
		if err != nil {
			return nil, err
		}
		t.set(x)
	}
	w.tie(c)
	return w, nil
}

// Tensors are the parameters of w as checkpoint tensors, named with prefix: those in
// float32 in the format encode gives them, matrices in fewer bits as they are.
func (w *Weights) Tensors(c Config, prefix string, encode func(name string, shape []int, x []float32) checkpoint.Tensor) []checkpoint.Tensor {
	var ts []checkpoint.Tensor
	for _, p := range w.Params(c) {
		if p.IsMatrix() {
			ts = append(ts, p.Matrix.tensors(prefix+p.Name, encode)...)
			continue
		}
		ts = append(ts, encode(prefix+p.Name, p.Shape, p.Data))
	}
	return ts
}
