// Package widget holds the pictures and controls of the explorer. A widget shows
// the values of its exported fields and nothing else, and tells a Bus what the
// hand does. What is painted is painted in Go, pixel by pixel, by functions that
// know no browser; a canvas only shows it.
//
//	on := &widget.Bus{Do: func(a state.Action) { ... }}
//	column := widget.Column("left", 0, view, &snapshot, below, on)
package widget
