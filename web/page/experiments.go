package page

import (
	"context"
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/experiment"
	"kvscope/viz/chart"
	"kvscope/web/api"
	"kvscope/web/browser"
	"kvscope/web/client"
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

	s      state.Snapshot // colours and keys only
	bus    *widget.Bus
	place  state.LabPlace
	linked string

	meta     loaded[api.Meta]
	form     state.GridForm
	problems state.Problems
	cost     loaded[api.Estimate]
	costGen  int
	starting bool
	refused  string // why an experiment could not be started

	list     loaded[[]api.Described]
	open     loaded[api.Described]
	pictures loaded[api.Pictures]
	openGen  int
	fresh    time.Time // when pictures were last asked for
	asked    string    // what was decided last, until it is heard of
	picked   picked
	removing bool           // it was asked whether to remove the open experiment
	removed  *api.Described // what was removed last, to be undone

	press   *presser
	drawing bool // the script that draws charts is there
	listen  func()
	stop    []func()
}

// loaded is something that takes time to come.
type loaded[T any] struct {
	phase state.Phase
	value T
	err   string
}

// picked is the row whose examples are shown.
type picked struct {
	ref      *chart.Ref
	about    string
	examples loaded[api.Examples]
}

// NewExperiments returns the page; connect finds the server once it is in a browser.
func NewExperiments(connect func() client.Lab) *Experiments {
	e := &Experiments{connect: connect, s: newState(state.DefaultPlace()), place: state.DefaultLabPlace()}
	e.meta.phase, e.list.phase = state.Loading, state.Loading
	e.open.phase, e.pictures.phase, e.cost.phase = state.Idle, state.Idle, state.Idle
	e.bus = &widget.Bus{Do: e.do}
	return e
}

// OnMount starts the page in a browser.
func (e *Experiments) OnMount(ctx app.Context) {
	e.ctx, e.lab = ctx, e.connect()
	e.life, e.end = context.WithCancel(context.Background())
	dark, stop := browser.PrefersDark(func(dark bool) { e.later(func() { e.do(state.SystemColours{Dark: dark}) }) })
	e.stop = append(e.stop, stop, browser.Listen(app.Window(), "popstate", func(app.Value) {
		e.later(func() { e.restore(ctx.Page().URL().RawQuery) })
	}))
	e.do(state.SystemColours{Dark: dark})
	e.do(state.UseTheme{Theme: keptTheme()})
	e.askMeta()
	e.askList()
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
	before := e.place
	e.place, e.linked = state.ParseLabQuery(query), query
	if e.place.ID != before.ID {
		e.show(e.place.ID)
	} else if e.place.Paper != before.Paper {
		e.askPictures()
	}
	e.Update()
}

// later brings f to the page's own turn.
func (e *Experiments) later(f func()) { e.ctx.Dispatch(func(app.Context) { f() }) }

// do applies an action of the header.
func (e *Experiments) do(a state.Action) {
	var effects []state.Effect
	e.s, effects = e.s.Do(a)
	for _, f := range effects {
		if f, ok := f.(state.KeepTheme); ok {
			keepTheme(f.Theme)
		}
	}
	e.Update()
}

// load asks for something and brings the answer to the page.
func load[T any](e *Experiments, ask func(context.Context) (T, error), then func(T, error)) {
	life := e.life
	go func() {
		v, err := ask(life)
		if life.Err() != nil {
			return
		}
		e.later(func() {
			then(v, err)
			e.Update()
		})
	}()
}

// become notes what came, or that it did not. What was there before stays.
func (l *loaded[T]) become(v T, err error) {
	if err != nil {
		l.phase, l.err = state.Failed, err.Error()
		return
	}
	l.phase, l.value, l.err = state.Done, v, ""
}

// again is how long to wait before asking a lost server again.
const again = 2 * time.Second

func (e *Experiments) askMeta() {
	load(e, e.lab.Meta, func(m api.Meta, err error) {
		e.meta.become(m, err)
		if err != nil {
			e.ctx.After(again, func(app.Context) { e.askMeta() })
			return
		}
		if e.form.Lists == nil {
			e.usePreset(experiment.Presets(m.Models)[0])
		}
	})
}

func (e *Experiments) askList() {
	load(e, e.lab.List, func(list []api.Described, err error) {
		e.list.become(list, err)
		if client.IsLost(err) {
			e.ctx.After(again, func(app.Context) { e.askList() })
		}
		if err == nil && e.place.ID == "" && len(list) > 0 {
			e.place.ID = list[0].ID
			e.show(e.place.ID)
			e.link(false)
		}
	})
}

