//go:build !noasm && (amd64 || arm64)

package simd

import (
	"math"
	"sync"

	"kvscope/engine/ops"
)

// A tile is tileQueries by tileKeys, as in the reference. The keys are cut at
// multiples of tileKeys, wherever the queries stand, so that the bits of a query do
// not depend on those beside it. Rows of scores are a little further apart than they
// are long: at 512 bytes they would share a few sets of the cache.
const (
	tileQueries = 64
	tileKeys    = 128
	tileStride  = tileKeys + 16
)

// multiplier multiplies with a second operand that is packed once.
type multiplier interface {
	// packAll packs b into dst, whose memory it takes.
	packAll(dst *packed, b ops.Matrix)
	// rows multiplies a with the first of the rows of b, as many as a has columns, and the
	// first of its columns, as many as dst has.
	rows(dst, a ops.Matrix, b packed, accumulate bool)
}

// causal is attention of many queries, made of the tiles of a product and of what
// happens to scores in between. All queries pass by one block of keys, packed once,
// after the other; out holds what is weighted so far.
type causal struct {
	product multiplier
	// parts says that the product takes its operands apart, of which infinity less infinity
	// may come.
	parts bool
	// step is ops.SoftmaxStep of rows of scores, slope ops.SoftmaxSlope, and scale
	// multiplies each row by a factor of its own. Rows are stride bytes apart. step
	// and slope go through whole groups, which there is room for.
	step  func(scores *float32, stride uintptr, rows, cols int, by float32, top, total, shrink *float32)
	slope func(scores, dp *float32, stride uintptr, rows, cols int, by float32, logSum, delta *float32)
	scale func(x *float32, stride uintptr, rows, cols int, by *float32)
	dot   func(x, y *float32, n int) float32
	// unit is 1, or log2(e) when step takes powers of two instead of e, with its scale
	// and tops in that unit.
	unit float32
	pool sync.Pool // of *causalTile
}

// causalTile is the working memory for one head.
type causalTile struct {
	scores, slopes       []float32 // [tileQueries, tileStride]
	keys, keysT, valuesT packed    // values share the place of keys
	query, dout          packed
	shrink               []float32 // [tileQueries]
	rows                 []float32 // [2, n], of all queries: top and total, or δ
}

func newCausal(p multiplier) *causal {
	c := &causal{product: p}
	c.pool.New = func() any {
		return &causalTile{
			scores: aligned(tileQueries * tileStride), slopes: aligned(tileQueries * tileStride),
			shrink: aligned(tileQueries),
		}
	}
	return c
}

// tile takes working memory for n queries.
func (c *causal) tile(n int) *causalTile {
	t := c.pool.Get().(*causalTile)
	if len(t.rows) < 2*n {
		t.rows = aligned(2 * n)
	}
	return t
}

func (c *causal) attend(a ops.CausalAttention) {
	n, length := ops.CheckCausal(a)
	if n == 0 {
		return
	}
	t, odd := c.tile(n), c.parts && (c.odd(a.Query) || c.odd(a.Keys))
	top, total := t.rows[:n], t.rows[n:2*n]
	for i := range top {
		top[i], total[i] = -math.MaxFloat32, 0
	}
	for j := 0; j < length; j += tileKeys {
		end := min(j+tileKeys, length)
		c.product.packAll(&t.keysT, rows(a.Keys, j, end).T())
		c.product.packAll(&t.keys, rows(a.Values, j, end))
		eachTile(n, length, j, func(i, last, stop int) {
			out := rows(a.Out, i, last)
			p := scoresOf(t.scores, last-i, stop-j)
			c.product.rows(p, rows(a.Query, i, last), t.keysT, false)
			if odd {
				c.mend(p, rows(a.Query, i, last), rows(a.Keys, j, stop))
			}
			hide(a.Mask, p, length-n+i, j)
			c.step(at(t.scores), 4*tileStride, p.Rows, wholeGroups(p.Cols), a.Scale*c.unit, &top[i], &total[i], at(t.shrink))
			if j > 0 {
				c.scale(at(out.Data), stride(out), out.Rows, out.Cols, at(t.shrink))
			}
			c.product.rows(out, p, t.keys, j > 0)
		})
	}
	for i := range n {
		inv, logSum := ops.SoftmaxEnd(top[i]/c.unit, total[i])
		top[i] = inv
		if a.LogSum != nil {
			a.LogSum[i] = logSum
		}
	}
	c.scale(at(a.Out.Data), stride(a.Out), n, a.Out.Cols, at(top))
	c.pool.Put(t)
}

