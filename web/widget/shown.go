package widget

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// Shown holds the current picture of a widget with a canvas, for those who save it. The
// widget keeps it up to date; the zero value is of one that has not drawn yet.
type Shown struct {
	Scale  MapScale // of an attention map
	canvas app.Value
	dark   bool // the canvas is in the colours for the dark
	// paint paints all of it in a set of colours, as large as it is kept or as it is seen.
	paint func(dark, kept bool)
}

// Image is the picture as it is kept, in one of the two sets of colours: a data URL and its
// size in pixels, "" before there is any, and the scale of its colours.
func (s *Shown) Image(dark bool) (href string, w, h float64, scale MapScale) {
	if s.canvas == nil {
		return "", 0, 0, MapScale{}
	}
	s.paint(dark, true)
	defer s.paint(s.dark, false)
	return s.canvas.Call("toDataURL", "image/png").String(), s.canvas.Get("width").Float(), s.canvas.Get("height").Float(), s.Scale
}
