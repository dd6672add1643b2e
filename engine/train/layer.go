package train

import (
	"math"

	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// part views part i of a parts buffer, [N, D]; see model.PartOutput.
func (n *Replica) part(parts []float32, i int) ops.Matrix {
	d, rows := n.Config.Dim, n.seqs*n.length
	return ops.Dense(parts, rows, n.Config.Parts()*d).Slice(0, rows, i*d, (i+1)*d)
}

// sequence views the rows of sequence s of m [N, D].
func (n *Replica) sequence(m ops.Matrix, s int) ops.Matrix {
	return m.Slice(s*n.length, (s+1)*n.length, 0, m.Cols)
}

// rotate applies RoPE to every row of m [N, D]. With unsin for sin it undoes it,
// which is also its gradient.
func (n *Replica) rotate(m ops.Matrix, sin []float32) {
	half := n.Config.HeadDim / 2
	for r := range m.Rows {
		t := r % n.length
		n.kernels.RoPE(m.Row(r), n.cos[t*half:(t+1)*half], sin[t*half:(t+1)*half])
	}
}

// attention is the forward pass of the attention sub-layer of layer l; see model.Session.
func (n *Replica) attention(l int, mask Mask) {
	c, k, w, a := n.Config, n.kernels, &n.Weights.Layers[l], &n.acts[l]
	rows := n.seqs * n.length
	copy(a.in, n.x)
	k.RMSNorm(a.normed, a.in, w.InputNorm, c.Eps)
	n.linear(a.parts, a.normed, w.In.F32, rows)
	out, query, key, value := n.part(a.parts, model.PartOutput), n.part(a.parts, model.PartQuery), n.part(a.parts, model.PartKey), n.part(a.parts, model.PartValue)
	rotated, memory := ops.Dense(a.key, rows, c.Dim), ops.Dense(a.value, rows, c.Dim)
	if c.Memory {
		gate := n.part(a.parts, model.PartGate)
		for r := range rows {
			row := gate.Row(r)
			if w.GateBias != nil {
				k.Add(row, w.GateBias)
			}
			k.Sigmoid(row, row)
		}
		keys := ops.Dense(a.memory, rows, c.Dim)
		state := make([]float32, c.Dim)
		for s := range n.seqs {
			clear(state)
			k.MemoryScan(n.sequence(keys, s), state, n.sequence(gate, s), n.sequence(key, s))
			clear(state)
			k.MemoryScan(n.sequence(memory, s), state, n.sequence(gate, s), n.sequence(value, s))
		}
		copy(a.key, a.memory)
	} else {
		for r := range rows {
			copy(rotated.Row(r), key.Row(r))
			copy(memory.Row(r), value.Row(r))
		}
	}
	n.rotate(query, n.sin)
	n.rotate(rotated, n.sin)
	n.eachHead(func(v headView) { k.AttendCausal(v.CausalAttention) }, a, mask)
	for r := range rows {
		gate, attn, gated := out.Row(r), a.attn[r*c.Dim:(r+1)*c.Dim], a.gated[r*c.Dim:(r+1)*c.Dim]
		k.Sigmoid(gate, gate)
		for i := range gated {
			gated[i] = attn[i] * gate[i]
		}
	}
	n.linear(n.scratch.branch, a.gated, w.Out.F32, rows)
	k.Add(n.x, n.scratch.branch)
}

// headView is one head of one sequence, every gradient [T, Dh].
type headView struct {
	ops.CausalAttention
	dquery, dkey, dvalue, dout ops.Matrix
}

// eachHead visits every head of every sequence of a layer.
func (n *Replica) eachHead(visit func(headView), a *activations, mask Mask) {
	c, s, rows := n.Config, &n.scratch, n.seqs*n.length
	dh := c.HeadDim
	for i := range n.seqs {
		for h := range c.Heads {
			view := func(m ops.Matrix) ops.Matrix {
				return m.Slice(i*n.length, (i+1)*n.length, h*dh, (h+1)*dh)
			}
			visit(headView{
				CausalAttention: ops.CausalAttention{
					Out: view(ops.Dense(a.attn, rows, c.Dim)), Query: view(n.part(a.parts, model.PartQuery)),
					Keys: view(ops.Dense(a.key, rows, c.Dim)), Values: view(ops.Dense(a.value, rows, c.Dim)),
					LogSum: a.logSum[(i*c.Heads+h)*n.length:][:n.length], Mask: mask, Scale: n.scale(),
				},
				dquery: view(n.part(s.parts, model.PartQuery)), dkey: view(ops.Dense(s.key, rows, c.Dim)),
				dvalue: view(ops.Dense(s.value, rows, c.Dim)), dout: view(ops.Dense(s.attn, rows, c.Dim)),
			})
		}
	}
}

func (n *Replica) scale() float32 { return float32(1 / math.Sqrt(float64(n.Config.HeadDim))) }

// mixBackward is the backward pass of attention.
func (n *Replica) mixBackward(l int, mask Mask) {
	c, k, s := n.Config, n.kernels, &n.scratch
	w, g, a := &n.Weights.Layers[l], &n.Grads.Layers[l], &n.acts[l]
	rows := n.seqs * n.length

	n.linearBackward(s.branch, g.Out.F32, n.dx, a.gated, w.Out.F32, rows)
	out, dout := n.part(a.parts, model.PartOutput), n.part(s.parts, model.PartOutput)
	for r := range rows {
		gate, dgate := out.Row(r), dout.Row(r)
		for i := range gate {
			at := r*c.Dim + i
			d := s.branch[at]
			s.attn[at] = d * gate[i]
			dgate[i] = d * a.attn[at] * gate[i] * (1 - gate[i])
		}
	}
	n.eachHead(func(v headView) {
		k.AttendCausalBackward(v.dquery, v.dkey, v.dvalue, v.dout, v.CausalAttention)
	}, a, mask)

	n.rotate(n.part(s.parts, model.PartQuery), n.unsin)
	dkey, dvalue := ops.Dense(s.key, rows, c.Dim), ops.Dense(s.value, rows, c.Dim)
	n.rotate(dkey, n.unsin)
	keyPart, valuePart := n.part(s.parts, model.PartKey), n.part(s.parts, model.PartValue)
	if c.Memory {
		gate, dgate := n.part(a.parts, model.PartGate), n.part(s.parts, model.PartGate)
		for r := range rows {
			clear(dgate.Row(r))
		}
		memory, value := ops.Dense(a.memory, rows, c.Dim), ops.Dense(a.value, rows, c.Dim)
		for i := range n.seqs {
			seq := func(m ops.Matrix) ops.Matrix { return n.sequence(m, i) }
			k.MemoryScanBackward(seq(keyPart), seq(dgate), seq(dkey), seq(memory), seq(gate), seq(n.part(a.parts, model.PartKey)))
			k.MemoryScanBackward(seq(valuePart), seq(dgate), seq(dvalue), seq(value), seq(gate), seq(n.part(a.parts, model.PartValue)))
		}
		for r := range rows {
			row, drow := gate.Row(r), dgate.Row(r)
			for i := range row {
				drow[i] *= row[i] * (1 - row[i])
			}
			if g.GateBias != nil {
				k.Add(g.GateBias, drow)
			}
		}
	} else {
		for r := range rows {
			copy(keyPart.Row(r), dkey.Row(r))
			copy(valuePart.Row(r), dvalue.Row(r))
		}
	}
	n.linearBackward(s.branch, g.In.F32, s.parts, a.normed, w.In.F32, rows)
	k.RMSNormBackward(n.dx, g.InputNorm, s.branch, a.in, w.InputNorm, c.Eps)
}

// feedForward is the forward pass of the feed-forward layer l.
func (n *Replica) feedForward(l int) {
	k, w, a, rows := n.kernels, &n.Weights.Layers[l], &n.acts[l], n.seqs*n.length
	copy(a.mid, n.x)
	k.RMSNorm(a.normed2, a.mid, w.HiddenNorm, n.Config.Eps)
	n.linear(a.pre, a.normed2, w.Up.F32, rows)
	k.GELU(a.act, a.pre)
	n.linear(n.scratch.branch, a.act, w.Down.F32, rows)
	k.Add(n.x, n.scratch.branch)
}

// feedForwardBackward is the backward pass of feedForward.
func (n *Replica) feedForwardBackward(l int) {
	k, s, rows := n.kernels, &n.scratch, n.seqs*n.length
	w, g, a := &n.Weights.Layers[l], &n.Grads.Layers[l], &n.acts[l]
	n.linearBackward(s.hidden, g.Down.F32, n.dx, a.act, w.Down.F32, rows)
	k.GELUBackward(s.hidden, s.hidden, a.pre)
	n.linearBackward(s.branch, g.Up.F32, s.hidden, a.normed2, w.Up.F32, rows)
	k.RMSNormBackward(n.dx, g.HiddenNorm, s.branch, a.mid, w.HiddenNorm, n.Config.Eps)
}
