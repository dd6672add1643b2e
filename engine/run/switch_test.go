package run

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"kvscope/engine/input"
	"kvscope/engine/model"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// twin is the attention model computed whole in float64, from the definition: every query
// reads what mask says of its head.
type twin struct {
	w    *model.Weights
	cfg  model.Config
	mask func(q, k [][]float64) [][]bool   // of a head's rotated queries and keys [T, Dh], who reads whom
	all  func(q, k [][][]float64) [][]bool // in place of mask, of all heads of a layer [H][T, Dh]
	seen [][2][][]float64                  // queries and keys of all heads of all layers so far
	read [][][][]bool                      // [L][H][T][T], what was read
	off  [][][]float64                     // [L][H][T], how far outputs are from those of reading everything
	wide map[*model.Matrix][][]float64     // weights in float64, once they have been used
}

// logits computes the logits after the tokens from a position on, [T-from, V].
func (m *twin) logits(tokens []int32, from int) [][]float64 {
	x := make([][]float64, len(tokens))
	for t, id := range tokens {
		x[t] = slices.Clone(m.rows(&m.w.Embedding)[id])
	}
	for l := range m.w.Layers {
		m.layer(&m.w.Layers[l], x)
	}
	var out [][]float64
	for _, row := range x[from:] {
		out = append(out, m.times(&m.w.Head, m.norm(row, m.w.FinalNorm)))
	}
	return out
}

func (m *twin) layer(l *model.Layer, x [][]float64) {
	d, dh := m.cfg.Dim, m.cfg.HeadDim
	parts, mixed := make([][]float64, len(x)), make([][]float64, len(x))
	for t := range x {
		parts[t], mixed[t] = m.times(&l.In, m.norm(x[t], l.InputNorm)), make([]float64, d)
	}
	var read [][][]bool
	var off [][]float64
	queries, keys := make([][][]float64, m.cfg.Heads), make([][][]float64, m.cfg.Heads)
	for h := range m.cfg.Heads {
		for t := range x {
			queries[h] = append(queries[h], m.rotated(parts[t][d+h*dh:][:dh], t))
			keys[h] = append(keys[h], m.rotated(parts[t][2*d+h*dh:][:dh], t))
		}
		m.seen = append(m.seen, [2][][]float64{queries[h], keys[h]})
	}
	for h, q := range queries {
		k := keys[h]
		mix := func(t int, allowed []bool) []float64 {
			out := make([]float64, dh)
			for j, w := range softmaxOf(q[t], k, allowed) {
				for c := range out {
					out[c] += w * parts[j][3*d+h*dh+c]
				}
			}
			return out
		}
		all := causal(len(x))
		var allowed [][]bool
		if m.all != nil {
			allowed = m.all(queries, keys)
		} else {
			allowed = m.mask(q, k)
		}
		read, off = append(read, allowed), append(off, make([]float64, len(x)))
		for t := range x {
			out, dense := mix(t, allowed[t]), mix(t, all[t])
			copy(mixed[t][h*dh:], out)
			add(out, scaled(dense, -1))
			off[h][t] = math.Sqrt(dot(out, out) / dot(dense, dense))
		}
	}
	m.read, m.off = append(m.read, read), append(m.off, off)
	for t := range x {
		for c := range mixed[t] {
			mixed[t][c] /= 1 + math.Exp(-parts[t][c]) // the output gate
		}
		add(x[t], m.times(&l.Out, mixed[t]))
		hidden := m.times(&l.Up, m.norm(x[t], l.HiddenNorm))
		for i, v := range hidden {
			hidden[i] = v / 2 * (1 + math.Erf(v/math.Sqrt2))
		}
		add(x[t], m.times(&l.Down, hidden))
	}
}

func (m *twin) norm(x []float64, weight []float32) []float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v / math.Sqrt(sum/float64(len(x))+float64(m.cfg.Eps)) * float64(weight[i])
	}
	return out
}

// rotated is RoPE, pairs half a head apart.
func (m *twin) rotated(x []float64, t int) []float64 {
	half := len(x) / 2
	out := make([]float64, len(x))
	for i := range half {
		sin, cos := math.Sincos(float64(t) * math.Pow(m.cfg.Rope.Base, -2*float64(i)/float64(len(x))))
		out[i], out[half+i] = x[i]*cos-x[half+i]*sin, x[half+i]*cos+x[i]*sin
	}
	return out
}

