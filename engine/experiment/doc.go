// Package experiment measures what a reader of the paper asks: how often each
// model answers right under each method and budget, which heads select the needle
// (hypothesis 1), and how much is lost when chance selects (hypothesis 2). A grid
// is split into cells, each a few held-out examples of one combination; a cell is
// the same work wherever and however often it is computed.
//
//	cells, err := grid.Cells(engine.Models(), version)
//	outcome, err := experiment.Measure(ctx, engine, cells[0])
package experiment
