package page

import (
	"fmt"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/picture"
	"kvscope/web/sample"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// Gallery shows every widget on made-up runs, in both sets of colours. It is alive:
// pointing and pressing work as in the explorer, on all specimens at once.
type Gallery struct {
	app.Compo

	ctx       app.Context
	s         state.Snapshot
	bus       *widget.Bus
	specimens []specimen
	show      int
	stop      []func()
}

// specimen is one made-up run.
type specimen struct {
	title string
	s     state.Snapshot
	drawn drawn
}

// NewGallery returns the page.
func NewGallery() *Gallery {
	g := &Gallery{s: state.New(state.DefaultPlace())}
	g.bus = &widget.Bus{Do: g.do}
	return g
}

// shown are the runs of the gallery.
var shown = []struct {
	title string
	sample.Spec
	until float64 // share of the events that have arrived
}{
	{"Quest, done: blocks picked at each answer step", sample.Spec{Method: "quest", Arch: "ratplus", Layers: 4, Heads: 4, Context: 640, Seed: 3}, 1},
	{"Quest, still running", sample.Spec{Method: "quest", Arch: "attention", Layers: 4, Heads: 4, Context: 640, Seed: 3}, 0.6},
	{"SnapKV, which keeps tokens", sample.Spec{Method: "snapkv", Arch: "attention", Layers: 6, Heads: 8, Context: 640, Seed: 5}, 1},
	{"MoBA, which picks for every query of the prompt", sample.Spec{Method: "moba", Arch: "ratplus", Layers: 4, Heads: 4, Context: 640, Seed: 7}, 1},
}

// OnMount makes up the runs and listens to the browser.
func (g *Gallery) OnMount(ctx app.Context) {
	g.ctx = ctx
	later := func(f func()) { ctx.Dispatch(func(app.Context) { f() }) }
	dark, stop := systemDark(func(dark bool) { later(func() { g.do(state.SystemColours{Dark: dark}) }) })
	g.stop = append(g.stop, stop)
	g.do(state.SystemColours{Dark: dark})
	g.do(state.UseTheme{Theme: keptTheme()})
	for _, sp := range shown {
		events, err := sample.Events(sp.Spec)
		if err != nil {
			app.Log("gallery: ", err)
			continue
		}
		g.specimens = append(g.specimens, specimen{title: sp.title, s: state.Replay(sp.Arch, events[:int(float64(len(events))*sp.until)])})
	}
	if len(g.specimens) > 0 {
		g.specimens = append(g.specimens, specimen{title: "Preview: another budget, from the scores of a run", s: previewed(g.specimens[0].s)})
	}
	g.specimens = append(g.specimens, specimen{title: "Failed", s: state.Replay("attention", []trace.Event{
		&trace.Failure{Field: "budget", Message: "1/64 keeps 10 tokens, fewer than the window of 32"},
	})}, specimen{title: "Idle", s: state.New(state.DefaultPlace())})
}

// previewed is a page with a run of Quest, made up at budget 1/8, on which twice as much
// has been asked for.
func previewed(s state.Snapshot) state.Snapshot {
	c := &s.Columns[0]
	was := run.Request{Model: c.Model, Method: "quest", Budget: "1/8", Block: 16}
	more := was
	more.Budget = "1/4"
	c.Preview = picture.Preview(c.Run, run.Reselect(more, was, &c.Run.Run, ops.Reference()))
	c.Phase = state.Loading
	return s
}

// OnDismount stops listening.
func (g *Gallery) OnDismount() {
	for _, stop := range g.stop {
		stop()
	}
}

// do applies an action to the page and to every specimen.
func (g *Gallery) do(a state.Action) {
	var effects []state.Effect
	g.s, effects = g.s.Do(a)
	for _, f := range effects {
		switch f := f.(type) {
		case state.KeepTheme:
			keepTheme(f.Theme)
		case state.ShowNeedle:
			g.show++
		}
	}
	for i := range g.specimens {
		g.specimens[i].s, _ = g.specimens[i].s.Do(a)
	}
	g.Update()
}

// Render lays out both halves.
func (g *Gallery) Render() app.UI {
	body := []app.UI{
		&widget.Header{Path: "/gallery", Theme: g.s.Theme, On: g.bus},
		app.P().Class("gallery-intro").Text("Every picture of the explorer, on runs that are made up and say nothing about any method, in both sets of colours. Point and press as in the explorer."),
		app.Div().Class("specimens").Body(g.half(state.Light), g.half(state.Dark)),
	}
	if g.s.Help {
		body = append(body, &widget.KeyList{On: g.bus})
	}
	return app.Div().Class("gallery").DataSet("testid", "gallery").Body(body...)
}

func (g *Gallery) half(theme state.Theme) app.UI {
	body := []app.UI{
		specimenOf("Controls", &widget.Controls{
			ID: string(theme), Form: g.s.Draft.With("method", "snapkv").With("budget", "1/64"), Longest: 640, Ready: true,
			Problems: state.Problems{"budget": "1/64 keeps 10 tokens, fewer than the window of 32"}, On: g.bus,
		}),
	}
	for i := range g.specimens {
		sp := &g.specimens[i]
		v := sp.drawn.of(&sp.s, 0)
		body = append(body, specimenOf(sp.title, widget.Column(fmt.Sprintf("%s-%d", theme, i), 0, v, &sp.s, g.show, g.bus)))
		if i == 0 {
			views := []*widget.ColumnView{v, v}
			body = append(body,
				specimenOf("Timeline", timeline(&sp.s, views, g.bus)),
				specimenOf("Inspector", inspect(&sp.s, views, g.bus)))
		}
	}
	return app.Section().Class("specimen-side").DataSet("theme", string(theme)).Aria("label", string(theme)+" colours").Body(body...)
}

func specimenOf(title string, content app.UI) app.UI {
	return app.Div().Class("specimen").Body(app.H2().Text(title), content)
}
