package view

import (
	"kvscope/viz/plot"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// Attention is the attention map of the locked head.
func Attention() View {
	return View{
		View: state.View{
			Name: "attention", Title: "Attention", About: "the attention map of the locked head", Needs: state.NeedsStates,
			Keys: []state.Key{
				{Keys: []string{"l"}, Label: "l", About: "attention by logarithm or in proportion", Do: state.Always(state.Toggle{Name: widget.LinearOption})},
				{Keys: []string{"k"}, Label: "k", About: "attention with the first tokens or without", Do: state.Always(state.Toggle{Name: widget.NoSinkOption})},
				{Keys: []string{"0"}, Label: "0", About: "the whole attention map", Do: state.Always(state.SetOption{Name: widget.MapOption})},
			},
			Options: []state.Option{state.Flag(widget.LinearOption), state.Flag(widget.NoSinkOption), {Name: widget.MapOption, Read: readFrame}},
		},
		Saves: "png svg csv",
		Of:    func(*widget.ColumnView, *state.Snapshot) Picture { return &attention{&widget.Shown{}} },
		By:    func(v *widget.ColumnView, _ *state.Snapshot) any { return v.HeadData.Head },
	}
}

// readFrame reads the option that says what is seen of the map.
func readFrame(value string) (string, bool) {
	f := widget.ParseFrame(value)
	return f.String(), value == "" || f != widget.Frame{}
}

// mapView is how the maps are seen.
func mapView(s *state.Snapshot) widget.MapView {
	return widget.MapView{
		Frame: widget.ParseFrame(s.Option(widget.MapOption)), Linear: s.Option(widget.LinearOption) != "", NoSink: s.Option(widget.NoSinkOption) != "",
	}
}

// attention leaves drawing to the map, which paints what is seen of it bit by bit.
type attention struct {
	shown *widget.Shown
}

// Draw places the map.
func (a *attention) Draw(f *Frame) Drawn {
	if m := missing(f); m != nil {
		return Drawn{Body: m}
	}
	s, v := f.State, f.Column
	m := &widget.AttentionMap{
		ID: f.ID, Head: v.HeadData.Head, Header: v.Run.Header, View: mapView(s), Key: state.None, Query: state.None, Gold: v.Gold, Dark: s.IsDark(),
		Shown: a.shown, On: f.On,
	}
	if v.Line >= 0 {
		if l := v.Run.Lines()[v.Line]; l.Step >= 0 {
			m.Query = l.First
			m.Picked = v.Run.Selection(l.Step, s.Head.Layer, s.Head.Head)
		}
	}
	switch {
	case s.Hover.On && s.Hover.Token >= 0:
		m.Key = s.Hover.Token
	case s.Token >= 0:
		m.Key = s.Token
	}
	return Drawn{Body: m}
}

// SVG frames what the map shows.
func (a *attention) SVG(f *Frame, title string) Saved {
	href, w, h, scale := a.shown.Image(f.State.SavesDark())
	if href == "" {
		return Saved{}
	}
	v := f.Column
	return Saved{SVG: plot.Picture{
		Title: title + ": attention", Href: href, W: w, H: h,
		Legend: widget.MapLegend(scale, v.Step >= 0, v.Gold >= 0, v.Step >= 0),
	}.SVG()}
}

// Table lists the weights that are seen.
func (a *attention) Table(f *Frame) [][]string {
	if f.Column.HeadData.Head == nil {
		return nil
	}
	return widget.MapTable(f.Column.HeadData.Head, mapView(f.State).Frame)
}
