package widget

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/state"
)

// Bus takes the actions of widgets to the page. Widgets hold a pointer to one,
// which go-app finds equal to itself, where a func would never be.
type Bus struct {
	Do    func(state.Action)
	Still *Still // nil where a program moves the page
	// In is the context of the page, which takes actions from outside go-app's own turn, nil
	// where a widget's own does.
	In app.Context

	turns []func() // what waits for a frame of its own
	frame app.Func
}

// InTurn does something that the browser takes long to lay out in the next frame, and what
// comes after it in the frames after that: together they would hold one up.
func (b *Bus) InTurn(f func()) {
	if b.turns = append(b.turns, f); len(b.turns) > 1 {
		return
	}
	if b.frame == nil {
		b.frame = app.FuncOf(func(app.Value, []app.Value) any {
			b.turns[0]()
			if b.turns = b.turns[1:]; len(b.turns) > 0 {
				app.Window().Call("requestAnimationFrame", b.frame)
			}
			return nil
		})
	}
	app.Window().Call("requestAnimationFrame", b.frame)
}

// Soon does an action of a widget from outside go-app's own turn. Taken by the page's context,
// it draws the page, and with that the widget, once.
func (b *Bus) Soon(ctx app.Context, a state.Action) {
	if b.In != nil {
		ctx = b.In
	}
	ctx.Dispatch(func(app.Context) { b.Do(a) })
}

// dataset reads a data attribute of the element an event handler is bound to.
func dataset(ctx app.Context, name string) string {
	return ctx.JSSrc().Get("dataset").Get(name).String()
}

// classes joins the names that apply.
func classes(names ...string) string {
	out := ""
	for _, n := range names {
		if n == "" {
			continue
		}
		if out != "" {
			out += " "
		}
		out += n
	}
	return out
}

// when is name if it applies, else nothing.
func when(applies bool, name string) string {
	if applies {
		return name
	}
	return ""
}
