package page

import (
	"fmt"
	"strconv"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/experiment"
	"kvscope/engine/sparse"
	"kvscope/viz/chart"
	"kvscope/viz/number"
	"kvscope/web/api"
	"kvscope/web/lab"
)

// table lists every row that was measured.
func (e *Experiments) table(x api.Described) app.UI {
	head := []app.UI{}
	for _, name := range []string{"model", "task", "method", "selector", "keys", "states", "budget", "parameters", "accuracy", "95% interval", "deviation", "seeds", "examples", "cache read", "ln p of the answer", "output error", "examples of it"} {
		head = append(head, app.Th().Text(name))
	}
	rows := make([]app.UI, len(x.Rows))
	for i, r := range x.Rows {
		var cells []app.UI
		for _, text := range []string{
			e.s.Called(r.Model), r.Task, sparse.Title(r.Method), r.Selector, orTrained(r.SelectWith), orTrained(r.ComputeWith), number.Budget(r.Budget), lab.Setup(r), number.Percent(r.Accuracy),
			number.Interval(r.CI95[0], r.CI95[1]), number.Deviation(r.Std, r.Seeds), strconv.Itoa(r.Seeds), strconv.Itoa(r.Examples), number.Percent(r.Read),
			orUnknown(r.LogLik, number.LogLik), orUnknown(r.Error, number.OutputError),
		} {
			cells = append(cells, app.Td().Text(text))
		}
		cells = append(cells, app.Td().Body(e.pickRow(r, "link", "open one of its examples", "examples")))
		rows[i] = app.Tr().Body(cells...)
	}
	body := []app.UI{app.Div().Class("lab-table").DataSet("testid", "table").Body(
		app.Table().Body(app.THead().Body(app.Tr().Body(head...)), app.TBody().Body(rows...)))}
	if e.s.Picked != nil {
		body = append(body, e.examples())
	}
	return app.Div().Class("lab-charts").Body(body...)
}

// orUnknown writes a figure that may not be known.
func orUnknown(v *float64, write func(float64) string) string {
	if v == nil {
		return number.Unknown
	}
	return write(*v)
}

// pickRow is a button that offers examples of a row.
func (e *Experiments) pickRow(r experiment.Row, class, title, text string) app.UI {
	pick := lab.Pick{
		Ref:   chart.Ref{Model: r.Model, Task: r.Task, Method: r.Method, Selector: r.Selector, Swap: chart.Swap(r.Swap), Params: r.Params},
		About: fmt.Sprintf("budget %s: %s of %d", number.Budget(r.Budget), number.Percent(r.Accuracy), r.Examples),
	}
	return app.Button().Type("button").Class(class).Title(title).OnClick(func(app.Context, app.Event) { e.do(pick) }, pick.Ref, pick.About).Text(text)
}

// orTrained says what a side of a swap is, where it is not named.
func orTrained(with string) string {
	if with == "" {
		return "trained"
	}
	return with
}
