package train

import (
	"math"
	"sync"

	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// distil adds to grads, where it is not nil, the gradients of the index on a batch, and
// returns its loss and, for every row with a target, whether the index scores that block
// highest that has the most attention of the head which looks at one block the most.
//
// The rows with a target are the queries. Over the blocks between the first and the local
// one, which are read whatever they score, a head of a query has the attention p_b in block
// b, of m in all, and the index s_b:
//
//	loss = Σ_b p_b·(ln(p_b/m) − ln softmax(s)_b)
//
// the divergence of the index's choice from the attention, as heavy as that attention is.
func (l *indexing) distil(b *Batch, grads *sparse.Index) (loss float64, right []bool) {
	for i := range b.Seqs {
		part := b.sequences(i, i+1)
		var queries []int
		for r, w := range part.Weights {
			if w > 0 {
				queries = append(queries, r)
			}
		}
		s := distilling{indexing: l, batch: part, queries: queries, grads: grads, peaks: make([]float32, len(queries)), agrees: make([]bool, len(queries))}
		s.read()
		loss, right = loss+s.loss, append(right, s.agrees...)
	}
	return loss, right
}

// distilling is one sequence on its way through the frozen model.
type distilling struct {
	*indexing
	batch   *Batch
	queries []int         // rows
	grads   *sparse.Index // nil where nothing is learned

	rotated ops.Matrix // queries of the layer under way
	loss    float64
	peaks   []float32 // of queries: the most attention that a head pays one block
	agrees  []bool    // whether it is the best block of that head's index
}

// read runs the sequence through the model, layer by layer.
func (s *distilling) read() {
	session, err := s.base.Model.NewSession(model.Options{Block: s.index.Block, Capacity: s.batch.Length, Tap: s.tap})
	if err == nil {
		_, err = session.Prefill(s.batch.Tokens)
	}
	if err != nil {
		panic(err) // a batch fits the model that the config was held to
	}
}

// tap sees queries and keys of a layer as attention reads them, the queries first.
func (s *distilling) tap(layer int, name string, data ops.Matrix) {
	switch name {
	case "q":
		s.rotated = data
	case "k_mem":
		s.layer(layer, data)
	}
}

// layer distils all heads of a layer, whose parts of the index are their own.
func (s *distilling) layer(layer int, keys ops.Matrix) {
	heads := make([]headDistilling, s.index.Heads)
	group := s.index.Heads / s.base.Model.Config().KVHeads
	var running sync.WaitGroup
	for h := range heads {
		heads[h] = headDistilling{distilling: s, layer: layer, head: h, keys: columns(keys, h/group, s.index.HeadDim)}
		running.Go(heads[h].learn)
	}
	running.Wait()
	for h := range heads {
		s.loss += heads[h].loss
		for i, peak := range heads[h].peaks {
			if peak > s.peaks[i] {
				s.peaks[i], s.agrees[i] = peak, heads[h].agrees[i]
			}
		}
	}
}

// columns are the channels of a head of x [T, n*Dh], [T, Dh].
func columns(x ops.Matrix, head, dim int) []float32 {
	out := make([]float32, 0, x.Rows*dim)
	for t := range x.Rows {
		out = append(out, x.Row(t)[head*dim:(head+1)*dim]...)
	}
	return out
}

// headDistilling is one head of a layer.
type headDistilling struct {
	*distilling
	layer, head int
	keys        []float32 // [T, Dh]

	loss   float64
	peaks  []float32 // of queries: the most attention of a block
	agrees []bool    // whether that block scores highest
}

// learn sums up loss and gradients over the queries.
func (h *headDistilling) learn() {
	x, k := h.index, h.kernels
	dim, wide := x.HeadDim, 3*x.HeadDim
	query, key, weight := x.Part(h.layer, h.head)
	blocks := h.summaries()
	n := len(blocks) / wide
	seen := make([]float32, n*x.Dim) // V m_b
	k.MatMul(ops.Dense(seen, n, x.Dim), ops.Dense(blocks, n, wide), ops.Dense(key, x.Dim, wide).T(), false)
	dseen := make([]float32, len(seen))
	h.peaks, h.agrees = make([]float32, len(h.queries)), make([]bool, len(h.queries))
	reach := make([]float32, len(query)/dim)
	for i, row := range h.queries {
		q := h.rotated.Row(row)[h.head*dim : (h.head+1)*dim]
		k.MatVec(reach, query, q)
		p := h.attention(q, row)
		s, products := scoreBlocks(reach, seen, weight, x.Dim, len(p))
		if len(p) == 0 {
			continue // there is nothing to choose
		}
		best := argmax(p)
		h.peaks[i], h.agrees[i] = p[best], argmax(s) == best
		ds, loss := divergence(s, p)
		w := h.batch.Weights[row]
		h.loss += float64(w) * loss
		if h.grads == nil {
			continue
		}
		for b := range ds {
			ds[b] *= w
		}
		h.backward(q, reach, seen, dseen, products, ds)
	}
	if h.grads != nil {
		_, dkey, _ := h.grads.Part(h.layer, h.head)
		k.MatMul(ops.Dense(dkey, x.Dim, wide), ops.Dense(dseen, n, x.Dim).T(), ops.Dense(blocks, n, wide), true)
	}
}

// summaries are the minima, maxima and means of the keys of all whole blocks but the first,
// [n, 3·Dh].
func (h *headDistilling) summaries() []float32 {
	dim, size := h.index.HeadDim, h.index.Block*h.index.HeadDim
	n := max(0, len(h.keys)/size-1)
	out := make([]float32, n*3*dim)
	for b := range n {
		m := out[b*3*dim : (b+1)*3*dim]
		lo, hi, mean := m[:dim], m[dim:2*dim], m[2*dim:]
		rows := h.keys[(b+1)*size : (b+2)*size]
		copy(lo, rows[:dim])
		copy(hi, rows[:dim])
		h.kernels.MinMax(lo, hi, rows)
		for ; len(rows) > 0; rows = rows[dim:] {
			h.kernels.Add(mean, rows[:dim])
		}
		for c := range mean {
			mean[c] /= float32(h.index.Block)
		}
	}
	return out
}

// attention returns the share of attention that q at a row gives to each of the blocks
// between the first and its own.
func (h *headDistilling) attention(q []float32, row int) []float32 {
	dim, block := h.index.HeadDim, h.index.Block
	w := make([]float32, row+1)
	h.kernels.DotRows(w, q, h.keys[:(row+1)*dim])
	h.kernels.Softmax(w, len(w), float32(1/math.Sqrt(float64(dim))))
	p := make([]float32, max(0, row/block-1))
	for b := range p {
		for _, v := range w[(b+1)*block : (b+2)*block] {
			p[b] += v
		}
	}
	return p
}

// scoreBlocks are the scores of the first n blocks, and the products (W_j q)·(V m_b) before
// they are rectified, [J, n].
func scoreBlocks(reach, seen, weight []float32, dim, n int) (s, products []float32) {
	s, products = make([]float32, n), make([]float32, len(weight)*n)
	for j, w := range weight {
		for b := range n {
			var sum float32
			for c := range dim {
				sum += reach[j*dim+c] * seen[b*dim+c]
			}
			products[j*n+b] = sum
			s[b] += w * max(sum, 0)
		}
	}
	return s, products
}

// divergence is the loss of one head of a query, and its gradient by the scores.
func divergence(s, p []float32) (ds []float32, loss float64) {
	var mass, total float64
	top := s[0]
	for b := range s {
		mass += float64(p[b])
		top = max(top, s[b])
	}
	for _, v := range s {
		total += math.Exp(float64(v - top))
	}
	ds = make([]float32, len(s))
	for b, v := range s {
		chosen := math.Exp(float64(v-top)) / total
		ds[b] = float32(mass*chosen) - p[b]
		if p[b] > 0 {
			loss += float64(p[b]) * (math.Log(float64(p[b])/mass) - float64(v-top) + math.Log(total))
		}
	}
	return ds, loss
}

// backward adds the gradients of one query, given those of its scores; that of V m_b goes
// to dseen.
func (h *headDistilling) backward(q, reach, seen, dseen, products, ds []float32) {
	x := h.index
	_, _, weight := x.Part(h.layer, h.head)
	dquery, _, dweight := h.grads.Part(h.layer, h.head)
	dim, n := x.Dim, len(ds)
	dreach := make([]float32, len(reach))
	for j, w := range weight {
		for b, d := range ds {
			product := products[j*n+b]
			if product <= 0 {
				continue
			}
			dweight[j] += d * product
			for c := range dim {
				dreach[j*dim+c] += d * w * seen[b*dim+c]
				dseen[b*dim+c] += d * w * reach[j*dim+c]
			}
		}
	}
	out := ops.Dense(dquery, len(reach), len(q))
	h.kernels.MatMul(out, ops.Dense(dreach, len(reach), 1), ops.Dense(q, 1, len(q)), true)
}
