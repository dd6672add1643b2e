package widget

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/plot"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// viewTitles name the views, for the switch and in words.
var viewTitles = map[state.View][2]string{
	state.PromptView:    {"Prompt", "the prompt as text"},
	state.AttentionView: {"Attention", "the attention map of the locked head"},
	state.MemoryView:    {"Memory", "the gates of the locked head, and what a cache entry carries"},
	state.ScoresView:    {"Scores", "what the method thinks of every block, against its attention"},
}

// ViewBox is the lowest part of a column: the prompt, or a picture of one head.
func ViewBox(id string, side int, v *ColumnView, s *state.Snapshot, show int, on *Bus) app.UI {
	var options [][2]string
	for _, view := range state.Views() {
		options = append(options, [2]string{string(view), viewTitles[view][0]})
	}
	head := []app.UI{
		&Switch{Name: "view-" + id, Label: "show", Value: string(s.View), Field: viewField, Options: options, On: on},
	}
	var body app.UI
	var legend plot.Legend // of views that need but one
	switch s.View {
	case state.AttentionView:
		body = attentionView(id, v, s, on)
	case state.MemoryView:
		body = memoryView(id, v, s, show, on)
	case state.ScoresView:
		body = scoresView(id, v, s, on)
	default:
		if note := stripNote(v, s); note != "" {
			head = append(head, app.Span().Class("note").Text(note))
		}
		head = append(head, &Switch{Name: "shade-" + id, Label: "shade the prompt by", Value: string(s.Shade), Field: shadeField, Options: shadeOptions(), On: on}, &NeedleButton{On: on})
		body = &Strip{ID: id, Header: v.Run.Header, Shade: v.Strip, Block: Pointed(s), Gold: v.Gold, Show: show, On: on}
		legend = StripLegend(v.Strip, s.Shade, s.Looked() != nil, v.Run.Header)
	}
	formats := "csv"
	if s.View != state.PromptView {
		formats = "png svg csv"
	}
	head = append(head,
		&Press{Label: "⤢", Title: "let the view fill its column (w)", Test: "wide-" + id, Pressed: s.Wide, Do: state.Toggle{Name: "wide"}, On: on},
		&SaveMenu{Side: side, Picture: "view", Formats: formats, Label: "save this view", On: on})
	return app.Div().Class("view-box stale").DataSet("part", "view").DataSet("testid", "view-"+id).DataSet("view", string(s.View)).
		Aria("label", viewTitles[s.View][1]).
		Body(app.Div().Class("heading").Body(head...), body, &Legend{Of: "view-" + id, Keys: legend})
}

// sight is what stands in for a picture of a head that is not there, nil when it is.
func sight(v *ColumnView, s *state.Snapshot, on *Bus) app.UI {
	say := func(what, more string) app.UI {
		return app.Div().Class("message").Attr("role", "status").Body(app.B().Text(what), app.Span().Text(more))
	}
	switch {
	case s.Head == nil:
		return say("No head is locked.", "Press one in the grid above, or ↓.")
	case v.Phase == state.Loading:
		return say("The run is not over yet.", "A head can be looked into once it is.")
	case v.Sight.Phase == state.Failed:
		return app.Div().Class("message bad").Attr("role", "alert").Body(app.B().Text("This head cannot be shown."), app.P().Text(v.Sight.Problem),
			&Press{Label: "try again", Test: "look-again", Do: state.Forget{}, On: on})
	case v.Sight.Phase == state.Loading, v.Sight.Head == nil:
		return app.Div().Class("message").Attr("role", "status").Body(
			app.Div().Class("bar unsure").Attr("role", "progressbar").Aria("label", "the head is on its way").Body(app.I()),
			app.B().Text("Asking for the head."), app.Span().Text("Its queries and keys come once; what is drawn of them is computed here."))
	}
	return nil
}

func attentionView(id string, v *ColumnView, s *state.Snapshot, on *Bus) app.UI {
	if missing := sight(v, s, on); missing != nil {
		return missing
	}
	m := &AttentionMap{ID: id, Head: v.Sight.Head, Header: v.Run.Header, View: s.Map, Key: None, Query: None, Gold: v.Gold, Dark: s.IsDark(), On: on}
	if v.Line >= 0 {
		if l := v.Run.Lines()[v.Line]; l.Step >= 0 {
			m.Query = l.First
			if sel := v.Run.Selection(l.Step, s.Head.Layer, s.Head.Head); sel != nil {
				m.Picked = sel
			}
		}
	}
	switch {
	case s.Hover.On && s.Hover.Token >= 0:
		m.Key = s.Hover.Token
	case s.Token >= 0:
		m.Key = s.Token
	}
	return m
}

// None is no position.
const None = state.None

func memoryView(id string, v *ColumnView, s *state.Snapshot, show int, on *Bus) app.UI {
	switch v.Run.Header.Arch {
	case "ratplus":
	case "":
		return app.Div().Class("message").Attr("role", "status").Body(
			app.B().Text("Nothing is known of a memory."), app.Span().Text("The file holds attention maps alone."))
	default:
		return app.Div().Class("message").Attr("role", "status").Body(
			app.B().Text("This model has no memory."), app.Span().Text("Each cache entry is the key and value of its own token."))
	}
	if missing := sight(v, s, on); missing != nil {
		return missing
	}
	h := v.Sight.Head
	kernel := h.MemoryKernel(v.Entry)
	shade := kernelShade(kernel)
	return app.Div().Class("memory").DataSet("testid", "memory-"+id).DataSet("entry", v.Entry).DataSet("length", h.MemoryLength(v.Entry)).Body(
		&GateMap{ID: id, Head: h, Entry: v.Entry, Dark: s.IsDark(), On: on, Block: v.Run.Block()},
		&Legend{Of: "gates-" + id, Keys: GateLegend()},
		&KernelArcs{ID: id, Kernel: kernel, Entry: v.Entry, Labels: v.Run.Pieces(), Length: h.MemoryLength(v.Entry)},
		&Legend{Of: "kernel-" + id, Keys: ArcsLegend(shade.Top)},
		&Strip{ID: id, Header: v.Run.Header, Shade: shade, Block: Pointed(s), Gold: v.Entry, Show: show, Tokens: true, On: on})
}

// kernelShade shades the prompt by what sits in an entry.
func kernelShade(kernel []float32) *picture.Strip {
	out := &picture.Strip{Unit: 1, Values: make([]float32, len(kernel))}
	for i, w := range kernel {
		out.Values[i] = w
		out.Top = max(out.Top, w)
	}
	for i := range out.Values {
		if out.Top > 0 {
			out.Values[i] /= out.Top
		}
	}
	return out
}
