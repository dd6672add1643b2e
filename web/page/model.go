package page

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/run"
	"kvscope/viz/number"
	"kvscope/web/api"
	"kvscope/web/browser"
	"kvscope/web/client"
	"kvscope/web/state"
)

// mostModel is how many bytes a model may have that the page runs: of the 4 GiB that
// WebAssembly has, it takes itself, and then matrices that are widened, caches and what
// finished runs leave.
const mostModel = 1 << 30

// modelConfig is the file by which a folder is known to be that of a model.
const modelConfig = "config.json"

// bringModel lets the engine of the browser run the model in a file, and says what comes of
// it.
func (e *Explorer) bringModel(side int, name string, file app.Value, done func(state.Action)) {
	from := siteFile(modelOf(name), file)
	e.bring(side, name, from, done, func() string { return browser.FileURL(file) })
}

// siteFile describes a file of the browser, under a name, that has no address yet.
func siteFile(name string, file app.Value) api.SiteFile {
	return api.SiteFile{Name: name, Size: file.Get("size").Int(), Changed: int64(file.Get("lastModified").Float())}
}

// bringFolder does so with the model in a folder as Hugging Face leaves them.
func (e *Explorer) bringFolder(side int, folder browser.Folder) {
	refuse := func(problem string) { e.do(state.NotOpened{Side: side, Name: folder.Name, Problem: problem}) }
	if folder.Err != nil && app.Window().URL().Scheme == "file" {
		refuse("A browser does not tell a page on a disk what is in a folder that is dropped on it: choose it by the button “a folder” below the columns.")
		return
	}
	if folder.Err != nil {
		refuse("Its files are not known: " + folder.Err.Error())
		return
	}
	var files []api.SiteFile
	for _, file := range folder.Files {
		files = append(files, siteFile(file.Get("name").String(), file))
	}
	if problem := notAModel(files); problem != "" {
		refuse(problem)
		return
	}
	from := api.SiteFile{Name: run.PlainName(folder.Name), Size: weightsIn(files), Folder: true}
	e.bring(side, folder.Name, from, e.later, func() string {
		for i := range files {
			files[i].File = browser.FileURL(folder.Files[i])
		}
		text, err := json.Marshal(files)
		if err != nil {
			panic("BUG: " + err.Error()) // only our own types come here
		}
		return browser.FileURL(browser.NewFile(folder.Name, "application/json", text))
	})
}

// notAModel says what keeps a folder of these files from being a model's, "" where nothing
// does that can be told by their names.
func notAModel(files []api.SiteFile) string {
	has := func(is func(name string) bool) bool {
		return slices.ContainsFunc(files, func(f api.SiteFile) bool { return is(f.Name) })
	}
	const want = "A folder as save_pretrained leaves it has config.json, model.safetensors or its parts with their index, and tokenizer.json."
	switch {
	case len(files) == 0:
		return "It has no files. " + want
	case !has(isWeights) && has(func(name string) bool { return path.Ext(name) == ".gguf" }):
		return "It has GGUF files: drop one of them, not the folder."
	case !has(isWeights):
		return "It has no weights, a file that ends in .safetensors. " + want
	}
	return ""
}

func isWeights(name string) bool { return path.Ext(name) == ".safetensors" }

// weightsIn is how many bytes of weights are read of these files: of the one that has all,
// or of all parts.
func weightsIn(files []api.SiteFile) int {
	sum := 0
	for _, f := range files {
		switch {
		case f.Name == "model.safetensors":
			return f.Size
		case isWeights(f.Name):
			sum += f.Size
		}
	}
	return sum
}

// bring lets the engine of the browser run a model, whose bytes leave this machine no more
// than the page does, and says what comes of it. at makes the address of its file.
func (e *Explorer) bring(side int, name string, from api.SiteFile, done func(state.Action), at func() string) {
	engine, ok := e.engine.Engine.(client.Opener)
	if !ok {
		done(state.NotOpened{Side: side, Name: name, Problem: "The server runs the models that it was started with, as in “kvscope serve --model " + name +
			"”. Or choose “in this browser” below the request, and open it again."})
		return
	}
	if from.Size > mostModel {
		done(state.NotOpened{Side: side, Name: name, Problem: fmt.Sprintf(
			"It has %s; a tab has memory for models of at most %s. “kvscope serve --model %s” runs it.", number.Bytes(from.Size), number.Bytes(mostModel), name)})
		return
	}
	e.later(state.ShowToast{Text: "loading " + name, Stays: true})
	from.File = at()
	in := e.engine.Engine
	go func() {
		info, err := engine.Open(context.Background(), from)
		if err != nil {
			problem := err.Error()
			if client.OutOfMemory(err) {
				problem = "The tab ran out of memory on the way. “kvscope serve --model " + name + "” runs it."
			}
			done(state.NotOpened{Side: side, Name: name, Problem: problem})
			return
		}
		e.ctx.Dispatch(func(app.Context) {
			if in != e.engine.Engine { // the models of another are shown by now
				e.do(state.ShowToast{})
				return
			}
			done(state.ModelBrought{Side: side, Model: *info})
		})
	}()
}