func (m *twin) rows(w *model.Matrix) [][]float64 {
	if m.wide[w] == nil {
		narrow := make([]float32, w.Cols)
		for r := range w.Rows {
			w.DequantizeRow(narrow, r)
			row := make([]float64, w.Cols)
			for i, v := range narrow {
				row[i] = float64(v)
			}
			m.wide[w] = append(m.wide[w], row)
		}
	}
	return m.wide[w]
}

func (m *twin) times(w *model.Matrix, x []float64) []float64 {
	out := make([]float64, w.Rows)
	for r, row := range m.rows(w) {
		out[r] = dot(row, x)
	}
	return out
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func add(x, y []float64) {
	for i := range x {
		x[i] += y[i]
	}
}

func scaled(x []float64, by float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v * by
	}
	return out
}

// softmaxOf are the weights of a query over the keys that it may read, 0 for the others.
func softmaxOf(q []float64, k [][]float64, allowed []bool) []float64 {
	out, total := make([]float64, len(allowed)), 0.0
	for j, may := range allowed {
		if may {
			out[j] = math.Exp(dot(q, k[j]) / math.Sqrt(float64(len(q))))
			total += out[j]
		}
	}
	for j := range out {
		out[j] /= total
	}
	return out
}

// causal is the mask that reads everything.
func causal(t int) [][]bool {
	out := make([][]bool, t)
	for i := range out {
		out[i] = make([]bool, t)
		for j := range i + 1 {
			out[i][j] = true
		}
	}
	return out
}

// best are the n highest of scores, ties to the lower index.
func best(scores []float64, n int) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return order[:min(n, len(order))]
}

// restrict lets queries from a position on read of the first seen positions those alone.
func restrict(mask [][]bool, from, seen int, kept []int) {
	for t := from; t < len(mask); t++ {
		for j := range min(seen, t+1) {
			mask[t][j] = slices.Contains(kept, j)
		}
	}
}

// questMask: the first block, the query's own, and those of the greatest bound, n in all.
func questMask(from, n, block int) func(q, k [][]float64) [][]bool {
	return func(q, k [][]float64) [][]bool {
		mask := causal(len(q))
		for t := from; t < len(q); t++ {
			own := t / block
			readBlocks(mask[t], t, block, own, best(questBounds(q[t], k, own, block), n-2))
		}
		return mask
	}
}

// readBlocks lets the query at t read the first block, its own, and those picked, counted from
// the second.
func readBlocks(row []bool, t, block, own int, picked []int) {
	for j := range t + 1 {
		b := j / block
		row[j] = b == 0 || b == own || slices.Contains(picked, b-1)
	}
}

// questBounds computes the bounds of the blocks between the first and the query's own.
func questBounds(q []float64, k [][]float64, own, block int) []float64 {
	bounds := make([]float64, max(0, own-1)) // of blocks 1 to own-1
	for b := range bounds {
		for c := range q {
			lo, hi := math.Inf(1), math.Inf(-1)
			for j := (b + 1) * block; j < (b+2)*block; j++ {
				lo, hi = min(lo, k[j][c]), max(hi, k[j][c])
			}
			bounds[b] += max(q[c]*lo, q[c]*hi)
		}
	}
	return bounds
}

// snapVotes counts the votes of the queries at [seen-w, seen) for the positions before them.
func snapVotes(q, k [][]float64, seen, w int) []float64 {
	votes, mask := make([]float64, seen), causal(len(q))
	for t := seen - w; t < seen; t++ {
		for j, v := range softmaxOf(q[t], k, mask[t][:seen]) {
			votes[j] += v
		}
	}
	return votes[:seen-w]
}

// snapMask: of the first seen positions the last w, and those with the most votes of theirs
// without pooling, n in all, are left to queries from a position on.
func snapMask(seen, from, n, w int) func(q, k [][]float64) [][]bool {
	return func(q, k [][]float64) [][]bool {
		mask := causal(len(q))
		kept := best(snapVotes(q, k, seen, w), n-w)
		for j := seen - w; j < seen; j++ {
			kept = append(kept, j)
		}
		restrict(mask, from, seen, kept)
		return mask
	}
}

