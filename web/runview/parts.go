package runview

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vugu/vugu"
	"github.com/vugu/vugu/staticrender"

	"kvscope/engine/input"
	"kvscope/viz/number"
	"kvscope/viz/plot"
	"kvscope/web/picture"
)

// Part is a piece of what is shown.
type Part struct {
	Name string // for those who leave it out
	HTML string
}

// PartNames lists the parts in their order.
func PartNames() []string { return []string{"summary", "prompt", "steps", "grid", "heads"} }

// ParseHide reads the parts to be left out, as in "prompt,heads".
func ParseHide(text string) ([]string, error) {
	var out []string
	for name := range strings.SplitSeq(text, ",") {
		switch name = strings.TrimSpace(name); {
		case name == "":
		case slices.Contains(PartNames(), name):
			out = append(out, name)
		default:
			return nil, input.Errorf("hide", "%q is no part, want some of %s", name, strings.Join(PartNames(), ", "))
		}
	}
	return out, nil
}

// Parts draws the view, without those to be left out.
func (v *View) Parts(hide []string) ([]Part, error) {
	components := []vugu.Builder{v.summary(), v.prompt(), v.steps(), v.grid(), v.heads()}
	var out []Part
	for i, name := range PartNames() {
		if slices.Contains(hide, name) {
			continue
		}
		env, err := vugu.NewBuildEnv()
		if err != nil {
			return nil, fmt.Errorf("draw %s: %w", name, err)
		}
		var html bytes.Buffer
		if err := staticrender.New(&html).Render(env.RunBuild(components[i])); err != nil {
			return nil, fmt.Errorf("draw %s: %w", name, err)
		}
		out = append(out, Part{name, html.String()})
	}
	return out, nil
}

// summary says what ran and what came of it.
func (v *View) summary() *Summary {
	h := v.run.Header
	s := &Summary{Model: h.Title, Method: h.Method, Budget: number.Budget(h.Budget), Question: h.Question}
	if s.Model == "" {
		s.Model = h.Model
	}
	about := []string{h.Asked()}
	for _, step := range v.run.Steps {
		word := Word{Text: picture.Label(step.Token), Class: "word"}
		if step.Step < len(h.Answer) {
			word.Class = "word wrong"
			if step.Correct {
				word.Class = "word right"
			}
		}
		s.Answer = append(s.Answer, word)
	}
	for _, t := range h.Answer {
		s.Expected = append(s.Expected, picture.Label(t))
	}
	if v.run.Done != nil {
		about = append(about, number.Percent(v.run.Done.ReadFraction)+" of the cache read")
	}
	s.About = strings.Join(about, ", ")
	return s
}

// prompt is the text that was read, shaded by what was picked at the line.
func (v *View) prompt() *Prompt {
	h := v.run.Header
	p := &Prompt{About: "shaded by the picks of " + v.lookedAt() + ", for " + v.lineName(v.line)}
	strip := v.run.Strip(v.line, v.head, picture.ByPicks)
	for i, piece := range picture.Pieces(h) {
		share := float32(0)
		if strip != nil && i/strip.Unit < len(strip.Values) {
			share = strip.Values[i/strip.Unit]
		}
		w := Word{Text: piece, Class: "token", Style: "--share:" + number.Decimals(float64(share), 2)}
		if slices.Contains(h.Gold, i) {
			w.Class = "token gold"
		}
		if n := len(p.Words); n > 0 && p.Words[n-1].Class == w.Class && p.Words[n-1].Style == w.Style {
			p.Words[n-1].Text += piece // a span for each token of a long prompt is too many
			continue
		}
		p.Words = append(p.Words, w)
	}
	return p
}

// steps moves between the lines.
func (v *View) steps() *Steps {
	return &Steps{At: strconv.Itoa(v.line), Last: strconv.Itoa(v.run.LineCount() - 1), Name: fmt.Sprintf("%d of %d: %s", v.line+1, v.run.LineCount(), v.lineName(v.line))}
}

// grid is the picture of the blocks.
func (v *View) grid() *Grid {
	g := v.run.Grid(v.head)
	c := plot.Cells{
		Title: "Blocks picked, " + v.lookedAt(), RowName: "step", ColName: "block", Oracle: g.Oracle, Gold: make([]bool, len(g.Share)),
		Needles: g.Needles, Answers: g.Answers, Legend: picture.GridLegend(g, "", ""),
	}
	if v.run.Header.ByQuery() {
		c.RowName = "query"
	}
	for i := range g.Lines {
		name := v.lineName(i)
		if i == v.line {
			name = "▸ " + name
		}
		c.Rows = append(c.Rows, name)
		if g.Gold[i] >= 0 {
			c.Gold[i*g.Columns+g.Gold[i]] = true
		}
	}
	for b := range g.Columns {
		c.Cols = append(c.Cols, strconv.Itoa(b))
	}
	for _, x := range g.Share {
		if x < 0 {
			x = float32(math.NaN())
		}
		c.Values = append(c.Values, x)
	}
	return &Grid{SVG: vugu.HTML(c.SVG(cellSize))}
}

// cellSize is the side of a cell of the grid, in CSS pixels.
const cellSize = 16

// heads is the picture of the heads, each to be pressed.
func (v *View) heads() *Heads {
	h := v.run.HeadGrid()
	metrics := picture.Metrics()
	metric := metrics[max(0, slices.IndexFunc(metrics, h.Has))]
	out := &Heads{
		About:  "Heads, a row for each layer",
		Style:  "grid-template-columns:repeat(" + strconv.Itoa(h.Heads) + ",minmax(1.2em,2em))",
		Legend: vugu.HTML(picture.HeadsLegend(h, metric, false, len(v.run.Header.Tokens)).HTML()),
	}
	for i, cell := range h.Cells {
		at := picture.Head{Layer: i / h.Heads, Head: i % h.Heads}
		value := cell.Value(metric)
		b := HeadButton{
			Press: fmt.Sprintf("head:%d.%d", at.Layer, at.Head), Pressed: strconv.FormatBool(v.head != nil && *v.head == at),
			Name: fmt.Sprintf("layer %d head %d, %s not known", at.Layer, at.Head, metric), Class: "head",
		}
		if value >= 0 {
			b.Name = fmt.Sprintf("layer %d head %d, %s %s", at.Layer, at.Head, metric, number.Percent(float64(value)))
			fill, _ := cell.Fill(metric)
			b.Style = "background:" + fill
		}
		if cell.Hit {
			b.Class = "head hit"
		}
		out.Buttons = append(out.Buttons, b)
	}
	return out
}
