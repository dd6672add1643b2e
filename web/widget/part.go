package widget

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// Part is a part of a page that stays as it is drawn until Key is another: it is not drawn
// anew for every movement of a pointer, which most parts do not show.
type Part struct {
	app.Compo

	Key  any
	Draw func() app.UI // that another is no change, the browser's program knows of functions
}

// Render draws the part.
func (p *Part) Render() app.UI { return p.Draw() }
