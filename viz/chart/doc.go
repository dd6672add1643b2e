// Package chart draws what experiments came to, in the form of the paper's figures.
// A Chart says what is to be seen; it is drawn as ECharts options for the page and
// as SVG for reports, from the same numbers. Colours are names of the style sheet's
// custom properties, so that a chart is at home in light and in dark.
//
//	for _, c := range chart.Figure1(rows, paper) {
//		os.WriteFile(c.ID+".svg", c.SVG(chart.Properties), 0o644)
//	}
package chart
