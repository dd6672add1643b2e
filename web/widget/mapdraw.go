package widget

import (
	"fmt"
	"image/color"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/trace"
	"kvscope/viz/paint"
)

// mapScreen draws an attention map on a canvas: tiles, marginals, axes, crosshair.
type mapScreen struct {
	element, context app.Value
	ground           mapGround
	pen              app.Value // what is drawn on: the context, or the ground's
	size             size      // as the browser tells
	scale, rem       float64   // device pixels to a CSS pixel, and to a rem
	w, h             float64   // of the canvas, device pixels
	left, top        float64   // of the map within the canvas
	palette          paint.Palette
	table            *[256][4]byte

	mapFrame
	tiles  *mapTiles
	level  int
	marked mapMarks // as drawn last
}

// mapMarks are the places that are pointed out on a map; None for none.
type mapMarks struct {
	query, key int // under the pointer
	step       int // query of the step looked at
	gold       int
	prompt     int
	picked     *trace.Selection // of the step
}

// Margins around the map, in rem.
const (
	mapLeft   = 2.6
	mapTop    = 1.3
	mapRight  = 1.0
	mapBottom = 1.9
)

// fit makes the canvas as large as it is on the screen. It is false while it has no size.
func (s *mapScreen) fit() bool {
	if !s.size.known() {
		return false
	}
	s.scale = app.Window().Get("devicePixelRatio").Float()
	s.rem = s.size.rem * s.scale
	w, h := s.size.w*s.scale, s.size.h*s.scale
	if w < 8*s.rem || h < 4*s.rem {
		return false
	}
	if int(w) != int(s.w) || int(h) != int(s.h) {
		s.element.Set("width", int(w))
		s.element.Set("height", int(h))
	}
	s.w, s.h = w, h
	s.left, s.top = mapLeft*s.rem, mapTop*s.rem
	return true
}

// enlarge makes the canvas larger, until the shorter side of the map has so many pixels. A map
// of which all is seen is square.
func (s *mapScreen) enlarge(least float64) {
	w, h := s.place()
	if s.whole() {
		w = min(w, h)
		h = w
	}
	by := max(1, least/min(w, h))
	s.w, s.h = s.w-(s.w-(mapLeft+mapRight)*s.rem)+w*by, s.h-(s.h-(mapTop+mapBottom)*s.rem)+h*by
	s.element.Set("width", int(s.w))
	s.element.Set("height", int(s.h))
}

// place is the size of the map on the canvas.
func (s *mapScreen) place() (w, h float64) {
	return s.w - (mapLeft+mapRight)*s.rem, s.h - (mapTop+mapBottom)*s.rem
}

// clip keeps what is drawn from now on to what there is of the map.
func (s *mapScreen) clip() {
	right, foot := s.at(float64(s.cells), float64(s.cells))
	s.pen.Call("beginPath")
	s.pen.Call("rect", s.left, s.top, min(s.mapFrame.w, right), min(s.mapFrame.h, foot))
	s.pen.Call("clip")
}

// drawTiles draws what is seen, spending on new tiles until the time is up. It returns the sums
// of what is drawn, and whether that is every tile.
func (s *mapScreen) drawTiles(until float64) (sums *marginals, complete bool) {
	c := s.pen
	c.Call("save")
	s.clip()
	c.Set("imageSmoothingEnabled", false)
	complete = true
	sums = newMarginals(&s.mapFrame, s.level)
	for _, at := range s.mapFrame.tiles(s.level) {
		k := tileKey{s.level, at[0], at[1]}
		side := float64(int(tileSide) << s.level)
		x, y := s.at(float64(at[1])*side, float64(at[0])*side)
		px := s.mapFrame.scale() * float64(int(1)<<s.level) // pixels to a cell of the level
		if t := s.tiles.tile(k, until); t != nil {
			c.Call("drawImage", t.canvas, s.left+x, s.top+y, px*float64(t.Cols), px*float64(t.Rows))
			sums.add(t.Tile)
			continue
		}
		complete = false
		if t, sx, sy, sw, sh := s.tiles.coarser(k); t != nil && sw > 0 && sh > 0 {
			grow := px * float64(int(1)<<(t.Level-s.level))
			c.Call("drawImage", t.canvas, sx, sy, sw, sh, s.left+x, s.top+y, grow*sw, grow*sh)
		}
	}
	c.Call("restore")
	return sums, complete
}

func css(c color.RGBA, alpha float64) string {
	return fmt.Sprintf("rgba(%d,%d,%d,%.2f)", c.R, c.G, c.B, alpha)
}

// bar fills a rectangle of the map's own place.
func (s *mapScreen) bar(x, y, w, h float64) { s.pen.Call("fillRect", s.left+x, s.top+y, w, h) }

