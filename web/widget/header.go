package widget

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/state"
)

// Header is the line above every page.
type Header struct {
	app.Compo

	Path     string // of the page
	Theme    state.Theme
	Explorer bool // with what only the explorer has
	On       *Bus
}

// Render lays out name, links and the switch of colours.
func (h *Header) Render() app.UI {
	link := func(path, name string) app.UI {
		a := app.A().Href(At(path)).Text(name)
		if path == h.Path {
			a.Aria("current", "page")
		}
		return a
	}
	icon, name := iconSystem, "colours: as the system"
	switch h.Theme {
	case state.Light:
		icon, name = iconLight, "colours: light"
	case state.Dark:
		icon, name = iconDark, "colours: dark"
	}
	return app.Header().Class("header").Body(
		app.A().Class("brand").Href(At("/")).Body(app.Raw(iconLogo), app.Text("kvscope")),
		app.P().Class("tagline").Text("Which KV-cache blocks sparse attention reads, and whether the answer was among them"),
		app.Nav().Class("nav").Aria("label", "pages").Body(
			link("/", "Explorer"),
			link("/lessons", "Lessons"),
			app.If(served(), link("/experiments", "Experiments")),
			link("/gallery", "Gallery"),
			OpenButton("open-run", 0, "open a saved run or attention maps in the first column, more of them in those beside it; each column has a button of its own").Hidden(!h.Explorer),
			app.Button().Type("button").Class("button icon").Aria("label", "copy link").Title("copy the link to what is on the screen (c)").
				DataSet("testid", "share").Hidden(!h.Explorer).OnClick(h.onShare).Body(app.Raw(iconLink)),
			app.Button().Type("button").Class("button icon").Aria("label", "presentation").Title("presentation: large, without controls (h)").
				DataSet("testid", "present").Hidden(!h.Explorer).OnClick(h.onPresent).Body(app.Raw(iconPresent)),
			app.Button().Type("button").Class("button icon").Aria("label", "keys").Title("keys (?)").OnClick(h.onKeys).Text("?"),
			app.Button().Type("button").Class("button icon").Aria("label", name).Title(name).
				DataSet("testid", "theme").DataSet("theme", string(h.Theme)).
				OnClick(h.onTheme).Body(app.Raw(icon)),
		),
	)
}

func (h *Header) onShare(app.Context, app.Event)   { h.On.Do(state.Share{}) }
func (h *Header) onPresent(app.Context, app.Event) { h.On.Do(state.Toggle{Name: "present"}) }

func (h *Header) onKeys(app.Context, app.Event) { h.On.Do(state.ToggleHelp{}) }

// onTheme goes round: system, light, dark.
func (h *Header) onTheme(app.Context, app.Event) {
	next := map[state.Theme]state.Theme{state.System: state.Light, state.Light: state.Dark}[h.Theme]
	if next == "" {
		next = state.System
	}
	h.On.Do(state.UseTheme{Theme: next})
}

// KeyList lists what the keyboard does, over the page.
type KeyList struct {
	app.Compo

	Keys []state.Key
	On   *Bus
}

// Render lays out the list.
func (k *KeyList) Render() app.UI {
	return app.Div().Class("keys").Attr("role", "dialog").Aria("modal", "true").Aria("label", "keys").
		DataSet("testid", "keys").OnClick(k.onClose).
		Body(KeyTable(k.Keys))
}

// KeyTable is the list by itself.
func KeyTable(keys []state.Key) app.UI {
	var rows []app.UI
	for _, key := range keys {
		rows = append(rows, app.Dt().Body(app.Kbd().Text(key.Label)), app.Dd().Text(key.About))
	}
	return app.Div().Class("key-table").Body(app.H2().Text("Keys"), app.Dl().Body(rows...))
}

func (k *KeyList) onClose(app.Context, app.Event) { k.On.Do(state.ToggleHelp{}) }
