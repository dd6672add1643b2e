package page

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/lens"
	"kvscope/engine/run"
	"kvscope/engine/seeds"
	"kvscope/engine/trace"
	"kvscope/web/api"
	"kvscope/web/browser"
	"kvscope/web/client"
	"kvscope/web/lesson"
	"kvscope/web/state"
	"kvscope/web/widget"
)

// Explorer is the page that runs a request on both backbones and shows what they
// pick. It has no exported fields: go-app would reset them at every navigation.
type Explorer struct {
	app.Compo

	find     func() []client.Host
	framed   bool // shown in a frame of somebody's page
	hosts    []client.Host
	captures *client.CaptureFiles
	engine   *client.Captures

	ctx      app.Context
	s        state.Snapshot
	bus      *widget.Bus
	screen   screen
	cancel   map[int]context.CancelFunc // of runs under way, by Gen
	show     int                        // how often the needle was asked for
	linked   string                     // the query that the address has
	titled   string                     // the title that the tab has
	told     lesson.At                  // the step whose text was brought into sight
	sought   lesson.At                  // the step whose picture was
	kept     string                     // the name of the text that was kept last
	revealed bool                       // what stood here before the program is gone
	stop     []func()
}

// NewExplorer returns the page; find finds the places where the engine runs once it is in
// a browser, the usual one first.
func NewExplorer(find func() []client.Host) *Explorer {
	e := &Explorer{find: find, s: newState(state.FirstPlace()), cancel: map[int]context.CancelFunc{}}
	e.bus = &widget.Bus{Do: e.do}
	e.screen.update(&e.s)
	return e
}

// OnMount starts the page in a browser.
func (e *Explorer) OnMount(ctx app.Context) {
	e.ctx, e.bus.In, e.captures = ctx, ctx, client.NewCaptureFiles()
	e.haveHosts()
	later := func(f func()) { ctx.Dispatch(func(app.Context) { f() }) }
	dark, stopDark := browser.PrefersDark(func(dark bool) { later(func() { e.do(state.SystemColours{Dark: dark}) }) })
	e.stop = append(e.stop, stopDark, e.openDropped(),
		browser.Listen(app.Window(), "keydown", func(k app.Value) { e.onKey(k, later) }),
		// go-app forgets addresses that were replaced; hear of the way back ourselves.
		browser.Listen(app.Window(), "popstate", func(app.Value) { later(func() { e.restore(ctx.Page().URL().RawQuery) }) }))
	e.do(state.SystemColours{Dark: dark})
	for _, a := range keptAround() {
		e.do(a)
	}
	e.do(state.UseProgress{Progress: keptProgress()})
	e.stop = append(e.stop, followStep(func(at lesson.At) {
		later(func() {
			if e.s.Lesson != (lesson.At{}) && e.s.Lesson != at {
				e.do(state.Teach{At: at})
			}
		})
	}))
	e.openAgain()
	e.captureAgain()
	e.perform(state.AskMeta{})
}

// OnDismount stops what runs.
func (e *Explorer) OnDismount() {
	for _, stop := range e.stop {
		stop()
	}
	for _, cancel := range e.cancel {
		cancel()
	}
}

// OnNav shows what the address says.
func (e *Explorer) OnNav(ctx app.Context) {
	if app.IsClient {
		e.restore(ctx.Page().URL().RawQuery)
	}
}

func (e *Explorer) restore(query string) {
	if query != e.linked {
		e.linked = query
		p := state.ParseQuery(query)
		if p.Elsewhere != "" {
			p = p.WithText(keptText(p.Elsewhere))
		}
		if e.framed && p.Hide == "" {
			p.Hide = framedHide
		}
		e.do(state.Restore{Place: p})
		if bad := state.Misread(query, e.s.Views); len(bad) > 0 {
			e.do(state.ShowToast{Text: leftOut(bad)})
		}
	}
}

// leftOut says what of a link is not understood.
func leftOut(parts []string) string {
	return "What this page does not understand of the link is left out: " + strings.Join(parts, ", ") + "."
}

// onKey answers the keyboard. The browser must hear at once whether the key is
// taken, so this runs outside go-app's turn.
func (e *Explorer) onKey(k app.Value, later func(func())) {
	if k.Get("defaultPrevented").Bool() || browser.Typing(k) {
		return
	}
	action := e.s.Press(k.Get("key").String(), k.Get("shiftKey").Bool())
	if action == nil {
		return
	}
	k.Call("preventDefault")
	later(func() { e.do(action) })
}

