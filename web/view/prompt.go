package view

import (
	"cmp"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/picture"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// Prompt is the prompt as text, shaded by what was picked of it or by its attention.
func Prompt() View {
	return View{
		View: state.View{Name: "prompt", Title: "Prompt", About: "the prompt as text", Options: []state.Option{shades()}, Keys: []state.Key{
			{Keys: []string{"g"}, Label: "g", About: "scroll the prompt to the needle", Do: state.Always(state.FindNeedle{})},
			{Keys: []string{"s"}, Label: "s", About: "shade the prompt by picks or by mass", Do: otherShade},
		}},
		Saves: "csv",
		Of: func(v *widget.ColumnView, s *state.Snapshot) Picture {
			return &prompt{v.Run.Strip(v.Line, s.Looked(), shade(s))}
		},
		By: func(v *widget.ColumnView, s *state.Snapshot) any {
			return [3]string{strconv.Itoa(v.Line), widget.HeadName(s.Looked()), string(shade(s))}
		},
	}
}

// shadeOption names what the prompt is shaded by in a link.
const shadeOption = "shade"

func shades() state.Option {
	var names []string
	for _, s := range picture.Shades() {
		names = append(names, string(s))
	}
	return state.Choice(shadeOption, names...)
}

// shade is the measure that the prompt is shaded by.
func shade(s *state.Snapshot) picture.Shade {
	return cmp.Or(picture.Shade(s.Option(shadeOption)), picture.Shades()[0])
}

func otherShade(s *state.Snapshot) state.Action {
	if shade(s) == picture.ByPicks {
		return state.SetOption{Name: shadeOption, Value: string(picture.ByMass)}
	}
	return state.SetOption{Name: shadeOption}
}

type prompt struct {
	shade *picture.Strip // nil where there is nothing to shade by
}

// Draw lays out the text and the choice of its shading.
func (p *prompt) Draw(f *Frame) Drawn {
	s, v := f.State, f.Column
	var tools []app.UI
	if p.shade == nil && shade(s) == picture.ByMass {
		tools = append(tools, app.Span().Class("note").Text("mass not known here"))
	}
	tools = append(tools,
		&widget.Switch{
			Name: "shade-" + f.ID, Label: "shade the prompt by", Value: string(shade(s)), Option: shadeOption,
			Options: [][2]string{{string(picture.ByPicks), "picks"}, {string(picture.ByMass), "mass"}}, On: f.On,
		},
		&widget.NeedleButton{On: f.On})
	return Drawn{
		Body:   &widget.Strip{ID: f.ID, Name: v.Name, Header: v.Run.Header, Shade: p.shade, Block: s.Pointed(), Gold: v.Gold, Show: f.Show, On: f.On},
		Tools:  tools,
		Legend: widget.StripLegend(p.shade, shade(s), s.Looked() != nil, v.Run.Header),
	}
}

// SVG is none: text is saved as a table.
func (p *prompt) SVG(*Frame, string) Saved { return Saved{} }

// Table lists the tokens and their shades.
func (p *prompt) Table(f *Frame) [][]string {
	rows := [][]string{{"position", "token", "shade"}}
	for i, t := range f.Column.Run.Header.Tokens {
		shade := ""
		if p.shade != nil && i/p.shade.Unit < len(p.shade.Values) {
			shade = exact(p.shade.Values[i/p.shade.Unit] * p.shade.Top)
		}
		rows = append(rows, []string{strconv.Itoa(i), t.Text, shade})
	}
	return rows
}

// exact writes a number so that a program reads back the same.
func exact(x float32) string { return strconv.FormatFloat(float64(x), 'g', -1, 32) }
