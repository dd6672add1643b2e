package widget

import (
	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/trace"
	"kvscope/viz/heat"
)

// mapGround is a map without what is pointed out on it, on a canvas that nobody sees: a pointer
// that moves about takes it from there.
type mapGround struct {
	context app.Value // nil before it is drawn first
	shows   groundOf  // the zero value where tiles are missing
}

// groundOf is what the ground of a map depends on.
type groundOf struct {
	mapFrame
	w, h, rem float64 // of the canvas
	tiles     *mapTiles
	taken     int // rows
	colours   heat.Scale
	table     *[256][4]byte
	picked    *trace.Selection
}

// groundOf is what the ground depends on now.
func (s *mapScreen) groundOf(m mapMarks) groundOf {
	return groundOf{s.mapFrame, s.w, s.h, s.rem, s.tiles, s.tiles.pyramid.Taken(), s.tiles.scale, s.table, m.picked}
}

// stands reports whether the ground is there as it is to be, so that drawing the screen takes
// next to no time.
func (s *mapScreen) stands(m mapMarks) bool {
	return s.tiles != nil && s.tiles.pyramid.Taken() == s.tiles.head.Len() && s.ground.shows == s.groundOf(m)
}

// draw draws the map on its ground, unless it is there, and the ground and what is pointed out
// on the screen. It spends on new tiles until the time is up, and reports whether every tile is
// there.
func (s *mapScreen) draw(m mapMarks, until float64) bool {
	g := &s.ground
	if g.context == nil {
		g.context = app.Window().Get("document").Call("createElement", "canvas").Call("getContext", "2d")
	}
	canvas := g.context.Get("canvas")
	s.level = s.tiles.pyramid.LevelFor(s.mapFrame.scale())
	of := s.groundOf(m)
	complete := of == g.shows
	if !complete {
		canvas.Set("width", int(s.w)) // and with that empty
		canvas.Set("height", int(s.h))
		s.pen = g.context
		var sums *marginals
		sums, complete = s.drawTiles(until)
		s.marginals(sums)
		s.axes(m)
		g.shows = groundOf{}
		if complete {
			g.shows = of
		}
	}
	s.pen = s.context
	s.pen.Call("clearRect", 0, 0, s.w, s.h)
	s.pen.Call("drawImage", canvas, 0, 0)
	s.pen.Call("save")
	s.clip()
	s.marks(m)
	s.marked = m
	s.pen.Call("restore")
	return complete
}
