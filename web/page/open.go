package page

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/capture"
	"kvscope/engine/checkpoint"
	"kvscope/engine/lens"
	"kvscope/engine/niah"
	"kvscope/engine/run"
	"kvscope/engine/runfile"
	"kvscope/engine/sparse/apply"
	"kvscope/viz/number"
	"kvscope/web/browser"
	"kvscope/web/picture"
	"kvscope/web/state"
)

// mostCopied is how many bytes a file may have that the browser keeps for a reload: it copies
// it for that.
const mostCopied = 512 << 20

// mostSteps is of how many answer steps a run may be that the page shows: each is a line of the
// grid, a token of the answer and a mark of the timeline, about a dozen elements of the page.
const mostSteps = 4096

// openDropped shows runs whose files are dropped on the page, in the column that they
// are dropped on, or chosen at a button, until stop is called.
func (e *Explorer) openDropped() (stop func()) {
	drop := browser.OnDrop(func(c browser.Chosen) {
		side := 0
		if column := c.At.Call("closest", "[data-side]"); column.Truthy() {
			side, _ = strconv.Atoi(column.Get("dataset").Get("side").String())
		}
		e.ctx.Dispatch(func(app.Context) { e.openAll(c, side) })
	})
	chosen := browser.OnChosen("input[data-opens]", func(c browser.Chosen) {
		side, _ := strconv.Atoi(c.At.Get("dataset").Get("opens").String())
		e.openAll(c, side)
	})
	return func() { drop(); chosen() }
}

// openAll shows files of runs in columns from side on, and keeps them for a reload. Folders
// are those of models, and so are files that come with a config.json.
func (e *Explorer) openAll(c browser.Chosen, side int) {
	isConfig := func(file app.Value) bool { return file.Get("name").String() == modelConfig }
	if slices.ContainsFunc(c.Files, isConfig) {
		c.Folders, c.Files = append(c.Folders, browser.Folder{Name: "model", Files: c.Files}), nil
	}
	for i, folder := range c.Folders {
		e.bringFolder(min(side+i, state.Sides-1), folder)
	}
	for i, file := range c.Files {
		at := min(side+i, state.Sides-1)
		name := file.Get("name").String()
		e.openFile(at, name, file, func(action state.Action) {
			e.later(action)
			switch a := action.(type) {
			case state.Opened:
				e.keepFile(columnPlace(at), name, file)
			case state.Captured:
				e.keepFile(capturePlace(a.Info.Name), name, file)
			}
		})
	}
}

// keepFile keeps a file that is open.
func (e *Explorer) keepFile(place, name string, file app.Value) {
	if size := file.Get("size").Float(); size > mostCopied {
		letFileGo(place)
		e.later(state.ShowToast{Text: fmt.Sprintf("%s is open. The browser keeps files of at most %s and this has %s: a reload closes it", name, number.Bytes(mostCopied), number.Bytes(int(size)))})
		return
	}
	keepFile(place, name, file, func() {}, func() {
		e.later(state.ShowToast{Text: name + " is open, but the browser does not keep it: a reload closes it"})
	})
}

