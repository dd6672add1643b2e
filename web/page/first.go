package page

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/api"
	"kvscope/web/browser"
	"kvscope/web/client"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// FirstScreen draws the explorer as it stands once the runs are over that it asks for at an
// address without a query, as HTML: what a page shows until its program is there. play
// returns the events of such a run; hosts are those of the page.
func FirstScreen(hosts []client.Host, meta api.Meta, still widget.Still, play func(run.Request) ([]trace.Event, error)) (string, error) {
	e := NewExplorer(nil)
	e.bus.Still = &still
	e.s, _ = e.s.Do(state.HasEngines{Engines: engines(hosts)})
	var asked []state.Effect
	e.s, asked = e.s.Do(state.MetaArrived{Meta: meta})
	for _, f := range asked {
		start, ok := f.(state.Start)
		if !ok {
			continue
		}
		events, err := play(start.Request)
		if err != nil {
			return "", err
		}
		e.s, _ = e.s.Do(state.Progressed{Side: start.Side, Gen: start.Gen, Progress: api.RunProgress{Kind: api.Recorded}})
		e.s, _ = e.s.Do(state.Arrived{Side: start.Side, Gen: start.Gen, Events: events})
	}
	e.screen.update(&e.s)
	return app.HTMLString(e), nil
}

// reveal takes away what stood on the screen before the program did, once the page has
// something to show in its place.
func (e *Explorer) reveal() {
	if e.revealed || e.s.MetaPhase == state.Loading {
		return
	}
	for side := range e.s.Shown() {
		if e.s.Columns[side].Phase() == state.Loading {
			return
		}
	}
	e.revealed = true
	e.ctx.Defer(func(app.Context) { browser.Reveal() })
}
