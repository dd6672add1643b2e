package widget

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/number"
	"kvscope/web/picture"
)

// LineLabel names a line of a block grid.
type LineLabel struct {
	Text  string
	About string // in words
	State string // "right", "wrong" or ""
}

// Lines makes the labels of a run's lines.
func Lines(r *picture.Run) []LineLabel {
	lines := r.Lines()
	out := make([]LineLabel, len(lines))
	for i, l := range lines {
		if l.Step < 0 {
			last := min(l.First+l.Queries, len(r.Header.Tokens)) - 1
			out[i] = LineLabel{Text: strconv.Itoa(l.First), About: fmt.Sprintf("prompt queries %d to %d", l.First, last)}
			continue
		}
		out[i] = LineLabel{Text: "…", About: fmt.Sprintf("answer step %d", l.Step)}
		if l.Step < len(r.Steps) {
			s := r.Steps[l.Step]
			out[i].Text = picture.Label(s.Token)
			out[i].About = fmt.Sprintf("answer step %d, token “%s”", l.Step, out[i].Text)
			out[i].State = rightness(r, s.Step)
		}
	}
	return out
}

// rightness is the class of an answer step: "right", "wrong", or "" where nothing
// was expected.
func rightness(r *picture.Run, step int) string {
	switch {
	case step >= len(r.Header.Answer) || step >= len(r.Steps):
		return ""
	case r.Steps[step].Correct:
		return "right"
	}
	return "wrong"
}

// rowsOf is what the labels beside a grid depend on, which is not the block pointed out.
type rowsOf struct {
	Grid       *picture.Grid
	Labels     []LineLabel
	Cursor     int
	Layout     gridLayout
	Scale, Rem float64
}

func (g *BlockGrid) rows(grid *picture.Grid) []app.UI {
	out := make([]app.UI, 0, len(grid.Lines))
	scale := max(g.canvas.scale, 1)
	bare := g.bare(len(grid.Lines))
	for i, l := range grid.Lines {
		label := LineLabel{}
		if i < len(g.Labels) {
			label = g.Labels[i]
		}
		row := app.Div().
			Class(classes("grid-row", label.State, when(i == g.Cursor, "at"), when(bare(i), "bare"))).
			Attr("role", "listitem").
			Aria("label", label.About+": "+describe(grid, i)).
			DataSet("line", i).
			DataSet("step", l.Step)
		if grid.Picked != nil {
			row.DataSet("picked", numbers(grid.Picked[i]))
		}
		if d := grid.Diff; d != nil {
			at := i * grid.Columns
			row.DataSet("left", numbers(whole(d.Left[at:at+grid.Columns]))).
				DataSet("both", numbers(whole(d.Both[at:at+grid.Columns]))).
				DataSet("right", numbers(whole(d.Right[at:at+grid.Columns])))
		}
		switch top, height := g.layout.row(i); {
		case height == 0:
		case g.On.still():
			row.Style("top", percentage(top/float64(g.canvas.H))).Style("line-height", number.Decimals(height/g.canvas.rem, 3)+"rem")
		default:
			row.Style("top", pixels(top/scale)).Style("line-height", pixels(height/scale))
		}
		out = append(out, row.Text(label.Text))
	}
	return out
}

// labelHeight is the least that two labels may be apart, in rem.
const labelHeight = 0.74

// bare says which of n lines have no room for their label: the one looked at has it,
// then the answer steps, then as many of the others as keep apart.
func (g *BlockGrid) bare(n int) func(line int) bool {
	shown := map[int]bool{}
	var at []float64
	show := func(i int) {
		top, height := g.layout.row(i)
		y := top + height/2
		if !slices.ContainsFunc(at, func(other float64) bool { return math.Abs(other-y) < labelHeight*g.canvas.rem }) {
			shown[i], at = true, append(at, y)
		}
	}
	if g.Cursor >= 0 && g.Cursor < n {
		show(g.Cursor)
	}
	for i := range n {
		if g.Grid.Lines[i].Step >= 0 {
			show(i)
		}
	}
	for i := range n {
		show(i)
	}
	return func(line int) bool { return g.layout.lines() > 0 && !shown[line] }
}

// whole lists where there is any share.
func whole(shares []float32) []int {
	var out []int
	for i, v := range shares {
		if v > 0 {
			out = append(out, i)
		}
	}
	return out
}

// manyPicked is from how many blocks on they are counted, not listed.
const manyPicked = 12

// describe says in words what a line picked.
func describe(g *picture.Grid, line int) string {
	var picked []int
	for b := range g.Columns {
		if g.At(line, b) > 0 {
			picked = append(picked, b)
		}
	}
	s := "blocks " + numbers(picked)
	if len(picked) > manyPicked {
		s = fmt.Sprintf("%d of %d blocks", len(picked), g.Columns)
	}
	if b := g.Gold[line]; b >= 0 {
		s += fmt.Sprintf("; the answer is in block %d", b)
		if g.At(line, b) <= 0 {
			s += ", not picked"
		}
	}
	return s
}
