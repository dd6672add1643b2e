// Package paint makes pixels: a raster to fill, and the colours that numbers are
// shown in. It knows no browser; a canvas, a file or a test takes what it painted.
package paint
