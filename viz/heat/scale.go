package heat

import "math"

// Scale takes quantities to colours.
type Scale struct {
	Log bool
	Top float32 // what the last colour stands for
}

// Decades is how far down a logarithmic scale reaches from its top.
const Decades = 4

// At is the place of v on the scale, within 0..1.
func (s Scale) At(v float32) float32 {
	switch {
	case !(v > 0) || s.Top <= 0:
		return 0
	case v >= s.Top:
		return 1
	case s.Log:
		return max(0, 1+float32(math.Log10(float64(v/s.Top)))/Decades)
	}
	return v / s.Top
}

// Value is the value at a place x of the scale, 0 to 1: the inverse of At.
func (s Scale) Value(x float32) float32 {
	if s.Log {
		return s.Top * float32(math.Pow(10, float64(Decades*(x-1))))
	}
	return s.Top * x
}

// Paint writes the colours of a tile to dst, [Rows, Cols, 4], by a table of 256
// colours. Cells beyond the diagonal, which no query may read, are left transparent
// when causal.
func (s Scale) Paint(dst []byte, t Tile, table *[256][4]byte, causal bool) {
	// A logarithm for each cell would take longer than all the rest.
	const steps = 1 << 11
	var fine [steps + 1]uint8
	if s.Log {
		// Positive floats are ordered as their bits are, and even so nearly evenly by
		// logarithm: a table over the upper bits stands in for it.
		for i := range fine {
			v := math.Float32frombits(uint32(i) << 20)
			fine[i] = uint8(s.At(v)*255 + 0.5)
		}
	}
	gain := float32(0)
	if s.Top > 0 {
		gain = 255 / s.Top
	}
	for r := range t.Rows {
		row := t.Max[r*t.Cols : (r+1)*t.Cols]
		cols := t.Cols
		if causal {
			cols = min(cols, max(0, t.Y*TileSize+r-t.X*TileSize+1))
			clear(dst[(r*t.Cols+cols)*4 : (r+1)*t.Cols*4])
		}
		out := dst[r*t.Cols*4:]
		for c, v := range row[:cols] {
			i := 0
			switch {
			case s.Log:
				i = int(fine[math.Float32bits(v)>>20&(steps-1)])
			case v >= s.Top:
				i = 255
			default:
				i = int(v*gain + 0.5)
			}
			copy(out[4*c:4*c+4], table[i][:])
		}
	}
}
