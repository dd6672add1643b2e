package page

import (
	"errors"
	"fmt"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/history"
	"kvscope/engine/lens"
	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/run"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
	"kvscope/web/api"
	"kvscope/web/client"
	"kvscope/web/picture"
	"kvscope/web/sample"
	"kvscope/web/state"
	"kvscope/web/view"
	"kvscope/web/widget"
)

// specimen is a piece of the explorer in a state of its own.
type specimen struct {
	name, title string
	s           state.Snapshot
	screen      screen
	bus         *widget.Bus
	show        int // how often the needle was asked for
	part        part
}

// part draws what of the explorer a specimen is.
type part func(sp *specimen, id string) app.UI

// become brings the specimen to a state.
func (sp *specimen) become(s state.Snapshot) {
	sp.s = s
	sp.screen.update(&sp.s)
}

// look makes up what a head of the specimen's run saw.
func (sp *specimen) look(f state.AskHead) state.Action {
	r := sp.s.Columns[f.Side].Run()
	if r == nil || r.Header == nil {
		return nil
	}
	return state.HeadArrived{Side: f.Side, Gen: f.Gen, At: f.Head, Head: madeUp(r.Header, f.Head)}
}

func madeUp(h *trace.Header, at picture.Head) *lens.HeadTensors {
	return sample.Head(h, uint64(at.Layer*h.Heads+at.Head))
}

func wholeColumn(sp *specimen, id string) app.UI {
	return sp.screen.column(id, 0, &sp.s, sp.show, sp.bus)
}

func onlyView(sp *specimen, id string) app.UI {
	return sp.screen.box(id, 0, &sp.s, sp.show, sp.bus)
}

func onlyHeads(sp *specimen, id string) app.UI {
	return widget.HeadsBox(id, 0, sp.screen.views[0], &sp.s, sp.bus)
}

func gridAndHeadsOfSecond(sp *specimen, id string) app.UI {
	return app.Div().Class("specimen-parts").Body(
		widget.GridBox(id, 1, sp.screen.views[1], &sp.s, sp.bus), widget.HeadsBox(id, 1, sp.screen.views[1], &sp.s, sp.bus))
}

func onlyTimeline(sp *specimen, _ string) app.UI {
	t := sp.screen.timeline
	t.On = sp.bus
	return &t
}

func onlyInspector(sp *specimen, id string) app.UI {
	n := sp.screen.inspector
	n.ID, n.On = id, sp.bus
	return &n
}

// The runs that specimens show.
var (
	questRun  = sample.Spec{Method: "quest", Model: run.DemoMemory, Memory: true, Layers: 4, Heads: 4, Context: 640, Seed: 3}
	otherRun  = sample.Spec{Method: "quest", Model: run.DemoPlain, Layers: 4, Heads: 4, Context: 640, Seed: 3}
	snapkvRun = sample.Spec{Method: "snapkv", Model: run.DemoPlain, Layers: 6, Heads: 8, Context: 640, Seed: 5}
	mobaRun   = sample.Spec{Method: "moba", Model: run.DemoMemory, Memory: true, Layers: 4, Heads: 4, Context: 640, Seed: 7}
)

// trained is a model whose training kept five steps.
func trained() run.ModelInfo {
	m := run.ModelInfo{Name: questRun.Model, Arch: questRun.Model, Memory: true}
	for i, loss := range []float64{7, 4, 2, 1.2, 0.8} {
		right := max(0, 1-loss/4)
		m.Steps = append(m.Steps, history.Point{
			Step: 100 << (2 * i), Tokens: 800000 << (2 * i), Loss: loss, First: right,
			Exact: map[string]float64{"MK-1": right * right}, FirstOf: map[string]float64{"MK-1": right},
		})
	}
	return m
}

// looked is a head worth a look in them.
var looked = picture.Head{Layer: 3, Head: 1}

// after is a page on which a share of a run has arrived, and then things were done.
func after(spec sample.Spec, share float64, done ...state.Action) (state.Snapshot, error) {
	events, err := sample.Events(spec)
	if err != nil {
		return state.Snapshot{}, err
	}
	s := state.Replay(spec.Model, events[:int(float64(len(events))*share)], view.States(views()))
	return then(s, done...), nil
}

// then is a page after things were done.
func then(s state.Snapshot, done ...state.Action) state.Snapshot {
	for _, a := range done {
		s, _ = s.Do(a)
	}
	return s
}

