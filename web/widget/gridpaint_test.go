package widget

import (
	"image/color"
	"math"
	"testing"

	"kvscope/viz/paint"
	"kvscope/web/picture"
)

func pixel(r *paint.Raster, x, y int) color.RGBA {
	p := r.Pix[(y*r.W+x)*4:]
	return color.RGBA{p[0], p[1], p[2], p[3]}
}

// lookGrid is two lines of four blocks: picked, half picked, not picked, not there.
func lookGrid() *picture.Grid {
	return &picture.Grid{
		Lines: make([]picture.Line, 2), Planned: 2, Columns: 4, Block: 4,
		Share:   []float32{1, 0.5, 0, -1, 0, 0.01, 1, 0},
		Oracle:  []bool{false, true, false, false, true, false, false, false},
		Gold:    []int{-1, 2},
		Answers: []bool{false, false, true, false},
		Needles: []bool{true, false, true, false},
	}
}

func TestPaintGrid(t *testing.T) {
	for _, scale := range []float64{1, 2} {
		eachTheme(t, func(t *testing.T, dark bool) {
			p := sheetPalette(t, sheet(t), dark)
			var r paint.Raster
			w, h := int(80*scale), int(60*scale)
			r.Reset(w, h)
			l := layGrid(w, h, 2, 0, 4, 15*scale)
			paintGrid(&r, lookGrid(), l, gridMarks{cursor: -1, block: -1}, &p, scale)
			inside := func(line, col int) (x, y int) {
				x0, y0, x1, y1 := l.cell(line, col)
				return (x0 + x1) / 2, (y0 + y1) / 2
			}
			for _, c := range []struct {
				name      string
				line, col int
				want      color.RGBA
			}{
				{"picked", 0, 0, p.Ramp[8]},
				{"half picked", 0, 1, p.At(0.5)},
				{"not picked", 0, 2, p.Ramp[0]},
				{"not there", 0, 3, color.RGBA{}},
				{"hardly picked", 1, 1, p.At(faintest)},
				{"gold and picked", 1, 2, p.Ramp[8]},
			} {
				x, y := inside(c.line, c.col)
				if got := pixel(&r, x, y); got != c.want {
					t.Errorf("%s is %v, want %v", c.name, got, c.want)
				}
			}
			foot := func(line, col int) color.RGBA {
				x, _ := inside(line, col)
				_, _, _, y1 := l.cell(line, col)
				return pixel(&r, x, y1-int(scale)-1)
			}
			if foot(0, 1) != p.Oracle || foot(1, 0) != p.Oracle || foot(0, 0) == p.Oracle {
				t.Error("the oracle's marks are not at the feet of its cells")
			}
			x0, y0, x1, _ := l.cell(1, 2)
			if pixel(&r, x0, y0) != p.Gold || pixel(&r, (x0+x1)/2, y0) != p.Gold {
				t.Error("the gold cell has no gold frame")
			}
			if x, _, _, _ := l.cell(0, 2); pixel(&r, x, l.top-int(4*scale)) != p.Gold {
				t.Error("the answer's column has no mark above it")
			}
		})
	}
}

func TestPaintMarks(t *testing.T) {
	p := sheetPalette(t, sheet(t), false)
	var r paint.Raster
	r.Reset(80, 60)
	l := layGrid(80, 60, 2, 0, 4, 15)
	paintGrid(&r, lookGrid(), l, gridMarks{cursor: 1, block: 3}, &p, 1)
	x0, _, x1, _ := l.cell(0, 3)
	top, height := l.row(0)
	if mid := int(top + height/2); pixel(&r, x1-1, mid) != p.Ink || pixel(&r, (x0+x1)/2, mid) == p.Ink {
		t.Error("the column pointed out is not framed")
	}
	_, y0, _, _ := l.cell(1, 0)
	if pixel(&r, 2, y0-1) != p.Ink {
		t.Error("the line looked at is not set off")
	}
	// Marks beyond the grid are not painted, and nothing panics.
	r.Reset(80, 60)
	paintGrid(&r, lookGrid(), l, gridMarks{cursor: 9, block: 9}, &p, 1)
	for i := 0; i < len(r.Pix); i += 4 {
		if (color.RGBA{r.Pix[i], r.Pix[i+1], r.Pix[i+2], r.Pix[i+3]}) == p.Ink {
			t.Fatal("a mark beyond the grid was painted")
		}
	}
}

// The answer steps among many lines of queries are high enough to be read.
func TestAnswerStepsAmongQueries(t *testing.T) {
	l := layGrid(300, 160, 70, 64, 64, 15)
	for line := range 70 {
		_, height := l.row(line)
		if line < 64 && height > 2 || line >= 64 && height < 8 {
			t.Errorf("line %d is %.2f pixels high", line, height)
		}
	}
	if top, height := l.row(69); math.Abs(top+height-160) > 0.01 {
		t.Errorf("the last line ends at %.2f, want 160", top+height)
	}
}

