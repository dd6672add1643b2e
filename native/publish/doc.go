// Package publish makes of measured cells what people read and take away: charts beside
// the paper's values, claims with what the numbers say of them, tables, and a report that
// needs nothing else.
//
//	cells, err := store.Measured(ctx, id)
//	paper, err := publish.Paper(chart.FromScratch)
//	for _, c := range publish.Charts(cells, paper) {
//		os.WriteFile(c.ID+".svg", c.SVG(chart.Properties), 0o644)
//	}
package publish
