package train

import (
	"runtime"
	"sync"
	"sync/atomic"

	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// mostKept is how many bytes the activations of all replicas may take before
// they are computed again instead of kept.
const mostKept = 3 << 30

// adapterDataParallel computes the loss of a batch and the gradients of an adapter on all
// cores, a sequence at a time. Every sequence has gradients of its own, which are added
// up in their order: how sums round must not depend on the machine.
type adapterDataParallel struct {
	base     *Frozen
	adapter  *model.Adapter
	kernels  *ops.Kernels
	replicas []*AdapterReplica
	grads    []*model.Adapter // of every sequence; the first are the sums
}

// step returns the loss of b, the gradients, which stay t's, and for every row
// with a target whether the first choice was right.
func (t *adapterDataParallel) step(b *Batch, mask Mask, ramp float32) (loss float64, grads *model.Adapter, right []bool) {
	for len(t.grads) < b.Seqs {
		t.grads = append(t.grads, t.adapter.Like())
	}
	loss, right = t.each(b, ramp, func(n *AdapterReplica, i int, part *Batch) (float64, []bool) {
		for _, p := range t.grads[i].Params() {
			clear(p.Data)
		}
		return n.Step(part, mask, t.grads[i])
	})
	sum := t.grads[0].Params()
	for _, g := range t.grads[1:b.Seqs] {
		for i, p := range g.Params() {
			t.kernels.Add(sum[i].Data, p.Data)
		}
	}
	return loss, t.grads[0], right
}

// evaluate is step without gradients.
func (t *adapterDataParallel) evaluate(b *Batch, mask Mask, ramp float32) (loss float64, right []bool) {
	return t.each(b, ramp, func(n *AdapterReplica, _ int, part *Batch) (float64, []bool) { return n.Evaluate(part, mask) })
}

// each has every sequence of a batch computed by some replica, and puts what they found in
// the sequences' order.
func (t *adapterDataParallel) each(b *Batch, ramp float32, compute func(*AdapterReplica, int, *Batch) (float64, []bool)) (loss float64, right []bool) {
	workers := min(b.Seqs, runtime.GOMAXPROCS(0))
	for len(t.replicas) < workers {
		t.replicas = append(t.replicas, NewAdapterReplica(t.base, t.adapter, t.kernels))
	}
	losses, rights := make([]float64, b.Seqs), make([][]bool, b.Seqs)
	var next atomic.Int32
	var running sync.WaitGroup
	for _, n := range t.replicas[:workers] {
		n.Ramp, n.Recompute = ramp, workers*t.base.kept(b.Length) > mostKept
		running.Go(func() {
			for i := int(next.Add(1)) - 1; i < b.Seqs; i = int(next.Add(1)) - 1 {
				losses[i], rights[i] = compute(n, i, b.sequences(i, i+1))
			}
		})
	}
	running.Wait()
	for i := range losses {
		loss += losses[i]
		right = append(right, rights[i]...)
	}
	return loss, right
}
