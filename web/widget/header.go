package widget

import (
	"slices"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/browser"
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
		app.Button().Type("button").Class("skip").DataSet("testid", "skip").OnClick(h.onSkip).Text("Skip to what is shown"),
		app.A().Class("brand").Href(At("/")).Body(app.Raw(iconLogo), app.Text("kvscope")),
		app.P().Class("tagline").Text("Which KV-cache blocks sparse attention reads, and whether the answer was among them"),
		app.Nav().Class("nav").Aria("label", "pages").Body(
			link("/", "Explorer"),
			link("/lessons", "Lessons"),
			app.If(served(), link("/experiments", "Experiments")),
			link("/traces", "Traces"),
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

// onSkip moves the keyboard past header and controls.
func (h *Header) onSkip(app.Context, app.Event) {
	if el := app.Window().Get("document").Call("querySelector", "main"); el.Truthy() {
		el.Call("focus")
	}
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

	Keys       []state.Key
	LettersOff bool // as state.Chrome has it
	On         *Bus

	before app.Value // what had the keyboard
	stop   func()
}

// OnMount takes the keyboard, which stays in the list while it is open: Tab goes from its
// switch to its button and back, Esc closes it.
func (k *KeyList) OnMount(ctx app.Context) {
	k.before = app.Window().Get("document").Get("activeElement")
	k.stop = browser.Listen(k.JSValue(), "keydown", func(e app.Value) {
		switch e.Get("key").String() {
		case "Escape":
			e.Call("preventDefault")
			k.On.Soon(ctx, state.ToggleHelp{})
		case "Tab":
			e.Call("preventDefault")
			other := "button"
			if e.Get("target").Get("tagName").String() == "BUTTON" {
				other = "input"
			}
			k.JSValue().Call("querySelector", other).Call("focus")
		}
	})
	k.JSValue().Call("querySelector", "button").Call("focus")
}

// OnDismount gives the keyboard back.
func (k *KeyList) OnDismount() {
	if k.stop != nil {
		k.stop()
		k.before.Call("focus")
	}
}

// Render lays out the list.
func (k *KeyList) Render() app.UI {
	return app.Div().Class("keys").Attr("role", "dialog").Aria("modal", "true").Aria("label", "keys").
		DataSet("testid", "keys").OnClick(k.onClose).
		Body(KeyTable(k.Keys, k.LettersOff,
			app.Label().Class("tick").OnClick(k.onLabel).Body(
				app.Input().Type("checkbox").Checked(!k.LettersOff).DataSet("testid", "letters").OnChange(k.onLetters),
				app.Text("Single letters and signs are keys. This browser keeps the choice; arrows, Space and Esc always are.")),
			app.Button().Type("button").Class("button").DataSet("testid", "keys-close").Text("Close")))
}

// onLabel lets the list stay open, which any other press closes.
func (k *KeyList) onLabel(_ app.Context, e app.Event) { e.Call("stopPropagation") }

func (k *KeyList) onLetters(ctx app.Context, _ app.Event) {
	k.On.Do(state.UseLetters{Off: !ctx.JSSrc().Get("checked").Bool()})
}

// KeyTable is the list by itself, with what stands below it; keys that do nothing where
// letters are off are struck out.
func KeyTable(keys []state.Key, lettersOff bool, below ...app.UI) app.UI {
	var rows []app.UI
	for _, key := range keys {
		var label app.UI = app.Kbd().Text(key.Label)
		if lettersOff && !slices.ContainsFunc(key.Keys, func(name string) bool { return !state.IsLetter(name) }) {
			label = app.Del().Text(key.Label)
		}
		rows = append(rows, app.Dt().Body(label), app.Dd().Text(key.About))
	}
	body := []app.UI{
		app.H2().Text("Keys of the explorer"),
		app.P().Text("Tab comes to the heads, the blocks and the prompt once each. There arrows move from one to the next, Home and End go to the ends, Enter keeps what the keyboard is at or lets it go, and f and x force and drop the block."),
		app.Dl().Body(rows...),
	}
	return app.Div().Class("key-table").Body(append(body, below...)...)
}

func (k *KeyList) onClose(app.Context, app.Event) { k.On.Do(state.ToggleHelp{}) }
