package train

import (
	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// reduced is what the deltas that read one input x [T, in] make of it first, x·Aᵀ, the parts
// [T, r] of all of them beside each other in one product, which reads x once.
type reduced struct {
	deltas []*model.LowRank
	parts  []float32 // [T, Σr]
}

// reduce computes r of x for those of deltas that are not nil.
func (t *tiled) reduce(r *reduced, x []float32, rows int, deltas ...*model.LowRank) {
	r.deltas = r.deltas[:0]
	for _, d := range deltas {
		if d != nil {
			r.deltas = append(r.deltas, d)
		}
	}
	if len(r.deltas) == 0 {
		return
	}
	in := len(x) / rows
	all := t.stacked(r.deltas)
	room(&r.parts, rows*all.Rows)
	t.kernels.MatMul(r.all(rows), ops.Dense(x, rows, in), all.T(), false)
}

// stacked are the A of deltas below each other, [Σr, in].
func (t *tiled) stacked(deltas []*model.LowRank) ops.Matrix {
	t.stack = t.stack[:0]
	for _, d := range deltas {
		t.stack = append(t.stack, d.A.F32...)
	}
	in := deltas[0].A.Cols
	return ops.Dense(t.stack, len(t.stack)/in, in)
}

// all are the parts of all deltas.
func (r *reduced) all(rows int) ops.Matrix { return ops.Dense(r.parts, rows, len(r.parts)/rows) }

// of is the part of d, one of the deltas.
func (r *reduced) of(d *model.LowRank, rows int) ops.Matrix {
	at := 0
	for _, other := range r.deltas {
		if other == d {
			break
		}
		at += other.A.Rows
	}
	return r.all(rows).Slice(0, rows, at, at+d.A.Rows)
}

// reduceBackward adds to those of grads that are not nil, which belong to the deltas of reduce,
// the gradient of their A, once backward has left in every part of r its gradient.
func (t *tiled) reduceBackward(r *reduced, x []float32, rows int, grads ...*model.LowRank) {
	var of []*model.LowRank
	for _, g := range grads {
		if g != nil {
			of = append(of, g)
		}
	}
	if len(of) == 0 {
		return
	}
	all := t.stacked(of)
	t.kernels.MatMul(all, r.all(rows).T(), ops.Dense(x, rows, len(x)/rows), true)
	from := all.Data
	for _, g := range of {
		from = from[copy(g.A.F32, from):]
	}
}
