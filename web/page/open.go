package page

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/checkpoint"
	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/runfile"
	"kvscope/web/browser"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// mostFile is how many bytes a file may have that the page opens: it is in memory twice,
// and what is unpacked of it once more, of the 4 GiB that WebAssembly has.
const mostFile = 512 << 20

// openDropped shows runs whose files are dropped on the page, in the column that they
// are dropped on, or chosen at a button, until stop is called.
func (e *Explorer) openDropped() (stop func()) {
	drop := browser.OnDrop(func(files []app.Value, on app.Value) {
		side := 0
		if column := on.Call("closest", "[data-side]"); column.Truthy() {
			side, _ = strconv.Atoi(column.Get("dataset").Get("side").String())
		}
		e.openFiles(files, side)
	})
	chosen := browser.OnChosen("input[data-opens]", func(files []app.Value, at app.Value) {
		side, _ := strconv.Atoi(at.Get("dataset").Get("opens").String())
		e.openFiles(files, side)
	})
	return func() { drop(); chosen() }
}

// openFiles shows files of runs in columns from side on, and keeps them for a reload.
func (e *Explorer) openFiles(files []app.Value, side int) {
	for i, file := range files {
		at := min(side+i, state.Sides-1)
		name := file.Get("name").String()
		e.openFile(at, name, file, func(action state.Action) {
			if _, opened := action.(state.Opened); opened {
				keepFile(at, name, file, func() {
					e.later(state.Say{Text: name + " is open, but the browser does not keep it: a reload closes it"})
				})
			}
			e.later(action)
		})
	}
}

// openAgain shows the files that were open before the page was loaded again.
func (e *Explorer) openAgain() {
	for side := range state.Sides {
		name, key := keptFile(side)
		if key == "" {
			continue
		}
		e.do(state.Awaited{Side: side, Name: name})
		show := func(action state.Action) {
			if _, still := keptFile(side); still != key {
				return // something else is in the column by now
			}
			switch a := action.(type) {
			case state.Opened:
				a.Again = true
				action = a
			case state.NotOpened:
				letFileGo(side)
			}
			e.later(action)
		}
		keptFiles().Get(key, func(file app.Value) {
			if !file.Truthy() {
				show(state.NotOpened{Side: side, Name: name, Problem: "The browser no longer keeps it. Open the file again."})
				return
			}
			e.openFile(side, name, file, show)
		})
	}
}

// openFile reads a file and says what comes of it.
func (e *Explorer) openFile(side int, name string, file app.Value, done func(state.Action)) {
	if strings.HasSuffix(strings.ToLower(name), ".gguf") {
		e.bringModel(side, name, file, done)
		return
	}
	if size := file.Get("size").Float(); size > mostFile {
		done(state.NotOpened{Side: side, Name: name, Problem: fmt.Sprintf(
			"It has %.1f GB; the page opens files of at most %d MB. Save fewer layers or the last queries alone, as float16.", size/1e9, mostFile>>20)})
		return
	}
	browser.ReadFile(file, func(content []byte) { done(open(side, name, content)) }, func(why string) {
		done(state.NotOpened{Side: side, Name: name, Problem: "It cannot be read: " + why})
	})
}

// later does an action in go-app's own turn.
func (e *Explorer) later(a state.Action) { e.ctx.Dispatch(func(app.Context) { e.do(a) }) }

// open reads the file of a run, or of attention maps, which may not say of what model. A
// text becomes that of the form.
func open(side int, name string, content []byte) state.Action {
	kind := checkpoint.KindOf(content)
	isText := (kind == checkpoint.KindText || kind == checkpoint.KindJSON) && slices.Contains([]string{".txt", ".md", ".jsonl"}, path.Ext(name))
	switch {
	case !isText:
	case len(content) > run.MaxText:
		return state.NotOpened{Side: side, Name: name, Problem: fmt.Sprintf(
			"It is text of %d bytes; the page takes texts of at most %d. Cut it; of RULER's examples, a few lines will do.", len(content), run.MaxText)}
	case path.Ext(name) == ".jsonl":
		if _, err := niah.ReadRULER(bytes.NewReader(content)); err != nil {
			return state.NotOpened{Side: side, Name: name, Problem: err.Error()}
		}
		fallthrough
	default:
		return state.TextOpened{Name: name, Text: string(content)}
	}
	f, err := runfile.Read(content)
	if err != nil {
		return state.NotOpened{Side: side, Name: name, Problem: err.Error()}
	}
	if h := f.Run.Header; h.Model == "" {
		h.Model = strings.TrimSuffix(name, path.Ext(name))
	}
	r := &picture.Run{}
	for _, event := range f.Run.Events() {
		if err := r.Emit(event); err != nil {
			return state.NotOpened{Side: side, Name: name, Problem: err.Error()}
		}
	}
	return state.Opened{Side: side, Name: name, Run: r, Heads: f.Heads}
}
