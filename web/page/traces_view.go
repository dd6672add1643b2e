package page

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/viz/number"
	"kvscope/web/browser"
	"kvscope/web/traces"
	"kvscope/web/widget"
)

// Render lays out the list, and the two that are compared.
func (p *Traces) Render() app.UI {
	main := []app.UI{
		app.H1().Text("Traces"),
		app.P().Text(p.about()),
		app.P().Class("traces-go").Body(
			app.Label().Class("button main").Body(app.Text("Add files"),
				app.Input().ID("traces-add").Type("file").Accept(".safetensors").Multiple(true).Class("unseen").DataSet("keeps", true).Aria("label", "add files of runs")),
			app.Span().Class("quiet").DataSet("testid", "traces-space").Text(p.room())),
	}
	if r := p.removed; r != nil {
		main = append(main, app.P().Class("lab-undo").Attr("role", "status").DataSet("testid", "traces-undo").Body(
			app.Text(r.trace.Name+" is removed."), app.Button().Type("button").Class("button small").OnClick(p.onUndo).Text("Undo")))
	}
	if p.said != "" {
		main = append(main, app.P().Class("quiet").Attr("role", "status").DataSet("testid", "traces-said").Text(p.said))
	}
	if p.ready && len(p.list) == 0 {
		main = append(main, app.P().Class("quiet").DataSet("testid", "traces-none").Text("There are none yet."))
	}
	if len(p.list) > 0 {
		main = append(main, p.table())
	}
	if p.compared != nil {
		main = append(main, p.sides()...)
	}
	body := []app.UI{&widget.Header{Path: "/traces", Theme: p.plain.Theme, On: p.plain.bus}, app.Main().Class("lessons-page traces-page").TabIndex(-1).Body(main...)}
	body = append(body, keyList(p.plain.Chrome, p.plain.bus)...)
	return app.Div().Class("lessons").DataSet("testid", "traces").DataSet("ready", p.ready).Body(body...)
}

// about says what the page has.
func (p *Traces) about() string {
	where := "this browser keeps"
	if p.onServer() {
		where = "the server keeps in its data folder, and older ones of this browser"
	}
	return "Recorded runs that " + where + ". The ribbon above a column of the Explorer keeps its run; files of saved runs, also of “kvscope trace --out”, can be dropped here. Tick two to compare them."
}

// room says how much is kept and may be.
func (p *Traces) room() string {
	text := number.Of(len(p.list), "trace") + ", " + number.Bytes(p.list.Bytes())
	if p.most > 0 {
		text += fmt.Sprintf("; this site uses %s of the %s that the browser gives it", number.Bytes(p.used), number.Bytes(p.most))
	}
	return text
}

func (p *Traces) table() app.UI {
	var names []app.UI
	for _, name := range []string{"", "name", "run", "answer", "score", "heads that hit", "cache read", "size", "saved", "kept by", ""} {
		names = append(names, app.Th().Text(name))
	}
	head := app.THead().Body(app.Tr().Body(names...))
	var rows []app.UI
	for _, t := range p.list {
		rows = append(rows, p.row(t))
	}
	return app.Div().Class("lab-table").Body(app.Table().DataSet("testid", "traces-list").Body(head, app.TBody().Body(rows...)))
}

