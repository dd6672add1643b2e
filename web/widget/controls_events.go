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
	c.On.Do(state.Set{Field: dataset(ctx, "field"), Value: value})
	c.onRun(ctx, app.Event{})
}

// onChoose takes a choice and runs it: one press, one picture.
func (c *Controls) onChoose(ctx app.Context, _ app.Event) {
	field, value := dataset(ctx, "field"), ctx.JSSrc().Get("value").String()
	c.On.Do(state.Set{Field: field, Value: value})
	if field == "source" || c.Form.Source != state.FromTask && c.Form.Text == "" {
		return // there is nothing to run yet
	}
	c.On.Do(state.Submit{})
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
	c.On.Do(state.Set{Field: "seed", Value: fmt.Sprint(n)})
	c.On.Do(state.Submit{})
}

func (c *Controls) onAutoDepth(ctx app.Context, _ app.Event) {
	value := ""
	if !ctx.JSSrc().Get("checked").Bool() {
		value = "50"
	}
	c.On.Do(state.Set{Field: "depth", Value: value})
	c.onRun(ctx, app.Event{})
}
