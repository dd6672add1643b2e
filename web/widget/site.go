package widget

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/api"
)

// At is a page of the site by its path, wherever the site begins.
func At(path string) string { return app.Getenv("GOAPP_ROOT_PREFIX") + path }

// served reports whether a server stands behind the site, and with it the experiments,
// which it keeps.
func served() bool { return api.ReadSite(app.Getenv(api.SiteVariable)).Server }
