package browser

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// lets does what the browser may not let the page do, and reports whether it did. A browser
// throws then; the program outlives that in calls alone.
func lets(call func()) (did bool) {
	defer func() { did = recover() == nil }()
	call()
	return true
}

// allowed is a part of the window, undefined where the browser lets the page not have it.
func allowed(name string) app.Value {
	part := app.Undefined()
	lets(func() { part = app.Window().Get("Reflect").Call("get", app.Window(), name) })
	return part
}
