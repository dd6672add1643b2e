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
	"kvscope/web/state"
)

// ranking lists what was measured by the mean over the tasks, the best first. A task that
// is not all right is a button, which offers an example that was lost.
func (e *Experiments) ranking(x api.Described) app.UI {
	head := []app.UI{}
	for _, name := range []string{"place", "model", "method", "budget", "parameters", "mean", "95% interval", "cache read", "output error", "tasks, the worst first"} {
		head = append(head, app.Th().Text(name))
	}
	ranked := experiment.Rank(x.Rows)
	rows := make([]app.UI, len(ranked))
	for i, r := range ranked {
		off := number.Unknown
		if r.Error != nil {
			off = number.OutputError(*r.Error)
		}
		var cells []app.UI
		for _, text := range []string{
			fmt.Sprint(i + 1), e.s.Called(r.Model), rankedMethod(r), number.Budget(r.Budget), lab.Setup(r.Rows[0]),
			number.Percent(r.Mean), number.Interval(r.CI95[0], r.CI95[1]), number.Percent(r.Read), off,
		} {
			cells = append(cells, app.Td().Text(text))
		}
		rows[i] = app.Tr().Body(append(cells, e.rankedTasks(r))...)
	}
	body := []app.UI{app.Div().Class("lab-table").DataSet("testid", "ranking").Body(
		app.Table().Body(app.THead().Body(app.Tr().Body(head...)), app.TBody().Body(rows...)))}
	if e.s.Picked != nil {
		body = append(body, e.examples())
	}
	return app.Div().Class("lab-charts").Body(body...)
}

// rankedTasks are the tasks of r with their accuracies.
func (e *Experiments) rankedTasks(r experiment.Ranked) app.UI {
	var tasks []app.UI
	for _, row := range r.Rows {
		text := row.Task + " " + number.WholePercent(row.Accuracy)
		if row.Accuracy < 1 {
			tasks = append(tasks, e.pickRow(row, "open an example that it lost", text), app.Text(" "))
		} else {
			tasks = append(tasks, app.Text(text+" "))
		}
	}
	return app.Td().Body(tasks...)
}

// rankedMethod names who selects, and by what where that was swapped.
func rankedMethod(r experiment.Ranked) string {
	text := state.MethodName(r.Method)
	if r.Selector != "" && r.Selector != sparse.SelectorOwn {
		text += ", " + r.Selector
	}
	if r.Swap != (experiment.Swap{}) {
		text += fmt.Sprintf(", keys %s, states %s", cmp.Or(r.SelectWith, "trained"), cmp.Or(r.ComputeWith, "trained"))
	}
	return text
}
