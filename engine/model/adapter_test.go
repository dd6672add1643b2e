package model

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"kvscope/engine/checkpoint"
	"kvscope/engine/ops"
)

// tinyAdapter is a random one over llama_gqa_tied, of rank 3, with a gate of low rank
// or a whole one.
func tinyAdapter(c Config, gateRank int) *Adapter {
	rng := rand.New(rand.NewPCG(5, 5))
	fill := func(x []float32, scale float64) {
		for i := range x {
			x[i] = float32(scale * rng.NormFloat64())
		}
	}
	delta := func(out, in, rank int) *LowRank {
		d := NewLowRank(out, in, rank)
		fill(d.A.F32, 0.2)
		fill(d.B.F32, 0.2)
		return d
	}
	a := &Adapter{Base: "tiny", Rank: 3, Layers: make([]AdapterLayer, c.Layers)}
	for i := range a.Layers {
		l := &a.Layers[i]
		l.Query, l.Key = delta(c.QueryDim(), c.Dim, 3), delta(c.KVDim(), c.Dim, 3)
		l.Value, l.Out = delta(c.KVDim(), c.Dim, 3), delta(c.Dim, c.QueryDim(), 3)
		l.Gate = Matrix{Rows: c.KVDim(), Cols: c.Dim}
		if gateRank > 0 {
			l.Gate.Delta = delta(c.KVDim(), c.Dim, gateRank)
		} else {
			l.Gate.F32 = make([]float32, c.KVDim()*c.Dim)
			fill(l.Gate.F32, 0.3)
		}
		l.GateBias = make([]float32, c.KVDim())
		fill(l.GateBias, 1)
	}
	return a
}

// numbers is how many parameters an adapter has.
func numbers(a *Adapter) int {
	n := 0
	for _, p := range a.Params() {
		n += p.Len()
	}
	return n
}

