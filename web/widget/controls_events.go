package widget

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/state"
)

// onTick takes a box that is ticked or not.
func (c *Controls) onTick(ctx app.Context, _ app.Event) {
	value := ""
	if ctx.JSSrc().Get("checked").Bool() {
		value = "true"
	}
	c.change(dataset(ctx, "field"), value, c.Form.Source == state.FromTask)
}

// change sets a field, and runs what is asked then.
func (c *Controls) change(field, value string, run bool) {
	set := state.Set{Field: field, Value: value}
	if !run {
		c.On.Do(set)
		return
	}
	c.On.Do(state.SubmitWith{Fields: []state.Set{set}})
}

// onChoose takes a choice and runs it: one press, one picture.
func (c *Controls) onChoose(ctx app.Context, _ app.Event) {
	field, value := dataset(ctx, "field"), ctx.JSSrc().Get("value").String()
	nothing := field == "source" || c.Form.Source != state.FromTask && c.Form.Text == "" // to run yet
	c.change(field, value, !nothing)
}

func (c *Controls) onType(ctx app.Context, _ app.Event) {
	c.On.Do(state.Set{Field: dataset(ctx, "field"), Value: ctx.JSSrc().Get("value").String()})
}

// onRun runs when a field is left changed. Own text has its button for that.
func (c *Controls) onRun(app.Context, app.Event) {
	if c.Form.Source == state.FromTask {
		c.On.Do(state.Submit{})
	}
}

func (c *Controls) onSubmit(_ app.Context, e app.Event) {
	e.PreventDefault()
	c.On.Do(state.Submit{})
}

func (c *Controls) onTextKey(_ app.Context, e app.Event) {
	if e.Get("key").String() == "Enter" && (e.Get("ctrlKey").Bool() || e.Get("metaKey").Bool()) {
		c.On.Do(state.Submit{})
	}
}

func (c *Controls) onStop(app.Context, app.Event) { c.On.Do(state.Stop{}) }

func (c *Controls) onNextSeed(app.Context, app.Event) {
	n, err := strconv.ParseUint(c.Form.Seed, 10, 64)
	if err != nil {
		n = 0
	}
	c.setSeed(n + 1)
}

func (c *Controls) onRandomSeed(app.Context, app.Event) { c.setSeed(uint64(rand.IntN(100000))) }

func (c *Controls) setSeed(n uint64) {
	c.change("seed", fmt.Sprint(n), true)
}

func (c *Controls) onAutoDepth(ctx app.Context, _ app.Event) {
	value := ""
	if !ctx.JSSrc().Get("checked").Bool() {
		value = "50"
	}
	c.change("depth", value, c.Form.Source == state.FromTask)
}
