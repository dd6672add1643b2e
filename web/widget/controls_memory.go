package widget

import (
	"cmp"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/run"
	"kvscope/web/state"
)

func memoryOptions() []option {
	out := []option{{"", "same as Memory", ""}}
	names := map[string]string{
		state.AsTrained: "as trained", "memory/memory": "pick K̃ · read K̃Ṽ", "plain/memory": "pick K · read K̃Ṽ",
		"memory/plain": "pick K̃ · read KV", "plain/plain": "pick K · read KV",
	}
	for _, m := range state.Memories() {
		out = append(out, option{m, names[m], ""})
	}
	return out
}

// memory draws the interventions on the memory.
func (c *Controls) memory() app.UI {
	strength := cmp.Or(c.Form.Strength, "1")
	return app.Div().Class("section").Hidden(c.Memory == "").DataSet("testid", "memory-controls").Body(
		app.H2().Body(app.Span().Text("Memory"), app.Span().Class("tag").Hidden(!c.intervenes()).Title("not how the model was trained").Text("what-if")),
		app.Div().Class("field").Body(
			app.Div().Class("label").Body(
				app.Label().For(c.id("memory_strength")).Text("Memory strength λ (1 as trained, 0 off)"), app.Span().Class("quiet").Text(strength)),
			c.filled("memory_strength", app.Input().ID(c.id("memory_strength")).Type("range").Min(0).Max(1).Step(0.05).
				DataSet("field", "memory_strength").Aria("valuetext", strength).OnInput(c.onType).OnChange(c.onRun)),
			app.P().Class("hint").Hidden(!c.untrained()).DataSet("testid", "memory-untrained").
				Text("The model was never trained without memory: what breaks here says nothing about its worth."),
			c.problem("memory_strength")),
		c.number("memory_cap", "Longest memory, tokens", "none"),
		c.titled("select_with", "Blocks are scored with", cmp.Or(c.Form.SelectWith, run.WithMemory), option{run.WithMemory, "K̃", "keys with memory"}, option{run.WithPlain, "K", "plain keys"}),
		c.titled("compute_with", "Attention uses", cmp.Or(c.Form.ComputeWith, run.WithMemory), option{run.WithMemory, "K̃, Ṽ", "states with memory"}, option{run.WithPlain, "K, V", "states without"}),
	)
}

// untrained reports whether attention reads states without a memory, or all memory is
// off, which no training step had.
func (c *Controls) untrained() bool {
	strength, err := strconv.ParseFloat(cmp.Or(c.Form.Strength, "1"), 64)
	return err == nil && strength == 0 || c.Form.ComputeWith == run.WithPlain
}

// intervenes reports whether anything about the memory is not as trained.
func (c *Controls) intervenes() bool {
	f := c.Form
	return f.Strength != "" && f.Strength != "1" || f.Cap != "" || f.SelectWith == run.WithPlain || f.ComputeWith == run.WithPlain
}

// edits forces blocks and drops them.
func (c *Controls) edits() app.UI {
	return app.Div().Class("section").Body(
		app.H2().Text("Blocks by hand"),
		app.Div().Class("pair").Body(c.input("force", "Forced", "none"), c.input("drop", "Dropped", "none")))
}
