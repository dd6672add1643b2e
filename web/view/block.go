package view

import (
	"fmt"
	"math"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/lens"
	"kvscope/engine/run"
	"kvscope/viz/number"
	"kvscope/viz/plot"
	"kvscope/web/anatomy"
	"kvscope/web/picture"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// Block is how the score of one block comes about: the one pointed out, else the one that
// holds what the step copies.
func Block() View {
	return View{
		View: state.View{
			Name: "block", Title: "Block", About: "how the score of a block comes about, term by term", Needs: state.NeedsStates,
		},
		Saves: "png svg csv",
		Of: func(v *widget.ColumnView, s *state.Snapshot) Picture {
			return newBlock(v, s)
		},
		By: func(v *widget.ColumnView, s *state.Snapshot) any {
			return blockBy{v.HeadData.Head, v.Line, blockOf(v, s)}
		},
	}
}

type blockBy struct {
	head  *lens.HeadTensors
	line  int
	block int
}

// blockOf is the block that is taken apart: of the one pointed out, the one of the gold
// position and the first, the first there is.
func blockOf(v *widget.ColumnView, s *state.Snapshot) int {
	switch b := s.Pointed(); {
	case b >= 0:
		return b
	case v.Gold >= 0:
		return v.Gold / v.Run.Block()
	}
	return 0
}

type block struct {
	of     *anatomy.Block // nil where there is none
	plot   *plot.Parts
	slopes *plot.Slopes // by keys without and with the memory; nil without one
}

func newBlock(v *widget.ColumnView, s *state.Snapshot) *block {
	if s.Head == nil || plainKeys(v.Run) {
		return &block{}
	}
	a := anatomy.Of(v.Run, v.Line, blockOf(v, s), *s.Head, v.HeadData.Head)
	if a == nil {
		return &block{}
	}
	return &block{a, terms(a), slopes(a, v)}
}

// slopes draws the places of all blocks by keys without and with the memory.
func slopes(a *anatomy.Block, v *widget.ColumnView) *plot.Slopes {
	if a.Places == nil {
		return nil
	}
	out := &plot.Slopes{Title: "places of the blocks by K, without the memory, and by K̃, with it", From: "by K", To: "by K̃", Places: len(a.Places), Kept: v.Run.Header.K}
	for b, p := range a.Places {
		out.Lines = append(out.Lines, plot.Slope{
			ID: b, From: p.Plain, To: p.Memory, On: b == a.Block, Gold: v.Gold >= 0 && b == v.Gold/v.Run.Block(),
			About: fmt.Sprintf("block %d: %s by K, %s by K̃", b, number.Rank(p.Plain), number.Rank(p.Memory)),
		})
	}
	return out
}

// plainKeys reports whether blocks were scored by keys that are not those of the cache.
func plainKeys(r *picture.Run) bool {
	c := r.Header.Intervention
	return c != nil && c.SelectWith == run.WithPlain
}

// terms draws the terms of a score.
func terms(a *anatomy.Block) *plot.Parts {
	out := &plot.Parts{Title: "how the score of block " + strconv.Itoa(a.Block) + " comes about", XName: "channel →"}
	for i, p := range a.Parts {
		t := plot.Term{Value: float64(p.Value), Other: math.NaN(), Mark: float64(p.True)}
		switch a.Kind {
		case anatomy.BoundParts:
			won := "minimum"
			if p.Upper {
				won = "maximum"
			}
			t.Other = float64(p.Other)
			t.About = fmt.Sprintf("channel %d: q × %s = %s, the other bound gives %s; the best key %s", i, won, digits(p.Value), digits(p.Other), digits(p.True))
		case anatomy.MeanParts:
			t.About = fmt.Sprintf("channel %d: q × mean = %s; the best key %s", i, digits(p.Value), digits(p.True))
		case anatomy.VoteParts:
			out.XName, t.Mark = "position →", math.NaN()
			t.About = fmt.Sprintf("position %d: %s votes", a.Lo+i, digits(p.Value))
		}
		out.Terms = append(out.Terms, t)
	}
	return out
}

func digits(v float32) string { return number.Digits(float64(v), 3) }

// Draw lays out the terms and what they come to.
func (b *block) Draw(f *Frame) Drawn {
	if stand := missing(f); stand != nil {
		return Drawn{Body: stand}
	}
	switch {
	case plainKeys(f.Column.Run):
		return Drawn{Body: message("Blocks were scored by plain keys.", "What is kept of a head is its keys with memory.")}
	case b.of == nil:
		return Drawn{Body: message("There is no score to take apart here.",
			"Quest, MoBA and the methods that evict have one of each block, MoBA's only at the first answer step; point at a block that the query may read.")}
	}
	pictures := []app.UI{&widget.Drawing{ID: "terms-" + f.ID, Class: "terms", Label: b.plot.Title, Of: b.plot}}
	if b.slopes != nil {
		pictures = append(pictures, &widget.Drawing{ID: "slopes-" + f.ID, Class: "slopes", Label: b.slopes.Title, Of: b.slopes})
	}
	return Drawn{
		Body: app.Div().Class("block-score").DataSet("testid", "block-"+f.ID).DataSet("block", b.of.Block).DataSet("score", exact(b.of.Score)).
			DataSet("best", exact(b.of.Best)).DataSet("terms", len(b.of.Parts)).Body(
			app.Div().Class("block-pictures").Body(pictures...),
			app.P().Class("hint").Text(b.words(f.Column.Run))),
		Legend: b.legend(),
	}
}

// words say what the terms come to.
func (b *block) words(r *picture.Run) string {
	a := b.of
	place := func(rank int) string { return number.Rank(rank) + " of " + strconv.Itoa(a.Blocks) }
	where := fmt.Sprintf("Block %d, positions %d–%d", a.Block, a.Lo, a.Hi-1)
	if a.Kind == anatomy.VoteParts {
		if math.IsInf(float64(a.Score), 1) {
			return where + ": of the window that votes, kept whatever it scores."
		}
		return fmt.Sprintf("%s: at most %s votes for a token, as the last queries of the prompt attend to it.", where, digits(a.Score))
	}
	name, sum := "bound", "no key of it can have a larger q·k"
	if a.Kind == anatomy.MeanParts {
		name, sum = "score", "q times its mean key"
	}
	token := ""
	if tokens := r.Header.Tokens; a.BestAt < len(tokens) {
		token = " “" + picture.Label(tokens[a.BestAt]) + "”"
	}
	said := fmt.Sprintf("%s: %s %s, %s; rank %s. Its largest q·k is %s, at %d%s; rank %s by that.",
		where, name, number.Digits(float64(a.Score), 4), sum, place(a.ScoreRank), number.Digits(float64(a.Best), 4), a.BestAt, token, place(a.BestRank))
	if a.Block < len(a.Places) {
		p := a.Places[a.Block]
		said += fmt.Sprintf(" Scored by K, without the memory, it ranks %s, by K̃ %s.", number.Rank(p.Plain), number.Rank(p.Memory))
	}
	return said
}

func (b *block) legend() plot.Legend {
	best := plot.Key{Mark: plot.MarkPoint, Text: "its key of the largest q·k"}
	out := plot.Legend{{Mark: plot.MarkTerm, Text: "votes"}}
	switch b.of.Kind {
	case anatomy.BoundParts:
		out = plot.Legend{
			{Mark: plot.MarkTerm, Text: "greater of q·min and q·max"}, {Mark: plot.MarkOtherTerm, Text: "the other"}, best,
		}
	case anatomy.MeanParts:
		out = plot.Legend{{Mark: plot.MarkTerm, Text: "q·mean"}, best}
	}
	if b.slopes != nil {
		out = append(out, plot.Key{Mark: plot.MarkSlope, Text: "this block"}, plot.Key{Mark: plot.MarkGoldSlope, Text: "answer"}, plot.Key{Mark: plot.MarkKept, Text: "as many as are read"})
	}
	return out
}

// SVG is the terms.
func (b *block) SVG(f *Frame, title string) Saved {
	if b.of == nil {
		return Saved{}
	}
	p := *b.plot
	p.Legend = b.legend()
	svg := p.SVG(720, 360)
	if b.slopes != nil {
		svg = plot.Stack(p.Title, plot.Part{SVG: b.slopes.SVG(720, 320), W: 720, H: 320}, plot.Part{SVG: svg, W: 720, H: 360})
	}
	return Saved{SVG: svg, Lines: []string{title + ": " + p.Title, b.words(f.Column.Run)}}
}

// Table lists the terms.
func (b *block) Table(*Frame) [][]string {
	if b.of == nil {
		return nil
	}
	rows := [][]string{{"block", "term", "value", "other_bound", "best_key"}}
	for i, p := range b.of.Parts {
		row := []string{strconv.Itoa(b.of.Block), strconv.Itoa(i), exact(p.Value), "", ""}
		if b.of.Kind == anatomy.BoundParts {
			row[3] = exact(p.Other)
		}
		if b.of.Kind != anatomy.VoteParts {
			row[4] = exact(p.True)
		}
		rows = append(rows, row)
	}
	return rows
}
