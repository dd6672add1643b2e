package picture

// Shade is a measure of blocks that the prompt is shaded by.
type Shade string

// The shades, as they stand in a URL.
const (
	ByPicks Shade = "picks" // how much of it was picked
	ByMass  Shade = "mass"  // how much dense attention it has
)

// Shades lists them in the order of the switch.
func Shades() []Shade { return []Shade{ByPicks, ByMass} }

// Strip is the shading of the prompt at one line of the block grid.
type Strip struct {
	Unit   int       // positions per value
	Values []float32 // within 0..1
	Top    float32   // what a value of 1 stands for
}

// Strip shades the prompt at a line, for one head or over all heads. It is nil when
// there is nothing to shade by.
func (r *Run) Strip(line int, head *Head, by Shade) *Strip {
	if line < 0 || line >= len(r.lines) {
		return nil
	}
	l := r.lines[line]
	if head != nil {
		l = r.one(l, *head)
	}
	switch {
	case by == ByMass && len(l.mass) > 0:
		return scaled(l.mass, max(1, l.heads), r.Block())
	case by == ByMass:
		return nil
	case len(l.token) > 0:
		out := &Strip{Unit: 1, Top: 1, Values: make([]float32, len(l.token))}
		for i, n := range l.token {
			out.Values[i] = float32(n / float64(l.terms))
		}
		return out
	}
	out := &Strip{Unit: r.Block(), Top: 1, Values: make([]float32, len(l.share))}
	for b, v := range l.share {
		if l.seen[b] > 0 {
			out.Values[b] = float32(v / float64(l.seen[b]))
		}
	}
	return out
}

// scaled divides the mean over n by its largest value.
func scaled(sums []float64, n, unit int) *Strip {
	out := &Strip{Unit: unit, Values: make([]float32, len(sums))}
	for i, v := range sums {
		out.Values[i] = float32(v / float64(n))
		out.Top = max(out.Top, out.Values[i])
	}
	for i := range out.Values {
		if out.Top > 0 {
			out.Values[i] /= out.Top
		}
	}
	return out
}
