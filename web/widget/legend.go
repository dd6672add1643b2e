package widget

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/plot"
)

// Legend says in one line what the colours and marks of a view mean. Its marks are
// those that a saved picture has.
type Legend struct {
	app.Compo

	Of   string // the view, for its data-testid
	Keys plot.Legend
}

// Render writes the line.
func (l *Legend) Render() app.UI {
	return app.Div().Class("legend").Attr("role", "note").Aria("label", "legend").DataSet("testid", "legend-"+l.Of).
		Body(app.Raw(l.Keys.HTML()))
}
