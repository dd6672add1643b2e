package browser

import (
	"strings"
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"
)

// Listen hears an event until stop is called.
func Listen(target app.Value, event string, f func(app.Value)) (stop func()) {
	h := app.FuncOf(func(_ app.Value, args []app.Value) any { f(args[0]); return nil })
	target.Call("addEventListener", event, h)
	return func() {
		target.Call("removeEventListener", event, h)
		h.Release()
	}
}

// Later calls f after a while.
func Later(after time.Duration, f func()) {
	var h app.Func
	h = app.FuncOf(func(app.Value, []app.Value) any { h.Release(); f(); return nil })
	app.Window().Call("setTimeout", h, after.Milliseconds())
}

// PrefersDark reports whether the system's colours are dark, now and whenever that
// changes, until stop is called.
func PrefersDark(changed func(dark bool)) (dark bool, stop func()) {
	query := app.Window().Call("matchMedia", "(prefers-color-scheme: dark)")
	stop = Listen(query, "change", func(e app.Value) { changed(e.Get("matches").Bool()) })
	return query.Get("matches").Bool(), stop
}

// Typing reports whether a key belongs to the control that has the keyboard.
func Typing(e app.Value) bool {
	// What fills in forms sends events that lack these.
	if e.Get("ctrlKey").Truthy() || e.Get("metaKey").Truthy() || e.Get("altKey").Truthy() {
		return true
	}
	at, key := e.Get("target"), e.Get("key").String()
	switch at.Get("tagName").String() {
	case "TEXTAREA", "SELECT":
		return true
	case "INPUT":
		switch at.Get("type").String() {
		case "radio", "checkbox":
			return key == " " || strings.HasPrefix(key, "Arrow")
		}
		return key != "Escape"
	case "BUTTON":
		return key == " " || key == "Enter"
	}
	return false
}

// await hears what becomes of a promise.
func await(promise app.Value, done, failed func(app.Value)) {
	var good, bad app.Func
	release := func() { good.Release(); bad.Release() }
	good = app.FuncOf(func(_ app.Value, args []app.Value) any { release(); done(first(args)); return nil })
	bad = app.FuncOf(func(_ app.Value, args []app.Value) any { release(); failed(first(args)); return nil })
	promise.Call("then", good, bad)
}

// first returns the value that a promise hands to its callback, undefined where it hands none.
func first(args []app.Value) app.Value {
	if len(args) == 0 {
		return app.Undefined()
	}
	return args[0]
}
