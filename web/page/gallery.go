package page

import (
	"fmt"
	"slices"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/browser"
	"kvscope/web/lesson"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// Gallery shows every widget on made-up runs, in both sets of colours. It is alive:
// pointing and pressing work as in the explorer, on a specimen in both its colours.
type Gallery struct {
	app.Compo

	ctx       app.Context
	s         state.Snapshot
	bus       *widget.Bus
	specimens []*specimen
	stop      []func()
}

// NewGallery returns the page.
func NewGallery() *Gallery {
	g := &Gallery{s: newState(state.DefaultPlace())}
	g.bus = &widget.Bus{Do: g.do}
	return g
}

// OnMount makes up the runs and listens to the browser.
func (g *Gallery) OnMount(ctx app.Context) {
	g.ctx = ctx
	later := func(f func()) { ctx.Dispatch(func(app.Context) { f() }) }
	dark, stop := browser.PrefersDark(func(dark bool) { later(func() { g.do(state.SystemColours{Dark: dark}) }) })
	g.stop = append(g.stop, stop)
	g.do(state.SystemColours{Dark: dark})
	for _, a := range keptAround() {
		g.do(a)
	}
	list, err := specimens()
	if err != nil {
		app.Log("gallery: ", err)
	}
	for _, sp := range list {
		sp.bus = &widget.Bus{Do: func(a state.Action) { g.touch(sp, a) }}
	}
	g.specimens = list
}

// OnDismount stops listening.
func (g *Gallery) OnDismount() {
	for _, stop := range g.stop {
		stop()
	}
}

// do applies an action to the page.
func (g *Gallery) do(a state.Action) {
	var effects []state.Effect
	g.s, effects = g.s.Do(a)
	for _, f := range effects {
		keepAround(f)
	}
	g.Update()
}

// touch applies an action to a specimen. What only a server or a file could do is
// left undone.
func (g *Gallery) touch(sp *specimen, a state.Action) {
	next, effects := sp.s.Do(a)
	if slices.ContainsFunc(effects, func(f state.Effect) bool { _, starts := f.(state.Start); return starts }) {
		return
	}
	sp.become(next)
	for _, f := range effects {
		switch f := f.(type) {
		case state.ShowNeedle:
			sp.show++
		case state.Wait:
			g.ctx.After(f.For, func(app.Context) { g.touch(sp, state.Tick{Gen: f.Gen}) })
		case state.AskHead:
			if seen := sp.look(f); seen != nil {
				seen, _ := sp.s.Do(seen)
				sp.become(seen)
			}
		}
	}
	g.Update()
}

// Render lays out both halves.
func (g *Gallery) Render() app.UI {
	body := []app.UI{
		&widget.Header{Path: "/gallery", Theme: g.s.Theme, On: g.bus},
		app.Main().TabIndex(-1).Body(app.H1().Class("unseen").Text("Gallery"), app.P().Class("gallery-intro").Text("Every picture of the explorer, on runs that are made up and say nothing about any method, in both sets of colours. Point and press as in the explorer."),
			app.Div().Class("specimens").Body(g.half(state.Light), g.half(state.Dark))),
	}
	if g.s.Help {
		body = append(body, &widget.KeyList{Keys: g.s.Keys(), LettersOff: g.s.LettersOff, On: g.bus})
	}
	return app.Div().Class("gallery").DataSet("testid", "gallery").Body(body...)
}

func (g *Gallery) half(theme state.Theme) app.UI {
	body := []app.UI{
		specimenOf("Controls", "controls", &widget.Controls{
			ID: string(theme), Form: g.s.Draft.With("method", "snapkv").With("budget", "1/64"), Longest: 640, Ready: true, Prepared: lesson.PreparedFor(nil)[:1],
			Problems: state.Problems{"budget": "1/64 keeps 10 tokens, fewer than the window of 32"}, On: g.bus,
		}),
		specimenOf("Keys", "key-list", widget.KeyTable(g.s.Keys(), false)),
	}
	for i, sp := range g.specimens {
		body = append(body, specimenOf(sp.title, sp.name, sp.part(sp, fmt.Sprintf("%s-%d", theme, i))))
	}
	return app.Section().Class("specimen-side").DataSet("theme", string(theme)).Aria("label", string(theme)+" colours").Body(body...)
}

func specimenOf(title, name string, content app.UI) app.UI {
	return app.Div().Class("specimen").DataSet("specimen", name).Body(app.H2().Text(title), content)
}
