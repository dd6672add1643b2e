package lens

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"kvscope/engine/checkpoint"
	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// HeadTensors holds the queries and keys of one attention head over T positions, or its
// attention weights where only those were saved.
type HeadTensors struct {
	Dim    int // Dh
	Prompt int // positions of the prompt; the rest was fed while answering

	Q    []float32 // [T, Dh], rotated
	K    []float32 // [T, Dh], as attention reads them: after the memory, rotated
	Gate []float32 // [T, Dh], of the memory; nil without one

	// State is k̃ [T, Dh] before it was rotated to K, and Plain the keys [T, Dh] without
	// the memory, rotated as K is; see model.Session.Plain. Nil where they are not known,
	// as of heads in the file of a run.
	State, Plain []float32

	// Weights is the attention of the last Queries positions, [Queries, T], in whatever
	// floating-point type it was saved, where that alone is known of the head: it then has
	// no Q, K and Gate, and no Dim.
	Weights checkpoint.Tensor
	Queries int
}

// Len is T.
func (h *HeadTensors) Len() int {
	if h.Queries > 0 {
		return h.Weights.Shape[1]
	}
	return len(h.K) / max(1, h.Dim)
}

// Bytes is how much memory h takes.
func (h *HeadTensors) Bytes() int { return 4*(len(h.Q)+len(h.K)+len(h.Gate)) + len(h.Weights.Data) }

// check says what of h contradicts itself.
func (h *HeadTensors) check() error {
	switch {
	case h.Dim < 1:
		return fmt.Errorf("head size %d, want at least 1", h.Dim)
	case len(h.K) == 0 || len(h.K)%h.Dim != 0:
		return fmt.Errorf("k: %d values for heads of size %d", len(h.K), h.Dim)
	case len(h.Q) != len(h.K):
		return fmt.Errorf("q: %d values beside %d of k", len(h.Q), len(h.K))
	case h.Gate != nil && len(h.Gate) != len(h.K):
		return fmt.Errorf("gate: %d values beside %d of k", len(h.Gate), len(h.K))
	case (h.State == nil) != (h.Plain == nil) || h.State != nil && (h.Gate == nil || len(h.State) != len(h.K) || len(h.Plain) != len(h.K)):
		return fmt.Errorf("state and plain: %d and %d values beside %d of k and %d of gate", len(h.State), len(h.Plain), len(h.K), len(h.Gate))
	case h.Prompt < 0 || h.Prompt > h.Len():
		return fmt.Errorf("prompt: %d positions of %d", h.Prompt, h.Len())
	}
	return nil
}

// Recurrence is one channel of what the memory did at a position:
//
//	State = Gate·Before + (1 − Gate)·Own
type Recurrence struct {
	Channel                  int
	Gate, Before, Own, State float64
}

// Recurrence is a channel of the memory at position t with its numbers; ok is false where
// they are not known.
func (h *HeadTensors) Recurrence(t, channel int) (r Recurrence, ok bool) {
	if h.State == nil || t < 0 || t >= h.Len() || channel < 0 || channel >= h.Dim {
		return r, false
	}
	r = Recurrence{Channel: channel, Gate: float64(h.Gate[t*h.Dim+channel]), State: float64(h.State[t*h.Dim+channel])}
	if t > 0 {
		r.Before = float64(h.State[(t-1)*h.Dim+channel])
	}
	r.Own = (r.State - r.Gate*r.Before) / (1 - r.Gate)
	return r, true
}

// gates is Gate as a matrix.
func (h *HeadTensors) gates() ops.Matrix { return ops.Dense(h.Gate, h.Len(), h.Dim) }

// MemoryKernel is how much of each token's key and value sits in the cache entry of
// position t, averaged over the head's channels, [t+1]; see model.MemoryKernel. Nil
// without a memory.
func (h *HeadTensors) MemoryKernel(t int) []float32 {
	if h.Gate == nil || t < 0 || t >= h.Len() {
		return nil
	}
	kernel := make([]float32, (t+1)*h.Dim)
	model.MemoryKernel(kernel, h.gates(), t)
	out := make([]float32, t+1)
	for j := range out {
		var sum float32
		for _, w := range kernel[j*h.Dim : (j+1)*h.Dim] {
			sum += w
		}
		out[j] = sum / float32(h.Dim)
	}
	return out
}

// MemoryLength is the effective memory length at position t; see model.MemoryLength.
// 0 without a memory.
func (h *HeadTensors) MemoryLength(t int) int {
	if h.Gate == nil || t < 0 || t >= h.Len() {
		return 0
	}
	return model.MemoryLength(h.gates(), t)
}

