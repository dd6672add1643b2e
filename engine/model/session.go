package model

import (
	"fmt"

	"kvscope/engine/ops"
	"kvscope/engine/sparse"
)

// Session is one sequence on its way through a model: its KV cache, the recurrent
// state of the memory, and the selection in force. Not safe for concurrent use.
type Session struct {
	model *Model
	opt   Options

	length    int                  // tokens seen
	rotations rotations            // of every position the session may reach
	heads     [][]*sparse.KVCache  // [L][Hkv]
	key       [][]float32          // [L][Hkv*Dh] last unrotated memory of keys
	value     [][]float32          // [L][Hkv*Dh] last memory of values
	queries   [][]float32          // [L] last rotated queries, [w, H*Dh], kept for an Evictor
	kept      [][]sparse.Selection // [L][H] what an eviction left, by position
	decided   []int                // [L] positions before this one are subject to kept
	evictor   sparse.Evictor       // that left kept
	next      [][]sparse.Selection // [L][H] what it leaves for the next step, nil before the first
	prefilled [][]sparse.Selector  // [L][H] what Options.Selector is once it has seen a prompt; nil where it looks at none
	rankedBy  [][]*sparse.KVCache  // [L][Hkv] caches that methods select by, where they are others
	spans     []cappedMemory       // [L] of an Intervention with a cap

	buf       buffers
	paused    error              // what Options.Pause said that ended the pass
	scores    [][]float32        // attention weights of a chunk of queries, for each part of the heads
	paid      [][]float32        // by head, those of the step under way, where each evicts by the keys that it reads
	selection []sparse.Selection // [H]
}

// Options set how the queries of a session select, how much it keeps for later, and which
// functions it calls while it computes.
type Options struct {
	Block     int              // block size of the cache's summaries
	Summaries sparse.Summaries // those that Selector reads
	Capacity  int              // most tokens the session will see

	// Selector, when set, restricts what queries at positions in
	// [SelectFrom, SelectTo) read. One that looks at the queries of the whole prompt first
	// is given those of the first chunk in that range.
	Selector             sparse.Selector
	SelectFrom, SelectTo int

	// Joint says which heads of a layer Selector picks for together.
	Joint sparse.Joint

	// EvictFrom is the first position whose query reads what Session.Evict leaves; those
	// before read everything.
	EvictFrom int

	// ObserveFrom is the first position whose attention Observe is told of;
	// Observe, when set, is called by the attention that just ran.
	ObserveFrom int
	Observe     func(*Attended)

	// Window is how many of the last queries are kept for an Evictor.
	Window int

	// Memory, when set, changes what the memory of a model does.
	Memory *Intervention

	// Tap, when set, is called with the activations of every layer and chunk:
	// "q" and "k_mem" rotated, "k", "v" before the memory, "v_mem", "gate" (with
	// memory only) and "attn_out" before the output gate: [T, H*Dh] of "q" and
	// "attn_out", [T, Hkv*Dh] of the others.
	Tap func(layer int, name string, data ops.Matrix)

	// Pause, when set, is called between pieces of work, several times a layer, with the
	// layer that is under way. Its error ends the pass, which returns it; the session is of
	// no use then. A host with one thread lets others have it meanwhile.
	Pause func(layer int) error
}

// Attended is one query of one head that has read its selection. It is only valid
// during the call.
type Attended struct {
	sparse.Query
	Selection *sparse.Selection // what was read
	Cache     *sparse.KVCache
	Out       []float32 // what attention made of it, [Dh]; nil where nothing was attended to
}

