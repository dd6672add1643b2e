package widget

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/trace"
	"kvscope/viz/number"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// Inspector reads out the block and the step that are looked at, one backbone
// beside the other.
type Inspector struct {
	app.Compo

	ID      string // where there are several, else ""
	Block   int    // or -1
	Held    bool
	Lo, Hi  int // its positions
	Text    []Segment
	Gold    bool
	Columns []InspectorColumn
	Head    string // whose figures these are, in words
	Line    string // which line, in words

	Forced, Dropped bool // the block is, as the form has it
	On              *Bus
}

// Segment is a stretch of text, marked where the answer copies it.
type Segment struct {
	Text string
	Gold bool
}

// InspectorColumn holds one column's figures: of the block that is inspected, of the step and
// of the whole run.
type InspectorColumn struct {
	Name string
	Has  bool // there is a line to read

	Preview bool // the picks are one
	picture.Readout
	OneHead bool

	Token, Want string // of the step
	State       string
	Prob        float32
	Wanted      *trace.Want // how the wanted token fared, nil when nothing was wanted
	MS          float64

	Before       string // token of the step before blocks were forced or dropped, or ""
	WantedBefore *trace.Want

	Reads   picture.Reads // of the line
	Bytes   int           // of Reads.Read
	Dense   int           // bytes that dense attention reads
	ReadAll float64       // share of the entries present that all queries that select read, 0 when not known
	Prefill float64       // ms, below 0 when not known
	Decode  float64       // ms a token

	Tables *picture.Tables // what page tables would read, nil where not known

	SparseMS, DenseMS float64 // of all heads' attention for the last query, 0 when not measured
	Evicts            bool    // scores are votes
}

// Render writes the tables.
func (n *Inspector) Render() app.UI {
	root := app.Aside().Class("side inspector").Aria("label", landmark("inspector", n.ID)).DataSet("testid", "inspector")
	if n.Block < 0 {
		root.TabIndex(0) // by which the keyboard scrolls what has no button
	}
	of := n.apart()
	return root.Body(n.block(),
		&Part{Key: inspected{n.Line, of}, Draw: n.step},
		&Part{Key: inspected{n.Head, of}, Draw: n.cost})
}

// inspected is what a section that says nothing of a block depends on.
type inspected struct {
	What    string // whose figures these are, or of which line
	Columns []InspectorColumn
}

// apart are the columns without what they say of the block.
func (n *Inspector) apart() []InspectorColumn {
	out := slices.Clone(n.Columns)
	for i := range out {
		out[i].Readout = picture.Readout{}
	}
	return out
}

func (n *Inspector) block() app.UI {
	if n.Block < 0 {
		return app.Section().Class("section").Body(
			app.H2().Text("Block"),
			app.P().Class("hint").Text("Point at a block in a grid or in the prompt to read it out here; press to hold it."))
	}
	var tags []app.UI
	if n.Gold {
		tags = append(tags, app.Span().Class("tag gold").Text("contains the answer"))
	}
	if n.preview() {
		tags = append(tags, previewTag())
	}
	if n.Held {
		tags = append(tags, app.Span().Class("tag").Text("held"))
	}
	var text []app.UI
	for _, r := range n.Text {
		if r.Gold {
			text = append(text, app.Mark().Text(r.Text))
		} else {
			text = append(text, app.Text(r.Text))
		}
	}
	row := n.rows()
	votes := "score"
	for _, c := range n.Columns {
		if c.Evicts {
			votes = "votes"
		}
	}
	return app.Section().Class("section").DataSet("testid", "inspector-block").DataSet("block", n.Block).Body(
		app.H2().Body(app.Span().Text(fmt.Sprintf("Block %d", n.Block)), app.Span().Body(tags...),
			app.Span().Class("quiet label").Text(fmt.Sprintf("%d–%d", n.Lo, n.Hi-1))),
		app.Div().Class(classes("quote", when(n.Gold, "gold"))).Body(text...),
		app.Table().Class("compare").Body(
			n.head(n.Head),
			app.TBody().Body(
				row("picked", pickedText),
				row("by heads", func(c *InspectorColumn) string { return fmt.Sprintf("%d of %d", c.Votes, c.Heads) }),
				row("dense mass", func(c *InspectorColumn) string { return number.Mass(c.Mass) }),
				row("mass rank", func(c *InspectorColumn) string { return number.Rank(c.Rank) }),
				row(votes, scoreText),
				row(votes+" rank", func(c *InspectorColumn) string { return number.Rank(c.ScoreRank) }),
			),
		),
		n.scoreHint(),
		app.Div().Class("edits").Body(
			n.edit("force", "force", "every query reads this block (f)", n.Forced),
			n.edit("drop", "drop", "no query reads this block (x)", n.Dropped)),
	)
}