// usePreset fills the form in.
func (e *Experiments) usePreset(p experiment.Preset) { e.change(state.FormOf(p)) }

// settle is how long the form must rest before its cost is asked for.
const settle = 500 * time.Millisecond

// change takes a new form and asks what it would cost.
func (e *Experiments) change(f state.GridForm) {
	e.form, e.refused = f, ""
	g, problems := f.Grid()
	e.problems = problems
	e.costGen++
	gen := e.costGen
	if len(problems) > 0 {
		e.cost = loaded[api.Estimate]{phase: state.Idle}
		return
	}
	e.cost.phase = state.Loading
	e.ctx.After(settle, func(app.Context) {
		if gen != e.costGen {
			return
		}
		load(e, func(ctx context.Context) (api.Estimate, error) { return e.lab.Estimate(ctx, g) }, func(c api.Estimate, err error) {
			if gen == e.costGen {
				e.cost.become(c, e.blame(err))
			}
		})
	})
}

// blame puts an error to its field, and returns it where there is none.
func (e *Experiments) blame(err error) error {
	if err == nil {
		return nil
	}
	if field, problem := state.Blame(err); field != "" {
		e.problems = state.Problems{field: problem}
	}
	return err
}

// start starts what the form asks for.
func (e *Experiments) start() {
	g, problems := e.form.Grid()
	if e.problems = problems; len(problems) > 0 || e.starting {
		return
	}
	e.starting, e.refused = true, ""
	name := e.form.Name
	load(e, func(ctx context.Context) (api.Described, error) { return e.lab.Create(ctx, name, g) }, func(x api.Described, err error) {
		e.starting = false
		if e.blame(err) != nil {
			e.refused = err.Error()
			return
		}
		e.askList()
		e.openOne(x.ID)
	})
}

// openOne shows an experiment and makes the address say so.
func (e *Experiments) openOne(id string) {
	if id == e.place.ID && e.open.phase == state.Done {
		return
	}
	e.place.ID = id
	e.show(id)
	e.link(true)
}

// show asks for an experiment and follows it.
func (e *Experiments) show(id string) {
	e.unfollow()
	e.openGen++
	e.removing = false
	e.open, e.pictures, e.picked = loaded[api.Described]{phase: state.Idle}, loaded[api.Pictures]{phase: state.Idle}, picked{}
	if id == "" || e.lab == nil {
		return
	}
	e.open.phase, e.pictures.phase = state.Loading, state.Loading
	e.refresh()
	e.follow(id)
}

// refresh asks for the open experiment and its pictures again.
func (e *Experiments) refresh() {
	gen, id := e.openGen, e.place.ID
	load(e, func(ctx context.Context) (api.Described, error) { return e.lab.Get(ctx, id) }, func(x api.Described, err error) {
		if gen == e.openGen {
			e.open.become(x, err)
		}
	})
	e.askPictures()
}

func (e *Experiments) askPictures() {
	gen, id, paper := e.openGen, e.place.ID, e.place.Paper
	if id == "" || e.lab == nil {
		return
	}
	e.fresh = time.Now()
	load(e, func(ctx context.Context) (api.Pictures, error) { return e.lab.Pictures(ctx, id, paper) }, func(p api.Pictures, err error) {
		if gen != e.openGen || paper != e.place.Paper {
			return
		}
		e.pictures.become(p, err)
		if err == nil {
			e.needScript(p.Script)
		}
	})
}

// refreshEvery is how often pictures of a running experiment are drawn anew.
const refreshEvery = 3 * time.Second

// follow hears how an experiment is doing until it is over.
func (e *Experiments) follow(id string) {
	gen := e.openGen
	ctx, cancel := context.WithCancel(e.life)
	e.listen = cancel
	go e.lab.Follow(ctx, id, func(s api.Status) {
		e.later(func() {
			if gen == e.openGen && ctx.Err() == nil {
				e.heard(s)
			}
		})
	})
}

func (e *Experiments) unfollow() {
	if e.listen != nil {
		e.listen()
		e.listen = nil
	}
}

