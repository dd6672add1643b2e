package model

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
		if got, want := m.Weights().Len(m.Config()), base.Weights().Len(base.Config())+a.Len(); got != want {
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

// TestAdapterFile: what is saved is read again, with PEFT's names as with our own, and
// PEFT's scale where it stands beside the file.
func TestAdapterFile(t *testing.T) {
	base, _, ids := decoder(t, "llama_gqa_tied")
	for _, gateRank := range []int{0, 2} {
		a := tinyAdapter(base.Config(), gateRank)
		path := filepath.Join(t.TempDir(), "adapter_model.safetensors")
		if err := a.Save(path, map[string]string{"note": "tiny"}); err != nil {
			t.Fatal(err)
		}
		own, err := OpenAdapter(path)
		if err != nil {
			t.Fatal(err)
		}
		if own.Rank != 3 || own.Base != "tiny" || own.Len() != a.Len() {
			t.Fatalf("rank %d, base %q, %d parameters of %d", own.Rank, own.Base, own.Len(), a.Len())
		}
		want := split(t, underAdapter(t, "testdata/llama_gqa_tied", own), Options{}, ids[:9], 9)
		var renamed []checkpoint.Tensor
		for _, p := range a.Params() {
			x := append([]float32(nil), p.Data...)
			for i := range x {
				if strings.HasSuffix(p.Name, "lora_B.weight") && !strings.Contains(p.Name, GateModule) {
					x[i] /= 2
				}
			}
			renamed = append(renamed, checkpoint.NewBF16("base_model.model.model."+p.Name, p.Shape, x))
		}
		if err := checkpoint.Save(path, nil, renamed); err != nil {
			t.Fatal(err)
		}
		peft := []byte(`{"base_model_name_or_path": "tiny", "r": 3, "lora_alpha": 6}`)
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), "adapter_config.json"), peft, 0o600); err != nil {
			t.Fatal(err)
		}
		theirs, err := OpenAdapter(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		got := split(t, underAdapter(t, "testdata/llama_gqa_tied", theirs), Options{}, ids[:9], 9)
		if d := maxDiff(t, got, want); d != 0 {
			t.Errorf("gate of rank %d: logits of PEFT's form are off by %g", gateRank, d)
		}
	}
}