// heavyMask is H2O that goes on: sums of attention over everything that queries read, and
// before each of them n positions are left of those before, recent of them the newest.
func heavyMask(seen, from, n, recent int) func(q, k [][]float64) [][]bool {
	return func(q, k [][]float64) [][]bool {
		mask := causal(len(q))
		sums := make([]float64, len(q))
		leave := func(there []int, length int) []int {
			var old, out []int
			for _, j := range there {
				if j < length-recent {
					old = append(old, j)
				} else {
					out = append(out, j)
				}
			}
			scores := make([]float64, len(old))
			for i, j := range old {
				scores[i] = sums[j]
			}
			for _, i := range best(scores, n-len(out)) {
				out = append(out, old[i])
			}
			return out
		}
		var there []int
		for t := range q {
			if t >= from {
				there = append(there, t)
				for j := range t {
					mask[t][j] = slices.Contains(there, j)
				}
			}
			if t < seen || t >= from {
				for j, v := range softmaxOf(q[t], k, mask[t][:t+1]) {
					sums[j] += v
				}
			}
			switch {
			case t == seen-1:
				for j := range seen {
					there = append(there, j)
				}
				there = leave(there, seen)
			case t >= from:
				there = leave(there, t+1)
			case t >= seen:
				there = append(there, t)
			}
		}
		return mask
	}
}

// tovaMask is TOVA, head by head: after the first seen positions and after each query from a
// position on, the newest and those to which it pays most are left, n in all.
func tovaMask(seen, from, n int) func(q, k [][]float64) [][]bool {
	return func(q, k [][]float64) [][]bool {
		mask := causal(len(q))
		var there []int
		for t := range q {
			if t >= from {
				for j := range t {
					mask[t][j] = slices.Contains(there, j)
				}
			}
			if t == seen-1 || t >= from {
				var scores []float64
				paid := softmaxOf(q[t], k, mask[t][:t+1])
				for _, j := range there {
					scores = append(scores, paid[j])
				}
				var left []int
				for _, i := range best(scores, n-1) {
					left = append(left, there[i])
				}
				there = left
			}
			there = append(there, t)
		}
		return mask
	}
}

// TestSparseFrom runs a small model whole in float64, with what each method says of who
// reads whom written as a mask, and asks the same of runs: every pick and every likelihood.
func TestSparseFrom(t *testing.T) {
	e := testEngine(t, model.Attention)
	m, err := e.Model("m")
	if err != nil {
		t.Fatal(err)
	}
	twin := &twin{w: m.Weights(), cfg: m.Config(), wide: map[*model.Matrix][][]float64{}}
	const p, c = 189, 159 // tokens of the prompt and of its context
	for _, one := range []struct {
		name            string
		method          string
		values          sparse.Values
		from, evictedAt int // -1: not said
		mask            func(q, k [][]float64) [][]bool
	}{
		{"all but the answer is dense", "quest", sparse.Values{"k": "4", "block": "8"}, -1, -1, questMask(p-1, 4, 8)},
		{"a selector from the question", "quest", sparse.Values{"k": "4", "block": "8", "sparse_from": "question"}, c, -1, questMask(c, 4, 8)},
		{"a selector from the start", "quest", sparse.Values{"k": "4", "block": "8", "sparse_from": "context"}, 0, -1, questMask(0, 4, 8)},
		{"evicted after the question", "snapkv", sparse.Values{"k": "40", "window": "8", "kernel": "1"}, -1, -1, snapMask(p-1, p-1, 40, 8)},
		{"evicted before it, which is read sparsely", "snapkv", sparse.Values{"k": "40", "window": "8", "kernel": "1", "sparse_from": "question"}, c, c, snapMask(c, c, 40, 8)},
		{"the same by another name", "snapkv", sparse.Values{"k": "40", "window": "8", "kernel": "1", "sparse_from": "context", "evict": "before"}, c, c, snapMask(c, c, 40, 8)},
		{"evicted before it, which is read densely", "snapkv", sparse.Values{"k": "40", "window": "8", "kernel": "1", "evict": "before"}, p - 1, c, snapMask(c, p-1, 40, 8)},
		{"a share of the context", "snapkv", sparse.Values{"budget": "1/4", "window": "8", "kernel": "1", "sparse_from": "question"}, c, c, snapMask(c, c, 40, 8)},
		{"a share of the whole prompt", "snapkv", sparse.Values{"budget": "1/4", "window": "8", "kernel": "1"}, -1, -1, snapMask(p-1, p-1, 47, 8)},
		{"evicting at every token of the question", "h2o-decode", sparse.Values{"k": "40", "window": "9", "sparse_from": "question"}, c, c, heavyMask(c, c, 40, 9)},
		{"the newest choosing at every token of the question", "tova", sparse.Values{"k": "40", "whose_budget": "head", "sparse_from": "question"}, c, c, tovaMask(c, c, 40)},
		{"the newest choosing after a dense question", "tova", sparse.Values{"k": "60", "whose_budget": "head", "evict": "before"}, p - 1, c, tovaMask(c, p-1, 60)},
		{"evicting on after a dense question", "h2o-decode", sparse.Values{"k": "60", "window": "9", "evict": "before"}, p - 1, c, heavyMask(c, p-1, 60, 9)},
	} {
		r := record(t, e, Request{Task: "MK-1", Seed: 3, Context: new(200), MaxNew: new(3), Config: sparse.Config{Method: one.method, Values: one.values}})
		if len(r.Header.Tokens) != p {
			t.Fatalf("a prompt of %d tokens", len(r.Header.Tokens))
		}
		if orNone(r.Header.SparseFrom) != one.from || orNone(r.Header.EvictedAt) != one.evictedAt {
			t.Errorf("%s: restricted from %d, evicted at %d, want %d and %d", one.name, orNone(r.Header.SparseFrom), orNone(r.Header.EvictedAt), one.from, one.evictedAt)
		}
		twin.mask = one.mask
		agree(t, one.name, twin, r, one.from)
	}
}

