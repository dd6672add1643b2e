package page

import (
	"cmp"
	"fmt"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/experiment"
	"kvscope/engine/sparse"
	"kvscope/viz/number"
	"kvscope/web/api"
	"kvscope/web/lab"
)

// ranking lists what was measured by the mean over the tasks, the best first. A task is a
// button, which offers an example that was lost, where one was.
func (e *Experiments) ranking(x api.Described) app.UI {
	head := []app.UI{}
	for _, name := range []string{"place", "model", "method", "mean", "95% interval", "budget", "parameters", "cache read", "output error", "tasks, the worst first"} {
		head = append(head, app.Th().Text(name))
	}
	ranked := experiment.Rank(x.Rows)
	rows := make([]app.UI, len(ranked))
	for i, r := range ranked {
		cell := func(text string) app.UI { return app.Td().Text(text) }
		rows[i] = app.Tr().Body(
			cell(fmt.Sprint(i+1)), cell(e.s.Called(r.Model)), cell(rankedMethod(r)), cell(number.Percent(r.Mean)),
			app.Td().Body(meanBar(r), app.Text(number.Interval(r.CI95[0], r.CI95[1]))),
			cell(number.Budget(r.Budget)), cell(lab.Setup(r.Rows[0])), cell(number.Percent(r.Read)), cell(orUnknown(r.Error, number.OutputError)), e.rankedTasks(r))
	}
	body := []app.UI{app.Div().Class("lab-table").DataSet("testid", "ranking").Body(
		app.Table().Body(app.THead().Body(app.Tr().Body(head...)), app.TBody().Body(rows...)))}
	if e.s.Picked != nil {
		body = append(body, e.examples())
	}
	return app.Div().Class("lab-charts").Body(body...)
}

// meanBar draws a mean, and its interval over it, from 0 to 100%.
func meanBar(r experiment.Ranked) app.UI {
	percent := func(share float64) string { return number.Digits(100*share, 4) + "%" }
	return app.Span().Class("meter mean").Aria("hidden", true).Body(
		app.I().Style("width", percent(r.Mean)),
		app.B().Style("left", percent(r.CI95[0])).Style("width", percent(r.CI95[1]-r.CI95[0])))
}

// rankedTasks are the tasks of r with their accuracies.
func (e *Experiments) rankedTasks(r experiment.Ranked) app.UI {
	var tasks []app.UI
	for _, row := range r.Rows {
		text := row.Task + " " + number.WholePercent(row.Accuracy)
		class, title := "link", "open an example that it lost"
		if row.Accuracy == 1 {
			class, title = "link right", "open one of its examples"
		}
		tasks = append(tasks, e.pickRow(row, class, title, text), app.Text(" "))
	}
	return app.Td().Class("tasks").Body(tasks...)
}

// rankedMethod names who selects, and by what where that was swapped.
func rankedMethod(r experiment.Ranked) string {
	text := sparse.Title(r.Method)
	if r.Selector != "" && r.Selector != sparse.SelectorOwn {
		text += ", " + r.Selector
	}
	if r.Swap != (experiment.Swap{}) {
		text += fmt.Sprintf(", keys %s, states %s", cmp.Or(r.SelectWith, "trained"), cmp.Or(r.ComputeWith, "trained"))
	}
	return text
}
