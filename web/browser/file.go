package browser

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// OnDrop hears of files that are dropped anywhere on the page, and of what they are
// dropped on, until stop is called.
func OnDrop(dropped func(files []app.Value, on app.Value)) (stop func()) {
	over := Listen(app.Window(), "dragover", func(e app.Value) { e.Call("preventDefault") })
	drop := Listen(app.Window(), "drop", func(e app.Value) {
		e.Call("preventDefault")
		dropped(list(e.Get("dataTransfer").Get("files")), e.Get("target"))
	})
	return func() { over(); drop() }
}

// OnChosen hears of files that are chosen at inputs of the page that a selector
// matches, until stop is called.
func OnChosen(selector string, chosen func(files []app.Value, at app.Value)) (stop func()) {
	return Listen(app.Window(), "change", func(e app.Value) {
		at := e.Get("target")
		if !at.Call("matches", selector).Bool() {
			return
		}
		chosen(list(at.Get("files")), at)
		at.Set("value", "") // so that the same file can be chosen again
	})
}

func list(files app.Value) []app.Value {
	out := make([]app.Value, files.Length())
	for i := range out {
		out[i] = files.Index(i)
	}
	return out
}

// FileURL is an address at which this page and its workers can fetch a file.
func FileURL(file app.Value) string {
	return app.Window().Get("URL").Call("createObjectURL", file).String()
}
