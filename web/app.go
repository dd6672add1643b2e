// Package web is the explorer's page.
package web

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// Routes registers the pages. The server and the browser program both call it,
// since go-app answers only for paths that it knows in both.
func Routes() {
	app.RouteFunc("/", func() app.Composer { return &explorer{} })
}

type explorer struct{ app.Compo }

func (*explorer) Render() app.UI { return app.Main().Body(app.H1().Text("kvscope")) }