// TestAdapterScales: every delta is scaled by lora_alpha over its own rank, which stands in
// adapter_config.json as r or in rank_pattern.
func TestAdapterScales(t *testing.T) {
	folder := t.TempDir()
	a := &Adapter{Rank: 8, Layers: []AdapterLayer{{Query: NewLowRank(4, 4, 2), Value: NewLowRank(4, 4, 8)}}}
	for _, d := range []*LowRank{a.Layers[0].Query, a.Layers[0].Value} {
		for i := range d.B.F32 {
			d.B.F32[i] = 1
		}
	}
	if err := a.Save(filepath.Join(folder, "adapter_model.safetensors"), nil); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		config       string
		query, value float64
		want         string
	}{
		{`"r": 2, "rank_pattern": {"v_proj": 8}`, 8, 2, ""},
		{`"r": 8, "rank_pattern": {"v_proj": 8, "q_proj": 2}`, 8, 2, ""},
		{`"r": 2, "rank_pattern": {"v_proj": 8}, "use_rslora": true`, 16 / math.Sqrt2, 16 / math.Sqrt(8), ""},
		{`"r": 2`, 0, 0, "r: 2, want 8, as layers.0.self_attn.v_proj"},
		{`"r": 2, "rank_pattern": {"v_proj": 4}`, 0, 0, "rank_pattern: none of rank 8, want one, as layers.0.self_attn.v_proj"},
		{`"r": 2, "rank_pattern": {"v_proj": "8"}`, 0, 0, "rank_pattern"},
		{`"r": 2, "rank_pattern": {"v_proj": 8}, "layer_replication": [[0, 1], [0, 1]]`, 0, 0, "layer_replication: [[0, 1]"},
		{`"r": 2, "rank_pattern": {"v_proj": 8}, "alora_invocation_tokens": [3]`, 0, 0, "alora_invocation_tokens: [3]"},
	} {
		if err := os.WriteFile(filepath.Join(folder, "adapter_config.json"), []byte(`{"lora_alpha": 16, `+tc.config+`}`), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := OpenAdapter(folder)
		if tc.want != "" {
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: %v, want %q", tc.config, err, tc.want)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if q, v := got.Layers[0].Query.B.F32[0], got.Layers[0].Value.B.F32[0]; q != float32(tc.query) || v != float32(tc.value) {
			t.Errorf("%s: queries times %g, values times %g, want %g and %g", tc.config, q, v, tc.query, tc.value)
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

// TestAdapterErrors: what does not fit is said, by the names of the file.
func TestAdapterErrors(t *testing.T) {
	base, _, _ := decoder(t, "llama_gqa_tied")
	c := base.Config()
	tensor := func(name string, shape ...int) checkpoint.Tensor {
		return checkpoint.NewF32(name, shape, make([]float32, size(shape)))
	}
	const q = "layers.0.self_attn.q_proj."
	for _, tc := range []struct {
		tensors []checkpoint.Tensor
		rank    string
		want    string
	}{
		{nil, "", "no tensors of an adapter"},
		{[]checkpoint.Tensor{tensor("layers.0.self_attn.z_proj.lora_A.weight", 2, 4)}, "", "part that no adapter"},
		{[]checkpoint.Tensor{tensor("wte", 2, 4)}, "", "is none of an adapter"},
		{[]checkpoint.Tensor{tensor("layers.999.self_attn.q_proj.lora_A.weight", 2, 4)}, "", "layer 999"},
		{[]checkpoint.Tensor{tensor(q+"lora_A.weight", 2, 4)}, "", "only one of"},
		{[]checkpoint.Tensor{tensor(q+"lora_A.weight", 8)}, "", "two axes"},
		{[]checkpoint.Tensor{tensor(q+"lora_A.weight", 2, 4), tensor(q+"lora_B.weight", 4, 3)}, "", "of rank 2, lora_B of 3"},
		{[]checkpoint.Tensor{tensor(q+"lora_A.weight", 2, c.Dim), tensor(q+"lora_B.weight", c.QueryDim(), 2)}, "8", "rank: \"8\""},
		{[]checkpoint.Tensor{tensor(q+"lora_A.weight", 2, 5), tensor(q+"lora_B.weight", 4, 2)}, "", "layers.0.self_attn.q_proj is for 4 outputs of 5 inputs"},
		{[]checkpoint.Tensor{tensor("layers.1.self_attn.g_proj.weight", c.KVDim(), c.Dim)}, "", "all or none"},
		{[]checkpoint.Tensor{tensor("layers.0.self_attn.g_proj.weight", c.KVDim(), c.Dim)}, "", "gates are for 1 layers"},
		{[]checkpoint.Tensor{tensor("layers.0.self_attn.g_proj.weight", 4, 4), tensor("layers.0.self_attn.g_proj.bias", 3)}, "", "bias holds 3"},
		{[]checkpoint.Tensor{tensor(fmt.Sprintf("layers.%d.self_attn.q_proj.lora_A.weight", c.Layers), 2, 4), tensor(fmt.Sprintf("layers.%d.self_attn.q_proj.lora_B.weight", c.Layers), 4, 2)}, "", "layers, the model has"},
	} {
		err := layFile(t, tc.tensors, tc.rank)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v, want %q", err, tc.want)
		}
	}
}

// layFile writes, reads and lays an adapter over llama_gqa_tied.
func layFile(t *testing.T, tensors []checkpoint.Tensor, rank string) error {
	t.Helper()
	var file bytes.Buffer
	if err := checkpoint.Write(&file, map[string]string{"rank": rank}, tensors); err != nil {
		t.Fatal(err)
	}
	f, err := checkpoint.Parse(file.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	a, err := ReadAdapter(f)
	if err != nil {
		return err
	}
	s, err := OpenSource("testdata/llama_gqa_tied")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Lay(a); err != nil {
		return err
	}
	_, err = s.weights(ops.Reference())
	return err
}

// FuzzReadAdapter: no file makes reading or laying fail otherwise than by an error.
func FuzzReadAdapter(f *testing.F) {
	base, err := OpenSource("testdata/llama_gqa_tied")
	if err != nil {
		f.Fatal(err)
	}
	defer base.Close()
	for _, gateRank := range []int{0, 2} {
		a := tinyAdapter(base.Config, gateRank)
		var ts []checkpoint.Tensor
		for _, p := range a.Params() {
			ts = append(ts, checkpoint.NewBF16(p.Name, p.Shape, p.Data))
		}
		var file bytes.Buffer
		if err := checkpoint.Write(&file, map[string]string{"rank": "3"}, ts); err != nil {
			f.Fatal(err)
		}
		f.Add(file.Bytes())
	}
	f.Fuzz(func(_ *testing.T, data []byte) {
		file, err := checkpoint.Parse(data)
		if err != nil {
			return
		}
		a, err := ReadAdapter(file)
		if err != nil {
			return
		}
		if s := *base; s.Lay(a) == nil {
			_, _ = s.Model(ops.Reference())
		}
	})
}