// NewSession starts an empty sequence.
func (m *Model) NewSession(opt Options) (*Session, error) {
	if opt.Capacity < 1 || opt.Capacity > m.cfg.Context {
		return nil, fmt.Errorf("session: capacity %d, want 1 to the model's context of %d", opt.Capacity, m.cfg.Context)
	}
	if opt.Block < 1 {
		return nil, fmt.Errorf("session: block %d, want at least 1", opt.Block)
	}
	if opt.Memory != nil {
		if !m.cfg.Memory {
			return nil, fmt.Errorf("session: a model without memory has none to intervene in")
		}
		if err := opt.Memory.Validate(); err != nil {
			return nil, fmt.Errorf("session: memory %w", err)
		}
	}
	c := m.cfg
	s := &Session{
		model: m, opt: opt, rotations: m.rotary.upTo(opt.Capacity),
		heads: make([][]*sparse.KVCache, c.Layers),
		key:   make([][]float32, c.Layers), value: make([][]float32, c.Layers),
		queries:   make([][]float32, c.Layers),
		scores:    make([][]float32, c.Heads),
		selection: make([]sparse.Selection, c.Heads),
		spans:     make([]cappedMemory, c.Layers),
	}
	if opt.Memory.splits() {
		s.rankedBy = make([][]*sparse.KVCache, c.Layers)
	}
	if _, looks := opt.Selector.(sparse.Prefiller); looks {
		s.prefilled = make([][]sparse.Selector, c.Layers)
	}
	for l := range s.heads {
		if s.prefilled != nil {
			s.prefilled[l] = make([]sparse.Selector, c.Heads)
		}
		s.heads[l] = s.caches()
		if s.rankedBy != nil {
			s.rankedBy[l] = s.caches()
		}
		if c.Memory {
			s.key[l], s.value[l] = make([]float32, c.KVDim()), make([]float32, c.KVDim())
		}
	}
	return s, nil
}

// caches are empty ones for the heads of keys and values of a layer.
func (s *Session) caches() []*sparse.KVCache {
	out := make([]*sparse.KVCache, s.model.cfg.KVHeads)
	for h := range out {
		out[h] = sparse.NewKVCache(s.model.kernels, s.model.cfg.HeadDim, s.opt.Block, s.opt.Capacity, s.opt.Summaries)
		out[h].Rotations = s.model.Rotations
	}
	return out
}

// Len is the number of tokens seen so far.
func (s *Session) Len() int { return s.length }

// Prefill reads ids at once and returns the logits after the last of them, [V],
// valid until the next call.
func (s *Session) Prefill(ids []int32) ([]float32, error) {
	if err := s.forward(ids); err != nil {
		return nil, err
	}
	logits := s.logits(s.buf.rows - 1)
	for id, v := range logits {
		if v-v != 0 {
			return nil, fmt.Errorf("session: the logit of token %d is %g: weights of the model hold what is no number, which kvscope info --check finds, or too large ones", id, v)
		}
	}
	return logits, nil
}

// PrefillAll is Prefill with the logits after every token, [T, V].
func (s *Session) PrefillAll(ids []int32) ([]float32, error) {
	if err := s.forward(ids); err != nil {
		return nil, err
	}
	m, c, b := s.model, s.model.cfg, &s.buf
	all := ops.Dense(make([]float32, len(ids)*c.Vocab), len(ids), c.Vocab)
	m.kernels.RMSNorm(b.h, b.x, m.weights.FinalNorm, c.Eps)
	m.separately(all, m.head, b.h)
	return all.Data, nil
}

// Step reads one token and returns the logits after it; see Prefill.
func (s *Session) Step(id int32) ([]float32, error) { return s.Prefill([]int32{id}) }

// forward runs a chunk of tokens through every layer, leaving the residual stream
// in s.buf.x.
func (s *Session) forward(ids []int32) error {
	m, c := s.model, s.model.cfg
	if len(ids) == 0 {
		return fmt.Errorf("session: no tokens")
	}
	if s.length+len(ids) > s.opt.Capacity {
		return fmt.Errorf("session: %d tokens after %d exceed its capacity of %d", len(ids), s.length, s.opt.Capacity)
	}
	if s.next != nil && len(ids) > 1 {
		return fmt.Errorf("session: %d tokens at once where each evicts, want 1", len(ids))
	}
	b := &s.buf
	b.resize(m, len(ids))
	for t, id := range ids {
		if id < 0 || int(id) >= c.Vocab {
			return fmt.Errorf("session: token %d at %d is outside the vocabulary of %d", id, t, c.Vocab)
		}
		m.weights.Embedding.DequantizeRow(b.x[t*c.Dim:(t+1)*c.Dim], int(id))
	}
	for l := range m.layers {
		s.attention(l)
		s.feedForward(l)
		if s.paused != nil {
			return s.paused
		}
	}
	s.length += len(ids)
	return nil
}