// Row writes to dst [t+1] the true attention of the query at t,
// softmax(q·k_j/√Dh) over j <= t; zeros where Weights are known and not of t.
func (h *HeadTensors) Row(k *ops.Kernels, dst []float32, t int) {
	n := t + 1
	if h.Queries > 0 {
		h.weights(dst[:n], t, 0)
		return
	}
	k.DotRows(dst[:n], h.Q[t*h.Dim:n*h.Dim], h.K[:n*h.Dim])
	k.Softmax(dst[:n], n, h.scale())
}

// weights writes the weights that the query at t gave to the positions from first on
// to dst, zeros where they are not known.
func (h *HeadTensors) weights(dst []float32, t, first int) {
	if r := t - (h.Len() - h.Queries); r >= 0 {
		copy(dst, row(h.Weights, r, first, len(dst)))
		return
	}
	clear(dst)
}

func (h *HeadTensors) scale() float32 { return float32(1 / math.Sqrt(float64(h.Dim))) }

// Encode is h as a safetensors file: q, k, gate, state and plain, [T, Dh], or attention, [Queries, T],
// where that alone is known.
func (h *HeadTensors) Encode() ([]byte, error) {
	if h.Queries > 0 {
		var out bytes.Buffer
		weights := h.Weights
		weights.Name = weightsName
		err := checkpoint.Write(&out, h.metadata(), []checkpoint.Tensor{weights})
		return out.Bytes(), err
	}
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("encode head: %w", err)
	}
	shape := []int{h.Len(), h.Dim}
	tensors := []checkpoint.Tensor{checkpoint.NewF32("q", shape, h.Q), checkpoint.NewF32("k", shape, h.K)}
	for _, x := range []struct {
		name string
		data []float32
	}{{"gate", h.Gate}, {"state", h.State}, {"plain", h.Plain}} {
		if x.data != nil {
			tensors = append(tensors, checkpoint.NewF32(x.name, shape, x.data))
		}
	}
	var out bytes.Buffer
	err := checkpoint.Write(&out, h.metadata(), tensors)
	return out.Bytes(), err
}

func (h *HeadTensors) metadata() map[string]string {
	return map[string]string{"prompt": strconv.Itoa(h.Prompt)}
}

// Decode reads what Encode wrote.
func Decode(file []byte) (*HeadTensors, error) {
	f, err := checkpoint.Parse(file)
	if err != nil {
		return nil, fmt.Errorf("decode head: %w", err)
	}
	h := &HeadTensors{}
	if h.Prompt, err = strconv.Atoi(f.Metadata["prompt"]); err != nil {
		return nil, fmt.Errorf("decode head: prompt %q is not a number", f.Metadata["prompt"])
	}
	if f.Has(weightsName) {
		return h, h.decodeWeights(f)
	}
	for _, x := range []struct {
		name string
		to   *[]float32
	}{{"q", &h.Q}, {"k", &h.K}, {"gate", &h.Gate}, {"state", &h.State}, {"plain", &h.Plain}} {
		if x.to != &h.Q && x.to != &h.K && !f.Has(x.name) {
			continue
		}
		t, err := f.Tensor(x.name)
		if err != nil {
			return nil, fmt.Errorf("decode head: %w", err)
		}
		if len(t.Shape) != 2 {
			return nil, fmt.Errorf("decode head: %s has shape %v, want [positions, head size]", x.name, t.Shape)
		}
		if x.name == "k" {
			h.Dim = t.Shape[1]
		}
		if *x.to, err = t.Float32(); err != nil {
			return nil, fmt.Errorf("decode head: %w", err)
		}
	}
	if err := h.check(); err != nil {
		return nil, fmt.Errorf("decode head: %w", err)
	}
	return h, nil
}

// decodeWeights reads a head that is known by its weights.
func (h *HeadTensors) decodeWeights(f *checkpoint.File) error {
	t, err := f.Tensor(weightsName)
	if err != nil {
		return fmt.Errorf("decode head: %w", err)
	}
	if len(t.Shape) != 2 || t.Shape[0] < 1 || t.Shape[0] > t.Shape[1] || h.Prompt < 0 || h.Prompt > t.Shape[1] {
		return fmt.Errorf("decode head: %s of shape %v for a prompt of %d, want [queries, positions]", weightsName, t.Shape, h.Prompt)
	}
	if _, err := t.Range(0, 0).Float32(); err != nil { // not a type that row can widen
		return fmt.Errorf("decode head: %w", err)
	}
	h.Queries, h.Weights = t.Shape[0], t
	return nil
}