// do applies an action and carries out its effects.
func (e *Explorer) do(a state.Action) {
	var effects []state.Effect
	e.s, effects = e.s.Do(a)
	for _, f := range effects {
		e.perform(f)
	}
	switch a.(type) {
	case state.Point, state.PointToken, state.Leave:
		e.screen.point(&e.s)
	default:
		e.screen.update(&e.s)
	}
	e.seek()
	if title := e.s.Title(); title != e.titled {
		e.titled = title
		e.ctx.Page().SetTitle(title)
	}
	e.Update()
	e.reveal()
}

func (e *Explorer) perform(f state.Effect) {
	switch f := f.(type) {
	case state.Start:
		e.start(f)
	case state.Cancel:
		e.stopRun(f.Gen)
	case state.Link:
		e.link(f)
	case state.AskMeta:
		e.askMeta(f.After)
	case state.Engage:
		e.engage(f.Kind)
		keepEngine(f.Kind)
	case state.KeepTheme, state.KeepLetters:
		keepAround(f)
	case state.RepeatSeeds:
		e.repeat(f)
	case state.CancelSeeds:
		e.stopRun(f.Gen)
	case state.KeepProgress:
		keepProgress(f)
	case state.Wait:
		e.ctx.After(f.For, func(app.Context) { e.do(state.Tick{Gen: f.Gen}) })
	case state.Fade:
		e.ctx.After(f.For, func(app.Context) { e.do(state.Faded{Gen: f.Gen}) })
	case state.ShowNeedle:
		e.show++
	case state.AskQuestions:
		e.askQuestions(f)
	case state.AskAnswer:
		e.ask(f)
	case state.Rest:
		e.ctx.After(f.For, func(app.Context) { e.do(state.Rested{Gen: f.Gen}) })
	case state.AskHead:
		e.look(f)
	case state.AskModel:
		e.openModel(f.Path)
	case state.Save:
		e.save(f)
	case state.CopyLink:
		copyLink(f.Note, func(text string) { e.ctx.Dispatch(func(app.Context) { e.do(state.ShowToast{Text: text}) }) })
	case state.KeepRun:
		e.keepRun(f.Side)
	case state.CopyCommand:
		copyCommand(f.Request, func(text string) { e.ctx.Dispatch(func(app.Context) { e.do(state.ShowToast{Text: text}) }) })
	case state.KeepText:
		e.keep(f)
	case state.FindText:
		e.findText(f.Name)
	case state.LetGo:
		letFileGo(columnPlace(f.Side))
	case state.FocusTask:
		if el := app.Window().Get("document").Call("querySelector", "#request-task :checked, #request-text"); el.Truthy() {
			el.Call("focus")
		}
	}
}

func (e *Explorer) stopRun(gen int) {
	if cancel := e.cancel[gen]; cancel != nil {
		cancel()
		delete(e.cancel, gen)
	}
}

// start runs a request beside the page and brings what it says back to it.
func (e *Explorer) start(f state.Start) {
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel[f.Gen] = cancel
	later := func(a state.Action) { e.ctx.Dispatch(func(app.Context) { e.do(a) }) }
	sink := &stream{ctx: ctx, after: afterFunc, told: func(p api.RunProgress) {
		later(state.Progressed{Side: f.Side, Gen: f.Gen, Progress: p})
	}}
	sink.deliver = func(events []trace.Event) {
		e.ctx.Dispatch(func(ctx app.Context) {
			from := time.Now()
			e.do(state.Arrived{Side: f.Side, Gen: f.Gen, Events: events})
			ctx.Defer(func(app.Context) { sink.drew(time.Since(from)) }) // once it is drawn
		})
	}
	go func(req run.Request, engine client.Engine) {
		err := engine.Run(ctx, req, sink)
		sink.flush()
		if err != nil && ctx.Err() == nil {
			later(state.Ended{Side: f.Side, Gen: f.Gen, Err: err})
		}
		e.ctx.Dispatch(func(app.Context) { e.stopRun(f.Gen) })
	}(f.Request, e.engine)
}

// repeat asks for an example after the other beside the page.
func (e *Explorer) repeat(f state.RepeatSeeds) {
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel[f.Gen] = cancel
	later, engine := e.later, e.engine
	go func() {
		err := seeds.Repeat(ctx, engine, f.Requests, f.First, f.N, func(row seeds.Row) error {
			later(state.SeedArrived{Gen: f.Gen, Row: row})
			return nil
		})
		if ctx.Err() == nil {
			later(state.SeedsEnded{Gen: f.Gen, Err: err})
		}
		e.ctx.Dispatch(func(app.Context) { e.stopRun(f.Gen) })
	}()
}

