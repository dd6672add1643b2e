package widget

import (
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/pattern"
	"kvscope/engine/trace"
	"kvscope/viz/number"
	"kvscope/web/state"
)

// columnHead is two lines, however much of them is known yet, so that what is below stands
// beside the same of the other columns.
func columnHead(v *ColumnView, side int, on *Bus) app.UI {
	status := v.Status()
	if v.File != "" {
		status = "from " + v.File
	}
	body := []app.UI{
		app.H2().Title(v.Whole).Text(v.Name),
		app.Span().Class("how").DataSet("testid", "how").Title(v.How).Text(v.Rest),
		statusText(status, v.Phase == state.Done && v.File == ""),
	}
	if v.Preview {
		body = append(body, app.Span().Class("tag preview").DataSet("testid", "preview").Aria("hidden", "true").Text("preview"))
	}
	said := []app.UI{app.Span().Class("verdict").DataSet("testid", "verdict").Title(v.Verdict).Text(v.Verdict)}
	if class, text := v.scored(); text != "" {
		said = append(said, likelihood(v.Run.Done))
		body = append(body, app.Span().Class("score "+class).DataSet("testid", "score").DataSet("score", v.Run.Done.Score).Text(text))
	}
	if v.Run != nil && v.Run.Header != nil && v.Phase != state.Loading {
		if v.File == "" {
			body = append(body,
				&IconButton{Icon: iconCommand, Title: "copy as a command: the line for a shell that repeats this run", Test: "command", Do: state.AsCommand{Side: side}, On: on},
				&IconButton{Icon: iconKeep, Title: "keep this run among the traces", Test: "keep", Do: state.Keep{Side: side}, On: on})
		}
		body = append(body, &SaveMenu{Side: side, Picture: "run", Formats: "safetensors", Label: "save this run as a file", On: on})
	}
	body = append(body, OpenButton("open-"+strconv.Itoa(side), side, "open a saved run or attention maps in this column; or drop the file on it"))
	return app.Div().Class(classes("column-head", when(v.Rows.Verdict > longVerdict, "long"))).Body(app.Div().Class("column-title").Body(body...), app.Div().Class("column-said").Body(said...))
}

// longVerdict is how many letters of a verdict a narrow column has in a line.
const longVerdict = 48

// statusText is where the column stands. How long a run took is in the inspector too: of it
// only the parts are shown that have room.
func statusText(text string, done bool) app.UI {
	span := app.Span().Class("status").Title(text)
	if !done {
		return span.Text(text)
	}
	var parts []app.UI
	for rest := text; rest != ""; {
		part := rest
		if at := partEnd().FindStringIndex(rest); at != nil {
			part = rest[:at[0]+1]
		}
		parts, rest = append(parts, app.Span().Text(part)), rest[len(part):]
	}
	return span.Class("parts").Body(parts...)
}

// partEnd is where a part of a text ends: before the sign that begins the next.
var partEnd = pattern.Of(`[^,;:][,;:] `)

// likelihood is how likely the expected answer, or a free prompt, was as the run read.
func likelihood(d *trace.Done) app.UI {
	text, title := "", ""
	switch {
	case d.ExpectedLogLik != nil:
		text, title = "ln p "+number.LogLik(*d.ExpectedLogLik), "log-likelihood of the expected answer, each of its tokens after those before it"
	case d.Perplexity != nil:
		text, title = "perplexity "+number.Perplexity(*d.Perplexity), "of the prompt's tokens, as they were read"
	}
	return app.Span().Class("note quiet likelihood").DataSet("testid", "likelihood").Hidden(text == "").Title(title).Text(text)
}

func progressBar(v *ColumnView) app.UI {
	bar := app.Div().Attr("role", "progressbar").Aria("label", "progress of "+v.Name)
	p := v.Progress()
	switch {
	case v.Phase != state.Loading:
		return bar.Class("bar").Hidden(true).Body(app.I())
	case p < 0:
		return bar.Class("bar unsure").Hidden(false).Body(app.I())
	}
	return bar.Class("bar").Hidden(false).Aria("valuenow", int(p*100)).
		Body(app.I().Style("transform", "scaleX("+number.Decimals(p, 3)+")"))
}