// attention is the attention sub-layer of layer l: project, remember, rotate, cache, attend,
// gate, and add to the residual stream.
func (s *Session) attention(l int) {
	m, c, b := s.model, s.model.cfg, &s.buf
	k, layer, at := m.kernels, &m.layers[l], m.layout
	parts := ops.Dense(b.parts, b.rows, at.width)
	part := func(lo, hi int) ops.Matrix { return parts.Slice(0, b.rows, lo, hi) }

	h := m.normed(b.h, b.x, layer.InputNorm)
	for _, p := range layer.projections {
		s.project(l, part(p.at, p.at+p.Rows), p.Matrix, h)
	}
	gateOut, query, key, value := part(0, at.query), part(at.query, at.key), part(at.key, at.value), part(at.value, at.gate)
	m.finish(query, layer.QueryBias, layer.QueryNorm)
	m.finish(key, layer.KeyBias, layer.KeyNorm)
	if layer.ValueBias != nil {
		addRows(k, value, layer.ValueBias)
	}
	s.tap(l, "k", key)
	s.tap(l, "v", value)
	ranked := key
	if c.Memory {
		gate := part(at.gate, at.width)
		s.gate(layer, gate)
		s.tap(l, "gate", gate)
		ranked = s.recall(l, gate, key, value)
	}
	for t := range b.rows {
		cos, sin := s.rotations.at(s.length + t)
		k.RoPE(query.Row(t), cos, sin)
		k.RoPE(key.Row(t), cos, sin)
		if s.rankedBy != nil {
			k.RoPE(ranked.Row(t), cos, sin)
		}
	}
	s.tap(l, "q", query)
	s.tap(l, "k_mem", key)
	s.tap(l, "v_mem", value)
	s.remember(l, query)

	s.attendAll(l, query, key, value, ranked)
	s.tap(l, "attn_out", ops.Dense(b.attn, b.rows, c.QueryDim()))

	for t := range gateOut.Rows {
		if gateOut.Cols == 0 {
			break
		}
		gate := gateOut.Row(t)
		k.Sigmoid(gate, gate)
		multiply(b.attn[t*len(gate):(t+1)*len(gate)], gate)
	}
	branch := ops.Dense(b.h, b.rows, c.Dim)
	s.project(l, branch, &layer.Out, b.attn)
	if layer.OutBias != nil {
		addRows(k, branch, layer.OutBias)
	}
	m.join(b, layer.AttentionPostNorm)
}

// feedForward adds the feed-forward layer of the residual stream x [T, D] to it: W_down gelu(W_up h), or
// W_down (silu(W_gate h) ∘ W_up h), h = RMSNorm(x).
func (s *Session) feedForward(index int) {
	m, l, b := s.model, &s.model.layers[index], &s.buf
	k, d, rows := m.kernels, m.cfg.Dim, b.rows
	h := m.normed(b.h, b.x, l.HiddenNorm)
	hidden := ops.Dense(b.hidden, rows, m.cfg.Hidden)
	s.project(index, hidden, &l.Up, h)
	if l.UpGate.Empty() {
		k.GELU(b.hidden, b.hidden)
	} else {
		s.project(index, ops.Dense(b.upGate, rows, m.cfg.Hidden), &l.UpGate, h)
		k.SiLU(b.upGate, b.upGate)
		multiply(b.hidden, b.upGate)
	}
	s.project(index, ops.Dense(b.h, rows, d), &l.Down, b.hidden)
	m.join(b, l.HiddenPostNorm)
}

