package widget

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// OpenButton lets files be chosen that are opened in columns from side on. The page
// listens to all inputs that say so in data-opens.
func OpenButton(id string, side int, about string) app.HTMLLabel {
	return app.Label().Class("button icon small open").Title(about).Body(
		app.Raw(iconOpen), app.Span().Class("unseen").Text("open a file"),
		app.Input().ID(id).Type("file").Accept(".safetensors,.npz,.gguf,.txt,.md,.jsonl").Multiple(true).Class("unseen").DataSet("opens", side).Aria("label", about))
}

// openModelFile lets a model be chosen that the engine of this browser runs: its file, or its
// folder.
func openModelFile(id string) app.UI {
	button := func(text, about string, input app.HTMLInput) app.UI {
		return app.Label().Class("button open").Title(about).Body(app.Text(text), input.Type("file").Class("unseen").DataSet("opens", 0).Aria("label", about))
	}
	return app.Div().Class("field").Body(
		app.P().Class("hint").DataSet("testid", "open-model-here").Text("A model of your own runs in this browser and is sent nowhere. Drop it on a column, or choose"),
		app.Div().Class("edits").Body(
			button("a GGUF file", "open the GGUF file of a model", app.Input().ID(id+"-file").Accept(".gguf")),
			button("a folder", "open the folder of a model: config.json, safetensors and tokenizer.json", app.Input().ID(id+"-folder").Attr("webkitdirectory", true))))
}