// preview reports whether the picks of any column are a preview.
func (n *Inspector) preview() bool {
	return slices.ContainsFunc(n.Columns, func(c InspectorColumn) bool { return c.Preview })
}

func previewTag() app.UI { return app.Span().Class("tag preview").Text("preview") }

// edit is the button that forces the block, or drops it.
func (n *Inspector) edit(field, label, about string, in bool) app.UI {
	return &Press{Label: label, Title: about, Pressed: in, Test: "edit-" + field, Do: state.Edit{Field: field, Block: n.Block}, On: n.On}
}

// scoreHint says how to see scores, which are a head's own.
func (n *Inspector) scoreHint() app.UI {
	p := app.P().Class("hint").Text("Each head has its own scores. Point at a head to see them; click to keep it.")
	for i := range n.Columns {
		if n.Columns[i].OneHead {
			return p.Hidden(true)
		}
	}
	return p.Hidden(false)
}

// rows makes table rows of one figure for each column.
func (n *Inspector) rows() func(name string, f func(*InspectorColumn) string) app.UI {
	return func(name string, f func(*InspectorColumn) string) app.UI {
		cells := []app.UI{app.Th().Scope("row").Text(name)}
		for i := range n.Columns {
			c, text := &n.Columns[i], number.Unknown
			if c.Has {
				text = f(c)
			}
			cells = append(cells, app.Td().DataSet("figure", strings.ReplaceAll(name, " ", "-")).DataSet("side", i).Text(text))
		}
		return app.Tr().Body(cells...)
	}
}

// part is a row that says what the rows below it are of. Labels of rows are short, so that each
// stands in one line beside the figures of up to four columns.
func (n *Inspector) part(what, title string) app.UI {
	return app.Tr().Body(app.Th().Class("part").ColSpan(1 + len(n.Columns)).Scope("rowgroup").Title(title).Text(what))
}

func (n *Inspector) head(what string) app.UI {
	cells := []app.UI{app.Th().Scope("col").Text(what)}
	for i := range n.Columns {
		c := &n.Columns[i]
		cells = append(cells, app.Th().Scope("col").Class(when(c.Preview, "preview")).Text(c.Name))
	}
	return app.THead().Body(app.Tr().Body(cells...))
}

func pickedText(c *InspectorColumn) string {
	switch {
	case !c.Seen:
		return "not there"
	case c.Share <= 0:
		return "no"
	case c.Share >= 0.9995:
		return "yes"
	}
	return number.Percent(float64(c.Share))
}

func scoreText(c *InspectorColumn) string {
	switch {
	case c.ScoreRank < 0:
		return number.Unknown
	case c.Evicts && c.Sum > 0:
		return number.Digits(float64(c.Sum), 4)
	case math.IsInf(float64(c.Score), 1):
		return "kept"
	}
	return number.Digits(float64(c.Score), 4)
}

