package heat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// matrix is a Source that is simply there.
type matrix struct {
	rows, cols int
	v          []float32
}

func (m matrix) Size() (int, int) { return m.rows, m.cols }

func (m matrix) Rows(dst []float32, from, to int) { m.Patch(dst, from, to, 0, m.cols) }

func (m matrix) Patch(dst []float32, r0, r1, c0, c1 int) {
	for r := r0; r < r1; r++ {
		copy(dst[(r-r0)*(c1-c0):], m.v[r*m.cols+c0:r*m.cols+c1])
	}
}

func drawn(rows, cols int) matrix {
	r := rand.New(rand.NewPCG(uint64(rows), uint64(cols)))
	m := matrix{rows, cols, make([]float32, rows*cols)}
	for i := range m.v {
		m.v[i] = r.Float32()
	}
	return m
}

// cell is a cell of a level by its definition.
func (m matrix) cell(n, r, c int) (top, sum float64) {
	for y := r << n; y < min(m.rows, (r+1)<<n); y++ {
		for x := c << n; x < min(m.cols, (c+1)<<n); x++ {
			top = max(top, float64(m.v[y*m.cols+x]))
			sum += float64(m.v[y*m.cols+x])
		}
	}
	return top, sum
}

// TestTilesAreTheMatrix looks at every level of matrices that fit and that do not,
// at corners, edges and within.
func TestTilesAreTheMatrix(t *testing.T) {
	for _, size := range [][2]int{{1, 1}, {300, 300}, {257, 513}, {4100, 2500}} {
		m := drawn(size[0], size[1])
		p := New(m)
		for !p.Take(100) {
		}
		if p.Taken() != m.rows || p.Levels() != int(math.Ceil(math.Log2(float64(max(m.rows, m.cols)))))+1 {
			t.Errorf("%v: %d rows taken in, %d levels", size, p.Taken(), p.Levels())
		}
		for n := range p.Levels() {
			rows, cols := up(m.rows, n), up(m.cols, n)
			for _, at := range [][2]int{{0, 0}, {rows - 1, cols - 1}, {rows / 2, cols / 2}, {0, cols - 1}} {
				tile := p.Tile(n, at[1]/TileSize, at[0]/TileSize)
				r, c := at[0]%TileSize, at[1]%TileSize
				if r >= tile.Rows || c >= tile.Cols {
					t.Fatalf("%v level %d: tile of %d x %d lacks cell %v", size, n, tile.Rows, tile.Cols, at)
				}
				top, sum := m.cell(n, at[0], at[1])
				i := r*tile.Cols + c
				if float64(tile.Max[i]) != top || math.Abs(float64(tile.Sum[i])-sum) > 1e-3*sum {
					t.Errorf("%v level %d cell %v: largest %g and sum %g, want %g and %g", size, n, at, tile.Max[i], tile.Sum[i], top, sum)
				}
			}
			if tile := p.Tile(n, cols/TileSize+1, 0); tile.Cols != 0 {
				t.Errorf("%v level %d: a tile beyond the matrix has %d columns", size, n, tile.Cols)
			}
		}
		if top, _ := m.cell(p.Levels()-1, 0, 0); float64(p.Top()) != top {
			t.Errorf("%v: top %g, want %g", size, p.Top(), top)
		}
	}
}

func TestTakingInShowsWhatIsThere(t *testing.T) {
	m := drawn(600, 600)
	p := New(m)
	if p.Take(256) || p.Taken() != 256 {
		t.Fatalf("%d rows taken in, want 256 of 600", p.Taken())
	}
	tile := p.Tile(1, 0, 0)
	if top, _ := m.cell(1, 100, 50); float64(tile.Max[100*tile.Cols+50]) != top {
		t.Error("what was taken in is not in the level above")
	}
	if tile.Max[140*tile.Cols+50] != 0 {
		t.Error("there is something where nothing was taken in")
	}
}

func TestLevelFor(t *testing.T) {
	p := New(drawn(5000, 5000))
	for _, c := range []struct {
		scale float64
		want  int
	}{{8, 0}, {1, 0}, {0.9, 1}, {0.5, 1}, {0.3, 2}, {0.25, 2}, {1e-9, p.Levels() - 1}} {
		if got := p.LevelFor(c.scale); got != c.want {
			t.Errorf("scale %v: level %d, want %d", c.scale, got, c.want)
		}
	}
}

func TestScale(t *testing.T) {
	for _, c := range []struct {
		s    Scale
		v    float32
		want float32
	}{
		{Scale{Top: 0.5}, 0.25, 0.5},
		{Scale{Top: 0.5}, 0.7, 1},
		{Scale{Top: 0.5}, 0, 0},
		{Scale{Top: 0.5}, float32(math.NaN()), 0},
		{Scale{Log: true, Top: 1}, 0.01, 0.5},
		{Scale{Log: true, Top: 1}, 1e-6, 0},
		{Scale{Log: true}, 1, 0},
	} {
		if got := c.s.At(c.v); math.Abs(float64(got-c.want)) > 1e-6 {
			t.Errorf("%+v at %v: %v, want %v", c.s, c.v, got, c.want)
		}
		if x := c.s.At(c.v); x > 0 && x < 1 && math.Abs(float64(c.s.Value(x)-c.v)) > 1e-6 {
			t.Errorf("%+v: %v stands for %v, want %v", c.s, x, c.s.Value(x), c.v)
		}
	}
}

// TestPaint holds pixels to the scale: within one step where it is linear, within an
// eighth of an octave where it is logarithmic, and nothing beyond the diagonal.
func TestPaint(t *testing.T) {
	var table [256][4]byte
	for i := range table {
		table[i] = [4]byte{byte(i), 0, 0, 255}
	}
	values := []float32{0, 1e-5, 1e-4, 3e-4, 0.001, 0.02, 0.3, 0.5, 0.7, 2}
	for _, s := range []Scale{{Top: 0.7}, {Log: true, Top: 0.7}} {
		tile := Tile{Rows: 1, Cols: len(values), Max: values, Y: 1}
		dst := make([]byte, 4*len(values))
		s.Paint(dst, tile, &table, true)
		for i, v := range values {
			got, want := float64(dst[4*i]), float64(s.At(v)*255)
			if slack := 255.0/8/13 + 1; math.Abs(got-want) > slack || dst[4*i+3] != 255 {
				t.Errorf("%+v: %v is painted %v, want %v", s, v, got, want)
			}
		}
		tile.Y = 0
		s.Paint(dst, tile, &table, true)
		if dst[3] != 255 || dst[7] != 0 {
			t.Errorf("the first row shows %v, want one cell", dst[:8])
		}
	}
}

func BenchmarkPaint(b *testing.B) {
	m := drawn(TileSize, TileSize)
	var table [256][4]byte
	dst := make([]byte, 4*len(m.v))
	for _, log := range []bool{false, true} {
		b.Run(fmt.Sprintf("log=%v", log), func(b *testing.B) {
			for b.Loop() {
				Scale{Log: log, Top: 1}.Paint(dst, Tile{Rows: TileSize, Cols: TileSize, Max: m.v}, &table, true)
			}
		})
	}
}
