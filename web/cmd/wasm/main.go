// Command wasm is the browser's main. In a page it registers the pages and hands over
// to go-app; in a worker, which has no document, it is the engine. Compiled for anything
// but js/wasm it does nothing.
package main

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web"
	"kvscope/web/worker"
)

func main() {
	worker.Main()
	web.Routes()
	app.RunWhenOnBrowser()
}
