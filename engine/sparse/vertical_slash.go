package sparse

import (
	"math"
	"slices"

	"kvscope/engine/input"
)

// verticalSlashMethod is the entry of VerticalSlash in the list of methods.
func verticalSlashMethod() Info {
	return Info{
		ID: "vertical-slash", Name: "Vertical-slash", Family: FamilyTokens, Unit: UnitToken, Phase: PhasePrefill, Scores: ScoresAttention,
		Alone: "while a prompt is read every head has a map of its own, whose columns and diagonals they are",
		Help:  "columns and diagonals of the attention map on which the last queries of the prompt have the most, as in MInference",
		Paper: "arXiv:2407.02490",
		Params: []Param{
			budgetParam(), tokensParam(),
			{
				Name: "window", Title: "Window, tokens", Kind: KindInt, Default: "64", Min: 1, Max: 4096,
				Help:    "last queries of the prompt, by whose attention columns and diagonals are chosen",
				Aliases: []string{"last_q"},
			},
			{
				Name: "vertical", Title: "Columns", Kind: KindInt, Max: mostUnits,
				Help:    "tokens that every query reads, the others being at chosen distances; half of K when not set",
				Aliases: []string{"vertical_size"},
			},
			{
				Name: "forced", Title: "Forced of each", Kind: KindInt, Default: "30", Min: 1, Max: mostUnits,
				Help: "first columns and nearest diagonals that are read whatever they hold",
			},
		},
		plan: planVerticalSlash,
	}
}

// planVerticalSlash leaves to the diagonals what the columns do not take, one at least: the
// query's own position.
func planVerticalSlash(s Settings) (Plan, error) {
	k := s.tokens()
	columns := k / 2
	if s.Given("vertical") {
		columns = s.Int("vertical")
	}
	if columns >= k {
		if s.Given("vertical") {
			return Plan{}, input.Errorf("vertical", "%d columns, want fewer than the %d tokens that a query reads: one is its own", columns, k)
		}
		return Plan{}, s.tooSmall(k, columns, "columns")
	}
	m := VerticalSlash{Window: s.Int("window"), Columns: columns, Diagonals: k - columns, Forced: s.Int("forced")}
	if s.everything() {
		m.Columns, m.Diagonals = math.MaxInt, math.MaxInt
	}
	return Plan{K: k, Selector: m}, nil
}

// VerticalSlash lets all queries of a prompt read the same columns and diagonals of the map of
// attention, those on which its last queries have the most (Jiang et al., arXiv:2407.02490,
// section 3.2). With A the attention of the last w = min(Window, P) queries, at positions i,
//
//	A   = softmax(Q_w·Kᵀ/√Dh), causal                [w, P]
//	v_j = Σ_i A[i, j], d_o = Σ_i A[i, i − o]         [P], [P]
//
// a query at p reads every j ≤ p of the Columns of the greatest v, and p − o for the Diagonals
// of the greatest d, the first Forced columns and the nearest Forced diagonals among them.
// The authors' kernel reads diagonals in blocks of 64; here they are read as they are. A
// query that comes alone is its own window.
//
// Time O(w·P·Dh) before the prompt is read, then O((Columns + Diagonals)·Dh) a query; memory
// O(w·P) a head. A query takes up to 2.2 times what one of Quest's does, since columns and
// diagonals lie apart; the authors' kernel is quick because it reads diagonals in blocks.
type VerticalSlash struct {
	Window    int
	Columns   int
	Diagonals int // at least 1
	Forced    int // at least 1, so that the query's own position is read
}

// Select implements Selector.
func (m VerticalSlash) Select(dst *Selection, q Query, h *KVCache) { alone(m, dst, q, h) }

// Prefill implements Prefiller.
func (m VerticalSlash) Prefill(queries []float32, h *KVCache) Selector {
	w, p := min(m.Window, len(queries)/h.Dim), h.Len
	a := observed(queries[len(queries)-w*h.Dim:], h)
	columns, diagonals := make([]float32, p), make([]float32, p)
	for i := range w {
		row := a.Row(i)
		for j, v := range row[:p-w+i+1] {
			columns[j] += v
			diagonals[p-w+i-j] += v
		}
	}
	always(columns[:min(m.Forced, p)])
	always(diagonals[:min(m.Forced, p)])
	return stripes{columns: TopK(h.kernels, nil, columns, m.Columns), distances: TopK(h.kernels, nil, diagonals, m.Diagonals)}
}

// stripes are columns and diagonals of a map of attention.
type stripes struct {
	columns   []int // positions, ascending
	distances []int // from the query back, ascending, the first one 0
}

// Select implements Selector.
func (m stripes) Select(dst *Selection, q Query, h *KVCache) {
	blocksBefore(q, h)
	dst.reset(1)
	columns := m.columns
	at, _ := slices.BinarySearch(m.distances, q.Position+1)
	for at--; at >= 0; at-- {
		j := q.Position - m.distances[at]
		for len(columns) > 0 && columns[0] <= j {
			dst.add(columns[0], columns[0]+1)
			columns = columns[1:]
		}
		dst.add(j, j+1)
	}
}
