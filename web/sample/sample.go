package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"kvscope/engine/figures"
	"kvscope/engine/model"
	"kvscope/engine/niah"
	"kvscope/engine/sparse"
	"kvscope/engine/tokenizer"
	"kvscope/engine/trace"
)

// Spec says what to make up.
type Spec struct {
	Method        string // of sparse.Methods
	Model         string // what it is called
	Memory        bool   // it has one, and finds the needle more often
	Layers, Heads int
	Context       int
	Seed          uint64
}

// Events is the made-up run, from its header to its end.
func Events(s Spec) ([]trace.Event, error) {
	info, ok := sparse.Method(s.Method)
	if !ok {
		return nil, fmt.Errorf("sample: no method %q", s.Method)
	}
	task, err := niah.ByID("MK-1")
	if err != nil {
		return nil, err
	}
	tok := tokenizer.NewDemo()
	ex, err := niah.Generate(task, tok, niah.Options{Context: s.Context, Seed: s.Seed})
	if err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	m := &maker{
		Spec: s, info: info, tok: tok, ex: ex, block: 16,
		draw: rand.New(rand.NewPCG(s.Seed, uint64(len(s.Model)))),
	}
	return m.events(), nil
}

type maker struct {
	Spec
	info  sparse.Info
	tok   *tokenizer.Demo
	ex    *niah.Example
	draw  *rand.Rand
	block int
	tally *figures.Tally
	kept  map[[2]int][]byte // what an eviction left of each head
}

const budget = 1.0 / 8

func (m *maker) events() []trace.Event {
	m.tally = figures.NewTally(m.Layers, m.Heads)
	m.kept = map[[2]int][]byte{}
	out := []trace.Event{m.header()}
	if m.info.Phase == sparse.PhasePrefill {
		for l := range m.Layers {
			for h := range m.Heads {
				out = append(out, m.prefill(l, h))
			}
		}
	}
	var answer []int32
	for step := range m.ex.Answer {
		if m.info.Phase != sparse.PhasePrefill || step == 0 {
			for l := range m.Layers {
				for h := range m.Heads {
					s := m.query(step, l, h)
					m.tally.Add(s, m.ex.Gold[step])
					out = append(out, s)
				}
			}
		}
		st := m.step(step)
		answer = append(answer, st.Token.ID)
		out = append(out, st)
	}
	text := m.tok.Decode(answer)
	hits := m.tally.Hits()
	if m.Memory {
		for i := range hits {
			hits[i].MemoryLength = 1 + 7*i*i%90
		}
	}
	return append(out, &trace.Done{
		Answer: text, Score: m.ex.Score(text), ReadFraction: m.tally.ReadFraction(),
		PrefillMS: 212.4, DecodeMS: 3.1, Hits: hits,
	})
}

func (m *maker) header() *trace.Header {
	of := model.Config{Arch: model.Attention, Memory: m.Memory}
	h := &trace.Header{
		Model: m.Model, Arch: of.Kind(), Title: of.Title(), Memory: m.Memory, Layers: m.Layers, Heads: m.Heads, HeadDim: 32, Kernels: "sample",
		Method: m.Method, Phase: m.info.Phase, Budget: budget, Block: m.block, K: m.units(),
		Task: m.ex.Task.ID, Seed: m.Seed, Context: m.Context, Question: m.ex.Question,
		Tokens: m.tokens(m.ex.Tokens), Pieces: tokenizer.Pieces(m.tok, m.ex.Tokens), Expected: m.ex.Expected, Answer: m.tokens(m.ex.Answer), Gold: m.ex.Gold,
	}
	for _, n := range m.ex.Needles {
		h.Needles = append(h.Needles, trace.Needle{
			Key: n.Key, Value: n.Value, Queried: n.Queried,
			Span: [2]int{n.Span.Start, n.Span.End}, Values: [2]int{n.ValueSpan.Start, n.ValueSpan.End},
		})
	}
	return h
}

func (m *maker) tokens(ids []int32) []trace.Token {
	out := make([]trace.Token, len(ids))
	for i, id := range ids {
		out[i] = trace.Token{ID: id, Text: m.tok.Text(id)}
	}
	return out
}

func (m *maker) units() int {
	if m.info.Unit == sparse.UnitToken {
		return sparse.TokensForBudget(budget, len(m.ex.Tokens))
	}
	return sparse.BlocksForBudget(budget, len(m.ex.Tokens), m.block)
}