// look asks the engine, or the file that a run is from, what a head saw.
func (e *Explorer) look(f state.AskHead) {
	heads, engine := f.Heads, e.engine
	if heads == nil {
		heads = func(layer, head int) (*lens.HeadTensors, error) {
			return engine.Head(context.Background(), f.Request, layer, head)
		}
	}
	go func() {
		head, err := heads(f.Head.Layer, f.Head.Head)
		e.ctx.Dispatch(func(app.Context) {
			e.do(state.HeadArrived{Side: f.Side, Gen: f.Gen, At: f.Head, Head: head, Err: err})
		})
	}()
}

// openModel asks the engine to open the model at a path.
func (e *Explorer) openModel(path string) {
	engine := e.engine.Engine
	opener, ok := engine.(client.ModelOpener)
	if !ok {
		e.do(state.ModelNotOpened{Err: errors.New("the engine in this page opens no paths; kvscope serve does")})
		return
	}
	go func() {
		models, err := opener.OpenModel(context.Background(), path)
		e.ctx.Dispatch(func(app.Context) {
			if engine != e.engine.Engine {
				return // the models of another are shown by now
			}
			if err != nil {
				e.do(state.ModelNotOpened{Err: err})
				return
			}
			e.do(state.ModelOpened{Models: models})
		})
	}()
}

func (e *Explorer) askMeta(after time.Duration) {
	engine := e.engine
	go func() {
		time.Sleep(after)
		meta, err := engine.Meta(context.Background())
		e.ctx.Dispatch(func(app.Context) {
			if engine != e.engine {
				return // another is in use by now, and asked itself
			}
			if err != nil {
				e.do(state.MetaFailed{Err: err})
				return
			}
			e.do(state.MetaArrived{Meta: meta})
		})
	}()
}

// link writes the address.
func (e *Explorer) link(f state.Link) {
	if f.Query == e.linked {
		return
	}
	e.linked = f.Query
	// Once the page is drawn: a browser takes some milliseconds for it.
	e.ctx.Defer(func(app.Context) { browser.Address{Query: f.Query, Push: f.Push}.Write() })
}

// Render lays out the page.
func (e *Explorer) Render() app.UI {
	s := &e.s
	columns := make([]app.UI, len(e.screen.views))
	for side := range columns {
		columns[side] = e.screen.column(strconv.Itoa(side), side, s, e.show, e.bus)
	}
	inspector, timeline := e.screen.inspector, e.screen.timeline
	inspector.On, timeline.On = e.bus, e.bus
	body := []app.UI{
		&widget.Header{Path: "/", Theme: s.Theme, Explorer: true, On: e.bus},
		&widget.Lesson{At: s.Lesson, Chosen: s.Progress.Prediction(s.Lesson), Free: s.Free, On: e.bus},
		&widget.Controls{
			ID: "request", Form: s.Draft, Problems: s.Problems, Models: s.Meta.Models, Proses: s.Proses(), Limits: s.Meta.Limits, Opening: s.Opening, Longest: s.Longest(),
			Engine: s.Engine, Engines: s.Engines, Prepared: lesson.PreparedFor(s.Meta.Models),
			Running: s.Running(), Ready: s.MetaPhase == state.Done, Memory: s.Remembers(), On: e.bus,
		},
		app.Main().Class("centre").TabIndex(-1).Body(
			app.H1().Class("unseen").Text("Explorer"),
			widget.Outcome(e.screen.views),
			app.Div().Class("question-row").Body(widget.Asked(e.screen.views), widget.Seeds(e.screen.views, s, e.bus), widget.Questions(e.screen.views, s, e.bus)),
			app.Div().Class("columns").DataSet("count", len(columns)).Body(columns...),
			&timeline),
		&inspector,
		&widget.Toast{Of: s.Toast},
	}
	if s.Help {
		body = append(body, &widget.KeyList{Keys: s.Keys(), LettersOff: s.LettersOff, On: e.bus})
	}
	if e.framed {
		body = append(body, e.way())
	}
	_, step, _ := s.Lesson.Find()
	return app.Div().Class("explorer").
		DataSet("lesson", beside(s)).
		DataSet("look", step.Look).
		DataSet("testid", "explorer").
		DataSet("meta", string(s.MetaPhase)).
		DataSet("theme", string(s.Theme)).
		DataSet("hide", s.Hide).
		DataSet("present", s.Present).
		DataSet("wide", s.Wide).
		DataSet("columns", len(columns)).
		DataSet("framed", e.framed).
		Body(body...)
}

// beside says whether a lesson stands beside the picture, and whether the controls do.
func beside(s *state.Snapshot) string {
	switch {
	case s.Lesson == (lesson.At{}):
		return ""
	case s.Free:
		return "free"
	}
	return "alone"
}
