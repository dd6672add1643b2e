package widget

import "kvscope/viz/paint"

// Still says that a page is drawn as text that no program moves, such as what stands on a
// screen before one does, and by which colours.
type Still struct{ Day, Night paint.Palette }

// still reports whether what is drawn stays as it is.
func (b *Bus) still() bool { return b != nil && b.Still != nil }
