package widget

import (
	"kvscope/viz/heat"
)

// tileSide is the side of a tile, in cells of its level.
const tileSide = heat.TileSize

// marginals adds up what is seen of a map: what the keys receive and what the queries
// give, cell by cell of the level.
type marginals struct {
	level        int
	query0, key0 int // the first cells seen
	byQuery      []float64
	byKey        []float64
}

func newMarginals(m *mapFrame, level int) *marginals {
	side := float64(int(1) << level)
	last := (m.cells - 1) >> level
	q0, k0 := int(m.Query/side), int(m.Key/side)
	q1 := min(int((m.Query+m.Height)/side), last)
	k1 := min(int((m.Key+m.w/m.scale())/side), last)
	return &marginals{
		level: level, query0: q0, key0: k0,
		byQuery: make([]float64, max(0, q1-q0+1)), byKey: make([]float64, max(0, k1-k0+1)),
	}
}

// add adds the part of a tile that is seen.
func (m *marginals) add(t heat.Tile) {
	c0, c1 := max(0, m.key0-t.X*tileSide), min(t.Cols, m.key0+len(m.byKey)-t.X*tileSide)
	r0, r1 := max(0, m.query0-t.Y*tileSide), min(t.Rows, m.query0+len(m.byQuery)-t.Y*tileSide)
	if c0 >= c1 {
		return
	}
	keys := m.byKey[t.X*tileSide+c0-m.key0:]
	for r := r0; r < r1; r++ {
		var sum float32
		for c, v := range t.Sum[r*t.Cols+c0 : r*t.Cols+c1] {
			sum += v
			keys[c] += float64(v)
		}
		m.byQuery[t.Y*tileSide+r-m.query0] += float64(sum)
	}
}

// keys is the attention that each cell of keys receives, as a share of the most.
func (m *marginals) keys() []float64 { return ofMost(m.byKey) }

// queries is the attention that each cell of queries gives to the keys that are seen, as a
// share of all that it gives.
func (m *marginals) queries() []float64 {
	out := make([]float64, len(m.byQuery))
	for i, v := range m.byQuery {
		out[i] = min(1, v/float64(int(1)<<m.level))
	}
	return out
}

func ofMost(v []float64) []float64 {
	var most float64
	for _, x := range v {
		most = max(most, x)
	}
	out := make([]float64, len(v))
	for i, x := range v {
		if most > 0 {
			out[i] = x / most
		}
	}
	return out
}