// previewed is a page with a run of Quest, made up at budget 1/8, on which twice as much
// has been asked for.
func previewed(s state.Snapshot) state.Snapshot {
	c := &s.Columns[0]
	on := c.On()
	was := run.Request{Model: c.Model(), Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/8", "block": "16"}}}
	more := was
	more.Config = more.With("budget", "1/4")
	preview := picture.Preview(on.Run, run.Reselect(more, was, &on.Run.Run, ops.Reference()))
	c.Status = state.Waiting{Gen: on.Gen + 1, Request: more, Next: &picture.Run{}, Before: on, Preview: preview}
	return s
}

// specimens makes up all of them.
func specimens() ([]*specimen, error) {
	lock := state.Lock{Head: &looked}
	header := func(spec sample.Spec) *trace.Header {
		events, err := sample.Events(spec)
		if err != nil {
			return &trace.Header{}
		}
		h, _ := events[0].(*trace.Header)
		return h
	}
	seen := state.HeadArrived{Gen: 1, At: looked, Head: madeUp(header(questRun), looked)}
	var second picture.Run
	events, err := sample.Events(questRun)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		if err := second.Emit(e); err != nil {
			return nil, err
		}
	}
	answered := api.Meta{Models: []run.ModelInfo{{Name: run.DemoPlain, Arch: string(model.Attention)}}}
	fresh := newState(state.DefaultPlace())
	unreachable := &client.LostError{Err: errors.New("connection refused")}

	type entry struct {
		name, title string
		part        part
		spec        sample.Spec
		share       float64
		done        []state.Action
	}
	var out []*specimen
	for _, e := range []entry{
		{"quest", "Quest, done: blocks picked at each answer step", wholeColumn, questRun, 1, nil},
		{"timeline", "Timeline", onlyTimeline, questRun, 1, nil},
		{"inspector", "Inspector", onlyInspector, questRun, 1, nil},
		{"snapkv", "SnapKV, which keeps tokens", wholeColumn, snapkvRun, 1, nil},
		{"moba", "MoBA, which picks for every query of the prompt", wholeColumn, mobaRun, 1, []state.Action{lock}},
		{"difference", "Difference: what one column picks otherwise than the other", gridAndHeadsOfSecond, otherRun, 1,
			[]state.Action{lock, state.Opened{Side: 1, Name: "second", Run: &second}, state.Toggle{Name: "compare"}}},
		{"ranking", "Heads, ranked", onlyHeads, questRun, 1, []state.Action{state.Toggle{Name: "ranked"}}},
		{"lengths", "Heads by what their memory reaches back", onlyHeads, questRun, 1, []state.Action{state.ColourBy{Metric: picture.Memory}}},
		{"prompt", "Prompt, shaded by attention", onlyView, questRun, 1, []state.Action{lock, state.SetOption{Name: "shade", Value: "mass"}}},
		{"attention", "Attention map, with its sums at the edges", onlyView, questRun, 1, []state.Action{lock, state.Show{View: "attention"}, seen}},
		{"memory", "Gate map, and the arcs of a cache entry", onlyView, questRun, 1, []state.Action{lock, state.Show{View: "memory"}, seen}},
		{"scores", "Scores against true attention", onlyView, questRun, 1, []state.Action{lock, state.Show{View: "scores"}}},
		{"block", "How the score of a block comes about", onlyView, questRun, 1, []state.Action{lock, state.Show{View: "block"}, seen}},
		{"training", "The training of the model, at its second step", onlyView, questRun, 1,
			[]state.Action{state.MetaArrived{Meta: api.Meta{Models: []run.ModelInfo{trained()}}}, state.Show{View: "training"}, state.Scrub{At: 1}}},

		{"view-empty", "A view of a head: none is locked", onlyView, questRun, 1, []state.Action{state.Show{View: "attention"}, state.Lock{}}},
		{"view-early", "The same: the run is not over", onlyView, questRun, 0.8, []state.Action{lock, state.Show{View: "attention"}}},
		{"view-loading", "The same: being asked for", onlyView, questRun, 1, []state.Action{lock, state.Show{View: "attention"}}},
		{"view-failed", "The same: failed", onlyView, questRun, 1,
			[]state.Action{lock, state.Show{View: "attention"}, state.HeadArrived{Gen: 1, At: looked, Err: unreachable}}},
		{"memory-none", "Memory of a model that has none", onlyView, otherRun, 1, []state.Action{lock, state.Show{View: "memory"}}},
		{"training-none", "Training where its steps are not", onlyView, otherRun, 1, []state.Action{state.Show{View: "training"}}},
		{"scores-none", "Scores of a method that gives none here", onlyView, mobaRun, 1, []state.Action{lock, state.Show{View: "scores"}, state.GoTo{Line: 3}}},

		{"loading-waiting", "Loading: waiting for its turn", wholeColumn, questRun, 0, nil},
		{"loading-reading", "Loading: reading the prompt", wholeColumn, questRun, 0.014, nil},
		{"loading-answering", "Loading: answering, with how far it is", wholeColumn, otherRun, 0.6, nil},
		{"failed-midway", "Failed midway: what arrived stays", wholeColumn, otherRun, 0.6, []state.Action{state.Ended{Gen: 1, Err: unreachable}}},
		{"stopped", "Stopped by hand", wholeColumn, otherRun, 0.6, []state.Action{state.Stop{}}},
	} {
		s, err := after(e.spec, e.share, e.done...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", e.name, err)
		}
		out = append(out, &specimen{name: e.name, title: e.title, s: s, part: e.part})
	}
	for _, e := range []struct {
		name, title string
		s           state.Snapshot
	}{
		{"preview", "Preview: another budget, from the scores of a run", previewed(out[0].s)},
		{"failed-field", "Failed: a field is to blame", state.Replay("attention", []trace.Event{
			&trace.Failure{Field: "budget", Message: "1/64 keeps 10 tokens, fewer than the window of 32"}}, view.States(views()))},
		{"failed-run", "Failed: the run is", state.Replay("attention", []trace.Event{&trace.Failure{Message: "out of memory"}}, view.States(views()))},
		{"empty-asking", "Empty: the engine is being asked", fresh},
		{"empty-unreachable", "Empty: the engine does not answer", then(fresh, state.MetaFailed{Err: unreachable})},
		{"empty-idle", "Empty: nothing has run", then(fresh, state.MetaArrived{Meta: answered}, state.Stop{})},
	} {
		out = append(out, &specimen{name: e.name, title: e.title, s: e.s, part: wholeColumn})
	}
	for _, sp := range out {
		sp.become(sp.s)
	}
	return out, nil
}