func TestFindIsWhereCellsArePainted(t *testing.T) {
	for _, c := range []struct{ w, h, lines, steps, cols int }{{80, 60, 2, 0, 4}, {311, 177, 65, 0, 64}, {311, 377, 65, 60, 64}, {640, 40, 1, 0, 256}, {50, 500, 3, 1, 7}} {
		l := layGrid(c.w, c.h, c.lines, c.steps, c.cols, 15)
		for line := range c.lines {
			for col := range c.cols {
				x0, y0, x1, y1 := l.cell(line, col)
				if x1-x0 < 2 || y1-y0 < 2 {
					continue // rounded to nothing much
				}
				gotLine, gotCol, ok := l.find(float64(x0+x1)/2, float64(y0+y1)/2)
				if !ok || gotLine != line || gotCol != col {
					t.Fatalf("%+v: the middle of cell %d, %d is found as %d, %d (%v)", c, line, col, gotLine, gotCol, ok)
				}
			}
		}
		if line, _, ok := l.find(1, 0); !ok || line != -1 {
			t.Errorf("%+v: above the lines is line %d (%v), want -1", c, line, ok)
		}
		if _, _, ok := l.find(-1, 20); ok {
			t.Errorf("%+v: left of the grid is in it", c)
		}
		if _, _, ok := l.find(float64(c.w), 20); ok {
			t.Errorf("%+v: right of the grid is in it", c)
		}
	}
	if _, _, ok := (gridLayout{}).find(0, 0); ok {
		t.Error("a grid without columns has one")
	}
}

func TestRasterStaysInside(t *testing.T) {
	var r paint.Raster
	r.Reset(4, 3)
	red := color.RGBA{255, 0, 0, 255}
	r.Fill(-5, -5, 2, 2, red)
	r.Fill(3, 2, 99, 99, red)
	r.Fill(2, 2, 1, 1, red)
	n := 0
	for y := range 3 {
		for x := range 4 {
			if pixel(&r, x, y) == red {
				n++
			}
		}
	}
	if n != 2*2+1 {
		t.Errorf("%d pixels are painted, want 5", n)
	}
	r.Reset(2, 2)
	if pixel(&r, 0, 0) != (color.RGBA{}) {
		t.Error("a reset picture is not empty")
	}
	r.Frame(0, 0, 2, 2, 5, red)
	if pixel(&r, 1, 1) != red {
		t.Error("a frame thicker than its rectangle leaves a hole")
	}
}

func BenchmarkPaintGrid(b *testing.B) {
	g := &picture.Grid{Lines: make([]picture.Line, 64), Planned: 64, Columns: 64, Block: 16,
		Share: make([]float32, 64*64), Oracle: make([]bool, 64*64), Gold: make([]int, 64),
		Answers: make([]bool, 64), Needles: make([]bool, 64)}
	var r paint.Raster
	var p paint.Palette
	for b.Loop() {
		r.Reset(650, 260)
		paintGrid(&r, g, layGrid(650, 260, 64, 0, 64, 16), gridMarks{3, 5}, &p, 1)
	}
}

// TestDifferenceIsPainted: what one of two runs picked alone, and what both did, have
// colours of their own, and what neither did has that of a block not picked.
func TestDifferenceIsPainted(t *testing.T) {
	eachTheme(t, func(t *testing.T, dark bool) {
		p := sheetPalette(t, sheet(t), dark)
		g := lookGrid()
		g.Share = []float32{1, 1, 0, 0, 0, 0, 0, 0}
		g.Diff = &picture.Diff{Left: make([]float32, 8), Both: make([]float32, 8), Right: make([]float32, 8)}
		g.Diff.Left[2], g.Diff.Both[0], g.Diff.Right[1], g.Diff.Left[4] = 1, 1, 1, 0.5
		var r paint.Raster
		r.Reset(200, 100)
		l := layGrid(r.W, r.H, 2, 0, 4, 15)
		paintGrid(&r, g, l, gridMarks{cursor: -1, block: -1}, &p, 1)
		for i, want := range []color.RGBA{p.Both, p.Right, p.Left, p.Ramp[0], paint.Mix(p.Ramp[0], p.Left, 0.5)} {
			x0, y0, x1, y1 := l.cell(i/4, i%4)
			if got := pixel(&r, (x0+x1)/2, (y0+y1)/2); got != want {
				t.Errorf("cell %d is %v, want %v", i, got, want)
			}
		}
	})
}
