package plot

// Picture is an image with its axes: what a canvas shows, framed to be kept.
type Picture struct {
	Title        string
	XName, YName string
	X0, X1       string // at the ends of the horizontal axis
	Href         string // of the image, a data URL
	W, H         float64
	Legend       Legend
}

// Margins around the image of a Picture.
const pictureLeft, pictureTop, pictureRight, pictureBottom = 60.0, 28.0, 14.0, 24.0

func (p Picture) width() float64 { return pictureLeft + p.W + pictureRight }

// Height is how high the picture is, margins and legend included.
func (p Picture) Height() float64 {
	return pictureTop + p.H + pictureBottom + p.Legend.height(p.width()-16) + 4
}

// SVG draws p.
func (p Picture) SVG() string {
	const left, top = pictureLeft, pictureTop
	var d drawing
	w, foot := p.width(), top+p.H+pictureBottom
	h := p.Height()
	d.open(w, h, p.Title)
	d.rect(0, 0, w, h, "var(--bg)")
	d.text(8, 17, 13, "start", "var(--ink)", p.Title, "font-weight", "600")
	d.b.WriteString(`<image x="` + n(left) + `" y="` + n(top) + `" width="` + n(p.W) + `" height="` + n(p.H) + `" href="` + p.Href + `"/>`)
	d.text(left, top+p.H+15, 11, "start", "var(--ink-3)", p.X0)
	d.text(left+p.W, top+p.H+15, 11, "end", "var(--ink-3)", p.X1)
	d.text(left+p.W/2, top+p.H+15, 11, "middle", "var(--ink-2)", p.XName)
	d.text(left-6, top+p.H/2, 11, "end", "var(--ink-2)", p.YName)
	p.Legend.draw(&d, foot, w)
	return d.close()
}
