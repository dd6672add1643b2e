package page

import (
	"context"
	"fmt"
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/experiment"
	"kvscope/web/api"
	"kvscope/web/browser"
	"kvscope/web/client"
	"kvscope/web/lab"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// Experiments is the page that measures grids and shows what they come to.
type Experiments struct {
	app.Compo

	connect func() client.Lab
	lab     client.Lab
	ctx     app.Context
	life    context.Context
	end     context.CancelFunc

	s        lab.Snapshot
	bus      *widget.Bus
	linked   string // the query that the address has
	said     state.Toast
	unfollow context.CancelFunc
	press    *presser
	stop     []func()
}

// NewExperiments returns the page; connect finds the lab once it is in a browser.
func NewExperiments(connect func() client.Lab) *Experiments {
	e := &Experiments{connect: connect, s: lab.New(), unfollow: func() {}}
	e.bus = &widget.Bus{Do: func(a state.Action) { e.do(lab.Around{Do: a}) }}
	e.press = &presser{func(p lab.Pick) { e.later(p) }, e.say}
	return e
}

// OnMount starts the page in a browser.
func (e *Experiments) OnMount(ctx app.Context) {
	e.ctx, e.lab = ctx, e.connect()
	e.life, e.end = context.WithCancel(context.Background())
	dark, stop := browser.PrefersDark(func(dark bool) { e.later(lab.Around{Do: state.SystemColours{Dark: dark}}) })
	e.stop = append(e.stop, stop, browser.Listen(app.Window(), "popstate", func(app.Value) {
		ctx.Dispatch(func(app.Context) { e.restore(ctx.Page().URL().RawQuery) })
	}))
	e.do(lab.Around{Do: state.SystemColours{Dark: dark}})
	for _, a := range keptAround() {
		e.do(lab.Around{Do: a})
	}
	if id := e.s.Place.ID; id != "" {
		e.do(lab.Open{ID: id}) // which the address named before there was a lab to ask
	}
	e.perform(lab.AskMeta{})
	e.perform(lab.AskList{})
}

// OnDismount stops listening.
func (e *Experiments) OnDismount() {
	for _, stop := range e.stop {
		stop()
	}
	e.unfollow()
	if e.end != nil {
		e.end()
	}
}

// OnNav shows what the address says.
func (e *Experiments) OnNav(ctx app.Context) {
	if app.IsClient {
		e.restore(ctx.Page().URL().RawQuery)
	}
}

func (e *Experiments) restore(query string) {
	e.tell("")
	if bad := lab.Misread(query); len(bad) > 0 {
		e.tell(leftOut(bad))
	}
	e.linked = query
	e.do(lab.Restore{Place: lab.ParseQuery(query)})
}

// say shows a short message.
func (e *Experiments) say(text string) { e.ctx.Dispatch(func(app.Context) { e.tell(text) }) }

// tell shows one in a turn of its own, until it can have been read; "" takes it away.
func (e *Experiments) tell(text string) {
	e.said = e.said.Say(text)
	if said := e.said; text != "" {
		e.ctx.After(said.Reads(), func(app.Context) {
			if e.said == said {
				e.tell("")
			}
		})
	}
	e.Update()
}

// later does an action in go-app's own turn.
func (e *Experiments) later(a lab.Action) { e.ctx.Dispatch(func(app.Context) { e.do(a) }) }

// do applies an action and carries out its effects.
func (e *Experiments) do(a lab.Action) {
	var effects []lab.Effect
	e.s, effects = e.s.Do(a)
	for _, f := range effects {
		e.perform(f)
	}
	e.Update()
}

func (e *Experiments) perform(f lab.Effect) {
	if e.lab == nil {
		return // not in a browser yet: OnMount asks
	}
	switch f := f.(type) {
	case lab.AskMeta:
		answer(e, f.After, e.lab.Meta, func(m api.Meta, err error) lab.Action { return lab.MetaArrived{Meta: m, Err: err} })
	case lab.AskList:
		answer(e, f.After, e.lab.List, func(list []api.Described, err error) lab.Action { return lab.ListArrived{List: list, Err: err} })
	case lab.Estimate:
		e.estimate(f)
	case lab.Create:
		answer(e, 0, func(ctx context.Context) (api.Described, error) { return e.lab.Create(ctx, f.Name, f.Grid) },
			func(x api.Described, err error) lab.Action { return lab.Created{Described: x, Err: err} })
	case lab.Get:
		answer(e, 0, func(ctx context.Context) (api.Described, error) { return e.lab.Get(ctx, f.ID) },
			func(x api.Described, err error) lab.Action { return lab.Got{Gen: f.Gen, Described: x, Err: err} })
	case lab.AskPictures:
		answer(e, 0, func(ctx context.Context) (api.Pictures, error) { return e.lab.Pictures(ctx, f.ID, f.Paper) },
			func(p api.Pictures, err error) lab.Action {
				return lab.PicturesArrived{Gen: f.Gen, Paper: f.Paper, Pictures: p, Err: err}
			})
	case lab.AskExamples:
		answer(e, 0, func(ctx context.Context) (api.Examples, error) { return e.lab.Examples(ctx, f.ID, f.Ref) },
			func(x api.Examples, err error) lab.Action {
				return lab.ExamplesArrived{Gen: f.Gen, Examples: x, Err: err}
			})
	case lab.Decide:
		answer(e, 0, func(ctx context.Context) (api.Described, error) { return e.lab.Decide(ctx, f.ID, f.What) },
			func(x api.Described, err error) lab.Action {
				return lab.Decided{Gen: f.Gen, What: f.What, Described: x, Err: err, At: time.Now()}
			})
	case lab.Forget:
		answer(e, 0, func(ctx context.Context) (api.Described, error) {
			return f.Described, e.lab.Remove(ctx, f.Described.ID)
		},
			func(x api.Described, err error) lab.Action {
				return lab.Gone{Gen: f.Gen, Described: x, Err: err}
			})
	case lab.Recreate:
		answer(e, 0, func(ctx context.Context) (api.Described, error) { return e.recreate(ctx, f.Described) },
			func(x api.Described, err error) lab.Action { return lab.Created{Described: x, Undone: true, Err: err} })
	case lab.Follow:
		e.follow(f)
	case lab.Unfollow:
		e.unfollow()
	case lab.NeedScript:
		e.needScript(f.Path)
	case lab.Link:
		e.link(f)
	case lab.KeepAround:
		keepAround(f.Choice)
	}
}

// answer asks for something, after a while, and brings what came to the page.
func answer[T any](e *Experiments, after time.Duration, ask func(context.Context) (T, error), then func(T, error) lab.Action) {
	life := e.life
	go func() {
		time.Sleep(after)
		v, err := ask(life)
		if life.Err() == nil {
			e.later(then(v, err))
		}
	}()
}

// estimate asks for the cost of a form that has rested.
func (e *Experiments) estimate(f lab.Estimate) {
	e.ctx.After(f.After, func(app.Context) {
		if e.s.Estimating(f.Gen) {
			answer(e, 0, func(ctx context.Context) (api.Estimate, error) { return e.lab.Estimate(ctx, f.Grid) },
				func(c api.Estimate, err error) lab.Action { return lab.Estimated{Gen: f.Gen, Cost: c, Err: err} })
		}
	})
}

// recreate asks for a removed experiment again, as far as it was.
func (e *Experiments) recreate(ctx context.Context, x api.Described) (api.Described, error) {
	y, err := e.lab.Create(ctx, x.Name, x.Grid)
	if what := map[api.State]string{api.Paused: "pause", api.Cancelled: "cancel"}[x.State]; err == nil && what != "" {
		return e.lab.Decide(ctx, y.ID, what)
	}
	return y, err
}

// follow hears how an experiment is doing, and of no other.
func (e *Experiments) follow(f lab.Follow) {
	e.unfollow()
	ctx, cancel := context.WithCancel(e.life)
	e.unfollow = cancel
	go e.lab.Follow(ctx, f.ID, func(s api.Status) {
		if ctx.Err() == nil {
			e.later(lab.Heard{Gen: f.Gen, Status: s, At: time.Now()})
		}
	})
}

// link writes the address.
func (e *Experiments) link(f lab.Link) {
	if f.Query != e.linked {
		e.linked = f.Query
		browser.Address{Query: f.Query, Push: f.Push}.Write()
	}
}

// needScript loads the script that draws charts, once, and again where it did not come.
func (e *Experiments) needScript(path string) {
	if app.Window().Get("echarts").Truthy() {
		if !e.s.Drawing {
			e.later(lab.ScriptLoaded{})
		}
		return
	}
	document := app.Window().Get("document")
	script := document.Call("querySelector", "script[data-charts]")
	if !script.Truthy() {
		script = document.Call("createElement", "script")
		script.Get("dataset").Set("charts", "")
		script.Set("src", path)
		document.Get("head").Call("append", script)
	}
	e.stop = append(e.stop,
		browser.Listen(script, "load", func(app.Value) { e.later(lab.ScriptLoaded{}) }),
		browser.Listen(script, "error", func(app.Value) {
			script.Call("remove")
			e.later(lab.ScriptLoaded{Err: fmt.Errorf("%s, the script that draws them, does not come. Check the connection and reload the page", path)})
		}))
}

// presets lists the grids of the paper for the models there are.
func (e *Experiments) presets() []experiment.Preset { return experiment.Presets(e.s.Meta.Value.Models) }

// Render lays out the page.
func (e *Experiments) Render() app.UI {
	body := []app.UI{
		&widget.Header{Path: "/experiments", Theme: e.s.Theme, On: e.bus},
		e.controls(),
		app.Main().Class("lab-main").TabIndex(-1).Body(app.H1().Class("unseen").Text("Experiments"), e.experiments(), e.opened()),
		&widget.Toast{Of: e.said},
	}
	body = append(body, keyList(e.s.Chrome, e.bus)...)
	return app.Div().Class("lab").DataSet("testid", "experiments").
		DataSet("meta", string(e.s.Meta.Phase)).DataSet("list", string(e.s.List.Phase)).
		DataSet("open", string(e.s.Open.Phase)).DataSet("theme", string(e.s.Theme)).
		Body(body...)
}
