package train

import (
	"math"

	"kvscope/engine/model"
	"kvscope/engine/ops"
)

// Replica is a model in training: parameters, their gradients, and the activations of
// one batch of S sequences of T tokens, N = S*T rows.
type Replica struct {
	Config  model.Config
	Weights *model.Weights
	Grads   *model.Weights

	kernels  *ops.Kernels
	cos, sin []float32 // [Context, Dh/2]
	unsin    []float32 // −sin: the inverse rotation

	seqs, length int // S, T
	acts         []activations
	x            []float32 // [N, D] residual stream
	dx           []float32 // [N, D] its gradient
	scratch      scratch
}

// activations holds the values of the forward pass of a layer that its backward pass needs.
type activations struct {
	in      []float32 // [N, D] residual stream at the attention
	normed  []float32 // [N, D]
	parts   []float32 // [N, Parts*D]: sigmoid(o), rotated q, k and v before the memory, gate
	key     []float32 // [N, D] memory of keys, rotated
	memory  []float32 // [N, D] memory of keys, not rotated (RAT+)
	value   []float32 // [N, D] memory of values
	attn    []float32 // [N, D]
	logSum  []float32 // [S, H, T] what the attention weights were divided by, as a logarithm
	gated   []float32 // [N, D] attn ∘ sigmoid(o)
	mid     []float32 // [N, D] residual stream at the feed-forward
	normed2 []float32 // [N, D]
	pre     []float32 // [N, Hidden]
	act     []float32 // [N, Hidden]
}

// scratch are buffers one layer at a time needs.
type scratch struct {
	branch []float32 // [N, D]
	parts  []float32 // [N, Parts*D] gradient of activations.parts
	hidden []float32 // [N, Hidden]
	attn   []float32 // [N, D]
	key    []float32 // [N, D]
	value  []float32 // [N, D]
	rows   []float32 // [M, D] rows with a target
	drows  []float32 // [M, D]
	logits []float32 // [logitChunk, V]
}

// Mask says which earlier positions a query reads in training; the zero Mask is dense.
type Mask = ops.Mask

// Batch holds the sequences of one training step.
type Batch struct {
	Seqs, Length int
	Tokens       []int32   // [S, T]
	Targets      []int32   // [S, T] token to predict after each position
	Weights      []float32 // [S, T] its weight in the loss, 0 for none; they add up to one
}

// sequences is the part of a batch from sequence lo up to hi.
func (b *Batch) sequences(lo, hi int) *Batch {
	lo, hi = lo*b.Length, hi*b.Length
	return &Batch{Seqs: (hi - lo) / b.Length, Length: b.Length, Tokens: b.Tokens[lo:hi], Targets: b.Targets[lo:hi], Weights: b.Weights[lo:hi]}
}

// logitChunk is how many rows share one product with the head.
const logitChunk = 512

// NewReplica makes a net over w, which it trains in place.
func NewReplica(cfg model.Config, w *model.Weights, k *ops.Kernels) *Replica {
	n := &Replica{
		Config: cfg, Weights: w, Grads: model.NewWeights(cfg), kernels: k,
		acts: make([]activations, cfg.Layers),
	}
	n.cos, n.sin = cfg.Rope.Tables(cfg.HeadDim, cfg.Context)
	n.unsin = make([]float32, len(n.sin))
	for i, s := range n.sin {
		n.unsin[i] = -s
	}
	return n
}

// fit sizes every buffer for a batch, keeping memory between batches of as many rows.
func (n *Replica) fit(seqs, length int) {
	same := seqs*length == n.seqs*n.length
	n.seqs, n.length = seqs, length
	if same {
		return
	}
	c, rows := n.Config, seqs*length
	d, wide, hid := rows*c.Dim, rows*c.Parts()*c.Dim, rows*c.Hidden
	for i := range n.acts {
		a := &n.acts[i]
		for _, p := range []*[]float32{&a.in, &a.normed, &a.key, &a.value, &a.attn, &a.gated, &a.mid, &a.normed2} {
			*p = make([]float32, d)
		}
		if c.Memory {
			a.memory = make([]float32, d)
		}
		a.logSum = make([]float32, rows*c.Heads)
		a.parts, a.pre, a.act = make([]float32, wide), make([]float32, hid), make([]float32, hid)
	}
	s := &n.scratch
	for _, p := range []*[]float32{&n.x, &n.dx, &s.branch, &s.attn, &s.key, &s.value, &s.rows, &s.drows} {
		*p = make([]float32, d)
	}
	s.parts, s.hidden = make([]float32, wide), make([]float32, hid)
	s.logits = make([]float32, logitChunk*c.Vocab)
}