// heard takes in how the open experiment is doing.
func (e *Experiments) heard(s api.Status) {
	before := e.open.value.Status
	e.open.value = withStatus(e.open.value, s)
	for i := range e.list.value {
		if e.list.value[i].ID == e.place.ID {
			e.list.value[i] = withStatus(e.list.value[i], s)
		}
	}
	ended := s.Over || s.State == api.Cancelled
	if ended {
		e.unfollow() // the browser would ask again
		if !before.Over && before.State != api.Cancelled {
			e.change(e.form) // some of it is known now
		}
	}
	changed := s.Done != before.Done || s.Failed != before.Failed
	if changed && (ended || time.Since(e.fresh) > refreshEvery) {
		e.refresh()
	}
	e.Update()
}

// withStatus is x as it is doing now.
func withStatus(x api.Described, s api.Status) api.Described {
	x.Status, x.State = s, s.State
	return x
}

// decide pauses, resumes or cancels the open experiment.
func (e *Experiments) decide(what string) {
	gen, id := e.openGen, e.place.ID
	e.asked = what
	load(e, func(ctx context.Context) (api.Described, error) { return e.lab.Decide(ctx, id, what) }, func(x api.Described, err error) {
		e.asked = ""
		if gen != e.openGen {
			return
		}
		if err != nil {
			e.open.err = err.Error()
			return
		}
		e.heard(x.Status)
		if what == "resume" {
			e.unfollow()
			e.follow(id)
		}
	})
}

// remove forgets the open experiment.
func (e *Experiments) remove() {
	x := e.open.value
	load(e, func(ctx context.Context) (struct{}, error) { return struct{}{}, e.lab.Remove(ctx, x.ID) }, func(_ struct{}, err error) {
		e.removing = false
		if err != nil {
			e.open.err = err.Error()
			return
		}
		e.removed = &x
		e.place.ID = ""
		e.show("")
		e.link(false)
		e.askList()
	})
}

// unremove asks for the removed experiment again, under its name and as far as it was:
// its cells are known.
func (e *Experiments) unremove() {
	x := *e.removed
	again := func(ctx context.Context) (api.Described, error) {
		y, err := e.lab.Create(ctx, x.Name, x.Grid)
		if what := map[api.State]string{api.Paused: "pause", api.Cancelled: "cancel"}[x.State]; err == nil && what != "" {
			return e.lab.Decide(ctx, y.ID, what)
		}
		return y, err
	}
	load(e, again, func(y api.Described, err error) {
		if err != nil {
			e.open.err = err.Error()
			return
		}
		e.removed = nil
		e.askList()
		e.openOne(y.ID)
	})
}

// copyGrid fills the form with the grid of the open experiment.
func (e *Experiments) copyGrid() {
	x := e.open.value
	e.change(state.FormOf(experiment.Preset{Name: x.Name, Grid: x.Grid}))
	e.Update()
}

// pick shows the examples behind a point of a picture.
func (e *Experiments) pick(ref chart.Ref, about string) {
	e.picked = picked{ref: &ref, about: about}
	e.picked.examples.phase = state.Loading
	id := e.place.ID
	load(e, func(ctx context.Context) (api.Examples, error) { return e.lab.Examples(ctx, id, ref) }, func(x api.Examples, err error) {
		if e.picked.ref == &ref {
			e.picked.examples.become(x, err)
		}
	})
}

// look changes what is looked at, without a trace in the history.
func (e *Experiments) look(p state.LabPlace) {
	paper := p.Paper != e.place.Paper
	e.place = p
	e.link(false)
	if paper {
		e.askPictures()
	}
	e.Update()
}

// link writes the address.
func (e *Experiments) link(push bool) {
	query := e.place.Query()
	if query == e.linked {
		return
	}
	e.linked = query
	browser.Address{Query: query, Push: push}.Write()
}

// needScript loads the script that draws charts, once.
func (e *Experiments) needScript(path string) {
	if app.Window().Get("echarts").Truthy() {
		e.drawing = true
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
	e.stop = append(e.stop, browser.Listen(script, "load", func(app.Value) {
		e.later(func() { e.drawing = true; e.Update() })
	}))
}

// Render lays out the page.
func (e *Experiments) Render() app.UI {
	body := []app.UI{
		&widget.Header{Path: "/experiments", Theme: e.s.Theme, On: e.bus},
		e.controls(),
		app.Main().Class("lab-main").Body(e.experiments(), e.opened()),
	}
	if e.s.Help {
		body = append(body, &widget.KeyList{Keys: e.s.Keys(), On: e.bus})
	}
	return app.Div().Class("lab").DataSet("testid", "experiments").
		DataSet("meta", string(e.meta.phase)).DataSet("list", string(e.list.phase)).
		DataSet("open", string(e.open.phase)).DataSet("theme", string(e.s.Theme)).
		Body(body...)
}
