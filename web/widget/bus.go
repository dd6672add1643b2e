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
