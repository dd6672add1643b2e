package browser

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// Chosen is what somebody has dropped on the page, or chosen at an input of it.
type Chosen struct {
	Files   []app.Value
	Folders []Folder
	At      app.Value // what it was dropped on, or the input
}

// OnDrop hears of what is dropped anywhere on the page, until stop is called.
func OnDrop(dropped func(Chosen)) (stop func()) {
	over := Listen(app.Window(), "dragover", func(e app.Value) { e.Call("preventDefault") })
	drop := Listen(app.Window(), "drop", func(e app.Value) {
		e.Call("preventDefault")
		at := e.Get("target")
		files, folders := apart(e.Get("dataTransfer"))
		if len(folders) == 0 {
			dropped(Chosen{Files: files, At: at})
			return
		}
		go func() { dropped(Chosen{Files: files, Folders: readAll(folders), At: at}) }()
	})
	return func() { over(); drop() }
}

// OnChosen hears of what is chosen at inputs of the page that a selector matches, until
// stop is called.
func OnChosen(selector string, chosen func(Chosen)) (stop func()) {
	return Listen(app.Window(), "change", func(e app.Value) {
		at := e.Get("target")
		if !at.Call("matches", selector).Bool() {
			return
		}
		c := Chosen{Files: list(at.Get("files")), At: at}
		if at.Get("webkitdirectory").Truthy() {
			c.Files, c.Folders = nil, foldersOf(c.Files)
		}
		chosen(c)
		at.Set("value", "") // so that the same can be chosen again
	})
}

func list(files app.Value) []app.Value {
	out := make([]app.Value, files.Length())
	for i := range out {
		out[i] = files.Index(i)
	}
	return out
}

// IsFile reports whether v is a file, not another value of the browser.
func IsFile(v app.Value) bool {
	return v.Type() == app.TypeObject && v.Get("slice").Type() == app.TypeFunction && v.Get("size").Type() == app.TypeNumber
}

// FileURL is an address at which this page and its workers can fetch a file.
func FileURL(file app.Value) string {
	return app.Window().Get("URL").Call("createObjectURL", file).String()
}
