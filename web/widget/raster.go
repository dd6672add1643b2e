package widget

import "image/color"

// raster is a picture being painted: [h, w] pixels of red, green, blue, alpha.
type raster struct {
	w, h int
	pix  []byte
}

// reset makes r transparent and w by h, in the memory it has.
func (r *raster) reset(w, h int) {
	r.w, r.h = w, h
	n := w * h * 4
	if cap(r.pix) < n {
		r.pix = make([]byte, n)
		return
	}
	r.pix = r.pix[:n]
	clear(r.pix)
}

// fill paints the rectangle [x0, x1) x [y0, y1), as far as it is in the picture.
func (r *raster) fill(x0, y0, x1, y1 int, c color.RGBA) {
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, r.w), min(y1, r.h)
	if x0 >= x1 || y0 >= y1 {
		return
	}
	first := r.pix[(y0*r.w+x0)*4 : (y0*r.w+x1)*4]
	for i := 0; i < len(first); i += 4 {
		first[i], first[i+1], first[i+2], first[i+3] = c.R, c.G, c.B, c.A
	}
	for y := y0 + 1; y < y1; y++ {
		copy(r.pix[(y*r.w+x0)*4:], first)
	}
}

// frame paints the border of a rectangle, t pixels thick, inside it.
func (r *raster) frame(x0, y0, x1, y1, t int, c color.RGBA) {
	t = min(t, (x1-x0+1)/2, (y1-y0+1)/2)
	r.fill(x0, y0, x1, y0+t, c)
	r.fill(x0, y1-t, x1, y1, c)
	r.fill(x0, y0+t, x0+t, y1-t, c)
	r.fill(x1-t, y0+t, x1, y1-t, c)
}