func orNone(p *int) int {
	if p == nil {
		return -1
	}
	return *p
}

// agree compares a run, whose queries of the prompt were restricted from a position on or,
// where it is -1, not at all, with m's.
func agree(t *testing.T, name string, m *twin, r *trace.Run, from int) {
	t.Helper()
	var tokens []int32
	for _, token := range r.Header.Tokens {
		tokens = append(tokens, token.ID)
	}
	for _, s := range r.Steps[:len(r.Steps)-1] {
		tokens = append(tokens, s.Token.ID)
	}
	first := r.Steps[0].Position
	logits := m.logits(tokens, first)
	for _, s := range r.Steps {
		if want := likelihood(logits[s.Position-first], s.Token.ID); math.Abs(float64(s.Prob)-want) > 1e-5*want {
			t.Errorf("%s: likelihood %v at %d, want %v", name, s.Prob, s.Position, want)
		}
	}
	for _, h := range r.Done.Hits {
		want, off := 0.0, m.off[h.Layer][h.Head][first:]
		for _, v := range off {
			want += v / float64(len(off))
		}
		if h.OutputError == nil || math.Abs(*h.OutputError-want) > 1e-4*(want+1e-3) {
			t.Errorf("%s: the output of layer %d, head %d is off by %v, want %v", name, h.Layer, h.Head, h.OutputError, want)
		}
	}
	defer expected(t, name, m, r, tokens[:len(r.Header.Tokens)])
	rows := 0
	for _, s := range r.Selections {
		for q := range s.Queries {
			at := s.First + q
			if s.Step < 0 {
				rows++
			}
			for j := range at + 1 {
				if want := m.read[s.Layer][s.Head][at][j]; s.Has(q, j/s.Unit) != want {
					t.Fatalf("%s: layer %d, head %d, query %d reads %d: %v, want %v", name, s.Layer, s.Head, at, j, !want, want)
				}
			}
		}
	}
	want := 0
	if from >= 0 {
		want = m.cfg.Layers * m.cfg.Heads * (len(r.Header.Tokens) - 1 - from)
	}
	if rows != want {
		t.Errorf("%s: %d picks of queries of the prompt, want %d", name, rows, want)
	}
}

func likelihood(logits []float64, id int32) float64 {
	total := 0.0
	for _, v := range logits {
		total += math.Exp(v)
	}
	return math.Exp(logits[id]) / total
}

// expected compares the likelihood of the expected answer with m's, which reads it as if it
// had come.
func expected(t *testing.T, name string, m *twin, r *trace.Run, tokens []int32) {
	t.Helper()
	first, want := len(tokens)-1, 0.0
	for _, token := range r.Header.Answer {
		tokens = append(tokens, token.ID)
	}
	m.read, m.off = nil, nil
	logits := m.logits(tokens[:len(tokens)-1], first)
	for i, token := range r.Header.Answer {
		want += math.Log(likelihood(logits[i], token.ID))
	}
	m.read, m.off = nil, nil
	if got := r.Done.ExpectedLogLik; got == nil || math.Abs(*got-want) > 1e-5*math.Abs(want) {
		t.Errorf("%s: log-likelihood %v of the expected answer, want %v", name, got, want)
	}
}

