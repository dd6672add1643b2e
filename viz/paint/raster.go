package paint

import "image/color"

// Raster is a picture being painted, [H, W] pixels of red, green, blue, alpha.
type Raster struct {
	W, H int
	Pix  []byte // [H, W, 4]
}

// Reset makes r transparent and w by h, in the memory it has.
func (r *Raster) Reset(w, h int) {
	r.W, r.H = w, h
	n := w * h * 4
	if cap(r.Pix) < n {
		r.Pix = make([]byte, n)
		return
	}
	r.Pix = r.Pix[:n]
	clear(r.Pix)
}

// Fill paints the rectangle [x0, x1) x [y0, y1), as far as it is in the picture.
func (r *Raster) Fill(x0, y0, x1, y1 int, c color.RGBA) {
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, r.W), min(y1, r.H)
	if x0 >= x1 || y0 >= y1 {
		return
	}
	first := r.Pix[(y0*r.W+x0)*4 : (y0*r.W+x1)*4]
	for i := 0; i < len(first); i += 4 {
		first[i], first[i+1], first[i+2], first[i+3] = c.R, c.G, c.B, c.A
	}
	for y := y0 + 1; y < y1; y++ {
		copy(r.Pix[(y*r.W+x0)*4:], first)
	}
}

// Frame paints the border of a rectangle, t pixels thick, inside it.
func (r *Raster) Frame(x0, y0, x1, y1, t int, c color.RGBA) {
	t = min(t, (x1-x0+1)/2, (y1-y0+1)/2)
	r.Fill(x0, y0, x1, y0+t, c)
	r.Fill(x0, y1-t, x1, y1, c)
	r.Fill(x0, y0+t, x0+t, y1-t, c)
	r.Fill(x1-t, y0+t, x1, y1-t, c)
}
