package widget

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/number"
	"kvscope/viz/paint"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// BlockGrid shows which blocks each answer step, or each run of prompt queries,
// picked.
type BlockGrid struct {
	app.Compo

	ID     string // of its data-testid
	Grid   *picture.Grid
	Labels []LineLabel // of Grid.Lines
	Head   *picture.Head
	Room   int // lines that there is room for at least
	Cursor int // line looked at, or -1
	Shift  int // lines of the timeline before the first
	Block  int // block pointed out, or -1
	Held   int // block held, or -1
	Dark   bool
	On     *Bus

	canvas  canvas
	palette *paint.Palette // for Dark
	inDark  bool
	keys    keyboard
	at      [2]int // line and block that the keyboard is at
	layout  gridLayout
	pointed [2]int
	within  bool
}

// manyLines is from how many lines on a grid gets a higher place.
const manyLines = 24

// HeadName is how a head is written in the page's data: "2.3", or "all".
func HeadName(h *picture.Head) string {
	if h == nil {
		return "all"
	}
	return fmt.Sprintf("%d.%d", h.Layer, h.Head)
}

// OnMount takes over the canvas.
func (g *BlockGrid) OnMount(ctx app.Context) {
	g.canvas.open(g.JSValue(),
		func() { ctx.Dispatch(func(app.Context) { g.paint() }) },
		func(x, y float64, press, ok bool) { g.point(ctx, x, y, press, ok) })
	do := func(a state.Action) { ctx.Dispatch(func(app.Context) { g.On.Do(a) }) }
	g.keys.open(g.JSValue().Call("querySelector", ".grid-cells"),
		func() {
			g.at = g.rest()
			do(state.Point{Line: g.onTimeline(g.at[0]), Block: g.at[1]})
		},
		func(key string) bool {
			if key == "Enter" {
				do(state.Choose{Line: g.onTimeline(g.at[0]), Block: g.at[1]})
				return true
			}
			to, ok := g.next(key)
			if ok {
				g.at = to
				do(state.Point{Line: g.onTimeline(to[0]), Block: to[1]})
			}
			return ok
		},
		func() { do(state.Leave{}) })
}

// OnDismount lets the canvas go.
func (g *BlockGrid) OnDismount() {
	g.keys.close()
	g.canvas.close()
}

// rest is where the keyboard begins: at the line looked at, and the block pointed out,
// else that of the answer.
func (g *BlockGrid) rest() [2]int {
	at := [2]int{max(g.Cursor, 0), g.Block}
	if at[1] < 0 && g.Grid != nil && at[0] < len(g.Grid.Gold) {
		at[1] = g.Grid.Gold[at[0]]
	}
	return [2]int{at[0], max(at[1], 0)}
}

// next is where a key leads to from where the keyboard is.
func (g *BlockGrid) next(key string) (to [2]int, ok bool) {
	if g.Grid == nil || len(g.Grid.Lines) == 0 {
		return g.at, false
	}
	line, block, lines, blocks := g.at[0], g.at[1], len(g.Grid.Lines), g.Grid.Columns
	switch key {
	case "ArrowLeft":
		block--
	case "ArrowRight":
		block++
	case "ArrowUp":
		line--
	case "ArrowDown":
		line++
	case "Home":
		block = 0
	case "End":
		block = blocks - 1
	default:
		return g.at, false
	}
	return [2]int{min(max(line, 0), lines-1), min(max(block, 0), blocks-1)}, true
}

// OnUpdate paints what changed.
func (g *BlockGrid) OnUpdate(app.Context) { g.paint() }

func (g *BlockGrid) paint() {
	if g.Grid == nil || !g.canvas.fit() {
		return
	}
	c := &g.canvas
	if layout := layGrid(c.W, c.H, g.Grid.Planned, g.Grid.Queried, g.Grid.Columns, c.rem); !layout.equal(g.layout) {
		g.layout = layout
		g.Update() // the labels stand beside its lines
	}
	if g.palette == nil || g.inDark != g.Dark {
		p := readPalette(c.element)
		g.palette, g.inDark = &p, g.Dark
	}
	paintGrid(&c.Raster, g.Grid, g.layout, gridMarks{cursor: g.Cursor, block: g.Block}, g.palette, c.scale)
	c.show()
}

// onTimeline is the line of the timeline that a line of the grid stands at, None for none.
func (g *BlockGrid) onTimeline(line int) int {
	if line < 0 {
		return None
	}
	return line + g.Shift
}

// point tells what the pointer is on, when that changes.
func (g *BlockGrid) point(ctx app.Context, x, y float64, press, ok bool) {
	line, block := -1, -1
	if ok {
		line, block, ok = g.layout.find(x, y)
	}
	if g.Grid != nil && line >= len(g.Grid.Lines) {
		line = -1
	}
	was := g.pointed
	g.pointed = [2]int{line, block}
	var do state.Action
	switch {
	case press && ok:
		do = state.Choose{Line: g.onTimeline(line), Block: block}
	case ok && (was != g.pointed || !g.within):
		do = state.Point{Line: g.onTimeline(line), Block: block}
	case !ok && g.within:
		do = state.Leave{}
	}
	g.within = ok
	if do != nil {
		g.On.Soon(ctx, do)
	}
}