func (n *Inspector) step() app.UI {
	row := n.rows()
	token := func(name string, f func(*InspectorColumn) string, coloured bool) app.UI {
		cells := []app.UI{app.Th().Scope("row").Text(name)}
		for i := range n.Columns {
			c := &n.Columns[i]
			cells = append(cells, app.Td().Class(classes("mono", when(coloured, c.State))).Text(f(c)))
		}
		return app.Tr().Body(cells...)
	}
	return app.Section().Class("section").DataSet("testid", "inspector-step").Body(
		app.H2().Text("Step"),
		app.Table().Class("compare").Body(
			n.head(n.Line),
			app.TBody().Body(
				token("expected", func(c *InspectorColumn) string { return c.Want }, false),
				token("answered", func(c *InspectorColumn) string { return c.Token }, true),
				row("probability", func(c *InspectorColumn) string {
					if c.Token == "" {
						return number.Unknown
					}
					return number.Percent(float64(c.Prob))
				}),
				n.part("expected token", ""),
				row("rank", func(c *InspectorColumn) string {
					if c.Wanted == nil {
						return number.Unknown
					}
					return number.Count(c.Wanted.Rank + 1)
				}),
				row("logit", func(c *InspectorColumn) string { return logitText(c.Wanted) }),
				n.beforeRow("before", func(c *InspectorColumn) string { return c.Before }),
				n.beforeRow("logit before", func(c *InspectorColumn) string { return logitText(c.WantedBefore) }),
				n.beforeRow("change", changeText),
			),
		),
	)
}

func logitText(w *trace.Want) string {
	if w == nil {
		return number.Unknown
	}
	return number.Decimals(float64(w.Logit), 2)
}

func changeText(c *InspectorColumn) string {
	if c.Wanted == nil || c.WantedBefore == nil {
		return number.Unknown
	}
	return number.Change(float64(c.Wanted.Logit-c.WantedBefore.Logit), 2)
}

// beforeRow is a row about the run without what is forced or dropped, hidden when
// nothing is.
func (n *Inspector) beforeRow(name string, f func(*InspectorColumn) string) app.UI {
	edited := slices.ContainsFunc(n.Columns, func(c InspectorColumn) bool { return c.Before != "" })
	cells := []app.UI{app.Th().Scope("row").Text(name)}
	for i := range n.Columns {
		cells = append(cells, app.Td().Class("mono").DataSet("figure", strings.ReplaceAll(name, " ", "-")).DataSet("side", i).Text(orBlank(f(&n.Columns[i]))))
	}
	return app.Tr().Hidden(!edited).Body(cells...)
}

func (n *Inspector) cost() app.UI {
	row := n.rows()
	var tags []app.UI
	if n.preview() {
		tags = append(tags, previewTag())
	}
	return app.Section().Class("section").DataSet("testid", "inspector-cost").Body(
		app.H2().Body(app.Span().Text("Cost"), app.Span().Body(tags...)),
		app.Table().Class("compare").Body(
			n.head(n.Head),
			app.TBody().Body(
				n.part("cache entries", ""),
				row("read", func(c *InspectorColumn) string { return number.Count(c.Reads.Read) }),
				row("in the cache", func(c *InspectorColumn) string { return number.Count(c.Reads.Present) }),
				row("whole run", func(c *InspectorColumn) string { return wholeRead(c.ReadAll) }),
				n.part("bytes", ""),
				row("read", func(c *InspectorColumn) string { return number.Bytes(c.Bytes) }),
				row("if dense", func(c *InspectorColumn) string { return number.Bytes(c.Dense) }),
				n.part("in whole pages, with a page table for", "a page is a block, and is read whole where any head that shares its table picks something of it"),
				row("each head", tables(func(t *picture.Tables) float64 { return t.Head })),
				row("each layer", tables(func(t *picture.Tables) float64 { return t.Layer })),
				row("all heads", tables(func(t *picture.Tables) float64 { return t.All })),
				n.part("time", ""),
				row("prefill", func(c *InspectorColumn) string { return number.Milliseconds(c.Prefill) }),
				row("per token", func(c *InspectorColumn) string { return number.Milliseconds(c.Decode) }),
				row("this token", func(c *InspectorColumn) string { return number.Milliseconds(c.MS) }),
				row("attention", func(c *InspectorColumn) string { return number.Microseconds(c.SparseMS) }),
				row("if dense", func(c *InspectorColumn) string { return number.Microseconds(c.DenseMS) }),
			),
		),
	)
}

// wholeRead writes the share of the cache that a run read.
func wholeRead(share float64) string {
	if share == 0 {
		return number.Unknown
	}
	return number.Percent(share)
}

// tables writes a share of the cache that is read in pages.
func tables(share func(*picture.Tables) float64) func(*InspectorColumn) string {
	return func(c *InspectorColumn) string {
		if c.Tables == nil {
			return number.Unknown
		}
		return number.Percent(share(c.Tables))
	}
}
