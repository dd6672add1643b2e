package browser

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// Address is the query of the page's own address. One that is pushed can be gone back
// from.
type Address struct {
	Query string
	Push  bool
}

// Write puts the address into the browser's bar and history, unless the page is in a frame
// that may have none.
func (a Address) Write() {
	how := "replaceState"
	if a.Push {
		how = "pushState"
	}
	at := app.Window().URL().Path
	if a.Query != "" {
		at += "?" + a.Query
	}
	lets(func() { app.Window().Get("history").Call(how, nil, "", at) })
}

// CopyAddress puts the whole address into the clipboard; see Copy.
func CopyAddress(done func(), refused func(allowed bool)) {
	Copy(app.Window().Get("location").Get("href").String(), done, refused)
}

// Copy puts text into the clipboard. refused is called where the browser does not let that
// happen, with allowed false where it never does.
func Copy(text string, done func(), refused func(allowed bool)) {
	clipboard := app.Window().Get("navigator").Get("clipboard")
	if !clipboard.Truthy() {
		refused(false)
		return
	}
	await(clipboard.Call("writeText", text), func(app.Value) { done() }, func(app.Value) { refused(true) })
}
