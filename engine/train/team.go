package train

import (
	"runtime"
	"sync"
	"sync/atomic"

	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// shards is how many parts a batch is cut into, on any number of cores: gradients
// are sums, and how they round must not depend on the machine.
const shards = 8

// Team computes the loss and the gradients of a batch on all cores. Its nets share
// their weights, and each takes some of the sequences.
type Team struct {
	// Lead holds the weights and, after Step, the gradients of the whole batch.
	Lead *Net
	nets []*Net // Lead is the first
}

// NewTeam makes a team over w, which it trains in place.
func NewTeam(cfg model.Config, w *model.Weights, k *ops.Kernels) *Team {
	t := &Team{}
	for range shards {
		t.nets = append(t.nets, NewNet(cfg, w, k))
	}
	t.Lead = t.nets[0]
	return t
}

// Step is Net.Step of the whole batch. Lead.Grads are the sums of the parts'
// gradients in the parts' order.
func (t *Team) Step(b *Batch, mask Mask) (loss float64, right []bool) {
	loss, right = t.each(b, func(n *Net, part *Batch) (float64, []bool) { return n.Step(part, mask) })
	sum := t.Lead.Grads.Params(t.Lead.Config)
	for _, n := range t.nets[1:parts(b)] {
		for i, p := range n.Grads.Params(n.Config) {
			n.kernels.Add(sum[i].Data, p.Data)
		}
	}
	return loss, right
}

// Evaluate is Step without gradients.
func (t *Team) Evaluate(b *Batch, mask Mask) (loss float64, right []bool) {
	return t.each(b, func(n *Net, part *Batch) (float64, []bool) { return n.Evaluate(part, mask) })
}

// parts is the number of parts of a batch.
func parts(b *Batch) int { return min(shards, b.Seqs) }

// each has every part of a batch computed by a net of its own and puts what they
// found in the parts' order.
func (t *Team) each(b *Batch, compute func(*Net, *Batch) (float64, []bool)) (loss float64, right []bool) {
	count := parts(b)
	losses, rights := make([]float64, count), make([][]bool, count)
	var next atomic.Int32
	var workers sync.WaitGroup
	for range min(count, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				losses[i], rights[i] = compute(t.nets[i], b.sequences(i*b.Seqs/count, (i+1)*b.Seqs/count))
			}
		})
	}
	workers.Wait()
	for i := range count {
		loss += losses[i]
		right = append(right, rights[i]...)
	}
	return loss, right
}