// linear computes dst [N, out] = x [N, in] · wᵀ, w [out, in].
func (n *Replica) linear(dst, x, w []float32, rows int) {
	in, out := len(x)/rows, len(dst)/rows
	n.kernels.MatMul(ops.Dense(dst, rows, out), ops.Dense(x, rows, in), ops.Dense(w, out, in).T(), false)
}

// linearBackward adds the gradient of linear to dw and writes that of x to dx.
func (n *Replica) linearBackward(dx, dw, dy, x, w []float32, rows int) {
	in, out := len(x)/rows, len(dy)/rows
	n.kernels.MatMul(ops.Dense(dw, out, in), ops.Dense(dy, rows, out).T(), ops.Dense(x, rows, in), true)
	n.kernels.MatMul(ops.Dense(dx, rows, in), ops.Dense(dy, rows, out), ops.Dense(w, out, in), false)
}

// Step computes the loss of a batch and leaves its gradients in Grads. It returns
// Σ_r w_r·H_r, H_r the cross-entropy of row r in nats, and, for every row with a
// target, in row order, whether the model's first choice was right.
func (n *Replica) Step(b *Batch, mask Mask) (loss float64, right []bool) {
	for _, p := range n.Grads.Params(n.Config) {
		clear(p.Data)
	}
	n.forward(b, mask)
	clear(n.dx)
	loss, right = n.crossEntropy(b, true)
	for l := len(n.acts) - 1; l >= 0; l-- {
		n.feedForwardBackward(l)
		n.mixBackward(l, mask)
	}
	d := n.Config.Dim
	for r, id := range b.Tokens {
		n.kernels.Add(n.Grads.Embedding.F32[int(id)*d:(int(id)+1)*d], n.dx[r*d:(r+1)*d])
	}
	return loss, right
}

// Evaluate is Step without gradients.
func (n *Replica) Evaluate(b *Batch, mask Mask) (loss float64, right []bool) {
	n.forward(b, mask)
	return n.crossEntropy(b, false)
}

// forward runs the batch through every layer, keeping activations.
func (n *Replica) forward(b *Batch, mask Mask) {
	n.fit(b.Seqs, b.Length)
	d := n.Config.Dim
	for r, id := range b.Tokens {
		copy(n.x[r*d:(r+1)*d], n.Weights.Embedding.F32[int(id)*d:(int(id)+1)*d])
	}
	for l := range n.acts {
		n.attention(l, mask)
		n.feedForward(l)
	}
}

// crossEntropy computes the loss at rows with a target and, with backward set,
// its gradients down to the residual stream, dx, which it expects cleared.
func (n *Replica) crossEntropy(b *Batch, backward bool) (loss float64, right []bool) {
	c, k, s := n.Config, n.kernels, &n.scratch
	var rows []int
	for r, w := range b.Weights {
		if w > 0 {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		return 0, nil
	}
	for start := 0; start < len(rows); start += logitChunk {
		chunk := rows[start:min(start+logitChunk, len(rows))]
		m := len(chunk)
		x, h := s.drows[:m*c.Dim], s.rows[:m*c.Dim]
		for i, r := range chunk {
			copy(x[i*c.Dim:(i+1)*c.Dim], n.x[r*c.Dim:(r+1)*c.Dim])
		}
		k.RMSNorm(h, x, n.Weights.FinalNorm, c.Eps)
		logits := s.logits[:m*c.Vocab]
		n.linear(logits, h, n.Weights.Head.F32, m)
		for i, r := range chunk {
			right = append(right, argmax(logits[i*c.Vocab:(i+1)*c.Vocab]) == int(b.Targets[r]))
		}
		k.Softmax(logits, c.Vocab, 1)
		for i, r := range chunk {
			row := logits[i*c.Vocab : (i+1)*c.Vocab]
			w := b.Weights[r]
			loss -= float64(w) * math.Log(max(float64(row[b.Targets[r]]), math.SmallestNonzeroFloat32))
			if backward {
				row[b.Targets[r]]--
				for j := range row {
					row[j] *= w
				}
			}
		}
		if !backward {
			continue
		}
		dh, dx := s.branch[:m*c.Dim], s.attn[:m*c.Dim]
		n.linearBackward(dh, n.Grads.Head.F32, logits, h, n.Weights.Head.F32, m)
		clear(dx)
		k.RMSNormBackward(dx, n.Grads.FinalNorm, dh, x, n.Weights.FinalNorm, c.Eps)
		for i, r := range chunk {
			copy(n.dx[r*c.Dim:(r+1)*c.Dim], dx[i*c.Dim:(i+1)*c.Dim])
		}
	}
	return loss, right
}

func argmax(x []float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}
