package page

import (
	"strings"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/web/client"
	"kvscope/web/widget"
)

// framedHide is left out of an Explorer in a frame whose address does not say what is.
var framedHide = strings.Join([]string{"header", "controls", "inspector", "timeline"}, ",")

// NewEmbed returns the Explorer for a frame of somebody's page: its views, and a way to
// the Explorer as a whole. What of it is left out is said by hide in the address.
func NewEmbed(find func() []client.Host) *Explorer {
	e := NewExplorer(find)
	e.framed, e.s.Hide = true, framedHide // until an address says otherwise
	e.screen.update(&e.s)
	return e
}

// way leads to the whole Explorer with what is shown here, in a tab of its own.
func (e *Explorer) way() app.UI {
	place := e.s.Place
	place.Hide = ""
	at := widget.At("/")
	if query := place.Query(); query != "" {
		at += "?" + query
	}
	return app.A().Class("embed-way").DataSet("testid", "embed-way").Href(at).Target("_blank").Rel("noopener").Text("Open in kvscope")
}
