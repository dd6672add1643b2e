package chart_test

import (
	"bytes"
	"fmt"

	"kvscope/viz/chart"
)

// Rows of an experiment become the paper's Figure 1, drawn as SVG.
func ExampleFigure1() {
	row := func(model string, memory bool, budget, accuracy float64) chart.Row {
		return chart.Row{
			Ref: chart.Ref{Model: model, Task: "MK-2", Method: "quest", Selector: "own"}, Name: "Quest", Setup: "blocks of 16", Unit: "block",
			Memory: memory, Budget: budget, Block: 16, Context: 1024, Accuracy: accuracy, Low: accuracy - 0.05, High: accuracy + 0.05, Examples: 100,
		}
	}
	charts := chart.Figure1([]chart.Row{row("plain", false, 1, 0.9), row("plain", false, 0.25, 0.4), row("memory", true, 0.25, 0.8)}, chart.Paper{})
	for _, c := range charts {
		svg := c.SVG(chart.Properties)
		fmt.Println(c.ID, c.Categories, len(c.Series), "series,", bytes.Count(svg, []byte("<circle")), "points")
	}
	// Output: accuracy-quest--blocks-of-16-mk-2 [1 1/4] 2 series, 3 points
}