// underAdapter opens a model with a over it.
func underAdapter(t testing.TB, path string, a *Adapter) *Model {
	t.Helper()
	s, err := OpenSource(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Lay(a); err != nil {
		t.Fatal(err)
	}
	m, err := s.Model(ops.Reference())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// TestAdapter: a model under an adapter computes what a float64 loop over its weights
// does, prefilled and token by token, and the base stays as it was.
func TestAdapter(t *testing.T) {
	for _, gateRank := range []int{0, 2} {
		base, _, ids := decoder(t, "llama_gqa_tied")
		ids = ids[:24]
		before := split(t, base, Options{}, ids, len(ids))
		a := tinyAdapter(base.Config(), gateRank)
		m := underAdapter(t, "testdata/llama_gqa_tied", a)
		if kind := m.Config().Kind(); kind != "llama-memory" {
			t.Errorf("kind %s", kind)
		}
		want := adaptedLoop(base, a, ids)
		for _, n := range []int{len(ids), 1, 9} {
			if d := maxDiff(t, split(t, m, Options{}, ids, n), want); d > 1e-4 {
				t.Errorf("gate of rank %d, prefill of %d: logits off by %g", gateRank, n, d)
			}
		}
		if d := maxDiff(t, before, want); d < 0.1 {
			t.Errorf("the adapter changes logits by %g only", d)
		}
		if d := maxDiff(t, before, split(t, base, Options{}, ids, len(ids))); d != 0 {
			t.Errorf("the base changed by %g", d)
		}
		if got, want := m.Weights().Len(m.Config()), base.Weights().Len(base.Config())+numbers(a); got != want {
			t.Errorf("%d parameters, want %d", got, want)
		}
	}
}

// adaptedLoop is a llama under an adapter in float64, one position after another.
func adaptedLoop(base *Model, a *Adapter, ids []int32) []float32 {
	c, w := base.Config(), base.Weights()
	l64 := make([]loopLayer, c.Layers)
	var out []float32
	embedding := widened64(&w.Embedding)
	for t, id := range ids {
		x := append([]float64(nil), embedding[int(id)*c.Dim:(int(id)+1)*c.Dim]...)
		for i := range l64 {
			l64[i].step(c, &w.Layers[i], &a.Layers[i], x, t)
		}
		h := norm64(x, w.FinalNorm, c.Eps)
		for _, v := range times(embedding, c.Vocab, h) {
			out = append(out, float32(v))
		}
	}
	return out
}

// loopLayer is the cache and the memory of one layer of adaptedLoop.
type loopLayer struct {
	keys, values [][]float64 // rotated keys, by position
	key, value   []float64   // memory
}

func (s *loopLayer) step(c Config, l *Layer, a *AdapterLayer, x []float64, t int) {
	h := norm64(x, l.InputNorm, c.Eps)
	q, k, v := plus(&l.Query, a.Query, h), plus(&l.Key, a.Key, h), plus(&l.Value, a.Value, h)
	gate := plus(&a.Gate, a.Gate.Delta, h)
	if s.key == nil {
		s.key, s.value = make([]float64, len(k)), make([]float64, len(v))
	}
	for i := range gate {
		g := 1 / (1 + math.Exp(-gate[i]-float64(a.GateBias[i])))
		s.key[i] = g*s.key[i] + (1-g)*k[i]
		s.value[i] = g*s.value[i] + (1-g)*v[i]
	}
	k, v = append([]float64(nil), s.key...), append([]float64(nil), s.value...)
	rotate64(c, q, t)
	rotate64(c, k, t)
	s.keys, s.values = append(s.keys, k), append(s.values, v)
	read := make([]float64, c.QueryDim())
	for h := range c.Heads {
		s.read(c, read[h*c.HeadDim:(h+1)*c.HeadDim], q[h*c.HeadDim:(h+1)*c.HeadDim], h/c.Group()*c.HeadDim)
	}
	for i, v := range plus(&l.Out, a.Out, read) {
		x[i] += v
	}
	h = norm64(x, l.HiddenNorm, c.Eps)
	up, gated := plus(&l.Up, a.Up, h), plus(&l.UpGate, a.UpGate, h)
	for i, g := range gated {
		up[i] *= g / (1 + math.Exp(-g))
	}
	for i, v := range plus(&l.Down, a.Down, up) {
		x[i] += v
	}
}

// read is softmax attention of one head of queries over channels from at on.
func (s *loopLayer) read(c Config, dst, q []float64, at int) {
	scores, sum := make([]float64, len(s.keys)), 0.0
	for j := range s.keys {
		for i := range q {
			scores[j] += q[i] * s.keys[j][at+i]
		}
		scores[j] = math.Exp(scores[j] / math.Sqrt(float64(c.HeadDim)))
		sum += scores[j]
	}
	for j := range s.values {
		for i := range dst {
			dst[i] += scores[j] / sum * s.values[j][at+i]
		}
	}
}

func widened64(m *Matrix) []float64 {
	x := make([]float32, m.Rows*m.Cols)
	m.Dequantize(x)
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

func times(w []float64, rows int, x []float64) []float64 {
	out := make([]float64, rows)
	for r := range out {
		for i := range x {
			out[r] += w[r*len(x)+i] * x[i]
		}
	}
	return out
}

// plus is (m + B·A) x.
func plus(m *Matrix, d *LowRank, x []float64) []float64 {
	out := make([]float64, m.Rows)
	if !m.hollow() {
		out = times(widened64(m), m.Rows, x)
	}
	if d != nil {
		for i, v := range times(widened64(&d.B), m.Rows, times(widened64(&d.A), d.A.Rows, x)) {
			out[i] += v
		}
	}
	return out
}

func norm64(x []float64, weight []float32, eps float32) []float64 {
	var sum float64
	for _, v := range x {
		sum += v * v
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v * float64(weight[i]) / math.Sqrt(sum/float64(len(x))+float64(eps))
	}
	return out
}

func rotate64(c Config, x []float64, t int) {
	half := c.HeadDim / 2
	for at := 0; at < len(x); at += c.HeadDim {
		for i := range half {
			sin, cos := math.Sincos(float64(t) * math.Pow(c.Rope.Base, -2*float64(i)/float64(c.HeadDim)))
			a, b := x[at+i], x[at+half+i]
			x[at+i], x[at+half+i] = a*cos-b*sin, b*cos+a*sin
		}
	}
}

// TestAdapterPairedRows: over a GGUF file, whose rows of q and k lie otherwise, a delta
// does what it does over the same matrix with rows as Hugging Face has them.
func TestAdapterPairedRows(t *testing.T) {
	const heads, dim = 2, 4
	m := Matrix{Rows: heads * dim, Cols: 1, F32: []float32{0, 1, 2, 3, 4, 5, 6, 7}}
	paired := pairRows(m, dim)
	x := ops.Dense(append([]float32(nil), paired.F32...), 1, heads*dim)
	unpair(x, dim)
	for i, v := range x.Data {
		if v != float32(i) {
			t.Fatalf("rows %v come back as %v", paired.F32, x.Data)
		}
	}
}

// TestUnpaired: with the rows of queries and keys, of their biases and of the deltas over
// them put right, a model computes what it did.
func TestUnpaired(t *testing.T) {
	m, _, ids := decoder(t, "qwen2") // which has biases
	c, ids := m.Config(), ids[:24]
	logits := func(w *Weights) []float32 {
		m, err := New(c, w, ops.Reference())
		if err != nil {
			t.Fatal(err)
		}
		return split(t, m, Options{}, ids, len(ids))
	}
	w := *m.Weights()
	w.PairedRows = true // another model of as good weights
	bare := logits(&w)
	if d := maxDiff(t, bare, logits(m.Weights())); d < 0.1 {
		t.Fatalf("how rows lie moves logits by %g", d)
	}
	whole, err := w.Compress(c, checkpoint.F32)
	if err != nil {
		t.Fatal(err)
	}
	if d := maxDiff(t, logits(whole), bare); d != 0 || whole.PairedRows {
		t.Errorf("rewritten, logits are off by %g", d)
	}
	w.Layers = slices.Clone(w.Layers)
	if err := tinyAdapter(c, 2).lay(&w, c); err != nil {
		t.Fatal(err)
	}
	for i := range w.Layers {
		w.Layers[i].Gate, w.Layers[i].GateBias = Matrix{}, nil
	}
	under := logits(&w)
	if d := maxDiff(t, logits(w.Unpaired(c)), under); d != 0 {
		t.Errorf("logits are off by %g", d)
	}
	if d := maxDiff(t, under, bare); d < 0.1 {
		t.Errorf("deltas move logits by %g", d)
	}
}
