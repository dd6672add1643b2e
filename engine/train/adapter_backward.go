package train

import (
	"math"

	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// crossEntropy is Replica.crossEntropy for one sequence: the loss at rows with a target,
// and their gradient down to the residual stream in dx, which it expects cleared.
func (n *AdapterReplica) crossEntropy(b *Batch, backward bool) (loss float64, right []bool) {
	c, d := n.Base.Config, n.Base.Config.Dim
	var rows []int
	for r, w := range b.Weights {
		if w > 0 {
			rows = append(rows, r)
		}
	}
	for start := 0; start < len(rows); start += adapterChunk {
		chunk := rows[start:min(start+adapterChunk, len(rows))]
		m := len(chunk)
		x, h, logits := n.scratch.drows[:m*d], n.scratch.rows[:m*d], n.scratch.logits[:m*c.Vocab]
		for i, r := range chunk {
			copy(x[i*d:(i+1)*d], n.x[r*d:(r+1)*d])
		}
		n.kernels.RMSNorm(h, x, n.Base.weights.FinalNorm, c.Eps)
		n.linear(logits, h, n.Base.head(), nil, nil, m)
		for i, r := range chunk {
			right = append(right, argmax(logits[i*c.Vocab:(i+1)*c.Vocab]) == int(b.Targets[r]))
		}
		n.kernels.Softmax(logits, c.Vocab, 1)
		for i, r := range chunk {
			row, w := logits[i*c.Vocab:(i+1)*c.Vocab], b.Weights[r]
			loss -= float64(w) * math.Log(max(float64(row[b.Targets[r]]), math.SmallestNonzeroFloat32))
			row[b.Targets[r]]--
			for j := range row {
				row[j] *= w
			}
		}
		if backward {
			n.headBackward(chunk, logits, x)
		}
	}
	return loss, right
}

// headBackward writes to dx the gradients of rows, given that of their logits.
func (n *AdapterReplica) headBackward(rows []int, dlogits, x []float32) {
	d, m := n.Base.Config.Dim, len(rows)
	dh, dx := n.scratch.normed[:m*d], n.scratch.branch[:m*d]
	clear(dh)
	clear(dx)
	n.backward(dh, dlogits, n.Base.head(), nil, nil, nil, m)
	n.kernels.RMSNormBackward(dx, n.scratch.ignored, dh, x, n.Base.weights.FinalNorm, n.Base.Config.Eps)
	for i, r := range rows {
		copy(n.dx[r*d:(r+1)*d], dx[i*d:(i+1)*d])
	}
}

// feedForwardBackward is the backward pass of feedForward: with s = sigmoid(gate),
//
//	dup = dy ∘ gate∘s,  dgate = dy ∘ up ∘ s∘(1 + gate∘(1−s))
func (n *AdapterReplica) feedForwardBackward(l int, g *model.AdapterLayer) {
	f, k, s := n.Base, n.kernels, &n.scratch
	w, d, a, rows := &f.weights.Layers[l], &n.Adapter.Layers[l], n.activations(l), n.length
	if d.Down != nil {
		n.activate(s.silu, a)
	}
	clear(s.hidden)
	n.backward(s.hidden, n.dx, &w.Down, d.Down, g.Down, &a.down, rows)
	n.reduceBackward(&a.down, s.silu, rows, g.Down)
	k.Sigmoid(s.silu, a.upGate)
	dup, dgate, up := s.hidden, s.silu[:len(s.hidden)], a.up[:len(s.hidden)]
	for i, gate := range a.upGate[:len(dup)] {
		dy, sig := dup[i], dgate[i]
		dup[i] = dy * gate * sig
		dgate[i] = dy * up[i] * sig * (1 + gate*(1-sig))
	}
	if d.Up != nil || d.UpGate != nil {
		k.RMSNorm(s.normed, a.mid, w.HiddenNorm, f.Config.Eps)
	}
	clear(s.branch)
	n.backward(s.branch, s.hidden, &w.Up, d.Up, g.Up, &a.hidden, rows)
	n.backward(s.branch, s.silu, &w.UpGate, d.UpGate, g.UpGate, &a.hidden, rows)
	n.reduceBackward(&a.hidden, s.normed, rows, g.Up, g.UpGate)
	k.RMSNormBackward(n.dx, s.ignored, s.branch, a.mid, w.HiddenNorm, f.Config.Eps)
}

// mixBackward is the backward pass of attention. Nothing asks for the gradient of what the
// first layer reads.
func (n *AdapterReplica) mixBackward(l int, mask Mask, g *model.AdapterLayer) {
	f, k, s := n.Base, n.kernels, &n.scratch
	w, d, a, rows := &f.weights.Layers[l], &n.Adapter.Layers[l], n.activations(l), n.length
	clear(s.query)
	n.backward(s.query, n.dx, &w.Out, d.Out, g.Out, &a.out, rows)
	n.reduceBackward(&a.out, a.attn, rows, g.Out)
	n.attentionBackward(a, mask)
	n.rotate(s.query, f.unsin)
	n.rotate(s.dkey, f.unsin)
	k.RMSNorm(s.normed, n.inputs[l], w.InputNorm, f.Config.Eps)
	var dx []float32
	if l > 0 {
		dx = s.branch
		clear(dx)
	}
	key, value := s.dkey, s.dvalue
	if n.Adapter.Gated() {
		n.memoryBackward(a, g)
		key, value = s.key, s.value
		n.gateBackward(dx, a, d, g)
	}
	n.backward(dx, s.query, &w.Query, d.Query, g.Query, &a.mixed, rows)
	n.backward(dx, key, &w.Key, d.Key, g.Key, &a.mixed, rows)
	n.backward(dx, value, &w.Value, d.Value, g.Value, &a.mixed, rows)
	_, gate := gateParts(g)
	n.reduceBackward(&a.mixed, s.normed, rows, g.Query, g.Key, g.Value, gate)
	if l > 0 {
		k.RMSNormBackward(n.dx, s.ignored, dx, n.inputs[l], w.InputNorm, f.Config.Eps)
	}
}

// attentionBackward turns the gradient of what attention gives, in scratch.query, into
// those of rotated queries, there, and of keys and values, in dkey and dvalue: sums
// over the heads that read them.
func (n *AdapterReplica) attentionBackward(a *adapterActivations, mask Mask) {
	c, s, rows := n.Base.Config, &n.scratch, n.length
	clear(s.dkey)
	clear(s.dvalue)
	headKey, headRead := ops.Dense(s.headKey, rows, c.HeadDim), ops.Dense(s.headRead, rows, c.HeadDim)
	dhead := ops.Dense(s.hidden, rows, c.HeadDim) // the gradient goes in and comes out in one place
	for h := range c.Heads {
		dout := ops.Dense(s.query, rows, c.QueryDim()).Slice(0, rows, h*c.HeadDim, (h+1)*c.HeadDim)
		n.kernels.AttendCausalBackward(dhead, headKey, headRead, dout, n.head(a, h, mask))
		at := h / c.Group() * c.HeadDim
		for t := range rows {
			copy(dout.Row(t), dhead.Row(t))
			n.kernels.Add(n.channels(s.dkey).Row(t)[at:at+c.HeadDim], headKey.Row(t))
			n.kernels.Add(n.channels(s.dvalue).Row(t)[at:at+c.HeadDim], headRead.Row(t))
		}
	}
}

// memoryBackward takes the gradients dkey and dvalue through the scans, to key and value
// of scratch, and leaves that of what the sigmoid of the gates took in scratch.gate.
func (n *AdapterReplica) memoryBackward(a *adapterActivations, g *model.AdapterLayer) {
	k, s := n.kernels, &n.scratch
	clear(s.gate)
	gate, dgate := n.channels(a.gate), n.channels(s.gate)
	k.MemoryScanBackward(n.channels(s.key), dgate, n.channels(s.dkey), n.channels(a.memory), gate, n.channels(a.key))
	k.MemoryScanBackward(n.channels(s.value), dgate, n.channels(s.dvalue), n.channels(a.read), gate, n.channels(a.value))
	for i, v := range a.gate {
		s.gate[i] *= v * (1 - v/n.Ramp)
	}
	for t := range n.length {
		if g.GateBias != nil {
			k.Add(g.GateBias, dgate.Row(t))
		}
	}
}

// gateBackward is backward of the gate's projection, whose whole matrix is trained.
func (n *AdapterReplica) gateBackward(dx []float32, a *adapterActivations, d, g *model.AdapterLayer) {
	whole, low := gateParts(d)
	_, dlow := gateParts(g)
	n.backward(dx, n.scratch.gate, whole, low, dlow, &a.mixed, n.length)
	if whole != nil {
		normed := ops.Dense(n.scratch.normed, n.length, n.Base.Config.Dim)
		n.kernels.MatMul(ops.Dense(g.Gate.F32, g.Gate.Rows, g.Gate.Cols), n.channels(n.scratch.gate).T(), normed, true)
	}
}
