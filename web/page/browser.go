package page

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/state"
)

// themeKey is where the choice of colours is kept in the browser. The boot script
// reads it too, before this program runs.
const themeKey = "kvscope.theme"

// keptTheme is the choice of colours kept in the browser.
func keptTheme() state.Theme {
	kept := app.Window().Get("localStorage").Call("getItem", themeKey)
	if t := state.Theme(kept.String()); t == state.Light || t == state.Dark {
		return t
	}
	return state.System
}

// keepTheme keeps a choice of colours and shows it.
func keepTheme(t state.Theme) {
	root := app.Window().Get("document").Get("documentElement")
	if t == state.System {
		app.Window().Get("localStorage").Call("removeItem", themeKey)
		root.Call("removeAttribute", "data-theme")
		return
	}
	app.Window().Get("localStorage").Call("setItem", themeKey, string(t))
	root.Call("setAttribute", "data-theme", string(t))
}

// systemDark reports whether the system's colours are dark, now and whenever that
// changes, until stop is called.
func systemDark(changed func(dark bool)) (dark bool, stop func()) {
	query := app.Window().Call("matchMedia", "(prefers-color-scheme: dark)")
	stop = listen(query, "change", func(e app.Value) { changed(e.Get("matches").Bool()) })
	return query.Get("matches").Bool(), stop
}

// listen hears an event of the browser, outside go-app's own turn, until stop is
// called.
func listen(target app.Value, event string, f func(app.Value)) (stop func()) {
	h := app.FuncOf(func(_ app.Value, args []app.Value) any { f(args[0]); return nil })
	target.Call("addEventListener", event, h)
	return func() {
		target.Call("removeEventListener", event, h)
		h.Release()
	}
}

// typing reports whether a key belongs to the control that has the keyboard.
func typing(e app.Value) bool {
	if e.Get("ctrlKey").Bool() || e.Get("metaKey").Bool() || e.Get("altKey").Bool() {
		return true
	}
	at := e.Get("target")
	switch at.Get("tagName").String() {
	case "TEXTAREA", "SELECT":
		return true
	case "INPUT":
		switch at.Get("type").String() {
		case "radio", "checkbox":
			key := e.Get("key").String()
			return key == " " || len(key) > 1 && key[:5] == "Arrow"
		}
		return e.Get("key").String() != "Escape"
	case "BUTTON":
		key := e.Get("key").String()
		return key == " " || key == "Enter"
	}
	return false
}