func (m *maker) unit() int {
	if m.info.Unit == sparse.UnitToken {
		return 1
	}
	return m.block
}

// weights makes up the attention of one query over n candidates of a unit: the
// first and the newest weigh much, and heads of later layers look at gold.
func (m *maker) weights(layer, head, n, unit, gold int) []float32 {
	w := make([]float32, n)
	keen := float64(layer+1) / float64(m.Layers) * []float64{0.25, 1, 0.1, 0.6, 0.9, 0.4, 0.05, 0.7}[head%8]
	if m.Memory {
		keen = math.Sqrt(keen)
	}
	for i := range w {
		w[i] = float32(math.Exp(m.draw.NormFloat64()*0.9)) / 40
	}
	w[0] += float32(1-keen) * 2
	w[n-1] += 0.6
	if gold >= 0 && gold/unit < n {
		w[gold/unit] += float32(keen * (0.2 + m.draw.Float64()))
	}
	var sum float32
	for _, v := range w {
		sum += v
	}
	for i := range w {
		w[i] /= sum
	}
	return w
}

// query makes up what one head read for one answer step.
func (m *maker) query(step, layer, head int) *trace.Selection {
	position, unit := len(m.ex.Tokens)-1+step, m.unit()
	n := position/unit + 1
	s := &trace.Selection{
		Step: step, Layer: layer, Head: head, First: position, Queries: 1, Unit: unit, Candidates: n,
		Mass: m.weights(layer, head, n, unit, m.ex.Gold[step]), Picked: make([]byte, (n+7)/8),
	}
	s.Scores = make([]float32, n)
	for i, v := range s.Mass {
		s.Scores[i] = float32(math.Log(float64(v))+m.draw.NormFloat64()*0.8) + 8
	}
	at := [2]int{layer, head}
	if was, evicted := m.kept[at]; evicted {
		copy(s.Picked, was)
		for i := len(m.ex.Tokens); i < n; i++ {
			pick(s.Picked, i)
		}
		return s
	}
	for _, i := range append(figures.Top(s.Scores, m.units()-2), 0, n-1) {
		pick(s.Picked, i)
	}
	if m.info.Phase == sparse.PhaseEvict {
		m.kept[at] = slices.Clone(s.Picked)
	}
	return s
}

// prefill makes up what one head read for every prompt query but the last.
func (m *maker) prefill(layer, head int) *trace.Selection {
	queries := len(m.ex.Tokens) - 1
	n := (queries + m.block - 1) / m.block
	s := &trace.Selection{
		Step: -1, Layer: layer, Head: head, Queries: queries, Unit: m.block, Candidates: n,
	}
	for q := range queries {
		row := make([]byte, (n+7)/8)
		own := q / m.block
		pick(row, 0)
		pick(row, own)
		if own > 0 {
			w := m.weights(layer, head, own, m.block, m.ex.Gold[0])
			for _, i := range figures.Top(w, m.units()-2) {
				pick(row, i)
			}
		}
		s.Picked = append(s.Picked, row...)
	}
	return s
}

func pick(bits []byte, i int) { bits[i/8] |= 1 << (i % 8) }

// step makes up one answer token; a model without a memory gets a middle one wrong.
func (m *maker) step(step int) *trace.Step {
	right := m.ex.Answer[step]
	id, p := right, float32(0.55+0.4*m.draw.Float64())
	other := m.ex.Tokens[min(len(m.ex.Tokens)-1, m.ex.Needles[0].ValueSpan.Start+step%2)]
	if !m.Memory && step == 1 {
		id, other, p = other, right, 0.41
	}
	s := &trace.Step{
		Step: step, Position: len(m.ex.Tokens) - 1 + step, Token: m.tokens([]int32{id})[0],
		Prob: p, Correct: id == right, MS: 2.5 + m.draw.Float64(),
	}
	rest := 1 - p
	for i, id := range []int32{id, other, m.ex.Tokens[5], m.ex.Tokens[9], m.ex.Tokens[12]} {
		alt := p
		if i > 0 {
			rest /= 2
			alt = rest
		}
		s.Top = append(s.Top, trace.Alternative{Token: m.tokens([]int32{id})[0], Prob: alt})
	}
	return s
}
