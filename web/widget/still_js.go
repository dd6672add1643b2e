package widget

import "github.com/maxence-charriere/go-app/v9/pkg/app"

// A browser paints and writes by itself.

func (g *BlockGrid) still(app.HTMLCanvas) {}
func (s *Strip) still() app.UI            { return nil }