// Render lays out labels, canvas and axis.
func (g *BlockGrid) Render() app.UI {
	grid := g.Grid
	if grid == nil {
		grid = &picture.Grid{}
	}
	room := max(1, grid.Planned, g.Room)
	root := app.Div().Class("grid").
		Style("--lines", strconv.Itoa(room)).
		Attr("role", "group").
		Aria("label", "blocks picked").
		DataSet("testid", "grid-"+g.ID).
		DataSet("head", HeadName(g.Head)).
		DataSet("unit", grid.Unit).
		DataSet("lines", len(grid.Lines)).
		DataSet("columns", grid.Columns).
		DataSet("many", room > manyLines).
		DataSet("diff", grid.Diff != nil)
	if g.Cursor >= 0 && g.Cursor < len(grid.Lines) {
		root.DataSet("step", grid.Lines[g.Cursor].Step).DataSet("line", g.Cursor)
		if grid.Picked != nil {
			root.DataSet("picked", numbers(grid.Picked[g.Cursor]))
		}
	}
	canvas := app.Canvas().Attr("aria-hidden", "true")
	if g.On.still() {
		g.still(canvas)
	}
	return root.Body(
		&Part{Key: rowsOf{grid, g.Labels, g.Cursor, g.layout, g.canvas.scale, g.canvas.rem}, Draw: func() app.UI { return app.Div().Class("grid-labels").Attr("role", "list").Body(g.rows(grid)...) }},
		g.cells(grid, canvas),
		app.Div().Class("grid-axis-name").Aria("hidden", "true").Text("block"),
		app.Div().Class("grid-axis").Aria("hidden", "true").Body(axis(grid.Columns)...),
	)
}

// cells is the canvas, and of all cells the one that the keyboard is at.
func (g *BlockGrid) cells(grid *picture.Grid, canvas app.HTMLCanvas) app.UI {
	cells := app.Div().Class("grid-cells").TabIndex(0)
	at := g.at
	if !g.keys.on {
		at = g.rest()
	}
	if at[0] >= len(grid.Lines) || at[1] >= grid.Columns {
		return cells.Body(canvas)
	}
	id := "cell-" + g.ID
	cell := app.Div().ID(id).Class("grid-cell").Attr("role", "gridcell").Aria("colindex", at[1]+1).Aria("selected", strconv.FormatBool(at[1] == g.Held)).
		Aria("label", g.cellLabel(grid, at[0], at[1]))
	if scale := g.canvas.scale; scale > 0 {
		x0, y0, x1, y1 := g.layout.cell(at[0], at[1])
		cell.Style("left", pixels(float64(x0)/scale)).Style("top", pixels(float64(y0)/scale)).
			Style("width", pixels(float64(x1-x0)/scale)).Style("height", pixels(float64(y1-y0)/scale))
	}
	return cells.Attr("role", "grid").Aria("label", "blocks picked, a line each").Aria("activedescendant", id).
		Aria("rowcount", len(grid.Lines)).Aria("colcount", grid.Columns).DataSet("at", fmt.Sprintf("%d.%d", at[0], at[1])).
		Body(canvas, app.Div().Attr("role", "row").Aria("rowindex", at[0]+1).Body(cell))
}

// cellLabel says in words what a line did with a block.
func (g *BlockGrid) cellLabel(grid *picture.Grid, line, block int) string {
	share, what := grid.At(line, block), ""
	switch {
	case grid.Diff != nil:
		i := line*grid.Columns + block
		what = fmt.Sprintf("left alone %s, both %s, right alone %s", number.Share(grid.Diff.Left[i]), number.Share(grid.Diff.Both[i]), number.Share(grid.Diff.Right[i]))
	case share < 0:
		what = "not in the cache"
	case share == 0:
		what = "not picked"
	case share == 1:
		what = "picked"
	default:
		what = "picked, " + picture.GridShare(grid) + " " + number.Share(share)
	}
	out := fmt.Sprintf("block %d: %s", block, what)
	if grid.Gold[line] == block {
		out += ", holds the answer"
	}
	if grid.Oracle[line*grid.Columns+block] {
		out += ", top K by dense attention"
	}
	if line < len(g.Labels) {
		out += ", " + g.Labels[line].About
	}
	return out
}

func numbers(list []int) string {
	var b strings.Builder
	for i, n := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

// axis numbers the columns, about eight of them.
func axis(cols int) []app.UI {
	var out []app.UI
	step := 1
	for cols/step > 9 {
		step *= 2
	}
	for b := 0; b < cols; b += step {
		at := percentage((float64(b) + 0.5) / float64(cols))
		out = append(out, app.Span().Style("left", at).Text(b))
	}
	return out
}
