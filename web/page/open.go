package page

import (
	"path"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/runfile"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// openDropped shows runs whose files are dropped on the page, in the column that they
// are dropped on, until stop is called.
func (e *Explorer) openDropped() (stop func()) {
	over := listen(app.Window(), "dragover", func(ev app.Value) { ev.Call("preventDefault") })
	drop := listen(app.Window(), "drop", func(ev app.Value) {
		ev.Call("preventDefault")
		side := 0
		if column := ev.Get("target").Call("closest", "[data-side]"); column.Truthy() {
			side, _ = strconv.Atoi(column.Get("dataset").Get("side").String())
		}
		e.openFiles(ev.Get("dataTransfer").Get("files"), side)
	})
	chosen := listen(app.Window(), "change", func(ev app.Value) {
		if at := ev.Get("target"); at.Call("matches", "#open-run").Bool() {
			e.openFiles(at.Get("files"), 0)
		}
	})
	return func() { over(); drop(); chosen() }
}

// openFiles shows files of runs in columns from side on.
func (e *Explorer) openFiles(files app.Value, side int) {
	for i := range files.Length() {
		at, name := min(side+i, state.Sides-1), files.Index(i).Get("name").String()
		readFile(files.Index(i), func(content []byte) {
			action := open(at, name, content)
			e.ctx.Dispatch(func(app.Context) { e.do(action) })
		})
	}
}

// open reads the file of a run, or of attention maps, which may not say of what model.
func open(side int, name string, content []byte) state.Action {
	f, err := runfile.Read(content)
	if err != nil {
		return state.Say{Text: name + " cannot be opened: " + err.Error()}
	}
	if h := f.Run.Header; h.Model == "" {
		h.Model = strings.TrimSuffix(name, path.Ext(name))
	}
	r := &picture.Run{}
	for _, event := range f.Run.Events() {
		if err := r.Emit(event); err != nil {
			return state.Say{Text: name + " cannot be opened: " + err.Error()}
		}
	}
	return state.Opened{Side: side, Name: name, Run: r, Heads: f.Heads}
}
