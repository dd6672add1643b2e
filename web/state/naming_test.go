package state

import (
	"slices"
	"testing"

	"kvscope/engine/run"
	"kvscope/engine/trace"
	"kvscope/web/picture"
)

// shows is a snapshot whose columns show runs of such headers.
func shows(t *testing.T, headers ...trace.Header) *Snapshot {
	t.Helper()
	s := New(FirstPlace(), fourViews)
	for side, h := range headers {
		h.Layers, h.Heads, h.HeadDim, h.Task, h.Seed = 1, 1, 8, "MK-2", 3
		h.Method, h.Phase = orElse(h.Method, "quest"), "decode"
		if h.Budget == 0 {
			h.Budget = 0.125
		}
		r := &picture.Run{}
		if err := r.Emit(&h); err != nil {
			t.Fatal(err)
		}
		s.Columns[side].Status = Finished{Content{Run: r, Of: Asked{run.Request{Model: h.Model}}}}
	}
	return &s
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// No two columns are called the same, and none says more than tells them apart.
func TestNames(t *testing.T) {
	attention := trace.Header{Model: "attention", Arch: "attention", Title: "Attention"}
	ratplus := trace.Header{Model: "ratplus", Arch: "ratplus", Title: "RAT+", Memory: true}
	with := func(h trace.Header, change func(*trace.Header)) trace.Header { change(&h); return h }
	swap := func(picks, reads string) trace.Header {
		return with(ratplus, func(h *trace.Header) {
			if picks != run.WithMemory || reads != run.WithMemory {
				h.Intervention = &trace.Intervention{Strength: 1, SelectWith: picks, ComputeWith: reads}
			}
		})
	}
	over := func(adapter string) trace.Header {
		return trace.Header{Model: "SmolLM2" + adapter, Arch: "llama", Title: "Llama"}
	}
	moba := with(ratplus, func(h *trace.Header) { h.Method = "moba" })
	for _, c := range []struct {
		name        string
		columns     []trace.Header
		full, short []string
	}{
		{"two backbones", []trace.Header{attention, ratplus}, []string{"Attention", "RAT+"}, []string{"Attention", "RAT+"}},
		{"two methods of one", []trace.Header{attention, ratplus, moba}, []string{"Attention · Quest", "RAT+ · Quest", "RAT+ · MoBA"}, []string{"Attention", "RAT+ · Quest", "RAT+ · MoBA"}},
		{"swap", []trace.Header{swap("memory", "memory"), swap("plain", "memory"), swap("memory", "plain"), swap("plain", "plain")},
			[]string{"RAT+ · K̃ → K̃Ṽ", "RAT+ · K → K̃Ṽ", "RAT+ · K̃ → KV", "RAT+ · K → KV"}, []string{"K̃ → K̃Ṽ", "K → K̃Ṽ", "K̃ → KV", "K → KV"}},
		{"the same twice", []trace.Header{ratplus, ratplus}, []string{"RAT+ · column 1", "RAT+ · column 2"}, []string{"column 1", "column 2"}},
		{"a step of training", []trace.Header{with(ratplus, func(h *trace.Header) { h.Model = "ratplus@2699" }), with(ratplus, func(h *trace.Header) { h.Model = "mine@7" })}, []string{"RAT+ @2699", "RAT+ · mine @7"}, []string{"RAT+ @2699", "RAT+ · mine @7"}},
		{"adapters over a base", []trace.Header{over(""), over("+control"), over("+memory")}, []string{"SmolLM2", "SmolLM2 + control", "SmolLM2 + memory"}, []string{"SmolLM2", "+control", "+memory"}},
		{"methods of one file", []trace.Header{over(""), with(over(""), func(h *trace.Header) { h.Method = "moba" })}, []string{"SmolLM2 · Quest", "SmolLM2 · MoBA"}, []string{"Quest", "MoBA"}},
		{"a long name", []trace.Header{ratplus, {Model: "Meta-Llama-3.1-8B-Instruct-Q4_K_M", Arch: "llama", Title: "Llama"}}, []string{"RAT+", "Llama · Meta-Llama-3…ruct-Q4_K_M"}, []string{"RAT+", "Llama · Meta-Llama-3…ruct-Q4_K_M"}},
		{"old file", []trace.Header{{Model: "attention", Arch: "attention"}, {Model: "mine", Arch: "ratplus"}}, []string{"Attention", "RAT+ · mine"}, []string{"Attention", "RAT+ · mine"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var full, short []string
			for _, n := range shows(t, c.columns...).Names() {
				full, short = append(full, n.Full), append(short, n.Short)
			}
			if !slices.Equal(full, c.full) || !slices.Equal(short, c.short) {
				t.Errorf("names %q and %q, want %q and %q", full, short, c.full, c.short)
			}
		})
	}
	reads := func(method string, budget float64) trace.Header {
		return with(ratplus, func(h *trace.Header) { h.Method, h.Budget = method, budget })
	}
	for _, c := range []struct {
		one, other trace.Header
		rest       string
	}{
		{reads("quest", 0.25), with(attention, func(h *trace.Header) { h.Method, h.Budget = "quest", 0.25 }), "Quest at 1/4"},
		{reads("quest", 0.25), reads("moba", 0.25), "at 1/4"},
		{reads("quest", 0.25), reads("moba", 0.125), ""},
		{reads("quest", 0.25), reads("quest", 0.125), "Quest at 1/4"},
	} {
		if n := shows(t, c.one, c.other).Names()[0]; n.Rest != c.rest {
			t.Errorf("beside %q stands %q, want %q", n.Full, n.Rest, c.rest)
		}
	}
	if got := shows(t, over(""), over("+memory")).Names()[1].Whole; got != "Llama · SmolLM2+memory" {
		t.Errorf("whole name %q", got)
	}
	if got := shows(t, attention, ratplus).Title(); got != "MK-2, seed 3 · Quest at 1/8 · kvscope" {
		t.Errorf("title %q", got)
	}
}

// While another model is waited for, the column is called by the run that it shows.
func TestNameOfWhatIsPictured(t *testing.T) {
	d := ready(t).finish(events(t, "quest"))
	was := d.s.Names()[1].Full
	d.do(Set{"right", "attention"}).do(Submit{})
	if c := d.s.Columns[1]; !c.Stale() || c.Model() != "attention" || d.s.Names()[1].Full != was {
		t.Errorf("stale %v, model %s, called %q, want %q", c.Stale(), c.Model(), d.s.Names()[1].Full, was)
	}
}
