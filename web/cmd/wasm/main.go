package main

import (
	"runtime"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web"
	"kvscope/web/worker"
)

// ballast is never touched, and so costs no memory. It makes garbage be collected when there
// is as much of it, and not each time that the page's few megabytes have doubled, which took
// a part of every other frame.
const ballast = 8 << 20

func main() {
	worker.Main()
	held := make([]byte, ballast)
	web.Routes()
	app.RunWhenOnBrowser()
	runtime.KeepAlive(held)
}
