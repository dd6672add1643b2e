package publish

import (
	"kvscope/assets"
	"kvscope/engine/experiment"
	"kvscope/engine/input"
	"kvscope/engine/sparse"
	"kvscope/native/summary"
	"kvscope/viz/chart"
)

// Paper are the paper's values of one of its tables, the first where none is named.
func Paper(table chart.Table) (chart.Paper, error) {
	if table == "" {
		table = chart.FromScratch
	}
	paper, err := chart.ParsePaper(assets.PaperTables(), table)
	if err != nil {
		return paper, input.Errorf("paper", "%v", err)
	}
	return paper, nil
}

// Charts draws measured cells, beside the values of the paper.
func Charts(cells []experiment.Measured, paper chart.Paper) []chart.Chart {
	result := summary.Sum(cells)
	rates := summary.Rates(cells)
	rows := make([]chart.Row, len(result.Rows))
	var curves []chart.Curve
	for i, r := range result.Rows {
		rows[i] = chartRow(r)
		// A method that acts in the prefill selects for no answer step but the first.
		if info, _ := sparse.Method(r.Method); info.Phase != sparse.PhasePrefill {
			curves = append(curves, chart.Curve{
				Row: rows[i], Rates: rates[i],
				Interval: func(rate float64) (low, high float64) { return experiment.Wilson(rate, rows[i].Examples) },
			})
		}
	}
	var depths []chart.DepthCell
	for _, d := range summary.Depths(cells, chart.Parts) {
		depths = append(depths, chart.DepthCell{Row: chartRow(d.Row), Part: d.Part, Accuracy: d.Accuracy, Examples: d.Examples})
	}
	list := chart.Figure1(rows, paper)
	list = append(list, chart.Figures2to4(curves)...)
	list = append(list, chart.Table5(rows, paper)...)
	list = append(list, chart.Swaps2x2(rows)...)
	return append(list, chart.DepthMaps(depths)...)
}

// called is the name of a row's model for people: the title of its architecture where it is
// named after that, else its own name.
func called(r experiment.Row) string {
	if r.Model == r.Arch && r.Title != "" {
		return r.Title
	}
	return r.Model
}

func chartRow(r experiment.Row) chart.Row {
	info, _ := sparse.Method(r.Method)
	return chart.Row{
		Ref:    chart.Ref{Model: r.Model, Task: r.Task, Method: r.Method, Selector: r.Selector, Swap: chart.Swap(r.Swap), Params: r.Params},
		Budget: r.Budget, Whole: info.ReadsEverything(r.Params), Block: r.Block, Name: info.Name, Setup: info.Describe(r.Params), Called: called(r), Memory: r.Memory, Unit: info.Unit, Context: r.Context, Accuracy: r.Accuracy, Low: r.CI95[0], High: r.CI95[1],
		Std: r.Std, Seeds: r.Seeds, Examples: r.Examples,
	}
}
