package run

import (
	"fmt"
	"reflect"
	"testing"

	"kvscope/engine/model"
	"kvscope/engine/ops"
	"kvscope/engine/sparse"
	"kvscope/engine/trace"
)

// reselected is the run that the events of Reselect make, for req by the scores of was.
func reselected(t *testing.T, req, was Request, r *trace.Run) *trace.Run {
	t.Helper()
	req.Model, was.Model = "m", "m"
	events := Reselect(req, was, r, ops.Reference())
	if events == nil {
		return nil
	}
	out := &trace.Run{}
	for _, e := range events {
		if err := out.Emit(e); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// with changes a request.
func with(r Request, change func(*Request)) Request {
	change(&r)
	return r
}

// TestReselectIsTheRun: queries of the first layer at the first step do not depend on
// what was picked, so what is picked for them by the scores of a run of another budget
// is, bit for bit, what a run of that budget picks and scores.
func TestReselectIsTheRun(t *testing.T) {
	half := 0.5
	base := Request{Task: "MK-1", Seed: 3, Config: sparse.Config{Values: sparse.Values{"budget": "1/4", "block": "8"}}, MaxNew: new(3)}
	for name, c := range map[string]struct {
		was Request
		to  []func(*Request)
	}{
		"quest": {base, []func(*Request){
			func(r *Request) { r.Config = r.With("budget", "1/16") }, func(r *Request) { r.Config = r.With("budget", "1/2") }, func(r *Request) { r.Config = r.With("budget", "1") },
			func(r *Request) { r.Config = r.With("k", "1") }, func(r *Request) { r.Config = r.With("k", "7") }, func(r *Request) { r.Config = r.With("budget", "1/32").With("public_code", "true") },
			func(r *Request) { r.Config = r.With("dense_layers", "1") }, func(r *Request) { r.Selector, r.SelectorSeed = sparse.SelectorRandom, 5 },
			func(r *Request) { r.Force, r.Drop = "2", "0,5"; r.Config = r.With("budget", "1/8") },
		}},
		"moba":         {base, []func(*Request){func(r *Request) { r.Config = r.With("budget", "1/8") }, func(r *Request) { r.Config = r.With("k", "2").With("public_code", "true") }}},
		"oracle-block": {base, []func(*Request){func(r *Request) { r.Config = r.With("budget", "1/8") }}},
		"oracle-token": {base, []func(*Request){func(r *Request) { r.Config = r.With("budget", "1/8") }, func(r *Request) { r.Config = r.With("k", "20").With("block", "4") }}},
		"snapkv": {with(base, func(r *Request) { r.Config = r.With("budget", "1/2") }), []func(*Request){
			func(r *Request) { r.Config = r.With("budget", "1/3") }, func(r *Request) { r.Config = r.With("budget", "1") }, func(r *Request) { r.Config = r.With("k", "50").With("block", "16") },
			func(r *Request) { r.Selector = sparse.SelectorRandom }, func(r *Request) { r.Drop = "1" },
		}},
		"heads of a layer": {with(base, func(r *Request) { r.Config = r.With("whose_budget", "layer"); r.Method = "quest" }), []func(*Request){
			func(r *Request) { r.Config = r.With("budget", "1/16") }, func(r *Request) { r.Selector, r.SelectorSeed = sparse.SelectorRandom, 5 },
		}},
		"heads of all layers": {with(base, func(r *Request) {
			r.Config = r.With("budget", "1/2").With("whose_budget", "all")
			r.Method = "snapkv"
		}), []func(*Request){func(r *Request) { r.Config = r.With("budget", "1/3") }, func(r *Request) { r.Selector = sparse.SelectorRandom }}},
		"h2o":       {base, []func(*Request){func(r *Request) { r.Config = r.With("budget", "1/2") }}},
		"streaming": {base, []func(*Request){func(r *Request) { r.Config = r.With("budget", "1/8") }}},
		"dilated":   {base, []func(*Request){func(r *Request) { r.Config = r.With("budget", "1/8") }}},
		"plain keys": {with(base, func(r *Request) {
			r.Method, r.SelectWith, r.MemoryStrength = "quest", WithPlain, &half
		}), []func(*Request){func(r *Request) { r.Config = r.With("budget", "1/8") }}},
	} {
		e := testEngine(t, model.RATPlus)
		if c.was.Method == "" {
			c.was.Method = name
		}
		r := record(t, e, c.was)
		for i, change := range c.to {
			t.Run(fmt.Sprintf("%s %d", name, i), func(t *testing.T) {
				req := with(c.was, change)
				got, want := reselected(t, req, c.was, r), record(t, e, req)
				if got == nil {
					t.Fatal("the scores do not tell")
				}
				if !reflect.DeepEqual(got.Header, want.Header) {
					t.Errorf("header %+v, want %+v", got.Header, want.Header)
				}
				for head := range want.Header.Heads {
					s := want.Selection(0, 0, head)
					if again := got.Selection(0, 0, head); !reflect.DeepEqual(again, s) {
						t.Errorf("head %d: %+v, want %+v", head, *again, *s)
					}
				}
			})
		}
	}
}

// TestReselectAtTheSameBudget: by its own scores a run picks, at every step in every
// layer, what it picked.
func TestReselectAtTheSameBudget(t *testing.T) {
	e := testEngine(t, model.RATPlus)
	for _, method := range []string{"dense", "quest", "moba", "snapkv", "h2o", "oracle-block", "oracle-token", "streaming", "dilated"} {
		was := Request{Task: "MK-1", Seed: 4, Config: sparse.Config{Method: method, Values: sparse.Values{"budget": "1/2", "block": "8"}}, MaxNew: new(4)}
		r := record(t, e, was)
		got := reselected(t, was, was, r)
		if got == nil {
			t.Errorf("%s: the scores do not tell", method)
			continue
		}
		for _, s := range r.Selections {
			if s.Step >= 0 && !reflect.DeepEqual(got.Selection(s.Step, s.Layer, s.Head), s) {
				t.Errorf("%s, step %d layer %d head %d: %+v, was %+v", method, s.Step, s.Layer, s.Head, got.Selection(s.Step, s.Layer, s.Head), s)
			}
		}
		if got.Done != nil || len(got.Steps) > 0 || got.Of(-1, 0, 0) != nil {
			t.Errorf("%s: picks alone are no run: %d steps, done %v", method, len(got.Steps), got.Done)
		}
	}
}

// TestReselectWhereScoresDoNotTell: what was never scored is not made up.
func TestReselectWhereScoresDoNotTell(t *testing.T) {
	e := testEngine(t, model.RATPlus)
	base := Request{Task: "MK-1", Seed: 3, Config: sparse.Config{Method: "quest", Values: sparse.Values{"budget": "1/4", "block": "8"}}, MaxNew: new(2)}
	of := func(method string) func(*Request) { return func(r *Request) { r.Method = method } }
	half := 0.5
	for name, c := range map[string]struct {
		was Request
		to  func(*Request)
	}{
		"another block":                 {base, func(r *Request) { r.Config = r.With("block", "16") }},
		"means of another block":        {with(base, of("moba")), func(r *Request) { r.Config = r.With("block", "16") }},
		"another seed":                  {base, func(r *Request) { r.Seed = 4 }},
		"another depth":                 {base, func(r *Request) { r.Depth = &half }},
		"another method":                {base, of("oracle-block")},
		"another memory":                {base, func(r *Request) { r.MemoryStrength = &half }},
		"more steps":                    {base, func(r *Request) { r.MaxNew = new(3) }},
		"layers that were dense":        {with(base, func(r *Request) { r.Config = r.With("dense_layers", "1") }), func(r *Request) { r.Config = r.With("dense_layers", "0") }},
		"picks that were drawn":         {with(base, func(r *Request) { r.Selector = sparse.SelectorRandom }), func(r *Request) { r.Selector = "" }},
		"a budget that is none":         {base, func(r *Request) { r.Config = r.With("budget", "2") }},
		"a block that is not there":     {base, func(r *Request) { r.Force = "900" }},
		"blocks not handed on":          {with(base, of("twilight")), func(r *Request) { r.Config = r.With("budget", "1/2") }},
		"another window":                {with(base, of("snapkv")), func(r *Request) { r.Config = r.With("window", "16") }},
		"another kernel":                {with(base, of("snapkv")), func(r *Request) { r.Config = r.With("kernel", "3") }},
		"votes that were not counted":   {with(base, of("h2o")), func(r *Request) { r.Config = r.With("budget", "1/8") }},
		"fewer tokens than the window":  {with(base, of("snapkv")), func(r *Request) { r.Config = r.With("k", "8") }},
		"draws of blocks of other size": {with(base, func(r *Request) { r.Selector = sparse.SelectorRandom }), func(r *Request) { r.Config = r.With("block", "16") }},
	} {
		r := record(t, e, c.was)
		if got := reselected(t, with(c.was, c.to), c.was, r); got != nil {
			t.Errorf("%s: %d selections", name, len(got.Selections))
		}
		r.Done = nil
		if got := reselected(t, with(c.was, func(r *Request) { r.Config = r.With("k", "3") }), c.was, r); got != nil {
			t.Errorf("%s: %d selections of a run that is not over", name, len(got.Selections))
		}
	}
}
