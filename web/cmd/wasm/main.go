// Command wasm is the browser's main: it registers the pages and hands over to
// go-app. Compiled for anything but js/wasm it does nothing.
package main

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web"
)

func main() {
	web.Routes()
	app.RunWhenOnBrowser()
}
