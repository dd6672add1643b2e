package widget

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// Shown holds the current picture of a widget with a canvas, for those who save it. The
// widget keeps it up to date; the zero value is of one that has not drawn yet.
type Shown struct {
	Scale  MapScale // of an attention map
	canvas app.Value
	dark   bool            // the canvas is in the colours for the dark
	paint  func(dark bool) // paints all of it in a set of colours
}

// Image is the picture in one of the two sets of colours, as a data URL, and its size in
// pixels, "" before there is any.
func (s *Shown) Image(dark bool) (href string, w, h float64) {
	if s.canvas == nil {
		return "", 0, 0
	}
	if dark != s.dark {
		s.paint(dark)
		defer s.paint(s.dark)
	}
	return s.canvas.Call("toDataURL", "image/png").String(), s.canvas.Get("width").Float(), s.canvas.Get("height").Float()
}
