package page

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/number"
	"kvscope/web/api"
	"kvscope/web/browser"
	"kvscope/web/client"
	"kvscope/web/state"
)

// mostModel is how many bytes a model may have that the page runs: of the 4 GiB that
// WebAssembly has, it takes itself twice while it is opened, and then matrices that are
// widened, caches and what finished runs leave.
const mostModel = 1 << 30

// bringModel lets the engine of the browser run the model in a file, which leaves this
// machine no more than the page does, and says what comes of it.
func (e *Explorer) bringModel(side int, name string, file app.Value, done func(state.Action)) {
	engine, ok := e.engine.Engine.(client.Opener)
	if !ok {
		done(state.NotOpened{Side: side, Name: name, Problem: "The server runs the models that it was started with, as in “kvscope serve --model " + name +
			"”. Or choose “in this browser” below the request, and open the file again."})
		return
	}
	size := file.Get("size").Int()
	if size > mostModel {
		done(state.NotOpened{Side: side, Name: name, Problem: fmt.Sprintf(
			"It has %s; a tab has memory for models of at most %s. “kvscope serve --model %s” runs it.", number.Bytes(size), number.Bytes(mostModel), name)})
		return
	}
	e.later(state.ShowToast{Text: "loading " + name})
	from := api.SiteFile{Name: strings.TrimSuffix(name, path.Ext(name)), File: browser.FileURL(file), Size: size}
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
		done(state.ModelBrought{Side: side, Model: *info})
	}()
}
