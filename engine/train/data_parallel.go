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

// DataParallel computes the loss and the gradients of a batch on all cores. Its replicas share
// their weights, and each takes some of the sequences.
type DataParallel struct {
	// Main holds the weights and, after Step, the gradients of the whole batch.
	Main     *Replica
	replicas []*Replica // Main is the first
}

// NewDataParallel makes replicas over w, which it trains in place.
func NewDataParallel(cfg model.Config, w *model.Weights, k *ops.Kernels) *DataParallel {
	p := &DataParallel{}
	for range shards {
		p.replicas = append(p.replicas, NewReplica(cfg, w, k))
	}
	p.Main = p.replicas[0]
	return p
}

// Step is Replica.Step of the whole batch. Main.Grads are the sums of the parts'
// gradients in the parts' order.
func (p *DataParallel) Step(b *Batch, mask Mask) (loss float64, right []bool) {
	loss, right = p.each(b, func(n *Replica, part *Batch) (float64, []bool) { return n.Step(part, mask) })
	sum := p.Main.Grads.Params(p.Main.Config)
	for _, n := range p.replicas[1:parts(b)] {
		for i, grad := range n.Grads.Params(n.Config) {
			n.kernels.Add(sum[i].Data, grad.Data)
		}
	}
	return loss, right
}

// Evaluate is Step without gradients.
func (p *DataParallel) Evaluate(b *Batch, mask Mask) (loss float64, right []bool) {
	return p.each(b, func(n *Replica, part *Batch) (float64, []bool) { return n.Evaluate(part, mask) })
}

// parts is the number of parts of a batch.
func parts(b *Batch) int { return min(shards, b.Seqs) }

// each has every part of a batch computed by a replica of its own and puts what they
// found in the parts' order.
func (p *DataParallel) each(b *Batch, compute func(*Replica, *Batch) (float64, []bool)) (loss float64, right []bool) {
	count := parts(b)
	losses, rights := make([]float64, count), make([][]bool, count)
	var next atomic.Int32
	var workers sync.WaitGroup
	for range min(count, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < count; i = int(next.Add(1)) - 1 {
				losses[i], rights[i] = compute(p.replicas[i], b.sequences(i*b.Seqs/count, (i+1)*b.Seqs/count))
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
