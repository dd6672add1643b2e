// Package paint makes pixels: a raster to fill, and the colours that numbers are
// shown in. It knows no browser; a canvas, a file or a test takes what it painted.
//
//	var r paint.Raster
//	r.Reset(640, 480)
//	r.Fill(0, 0, 8, 8, colour)
package paint