// openAgain shows the files that were open before the page was loaded again.
func (e *Explorer) openAgain() {
	for side := range state.Sides {
		name, key := keptFile(columnPlace(side))
		if key == "" {
			continue
		}
		e.do(state.Awaited{Side: side, Name: name})
		show := func(action state.Action) {
			if _, still := keptFile(columnPlace(side)); still != key {
				return // something else is in the column by now
			}
			switch a := action.(type) {
			case state.Opened:
				a.Again = true
				action = a
			case state.NotOpened:
				letFileGo(columnPlace(side))
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

// captureAgain takes in the queries and keys that were open before the page was loaded
// again. What models there are is not heard before.
func (e *Explorer) captureAgain() {
	for _, place := range browser.Session.Keys(capturePlaces) {
		name, key := keptFile(place)
		done := e.captures.Await()
		gone := func(why string) {
			letFileGo(place)
			e.later(state.ShowToast{Text: name + " cannot be opened again: " + why})
			done()
		}
		keptFiles().Get(key, func(file app.Value) {
			if !file.Truthy() {
				gone("the browser no longer keeps it")
				return
			}
			go func() {
				b := browser.NewBlob(file)
				f, err := checkpoint.ParseAt(b, b.Size())
				if err == nil {
					_, err = e.captures.Add(strings.TrimPrefix(place, capturePlaces), f)
				}
				if err != nil {
					gone(err.Error())
					return
				}
				done()
			}()
		})
	}
}

// modelOf is the name of what is in a file as a model: that of the file without its extension.
func modelOf(file string) string { return run.PlainName(strings.TrimSuffix(file, path.Ext(file))) }

// isCapture reports whether a file holds queries and keys, and neither a run nor attention
// maps, which are shown instead.
func isCapture(f *checkpoint.File) bool {
	return capture.Is(f) && !runfile.Is(f) && !lens.HasMaps(f)
}

// openFile reads a file and says what comes of it. What it holds of heads stays in it until
// one is looked at.
func (e *Explorer) openFile(side int, name string, file app.Value, done func(state.Action)) {
	if strings.HasSuffix(strings.ToLower(name), ".gguf") {
		e.bringModel(side, name, file, done)
		return
	}
	go func() {
		done(open(side, name, browser.NewBlob(file), cmp.Or(e.s.Draft.Column(side).Method, e.s.Draft.Method), func(f *checkpoint.File) (run.ModelInfo, error) {
			own := modelOf(name)
			if m := e.s.Model(own); m != nil && m.Arch != run.ArchCapture {
				own += " (file)"
			}
			return e.captures.Add(own, f)
		}))
	}()
}

// sized is a file of which any part can be read.
type sized interface {
	io.ReaderAt
	Size() int64
}

// later does an action in go-app's own turn.
func (e *Explorer) later(a state.Action) { e.ctx.Dispatch(func(app.Context) { e.do(a) }) }

// openText makes a text that of the form; no action where the file is none.
func openText(side int, name string, b sized) state.Action {
	head := make([]byte, min(b.Size(), 4096))
	if _, err := b.ReadAt(head, 0); err != nil {
		return nil // who reads it says so
	}
	kind := checkpoint.KindOf(head)
	isText := (kind == checkpoint.KindText || kind == checkpoint.KindJSON) && slices.Contains([]string{".txt", ".md", ".jsonl"}, path.Ext(name))
	switch {
	case !isText:
		return nil
	case b.Size() > run.MaxText:
		return state.NotOpened{Side: side, Name: name, Problem: fmt.Sprintf(
			"It is text of %s bytes; the page takes texts of at most %s. Cut it; of RULER's examples, a few lines will do.", number.Count(int(b.Size())), number.Count(run.MaxText))}
	}
	content := make([]byte, b.Size())
	_, err := b.ReadAt(content, 0)
	if err == nil && path.Ext(name) == ".jsonl" {
		_, err = niah.ReadRULER(bytes.NewReader(content))
	}
	if err != nil {
		return state.NotOpened{Side: side, Name: name, Problem: err.Error()}
	}
	return state.TextOpened{Name: name, Text: string(content)}
}

// open reads a text, a run, attention maps, which may not say of what model, or queries and
// keys, which add takes in as a model; where they say parameters and no method, they are those
// of the one given.
func open(side int, name string, b sized, method string, add func(*checkpoint.File) (run.ModelInfo, error)) state.Action {
	if text := openText(side, name, b); text != nil {
		return text
	}
	file, err := checkpoint.ParseAt(b, b.Size())
	if err != nil {
		return state.NotOpened{Side: side, Name: name, Problem: err.Error()}
	}
	if isCapture(file) {
		info, err := add(file)
		if err != nil {
			return state.NotOpened{Side: side, Name: name, Problem: err.Error()}
		}
		c := state.Captured{Side: side, Info: info}
		c.Asks, c.Ignored, c.Refused = apply.Asks(file, method, info.Context)
		return c
	}
	f, err := runfile.Of(file)
	if err != nil {
		return state.NotOpened{Side: side, Name: name, Problem: err.Error()}
	}
	if n := len(f.Run.Steps); n > mostSteps {
		return state.NotOpened{Side: side, Name: name, Problem: fmt.Sprintf(
			"It is a run of %s answer steps; the page shows runs of at most %s. The command `kvscope trace --in %s` prints longer ones.", number.Count(n), number.Count(mostSteps), name)}
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