func (c *causal) attendBackward(dquery, dkeys, dvalues, dout ops.Matrix, a ops.CausalAttention) {
	n, length := ops.CheckCausalBackward(dquery, dkeys, dvalues, dout, a)
	t := c.tile(n)
	delta := t.rows[:n]
	for i := range delta {
		delta[i] = c.dot(at(dout.Row(i)), at(a.Out.Row(i)), dout.Cols)
	}
	for j := 0; j < length; j += tileKeys {
		end := min(j+tileKeys, length)
		for r := j; r < end; r++ {
			clear(dkeys.Row(r))
			clear(dvalues.Row(r))
		}
		keys := rows(a.Keys, j, end)
		c.product.packAll(&t.keys, keys)
		c.product.packAll(&t.keysT, keys.T())
		c.product.packAll(&t.valuesT, rows(a.Values, j, end).T())
		eachTile(n, length, j, func(i, last, stop int) {
			query, up := rows(a.Query, i, last), rows(dout, i, last)
			p, ds := scoresOf(t.scores, last-i, stop-j), scoresOf(t.slopes, last-i, stop-j)
			c.product.rows(p, query, t.keysT, false)
			c.product.rows(ds, up, t.valuesT, false)
			hide(a.Mask, p, length-n+i, j)
			c.slope(at(t.scores), at(t.slopes), 4*tileStride, p.Rows, wholeGroups(p.Cols), a.Scale, &a.LogSum[i], &delta[i])
			c.product.packAll(&t.query, query)
			c.product.packAll(&t.dout, up)
			c.product.rows(rows(dquery, i, last), ds, t.keys, j > 0)
			c.product.rows(rows(dvalues, j, stop), p.T(), t.dout, true)
			c.product.rows(rows(dkeys, j, stop), ds.T(), t.query, true)
		})
	}
	c.pool.Put(t)
}

// odd reports whether a row of m has a square that is not finite.
func (c *causal) odd(m ops.Matrix) bool {
	for r := range m.Rows {
		if c.oddRow(m.Row(r)) {
			return true
		}
	}
	return false
}

func (c *causal) oddRow(x []float32) bool {
	square := c.dot(at(x), at(x), len(x))
	return square-square != 0
}

// mend computes the scores of odd queries and keys by themselves.
func (c *causal) mend(scores, query, keys ops.Matrix) {
	for r := range scores.Rows {
		q := query.Row(r)
		all := c.oddRow(q)
		for j := range scores.Cols {
			if key := keys.Row(j); all || c.oddRow(key) {
				scores.Row(r)[j] = c.dot(at(q), at(key), len(q))
			}
		}
	}
}

// eachTile visits the tiles of the block of keys from j, but for those that no query
// reads: queries [i, last) and keys up to stop.
func eachTile(n, length, j int, visit func(i, last, stop int)) {
	for i := 0; i < n; i += tileQueries {
		last := min(i+tileQueries, n)
		if stop := min(j+tileKeys, length-n+last); stop > j {
			visit(i, last, stop)
		}
	}
}

// hide hides what queries from position first on do not read of the scores of keys
// from j on, and what is beyond them in the last group.
func hide(m ops.Mask, scores ops.Matrix, first, j int) {
	cols := wholeGroups(scores.Cols)
	if m.Dilation == 0 && cols == scores.Cols && j+cols <= first+1 {
		return
	}
	for r := range scores.Rows {
		m.Hide(scores.Data[r*tileStride:][:cols], first+r, j)
	}
}

// scoresOf is a tile in memory of whole ones.
func scoresOf(x []float32, rows, cols int) ops.Matrix {
	return ops.Matrix{Data: x, Rows: rows, Cols: cols, RowStride: tileStride, ColStride: 1}
}

// wholeGroups is n rounded up to a group of 16.
func wholeGroups(n int) int { return (n + 15) &^ 15 }

func rows(m ops.Matrix, r0, r1 int) ops.Matrix { return m.Slice(r0, r1, 0, m.Cols) }
