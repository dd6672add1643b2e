package widget

import (
	"math"
	"slices"

	"kvscope/viz/paint"
	"kvscope/web/picture"
)

// gridLayout places the cells of a block grid on a picture, in pixels.
type gridLayout struct {
	width float64   // of all columns
	top   int       // of the first line; the marks are above it
	tops  []float64 // of every line below that, and the foot of the last
	cols  int
}

// Heights in the style sheet's rem: of the marks above the lines, of a line at most,
// since a grid of few lines is not to fill its place with towers, and of an answer
// step among the many lines of a prompt's queries, where it would be a hair.
const (
	marksHeight = 0.6
	tallest     = 1.45
	stepHeight  = 0.55
)

// layGrid fits lines and columns into w by h pixels, rem of them to a rem. The lines
// from steps on are answer steps.
func layGrid(w, h, lines, steps, cols int, rem float64) gridLayout {
	l := gridLayout{width: float64(w), top: int(math.Round(marksHeight * rem)), cols: cols}
	if lines <= 0 {
		return l
	}
	room := float64(h - l.top)
	row := min(room/float64(lines), tallest*rem)
	step := row
	if n := lines - steps; n > 0 && steps > 0 && row < stepHeight*rem {
		step = min(stepHeight*rem, room/3/float64(n))
		row = (room - step*float64(n)) / float64(steps)
	}
	l.tops = []float64{0}
	for i := range lines {
		tall := row
		if i >= steps {
			tall = step
		}
		l.tops = append(l.tops, l.tops[i]+tall)
	}
	return l
}

// equal reports whether every cell stands in the same place in both.
func (l gridLayout) equal(o gridLayout) bool {
	return l.width == o.width && l.top == o.top && l.cols == o.cols && slices.Equal(l.tops, o.tops)
}

// lines is the number of lines there is a place for.
func (l gridLayout) lines() int { return max(0, len(l.tops)-1) }

// row is where a line begins, from the top of the picture, and its height.
func (l gridLayout) row(line int) (top, height float64) {
	if line >= l.lines() {
		return 0, 0
	}
	return float64(l.top) + l.tops[line], l.tops[line+1] - l.tops[line]
}

// cell is the rectangle of a cell, with the gap that belongs to it.
func (l gridLayout) cell(line, col int) (x0, y0, x1, y1 int) {
	at := func(i int) int { return int(math.Round(l.width * float64(i) / float64(max(1, l.cols)))) }
	down := func(i int) int {
		if i >= len(l.tops) {
			return l.top
		}
		return l.top + int(math.Round(l.tops[i]))
	}
	return at(col), down(line), at(col + 1), down(line + 1)
}

// find is the cell at a place; line is -1 above and below the lines.
func (l gridLayout) find(x, y float64) (line, col int, ok bool) {
	if l.cols == 0 || l.width == 0 {
		return -1, -1, false
	}
	col = int(x / l.width * float64(l.cols))
	if x < 0 || col < 0 || col >= l.cols {
		return -1, -1, false
	}
	line = -1
	for i := range l.lines() {
		if top, height := l.row(i); y >= top && y < top+height {
			line = i
		}
	}
	return line, col, true
}

// faintest is the strength, of 0 to 1, that the smallest share above none is painted in, so
// that it is seen.
const faintest = 0.14

// gridMarks are the line and the block that are pointed out on a block grid; -1 for none.
type gridMarks struct {
	cursor int // line looked at
	block  int // column under the pointer or held
}

// paintGrid paints a block grid.
func paintGrid(r *paint.Raster, g *picture.Grid, l gridLayout, m gridMarks, p *paint.Palette, scale float64) {
	px := max(1, int(math.Round(scale)))
	for b := range g.Columns {
		x0, y0, x1, _ := l.cell(0, b)
		switch {
		case g.Answers[b]:
			r.Fill(x0, y0-6*px, max(x1-px, x0+px), y0-2*px, p.Gold)
		case g.Needles[b]:
			r.Fill(x0, y0-4*px, max(x1-px, x0+px), y0-3*px, p.Edges)
		}
	}
	for line := range g.Lines {
		for b := range g.Columns {
			v := g.At(line, b)
			if v < 0 {
				continue
			}
			x0, y0, x1, y1 := l.cell(line, b)
			x1, y1 = gapped(x0, x1, px), gapped(y0, y1, px)
			if v > 0 {
				v = max(v, faintest)
			}
			if g.Diff != nil {
				r.Fill(x0, y0, x1, y1, DiffColour(g.Diff, line*g.Columns+b).Of(p))
				continue
			}
			r.Fill(x0, y0, x1, y1, p.At(v))
			if g.Oracle[line*g.Columns+b] && y1-y0 >= 3*px { // less would hide the pick
				paintOracle(r, x0, y0, x1, y1, px, p)
			}
		}
	}
	for line, b := range g.Gold {
		if b >= 0 && b < g.Columns {
			x0, y0, x1, y1 := l.cell(line, b)
			t := 2 * px
			if y1-y0 < 6*px || x1-x0 < 6*px {
				t = px
			}
			r.Frame(x0-px, y0-px, x1, y1, t, p.Gold)
		}
	}
	if m.block >= 0 && m.block < g.Columns && len(g.Lines) > 0 {
		x0, y0, x1, _ := l.cell(0, m.block)
		_, _, _, y1 := l.cell(len(g.Lines)-1, m.block)
		r.Frame(x0-px, y0-7*px, x1, y1, px, p.Ink)
	}
	if m.cursor >= 0 && m.cursor < len(g.Lines) {
		x0, y0, _, y1 := l.cell(m.cursor, 0)
		_, _, x1, _ := l.cell(m.cursor, g.Columns-1)
		r.Fill(x0, y0-px, x1, y0, p.Ink)
		r.Fill(x0, gapped(y0, y1, px), x1, y1, p.Ink)
	}
}

// DiffColour mixes the colours of a cell's shares over that of a block not picked.
func DiffColour(d *picture.Diff, i int) paint.Colour {
	left, both, right := d.Left[i], d.Both[i], d.Right[i]
	all, none := left+both+right, paint.Ramp(0)
	if all <= 0 {
		return none
	}
	picked := paint.Left.Towards(paint.Right, right/max(left+right, 1e-6)).Towards(paint.Both, both/all)
	return none.Towards(picked, max(min(all, 1), faintest))
}

// gapped is the end of a cell without the gap to the next one. Cells too small for
// a gap have none.
func gapped(from, to, px int) int {
	if to-from < 4*px {
		return to
	}
	return to - px
}

// paintOracle marks a cell at its foot, set off from what is picked.
func paintOracle(r *paint.Raster, x0, y0, x1, y1, px int, p *paint.Palette) {
	t := px
	if y1-y0 >= 9*px {
		t = max(2, (y1-y0)/(8*px)) * px
		r.Fill(x0, y1-t-px, x1, y1-t, p.Ground)
	}
	r.Fill(x0, y1-t, x1, y1, p.Oracle)
}