// TestPerplexity: that of a free prompt is the float64 twin's, under a policy that restricts
// the prompt too.
func TestPerplexity(t *testing.T) {
	e := testEngine(t, model.Attention)
	m, err := e.Model("m")
	if err != nil {
		t.Fatal(err)
	}
	for from, mask := range map[string]func(q, k [][]float64) [][]bool{
		sparse.FromAnswer: func(q, _ [][]float64) [][]bool { return causal(len(q)) }, sparse.FromContext: questMask(0, 2, 4),
	} {
		r := record(t, e, Request{Prompt: "The cat sat on the mat. A dog ran over the grass, and a bird sang in the tree.", MaxNew: new(1),
			Config: sparse.Config{Method: "quest", Values: sparse.Values{"k": "2", "block": "4", "sparse_from": from}}})
		var tokens []int32
		for _, token := range r.Header.Tokens {
			tokens = append(tokens, token.ID)
		}
		twin := &twin{w: m.Weights(), cfg: m.Config(), mask: mask, wide: map[*model.Matrix][][]float64{}}
		sum := 0.0
		for i, row := range twin.logits(tokens[:len(tokens)-1], 0) {
			sum -= math.Log(likelihood(row, tokens[i+1]))
		}
		want := math.Exp(sum / float64(len(tokens)-1))
		if got := r.Done.Perplexity; got == nil || math.Abs(*got-want) > 1e-5*want || r.Done.ExpectedLogLik != nil {
			t.Errorf("%s: perplexity %v, want %v", from, got, want)
		}
	}
}

// TestSparseFromRefuses names what cannot be.
func TestSparseFromRefuses(t *testing.T) {
	e := testEngine(t, model.Attention)
	for _, c := range []struct {
		req         Request
		field, want string
	}{
		{Request{Task: "MK-1", Config: sparse.Config{Method: "quest", Values: sparse.Values{"sparse_from": "end"}}}, "sparse_from", `"end", want context or question or answer`},
		{Request{Task: "MK-1", Config: sparse.Config{Method: "snapkv", Values: sparse.Values{"sparse_from": "question", "evict": "after"}}}, "evict", "want before, or sparse_from answer"},
		{Request{Prompt: "The cat sat", Config: sparse.Config{Method: "quest", Values: sparse.Values{"sparse_from": "question"}}}, "sparse_from", "has no question apart from a context"},
		{Request{Prompt: "The cat sat", Config: sparse.Config{Method: "knorm", Values: sparse.Values{"evict": "before"}}}, "evict", "has no question apart from a context"},
	} {
		c.req.Model = "m"
		err := e.Run(t.Context(), c.req, &trace.Run{})
		if input.Field(err) != c.field || !says(err, c.want) {
			t.Errorf("%v: error %v, want %q of %s", c.req.Values, err, c.want, c.field)
		}
	}
}

// TestSparsePromptsAreNotShared: a run that read its prompt sparsely lends it to nobody,
// and takes none over.
func TestSparsePromptsAreNotShared(t *testing.T) {
	e := testEngine(t, model.Attention)
	cache := NewCache(e, 1<<30)
	ask := func(values sparse.Values) *trace.Run {
		r := &trace.Run{}
		if err := cache.Run(t.Context(), Request{Model: "m", Task: "MK-1", Seed: 3, MaxNew: new(3), Config: sparse.Config{Method: "quest", Values: values}}, r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	values := sparse.Values{"k": "3", "block": "8"}
	for _, order := range [][]string{{"context", "answer"}, {"answer", "context"}} {
		for _, from := range order {
			got := ask(values.With("sparse_from", from))
			want := record(t, e, Request{Task: "MK-1", Seed: 3, MaxNew: new(3), Config: sparse.Config{Method: "quest", Values: values.With("sparse_from", from)}})
			if got.Done.ReadFraction != want.Done.ReadFraction || got.Steps[0].Prob != want.Steps[0].Prob {
				t.Errorf("%s of %v: not as by itself", from, order)
			}
		}
		cache = NewCache(e, 1<<30)
	}
}
