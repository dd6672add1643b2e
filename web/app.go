package web

import (
	"cmp"
	"sync"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/api"
	"kvscope/web/client"
	"kvscope/web/page"
)

// Routes registers the pages. The server and the browser program both call it,
// since go-app answers only for paths that it knows in both.
func Routes() {
	// One for the whole page load: who comes back to the explorer finds its workers, with the
	// models that were brought to them.
	hosts := sync.OnceValue(hosts)
	for at, compose := range map[string]func() app.Composer{
		"":             func() app.Composer { return page.NewExplorer(hosts) },
		"/embed":       func() app.Composer { return page.NewEmbed(hosts) },
		"/experiments": func() app.Composer { return page.NewExperiments(laboratory) },
		"/lessons":     func() app.Composer { return page.NewLessons() },
		"/notes":       func() app.Composer { return page.NewNotes() },
		"/traces":      func() app.Composer { return page.NewTraces() },
		"/gallery":     func() app.Composer { return page.NewGallery() },
	} {
		app.RouteFunc(cmp.Or(at, "/"), compose)
		app.RouteFunc(at+"/", compose)           // as hosts of files call it
		app.RouteFunc(at+"/index.html", compose) // of a page that lies on a disk
	}
}

// hosts are the places where the engine runs, by what the page says of its site.
func hosts() []client.Host {
	root := *app.Window().URL()
	root.Path, root.RawQuery, root.Fragment = app.Getenv("GOAPP_ROOT_PREFIX")+"/", "", ""
	return client.Hosts(api.ReadSite(app.Getenv(api.SiteVariable)), &root)
}

// laboratory is the experiments of the server that the page came from.
func laboratory() client.Lab { return client.NewServerLab(app.Window().URL()) }
