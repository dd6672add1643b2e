// Package heat draws matrices too large to hold, let alone to draw at once: a
// pyramid of levels, each half as large as the one below, cut into tiles that are
// made when they are looked at. Numbers come in, pixels go out.
//
//	p := heat.New(source)
//	for !p.Take(256) {
//	}
//	tile := p.Tile(p.LevelFor(4), 0, 0)
package heat
