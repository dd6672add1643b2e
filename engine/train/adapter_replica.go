package train

import (
	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// AdapterReplica computes the loss of sequences under a frozen model with an adapter over
// it, and the gradients of the adapter. It holds the activations of one sequence of T
// tokens at a time.
type AdapterReplica struct {
	Base    *Frozen
	Adapter *model.Adapter
	// Ramp scales every gate, g = Ramp·sigmoid(z), above 0: at 1 it is as the adapter
	// will be used.
	Ramp float32
	// Recompute keeps of every layer only what it read, and computes its activations
	// again in the backward pass: the same bits in less memory and more time.
	Recompute bool

	tiled
	length  int                  // T
	inputs  [][]float32          // [L] of [T, D], the residual stream at each layer
	kept    []adapterActivations // of every layer, or of the last one computed
	x, dx   []float32            // [T, D] residual stream and its gradient
	scratch adapterScratch
}

// adapterActivations holds the values of the forward pass of a layer that its backward pass
// needs.
type adapterActivations struct {
	query         []float32 // [T, H*Dh], rotated
	key, value    []float32 // [T, Hkv*Dh], before the memory
	gate          []float32 // [T, Hkv*Dh], with Ramp
	memory        []float32 // [T, Hkv*Dh] memory of keys, not rotated
	rotated, read []float32 // [T, Hkv*Dh] keys and values that attention reads
	attn          []float32 // [T, H*Dh]
	logSum        []float32 // [H, T]
	mid           []float32 // [T, D] residual stream at the feed-forward layer
	up, upGate    []float32 // [T, Hidden]

	// What deltas make of what attention, its output, the feed-forward layer and its output read.
	mixed, out, hidden, down reduced
}

// adapterScratch are buffers that one layer at a time needs.
type adapterScratch struct {
	normed, branch    []float32 // [T, D]
	query             []float32 // [T, H*Dh]
	key, value, gate  []float32 // [T, Hkv*Dh]
	dkey, dvalue      []float32 // [T, Hkv*Dh]
	headKey, headRead []float32 // [T, Dh]
	hidden, silu      []float32 // [T, Hidden]
	rows, drows       []float32 // [M, D] rows with a target
	logits            []float32 // [adapterChunk, V]
	state             []float32 // [Hkv*Dh]
	ignored           []float32 // [D] gradient of a norm that stays
}

// adapterChunk is how many rows share one product with the head: vocabularies of
// pretrained models are large.
const adapterChunk = 128

// NewAdapterReplica makes a net over base for a.
func NewAdapterReplica(base *Frozen, a *model.Adapter, k *ops.Kernels) *AdapterReplica {
	return &AdapterReplica{Base: base, Adapter: a, Ramp: 1, tiled: tiled{kernels: k}}
}

// fit sizes every buffer for a sequence of length tokens.
func (n *AdapterReplica) fit(length int) {
	c := n.Base.Config
	n.length = length
	layers := c.Layers
	if n.Recompute {
		layers = 1
	}
	if len(n.kept) != layers {
		n.kept, n.inputs = make([]adapterActivations, layers), make([][]float32, c.Layers)
	}
	d, q, kv, hid := length*c.Dim, length*c.QueryDim(), length*c.KVDim(), length*c.Hidden
	for i := range n.inputs {
		room(&n.inputs[i], d)
	}
	for i := range n.kept {
		a := &n.kept[i]
		fitAll(q, &a.query, &a.attn)
		fitAll(kv, &a.key, &a.value, &a.rotated, &a.read)
		if n.Adapter.Gated() {
			fitAll(kv, &a.gate, &a.memory)
		}
		fitAll(hid, &a.up, &a.upGate)
		room(&a.logSum, c.Heads*length)
		room(&a.mid, d)
	}
	s := &n.scratch
	fitAll(d, &n.x, &n.dx, &s.normed, &s.branch, &s.rows, &s.drows)
	fitAll(q, &s.query)
	fitAll(kv, &s.key, &s.value, &s.gate, &s.dkey, &s.dvalue)
	fitAll(length*c.HeadDim, &s.headKey, &s.headRead)
	fitAll(hid, &s.hidden, &s.silu)
	room(&s.logits, min(adapterChunk, length)*c.Vocab)
	room(&s.state, c.KVDim())
	room(&s.ignored, c.Dim)
}

// fitAll gives every buffer n values.
func fitAll(n int, buffers ...*[]float32) {
	for _, b := range buffers {
		room(b, n)
	}
}

// activations returns what layer l computed, or where that is computed again the place for it.
func (n *AdapterReplica) activations(l int) *adapterActivations { return &n.kept[l%len(n.kept)] }

// Step adds to grads the gradients of a batch, its sequences in order, and returns its
// loss and, for every row with a target, whether the first choice was right; see
// Replica.Step.
func (n *AdapterReplica) Step(b *Batch, mask Mask, grads *model.Adapter) (loss float64, right []bool) {
	for i := range b.Seqs {
		part := b.sequences(i, i+1)
		n.forward(part, mask)
		clear(n.dx)
		partLoss, partRight := n.crossEntropy(part, true)
		loss, right = loss+partLoss, append(right, partRight...)
		for l := n.Base.Config.Layers - 1; l >= 0; l-- {
			if n.Recompute && l < n.Base.Config.Layers-1 {
				copy(n.x, n.inputs[l])
				n.layer(l, mask)
			}
			n.feedForwardBackward(l, &grads.Layers[l])
			n.mixBackward(l, mask, &grads.Layers[l])
		}
	}
	return loss, right
}

// Evaluate is Step without gradients.
func (n *AdapterReplica) Evaluate(b *Batch, mask Mask) (loss float64, right []bool) {
	for i := range b.Seqs {
		part := b.sequences(i, i+1)
		n.forward(part, mask)
		partLoss, partRight := n.crossEntropy(part, false)
		loss, right = loss+partLoss, append(right, partRight...)
	}
	return loss, right
}

// forward runs one sequence through every layer.
func (n *AdapterReplica) forward(b *Batch, mask Mask) {
	n.fit(b.Length)
	d := n.Base.Config.Dim
	for r, id := range b.Tokens {
		n.Base.weights.Embedding.DequantizeRow(n.x[r*d:(r+1)*d], int(id))
	}
	for l := range n.inputs {
		copy(n.inputs[l], n.x)
		n.layer(l, mask)
	}
}

// layer is the forward pass of layer l over the residual stream.
func (n *AdapterReplica) layer(l int, mask Mask) {
	n.attention(l, mask)
	n.feedForward(l)
}

// attention is the attention sub-layer of layer l; see model.Session.
func (n *AdapterReplica) attention(l int, mask Mask) {
	f, k, s := n.Base, n.kernels, &n.scratch
	w, d, a, rows := &f.weights.Layers[l], &n.Adapter.Layers[l], n.activations(l), n.length
	k.RMSNorm(s.normed, n.inputs[l], w.InputNorm, f.Config.Eps)
	_, gate := gateParts(d)
	n.reduce(&a.mixed, s.normed, rows, d.Query, d.Key, d.Value, gate)
	n.linear(a.query, s.normed, &w.Query, d.Query, &a.mixed, rows)
	n.linear(a.key, s.normed, &w.Key, d.Key, &a.mixed, rows)
	n.linear(a.value, s.normed, &w.Value, d.Value, &a.mixed, rows)
	addBias(k, a.query, w.QueryBias)
	addBias(k, a.key, w.KeyBias)
	addBias(k, a.value, w.ValueBias)
	if n.Adapter.Gated() {
		n.gates(a, d)
		n.scan(a.memory, a.gate, a.key)
		n.scan(a.read, a.gate, a.value)
		copy(a.rotated, a.memory)
	} else {
		copy(a.rotated, a.key)
		copy(a.read, a.value)
	}
	n.rotate(a.query, f.sin)
	n.rotate(a.rotated, f.sin)
	for h := range f.Config.Heads {
		k.AttendCausal(n.head(a, h, mask))
	}
	n.reduce(&a.out, a.attn, rows, d.Out)
	n.linear(s.branch, a.attn, &w.Out, d.Out, &a.out, rows)
	addBias(k, s.branch, w.OutBias)
	k.Add(n.x, s.branch)
}

// gates computes the gates of a layer from scratch.normed.
func (n *AdapterReplica) gates(a *adapterActivations, d *model.AdapterLayer) {
	whole, low := gateParts(d)
	n.linear(a.gate, n.scratch.normed, whole, low, &a.mixed, n.length)
	addBias(n.kernels, a.gate, d.GateBias)
	n.kernels.Sigmoid(a.gate, a.gate)
	for i := range a.gate {
		a.gate[i] *= n.Ramp
	}
}

// gateParts is the gate's projection as a whole matrix, or of low rank.
func gateParts(d *model.AdapterLayer) (whole *model.Matrix, low *model.LowRank) {
	if d.Gate.Delta != nil {
		return nil, d.Gate.Delta
	}
	return &d.Gate, nil
}

// scan is the memory of x under gate, both [T, Hkv*Dh].
func (n *AdapterReplica) scan(dst, gate, x []float32) {
	clear(n.scratch.state)
	n.kernels.MemoryScan(n.channels(dst), n.scratch.state, n.channels(gate), n.channels(x))
}

// channels views x [T, Hkv*Dh].
func (n *AdapterReplica) channels(x []float32) ops.Matrix {
	return ops.Dense(x, n.length, n.Base.Config.KVDim())
}

// addBias adds bias to every row of x, where there is one.
func addBias(k *ops.Kernels, x, bias []float32) {
	for ; len(bias) > 0 && len(x) > 0; x = x[len(bias):] {
		k.Add(x[:len(bias)], bias)
	}
}

// rotate applies RoPE to the heads of every row of x [T, n*Dh].
func (n *AdapterReplica) rotate(x, sin []float32) {
	half, width := n.Base.Config.HeadDim/2, len(x)/n.length
	for t := range n.length {
		n.kernels.RoPE(x[t*width:(t+1)*width], n.Base.cos[t*half:(t+1)*half], sin[t*half:(t+1)*half])
	}
}

// head is the attention of head h of queries.
func (n *AdapterReplica) head(a *adapterActivations, h int, mask Mask) ops.CausalAttention {
	c, rows := n.Base.Config, n.length
	group := h / c.Group()
	query := func(x []float32) ops.Matrix {
		return ops.Dense(x, rows, c.QueryDim()).Slice(0, rows, h*c.HeadDim, (h+1)*c.HeadDim)
	}
	shared := func(x []float32) ops.Matrix {
		return n.channels(x).Slice(0, rows, group*c.HeadDim, (group+1)*c.HeadDim)
	}
	return ops.CausalAttention{
		Out: query(a.attn), Query: query(a.query), Keys: shared(a.rotated), Values: shared(a.read),
		LogSum: a.logSum[h*rows : (h+1)*rows], Mask: mask, Scale: n.Base.scale(),
	}
}

// feedForward is W_down (silu(W_gate h) ∘ W_up h), h = RMSNorm(x), of layer l.
func (n *AdapterReplica) feedForward(l int) {
	f, k, s := n.Base, n.kernels, &n.scratch
	w, d, a, rows := &f.weights.Layers[l], &n.Adapter.Layers[l], n.activations(l), n.length
	copy(a.mid, n.x)
	k.RMSNorm(s.normed, a.mid, w.HiddenNorm, f.Config.Eps)
	n.reduce(&a.hidden, s.normed, rows, d.Up, d.UpGate)
	n.linear(a.up, s.normed, &w.Up, d.Up, &a.hidden, rows)
	n.linear(a.upGate, s.normed, &w.UpGate, d.UpGate, &a.hidden, rows)
	n.activate(s.hidden, a)
	n.reduce(&a.down, s.hidden, rows, d.Down)
	n.linear(s.branch, s.hidden, &w.Down, d.Down, &a.down, rows)
	k.Add(n.x, s.branch)
}

// activate is silu(gate) ∘ up.
func (n *AdapterReplica) activate(dst []float32, a *adapterActivations) {
	n.kernels.SiLU(dst, a.upGate)
	for i, u := range a.up[:len(dst)] {
		dst[i] *= u
	}
}
