// Package picture turns the trace of a run into the numbers that the explorer
// draws: the lines of the block grid, the shading of the prompt, the table of
// heads, the readout under the cursor. It works while the run is still arriving,
// draws nothing itself and never decides what was selected: that is the trace's to
// say.
//
//	r := &picture.Run{}
//	err := engine.Run(ctx, request, r)
//	grid := r.Grid(&picture.Head{Layer: 0, Head: 1})
package picture
