package widget

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/picture"
	"kvscope/web/state"
)

// Switch is a small choice of one.
type Switch struct {
	app.Compo

	Name, Label, Value string
	Option             string      // of a view; "" chooses the view itself
	Options            [][2]string // value, label
	On                 *Bus
}

// metricOptions offers the metrics that something is known of.
func metricOptions(h *picture.Heads, current picture.Metric) [][2]string {
	var out [][2]string
	for _, m := range picture.Metrics() {
		if m.Optional() && m != current && (h == nil || !h.Has(m)) {
			continue
		}
		out = append(out, [2]string{string(m), metricTitles[m][0]})
	}
	return out
}

// Render lays out radio buttons.
func (s *Switch) Render() app.UI {
	body := make([]app.UI, len(s.Options))
	for i, o := range s.Options {
		body[i] = app.Label().Body(
			app.Input().Type("radio").Checked(o[0] == s.Value).Name(s.Name).Value(o[0]).
				Aria("label", s.Label+" "+o[1]).OnChange(s.onChoose, s.Name, o[0]),
			app.Span().Text(o[1]))
	}
	return app.Div().Class("choice small").Attr("role", "radiogroup").Aria("label", s.Label).
		DataSet("testid", "choose-"+s.Name).Body(body...)
}

func (s *Switch) onChoose(ctx app.Context, _ app.Event) {
	value := ctx.JSSrc().Get("value").String()
	if s.Option != "" {
		s.On.Do(state.SetOption{Name: s.Option, Value: value})
		return
	}
	s.On.Do(state.Show{View: value})
}

// MetricMenu chooses what heads are coloured by, in the room of one word.
type MetricMenu struct {
	app.Compo

	ID      string
	Value   string
	Options [][2]string // value, label
	On      *Bus
}

// Render lays out the menu.
func (m *MetricMenu) Render() app.UI {
	body := make([]app.UI, len(m.Options))
	for i, o := range m.Options {
		body[i] = app.Option().Value(o[0]).Selected(o[0] == m.Value).Text(o[1])
	}
	return app.Select().Class("input metric").Aria("label", "colour heads by").Title("colour heads by (m)").
		DataSet("testid", "choose-metric-"+m.ID).OnChange(m.onChoose).Body(body...)
}

// OnUpdate shows a metric that was chosen elsewhere.
func (m *MetricMenu) OnUpdate(app.Context) { m.JSValue().Set("value", m.Value) }

func (m *MetricMenu) onChoose(ctx app.Context, _ app.Event) {
	m.On.Do(state.ColourBy{Metric: picture.Metric(ctx.JSSrc().Get("value").String())})
}

// NeedleButton scrolls the prompts to the needle.
type NeedleButton struct {
	app.Compo

	On *Bus
}

// Render lays out the button.
func (b *NeedleButton) Render() app.UI {
	return app.Button().Type("button").Class("button icon small").Title("scroll to the needle (g)").Aria("label", "scroll to the needle").
		DataSet("testid", "needle").OnClick(b.onClick).Body(app.Raw(iconNeedle))
}

func (b *NeedleButton) onClick(app.Context, app.Event) { b.On.Do(state.FindNeedle{}) }
