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
