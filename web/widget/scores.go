package widget

import (
	"fmt"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/number"
	"kvscope/viz/plot"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// ScorePlot shows what the method thinks of every block against the attention that
// the head would give it.
type ScorePlot struct {
	app.Compo

	ID    string
	Data  *picture.Scatter
	Votes bool
	Block int // pointed out, or -1
	On    *Bus

	size    size
	drawn   *picture.Scatter
	drawnAt [2]float64
	within  int
	stop    func()
}

// Scatter is the picture of scores as package plot draws it.
func Scatter(d *picture.Scatter, votes bool) plot.Scatter {
	out := plot.Scatter{Title: "score and true attention of every block", XName: "score →", YName: "↑ dense attention"}
	if votes {
		out.XName = "votes →"
	}
	for _, p := range d.Points {
		about := fmt.Sprintf("block %d: score %s, mass %s", p.Block, number.Digits(float64(p.Score), 4), number.Mass(p.Mass))
		if p.Forced {
			about = fmt.Sprintf("block %d: read whatever its score, mass %s", p.Block, number.Mass(p.Mass))
		}
		out.Dots = append(out.Dots, plot.Dot{ID: p.Block, X: float64(p.Score), Y: float64(p.Mass), Picked: p.Picked, Gold: p.Gold, Forced: p.Forced, About: about})
	}
	return out
}

// OnMount listens to the pointer.
func (s *ScorePlot) OnMount(ctx app.Context) {
	s.within = -1
	el := s.JSValue()
	over := app.FuncOf(func(_ app.Value, args []app.Value) any { s.point(ctx, args[0]); return nil })
	s.size.follow(el, func() { ctx.Dispatch(func(app.Context) { s.draw() }) })
	for _, event := range []string{"pointerover", "pointerleave", "click"} {
		el.Call("addEventListener", event, over)
	}
	s.stop = func() {
		s.size.leave()
		for _, event := range []string{"pointerover", "pointerleave", "click"} {
			el.Call("removeEventListener", event, over)
		}
		over.Release()
	}
}

// OnDismount stops listening.
func (s *ScorePlot) OnDismount() {
	if s.stop != nil {
		s.stop()
	}
}

// OnUpdate draws what changed.
func (s *ScorePlot) OnUpdate(app.Context) { s.draw() }

func (s *ScorePlot) draw() {
	if !s.size.known() || s.Data == nil {
		return
	}
	el := s.JSValue()
	if at := s.size.plot(); s.drawn != s.Data || s.drawnAt != at {
		el.Set("innerHTML", Scatter(s.Data, s.Votes).SVG(at[0], at[1]))
		s.drawn, s.drawnAt = s.Data, at
	}
	for _, dot := range list(el.Call("querySelectorAll", "[data-dot]")) {
		dot.Get("classList").Call("toggle", "on", dot.Get("dataset").Get("dot").String() == strconv.Itoa(s.Block))
	}
}

// point tells which block the pointer is on, and holds it when pressed.
func (s *ScorePlot) point(ctx app.Context, e app.Value) {
	block := -1
	if at := e.Get("target").Call("closest", "[data-dot]"); at.Truthy() {
		block, _ = strconv.Atoi(at.Get("dataset").Get("dot").String())
	}
	var do state.Action
	switch {
	case e.Get("type").String() == "click":
		if block < 0 {
			return
		}
		do = state.Choose{Line: state.None, Block: block}
	case block == s.within:
		return
	case block < 0:
		do = state.Leave{}
	default:
		do = state.Point{Block: block, Line: state.None}
	}
	s.within = block
	ctx.Dispatch(func(app.Context) { s.On.Do(do) })
}

// Render makes the place that the plot is drawn into.
func (s *ScorePlot) Render() app.UI {
	d := s.Data
	if d == nil {
		d = &picture.Scatter{}
	}
	return app.Div().Class("scores").
		DataSet("testid", "scores-"+s.ID).
		DataSet("points", len(d.Points)).
		DataSet("correlation", number.Decimals(d.Correlation, 2)).
		Attr("role", "img").
		Aria("label", fmt.Sprintf("score against true attention of %d blocks, rank correlation %s", len(d.Points), number.Decimals(d.Correlation, 2)))
}
