package heat

import "math"

// TileSize is the side of a tile, in cells of its level.
const TileSize = 256

// baseSide bounds the side of the lowest level that is held: 2 x 4 x 2048² bytes.
const baseSide = 2048

// Source is a matrix of quantities that are not negative.
type Source interface {
	Size() (rows, cols int)
	// Rows writes rows [from, to), whole, to dst.
	Rows(dst []float32, from, to int)
	// Patch writes the part [r0, r1) x [c0, c1) to dst, row by row.
	Patch(dst []float32, r0, r1, c0, c1 int)
}

// Pyramid is a matrix seen from near and far. A cell of level n stands for 2^n x 2^n
// cells of the matrix: for the largest of them, since a needle must not fade into its
// surroundings, and for their sum. It takes the matrix in row by row, so that a
// picture is there before all of it is.
type Pyramid struct {
	source     Source
	rows, cols int
	base       int // the lowest level that is held
	levels     []level
	taken      int // rows taken in
	scratch    []float32
	top        float32
}

// level holds one level from base on.
type level struct {
	rows, cols int
	max, sum   []float32 // [rows, cols]; of level 0 sum is max
}

// New returns the pyramid of a matrix, nothing of which has been taken in.
func New(s Source) *Pyramid {
	p := &Pyramid{source: s}
	p.rows, p.cols = s.Size()
	for max(p.rows, p.cols)>>p.base > baseSide {
		p.base++
	}
	for n := p.base; ; n++ {
		l := level{rows: up(p.rows, n), cols: up(p.cols, n)}
		l.max = make([]float32, l.rows*l.cols)
		l.sum = l.max
		if n > 0 {
			l.sum = make([]float32, len(l.max))
		}
		p.levels = append(p.levels, l)
		if max(l.rows, l.cols) <= 1 {
			return p
		}
	}
}

// up is n >> by, rounded up.
func up(n, by int) int { return (n + 1<<by - 1) >> by }

// Size returns the size of the matrix.
func (p *Pyramid) Size() (rows, cols int) { return p.rows, p.cols }

// Levels is the number of levels; the last is a single cell.
func (p *Pyramid) Levels() int { return p.base + len(p.levels) }

// Top is the largest value taken in so far.
func (p *Pyramid) Top() float32 { return p.top }

// Taken is how many rows have been taken in.
func (p *Pyramid) Taken() int { return p.taken }

// Take takes in about n more rows and reports whether all are in.
func (p *Pyramid) Take(n int) bool {
	if p.taken == p.rows {
		return true
	}
	// Whole cells of the lowest level, so that each is made once.
	side := 1 << p.base
	n = max(side, n>>p.base<<p.base)
	to := min(p.rows, p.taken+n)
	p.scratch = grown(p.scratch, (to-p.taken)*p.cols)
	p.source.Rows(p.scratch, p.taken, to)
	from := p.taken >> p.base
	p.pool(&p.levels[0], from, to-p.taken)
	for i := from * p.levels[0].cols; i < up(to, p.base)*p.levels[0].cols; i++ {
		p.top = max(p.top, p.levels[0].max[i])
	}
	for i := 1; i < len(p.levels); i++ {
		halve(&p.levels[i], &p.levels[i-1], p.taken>>(p.base+i), up(to, p.base+i))
	}
	p.taken = to
	return p.taken == p.rows
}

// pool folds the rows in scratch into l, whose cells begin at row from.
func (p *Pyramid) pool(l *level, from, rows int) {
	for r := range rows {
		at := (from + r>>p.base) * l.cols
		top, sum := l.max[at:at+l.cols], l.sum[at:at+l.cols]
		if p.base == 0 {
			copy(top, p.scratch[r*p.cols:(r+1)*p.cols])
			continue
		}
		for c, v := range p.scratch[r*p.cols : (r+1)*p.cols] {
			i := c >> p.base
			sum[i] += v
			if v > top[i] {
				top[i] = v
			}
		}
	}
}

// halve makes rows [from, to) of dst from src, of twice the size.
func halve(dst, src *level, from, to int) {
	for r := from; r < to; r++ {
		for c := range dst.cols {
			var top, sum float32
			for y := 2 * r; y < min(2*r+2, src.rows); y++ {
				for x := 2 * c; x < min(2*c+2, src.cols); x++ {
					v := src.max[y*src.cols+x]
					if v > top {
						top = v
					}
					sum += src.sum[y*src.cols+x]
				}
			}
			dst.max[r*dst.cols+c], dst.sum[r*dst.cols+c] = top, sum
		}
	}
}

// Tile is one tile of a level: its cells' largest values and sums, [Rows, Cols].
type Tile struct {
	Level, X, Y int // X, Y in tiles
	Rows, Cols  int
	Max, Sum    []float32
}

// Tile makes a tile. It is empty beyond the matrix. Levels that are not held are
// computed from the matrix itself, taken in or not.
func (p *Pyramid) Tile(n, x, y int) Tile {
	t := Tile{Level: n, X: x, Y: y}
	if n < 0 || n >= p.Levels() || x < 0 || y < 0 {
		return t
	}
	r0, c0 := y*TileSize, x*TileSize
	t.Rows = max(0, min(TileSize, up(p.rows, n)-r0))
	t.Cols = max(0, min(TileSize, up(p.cols, n)-c0))
	if t.Rows == 0 || t.Cols == 0 {
		t.Rows, t.Cols = 0, 0
		return t
	}
	t.Max = make([]float32, t.Rows*t.Cols)
	t.Sum = t.Max
	if n > 0 {
		t.Sum = make([]float32, len(t.Max))
	}
	if n < p.base {
		p.near(&t)
		return t
	}
	l := &p.levels[n-p.base]
	for r := range t.Rows {
		at := (r0+r)*l.cols + c0
		copy(t.Max[r*t.Cols:(r+1)*t.Cols], l.max[at:])
		if n > 0 {
			copy(t.Sum[r*t.Cols:(r+1)*t.Cols], l.sum[at:])
		}
	}
	return t
}

// near computes a tile of a level that is not held.
func (p *Pyramid) near(t *Tile) {
	n := t.Level
	r0, c0 := t.Y*TileSize<<n, t.X*TileSize<<n
	r1, c1 := min(p.rows, r0+t.Rows<<n), min(p.cols, c0+t.Cols<<n)
	cols := c1 - c0
	p.scratch = grown(p.scratch, (r1-r0)*cols)
	values := p.scratch[:(r1-r0)*cols]
	p.source.Patch(values, r0, r1, c0, c1)
	for r := range r1 - r0 {
		for c, v := range values[r*cols : (r+1)*cols] {
			i := (r>>n)*t.Cols + c>>n
			if n > 0 {
				t.Sum[i] += v
			}
			if v > t.Max[i] {
				t.Max[i] = v
			}
		}
	}
}

// LevelFor is the level whose cells are no smaller than a pixel when a cell of the
// matrix is scale pixels wide.
func (p *Pyramid) LevelFor(scale float64) int {
	if scale >= 1 {
		return 0
	}
	return min(p.Levels()-1, max(0, int(math.Ceil(-math.Log2(scale)-1e-9))))
}

func grown(x []float32, n int) []float32 {
	if cap(x) < n {
		return make([]float32, n)
	}
	return x[:n]
}