// row is one trace. Its controls know it by its key.
func (p *Traces) row(t traces.Trace) app.UI {
	run, hits := []string{t.Model, t.Method, t.Task}, ""
	if t.Tokens > 0 { // else nothing is known of it
		run, hits = append(run, number.Count(t.Tokens)+" tokens"), number.Count(t.Hits)
	}
	run = slices.DeleteFunc(run, func(s string) bool { return s == "" })
	button := func(what, title string) app.UI {
		return app.Button().Type("button").Class("button small").DataSet("what", what).DataSet("key", t.Key).Aria("label", title+" "+t.Name).OnClick(p.onButton).Text(title)
	}
	fault := app.Text("")
	if t.Fault != "" {
		fault = app.P().Class("problem").Text(t.Fault)
	}
	return app.Tr().DataSet("key", t.Key).Body(
		app.Td().Body(app.Input().Type("checkbox").Checked(slices.Contains(p.picked, t.Key)).DataSet("key", t.Key).Aria("label", "compare "+t.Name).OnChange(p.onPick)),
		app.Td().Body(
			app.Input().Type("text").Class("input trace-name").Value(t.Name).MaxLength(traces.MaxName).DataSet("key", t.Key).Aria("label", "name").OnChange(p.onName),
			app.Input().Type("text").Class("input trace-note").Value(t.Note).MaxLength(traces.MaxNote).Placeholder("describe it").DataSet("key", t.Key).Aria("label", "description of "+t.Name).OnChange(p.onNote), fault),
		app.Td().Text(strings.Join(run, ", ")),
		app.Td().Text(t.Answer), app.Td().Text(t.Score), app.Td().Text(hits), app.Td().Text(t.Read),
		app.Td().Text(number.Bytes(t.Bytes)), app.Td().Text(t.Saved.Local().Format(time.DateTime)), app.Td().Text(keeper(t)),
		app.Td().Class("trace-buttons").Body(button("open", "Open"), button("download", "Download"), button("remove", "Remove")))
}

// keeper says where a trace is kept.
func keeper(t traces.Trace) string {
	if t.Server {
		return "server"
	}
	return "browser"
}

// sides is two traces side by side.
func (p *Traces) sides() []app.UI {
	c := p.compared
	var rows []app.UI
	for _, r := range c.of.Rows {
		row := app.Tr().Body(app.Th().Text(r.Name), app.Td().Text(r.Left), app.Td().Text(r.Right))
		if r.Left != r.Right {
			row.Class("differs")
		}
		rows = append(rows, row)
	}
	out := []app.UI{
		app.H2().Text("Side by side"),
		app.P().Body(app.Button().Type("button").Class("button small").DataSet("testid", "traces-show").OnClick(p.onShow).Text("Open both in the Explorer")),
		app.Div().Class("lab-table").Body(app.Table().DataSet("testid", "traces-compared").Body(
			app.THead().Body(app.Tr().Body(app.Th(), app.Th().Text(c.left.Name), app.Th().Text(c.right.Name))), app.TBody().Body(rows...))),
	}
	if c.svg == "" {
		return append(out, app.P().Class("quiet").Text("They did not read the same prompt, so their picks cannot be set against each other."))
	}
	return append(out, app.Div().Class("traces-picks").DataSet("testid", "traces-picks").Body(app.Raw(c.svg)))
}

// of is the trace whose control an event happened at.
func (p *Traces) of(ctx app.Context) (traces.Trace, bool) {
	return p.list.Find(ctx.JSSrc().Get("dataset").Get("key").String())
}

func (p *Traces) onPick(ctx app.Context, _ app.Event) {
	if t, ok := p.of(ctx); ok {
		p.pick(t.Key, ctx.JSSrc().Get("checked").Bool())
	}
}

func (p *Traces) onName(ctx app.Context, _ app.Event) {
	t, ok := p.of(ctx)
	if !ok {
		return
	}
	name := strings.TrimSpace(ctx.JSSrc().Get("value").String())
	if err := traces.CheckName(name); err != nil {
		ctx.JSSrc().Set("value", t.Name)
		p.said = err.Error()
		return
	}
	t.Name = name
	p.change(t, "The name "+name+" is kept.")
}

func (p *Traces) onNote(ctx app.Context, _ app.Event) {
	if t, ok := p.of(ctx); ok {
		t.Note = strings.TrimSpace(ctx.JSSrc().Get("value").String())
		p.change(t, "The description of "+t.Name+" is kept.")
	}
}

func (p *Traces) onButton(ctx app.Context, _ app.Event) {
	t, ok := p.of(ctx)
	if !ok {
		return
	}
	switch ctx.JSSrc().Get("dataset").Get("what").String() {
	case "open":
		p.show([]traces.Trace{t})
	case "download":
		p.file(t, func(file app.Value) { browser.DownloadFile(t.Name+".safetensors", file) })
	case "remove":
		p.remove(t)
	}
}

func (p *Traces) onUndo(app.Context, app.Event) { p.undo() }

func (p *Traces) onShow(app.Context, app.Event) {
	p.show([]traces.Trace{p.compared.left, p.compared.right})
}
