package web

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/api"
	"kvscope/web/client"
	"kvscope/web/page"
)

// Routes registers the pages. The server and the browser program both call it,
// since go-app answers only for paths that it knows in both.
func Routes() {
	app.RouteFunc("/", func() app.Composer { return page.NewExplorer(hosts) })
	app.RouteFunc("/embed", func() app.Composer { return page.NewEmbed(hosts) })
	app.RouteFunc("/experiments", func() app.Composer { return page.NewExperiments(laboratory) })
	app.RouteFunc("/lessons", func() app.Composer { return page.NewLessons() })
	app.RouteFunc("/notes", func() app.Composer { return page.NewNotes() })
	app.RouteFunc("/traces", func() app.Composer { return page.NewTraces() })
	app.RouteFunc("/gallery", func() app.Composer { return page.NewGallery() })
}

// hosts are the places where the engine runs, by what the page says of its site.
func hosts() []client.Host {
	root := *app.Window().URL()
	root.Path, root.RawQuery, root.Fragment = app.Getenv("GOAPP_ROOT_PREFIX")+"/", "", ""
	return client.Hosts(api.ReadSite(app.Getenv(api.SiteVariable)), &root)
}

// laboratory is the experiments of the server that the page came from.
func laboratory() client.Lab { return client.NewServerLab(app.Window().URL()) }