// pause lets others have the thread, and reports whether the pass goes on.
func (s *Session) pause(l int) bool {
	if s.paused == nil && s.opt.Pause != nil {
		s.paused = s.opt.Pause(l)
	}
	return s.paused == nil
}

// project is Model.project in layer l, unless the pass has been ended.
func (s *Session) project(l int, dst ops.Matrix, w *Matrix, x []float32) {
	if s.pause(l) {
		s.model.project(dst, w, x)
	}
}

// finish makes queries or keys [T, n*Dh] of what a projection gave: the bias is added,
// channels that turn together are put half a head apart, and norms of each head, or of
// all together, are applied.
func (m *Model) finish(x ops.Matrix, bias, norm []float32) {
	if bias != nil {
		addRows(m.kernels, x, bias)
	}
	if m.weights.PairedRows {
		unpair(x, m.cfg.HeadDim)
	}
	if norm == nil {
		return
	}
	for t := range x.Rows {
		m.kernels.RMSNorm(x.Row(t), x.Row(t), norm, m.cfg.Eps)
	}
}

// unpair moves channels 2i and 2i+1 of every head of x [T, n*Dh] to i and Dh/2+i.
func unpair(x ops.Matrix, headDim int) {
	pairs, half := make([]float32, headDim), headDim/2
	for t := range x.Rows {
		row := x.Row(t)
		for ; len(row) > 0; row = row[headDim:] {
			copy(pairs, row)
			for i := range half {
				row[i], row[half+i] = pairs[2*i], pairs[2*i+1]
			}
		}
	}
}

// addRows adds bias to every row of x.
func addRows(k *ops.Kernels, x ops.Matrix, bias []float32) {
	for t := range x.Rows {
		k.Add(x.Row(t), bias)
	}
}

// gate turns what was projected for the memory of a layer into its gates: sigmoid of
// it and its bias, scaled as an intervention says.
func (s *Session) gate(layer *layer, gate ops.Matrix) {
	k := s.model.kernels
	for t := range gate.Rows {
		row := gate.Row(t)
		if layer.GateBias != nil {
			k.Add(row, layer.GateBias)
		}
		k.Sigmoid(row, row)
		if s.opt.Memory != nil {
			for i := range row {
				row[i] *= s.opt.Memory.Strength
			}
		}
	}
}

// logits computes the logits after row t of the last chunk.
func (s *Session) logits(t int) []float32 {
	m, c, b := s.model, s.model.cfg, &s.buf
	h := b.h[:c.Dim]
	m.kernels.RMSNorm(h, b.x[t*c.Dim:(t+1)*c.Dim], m.weights.FinalNorm, c.Eps)
	m.project(ops.Dense(b.logits, 1, c.Vocab), m.head, h)
	return b.logits
}

func (s *Session) tap(layer int, name string, data ops.Matrix) {
	if s.opt.Tap != nil {
		s.opt.Tap(layer, name, data)
	}
}

// Cache is the KV cache that a head of queries reads, not to be changed.
func (s *Session) Cache(layer, head int) *sparse.KVCache {
	return s.heads[layer][head/s.model.cfg.Group()]
}

// Query is the rotated query of a head at a position, [Dh], of those that
// Options.Window kept: the last ones.
func (s *Session) Query(layer, head, position int) []float32 {
	d, dh := s.model.cfg.QueryDim(), s.model.cfg.HeadDim
	row := len(s.queries[layer])/d - s.length + position
	return s.queries[layer][row*d+head*dh:][:dh]
}

// Queries are the rotated queries of a head that Options.Window kept, [w, Dh].
func (s *Session) Queries(layer, head int) []float32 {
	n := len(s.queries[layer]) / s.model.cfg.QueryDim()
	out := make([]float32, 0, n*s.model.cfg.HeadDim)
	for p := s.length - n; p < s.length; p++ {
		out = append(out, s.Query(layer, head, p)...)
	}
	return out
}