// marks draws the boundary of the prompt, the step's query, gold and the crosshair.
func (s *mapScreen) marks(m mapMarks) {
	c, one := s.pen, max(1, s.mapFrame.scale())
	thin := s.scale
	if m.prompt > 0 && m.prompt < s.cells {
		_, y := s.at(float64(m.prompt-1), 0)
		c.Set("fillStyle", css(s.palette.Edges, 0.8))
		s.bar(0, y-thin/2, s.mapFrame.w, thin)
	}
	if m.gold >= 0 {
		x, _ := s.at(0, float64(m.gold))
		c.Set("fillStyle", css(s.palette.Gold, 0.9))
		s.bar(x-thin, 0, thin, s.mapFrame.h)
		s.bar(x+one, 0, thin, s.mapFrame.h)
	}
	if m.step >= 0 {
		_, y := s.at(float64(m.step), 0)
		c.Set("fillStyle", css(s.palette.Ink, 0.9))
		s.bar(0, y-thin, s.mapFrame.w, thin)
		s.bar(0, y+one, s.mapFrame.w, thin)
	}
	c.Set("fillStyle", css(s.palette.Ink, 0.55))
	if m.key >= 0 {
		x, _ := s.at(0, float64(m.key)+0.5)
		s.bar(x-thin/2, 0, thin, s.mapFrame.h)
	}
	if m.query >= 0 {
		_, y := s.at(float64(m.query)+0.5, 0)
		s.bar(0, y-thin/2, s.mapFrame.w, thin)
	}
}

// marginals draws what the keys that are seen receive, above the map, and what the
// queries that are seen give to them, beside it.
func (s *mapScreen) marginals(m *marginals) {
	c, px := s.pen, s.mapFrame.scale()*float64(int(1)<<s.level)
	c.Set("fillStyle", css(s.palette.Ramp[6], 1))
	room := 0.85 * s.rem
	for i, v := range m.keys() {
		x, _ := s.at(0, float64((m.key0+i)<<s.level))
		x0, x1 := max(x, 0), min(x+px, s.mapFrame.w)
		if v > 0 && x1 > x0 {
			s.bar(x0, -2*s.scale-v*room, x1-x0, v*room)
		}
	}
	for i, v := range m.queries() {
		_, y := s.at(float64((m.query0+i)<<s.level), 0)
		y0, y1 := max(y, 0), min(y+px, s.mapFrame.h)
		if v > 0 && y1 > y0 {
			s.bar(s.mapFrame.w+2*s.scale, y0, v*room, y1-y0)
		}
	}
}

// axes writes positions, and marks below the map what the step picked.
func (s *mapScreen) axes(m mapMarks) {
	c, thin := s.pen, s.scale
	right, foot := s.at(float64(s.cells), float64(s.cells))
	w, h := min(s.mapFrame.w, right), min(s.mapFrame.h, foot) // of what there is to see
	c.Set("fillStyle", css(s.palette.Edges, 0.5))
	s.bar(-thin, 0, thin, h)
	s.bar(0, h, w, thin)
	if m.picked != nil {
		c.Set("fillStyle", css(s.palette.Ramp[8], 1))
		s.eachPicked(m.picked, func(lo, hi int) {
			x0, _ := s.at(0, float64(lo))
			x1, _ := s.at(0, float64(hi))
			if x0, x1 = max(x0, 0), min(x1, w); x1 > x0 {
				s.bar(x0, h+2*thin, max(x1-x0-thin, thin), 0.28*s.rem)
			}
		})
	}
	c.Set("fillStyle", css(s.palette.Ink, 0.75))
	c.Set("font", fmt.Sprintf("%.1fpx sans-serif", 0.68*s.rem))
	c.Set("textBaseline", "top")
	c.Set("textAlign", "center")
	for _, v := range ticks(s.Key, min(s.Key+w/s.mapFrame.scale(), float64(s.cells)), max(2, int(w/(3*s.rem)))) {
		x, _ := s.at(0, float64(v)+0.5)
		c.Call("fillText", v, s.left+x, s.top+h+0.38*s.rem)
	}
	c.Set("textBaseline", "middle")
	c.Set("textAlign", "right")
	for _, v := range ticks(s.Query, min(s.Query+s.Height, float64(s.cells)), max(2, int(h/(1.6*s.rem)))) {
		_, y := s.at(float64(v)+0.5, 0)
		c.Call("fillText", v, s.left-0.3*s.rem, s.top+y)
	}
	c.Set("fillStyle", css(s.palette.Ink, 0.55))
	c.Set("textAlign", "left")
	c.Call("fillText", "query ↓", 0, 0.5*s.rem)
	c.Set("textAlign", "right")
	c.Call("fillText", "key →", s.left+w, s.top+h+1.45*s.rem)
}

// eachPicked calls f with the runs of positions that a selection picked.
func (s *mapScreen) eachPicked(p *trace.Selection, f func(lo, hi int)) {
	for i := 0; i < p.Candidates; i++ {
		if !p.Has(0, i) {
			continue
		}
		j := i
		for j+1 < p.Candidates && p.Has(0, j+1) {
			j++
		}
		f(i*p.Unit, (j+1)*p.Unit)
		i = j
	}
}
