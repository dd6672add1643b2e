package widget

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// OpenButton lets files be chosen that are opened in columns from side on. The page
// listens to all inputs that say so in data-opens.
func OpenButton(id string, side int, about string) app.HTMLLabel {
	return app.Label().Class("button icon small open").Title(about).Body(
		app.Raw(iconOpen), app.Span().Class("unseen").Text("open a file"),
		app.Input().ID(id).Type("file").Accept(".safetensors,.npz,.txt,.md,.jsonl").Multiple(true).Class("unseen").DataSet("opens", side).Aria("label", about))
}
