package widget

import (
	"math"

	"github.com/maxence-charriere/go-app/v9/pkg/app"

	"kvscope/engine/lens"
	"kvscope/engine/ops"
	"kvscope/viz/heat"
	"kvscope/viz/plot"
)

// mapTiles holds the tiles of a head's attention map as canvases of the browser, the
// last used ones, and takes the map in bit by bit.
type mapTiles struct {
	head    *lens.HeadTensors
	noSink  bool
	pyramid *heat.Pyramid

	scale heat.Scale
	table *[256][4]byte
	tiles map[tileKey]*mapTile
	clock int // grows with every use
	shown int // rows taken in when tiles were last thrown away
}

type tileKey struct{ level, x, y int }

// mapTile is a tile and the canvas that shows it.
type mapTile struct {
	heat.Tile
	canvas  app.Value
	used    int
	colours heat.Scale
	table   *[256][4]byte
}

const (
	// sinkTokens are the first tokens that attention rests on where it has nowhere else
	// to go; as many as StreamingLLM keeps (arXiv:2309.17453, section 3.2).
	sinkTokens = 4
	// mostTiles is how many tiles are kept: with their numbers about 50 MB.
	mostTiles = 64
	// takeRows is how many rows are taken in between looks at the clock.
	takeRows = 64
)

// newMapTiles begins the map of a head.
func newMapTiles(h *lens.HeadTensors, noSink bool) *mapTiles {
	skip := 0
	if noSink {
		skip = sinkTokens
	}
	return &mapTiles{
		head: h, noSink: noSink, tiles: map[tileKey]*mapTile{},
		pyramid: heat.New(lens.NewMap(h, ops.Reference(), skip)),
	}
}

// colour says how quantities are painted from now on.
func (m *mapTiles) colour(linear bool, table *[256][4]byte) {
	m.table = table
	m.scale = heat.Scale{Log: !linear, Top: 1}
	if linear {
		m.scale.Top = roundUp(m.pyramid.Top())
	}
}

// roundUp is 1, 2 or 5 times a power of ten, no less than v and at most 1, so that
// the scale does not change with every row that is taken in.
func roundUp(v float32) float32 {
	if v <= 0 {
		return 1
	}
	return float32(min(plot.Nice(float64(v)*(1-1e-6)), 1)) // 0.1 is a little more in 32 bits
}

// take takes in more of the map until the time is up. It reports whether all is in.
func (m *mapTiles) take(until float64) bool {
	done := m.pyramid.Taken() == m.head.Len()
	for !done && now() < until {
		done = m.pyramid.Take(takeRows)
	}
	// Tiles of before show less than there is.
	if taken := m.pyramid.Taken(); taken-m.shown >= 1024 || done && taken != m.shown {
		m.shown = taken
		clear(m.tiles)
	}
	return done
}

// tile is the canvas of a tile, made if there is time for it; nil when not.
func (m *mapTiles) tile(k tileKey, until float64) *mapTile {
	t := m.tiles[k]
	if t == nil {
		if now() > until {
			return nil
		}
		t = &mapTile{Tile: m.pyramid.Tile(k.level, k.x, k.y)}
		m.evict()
		m.tiles[k] = t
	}
	m.clock++
	t.used = m.clock
	if t.canvas == nil || t.colours != m.scale || t.table != m.table {
		m.paint(t)
	}
	return t
}

// evict makes room for one tile.
func (m *mapTiles) evict() {
	for len(m.tiles) >= mostTiles {
		var oldest tileKey
		at := math.MaxInt
		for k, t := range m.tiles {
			if t.used < at {
				oldest, at = k, t.used
			}
		}
		delete(m.tiles, oldest)
	}
}

// paint puts a tile's colours on its canvas.
func (m *mapTiles) paint(t *mapTile) {
	pix := make([]byte, 4*t.Rows*t.Cols)
	m.scale.Paint(pix, t.Tile, m.table, true)
	if t.canvas == nil {
		t.canvas = app.Window().Get("document").Call("createElement", "canvas")
		t.canvas.Set("width", t.Cols)
		t.canvas.Set("height", t.Rows)
	}
	context := t.canvas.Call("getContext", "2d")
	image := context.Call("createImageData", t.Cols, t.Rows)
	app.CopyBytesToJS(image.Get("data"), pix)
	context.Call("putImageData", image, 0, 0)
	t.colours, t.table = m.scale, m.table
}

// coarser is the part of a tile there is already that shows what k would: the tile
// and the part's place in it, in cells.
func (m *mapTiles) coarser(k tileKey) (t *mapTile, x, y, w, h float64) {
	for up := 1; k.level+up < m.pyramid.Levels(); up++ {
		t := m.tiles[tileKey{k.level + up, k.x >> up, k.y >> up}]
		if t == nil || t.canvas == nil {
			continue
		}
		part := float64(int(heat.TileSize) >> up)
		x, y = float64(k.x-k.x>>up<<up)*part, float64(k.y-k.y>>up<<up)*part
		return t, x, y, min(part, float64(t.Cols)-x), min(part, float64(t.Rows)-y)
	}
	return nil, 0, 0, 0, 0
}

// now is the browser's clock, in milliseconds.
func now() float64 { return app.Window().Get("performance").Call("now").Float() }
