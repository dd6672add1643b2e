package widget

import (
	"math"
	"strconv"
	"strings"

	"kvscope/viz/heat"
)

// mapFrame is the part of a map that is seen, and the size of the screen it is seen in: cells
// are square.
type mapFrame struct {
	cells int     // side of the map
	w, h  float64 // of the place it is seen in, in pixels
	Frame
}

// closest is how few queries fill the place at most.
const closest = 6

// newMapFrame fits a frame to a place; the zero frame is the whole map.
func newMapFrame(cells int, w, h float64, f Frame) mapFrame {
	m := mapFrame{cells, w, h, f}
	if f.Height == 0 {
		m.Height = m.farthest()
	}
	m.clamp()
	return m
}

// farthest is the height at which the whole map is seen.
func (m *mapFrame) farthest() float64 { return float64(m.cells) * max(1, m.h/m.w) }

// whole reports whether the whole map is seen.
func (m *mapFrame) whole() bool { return m.Height >= m.farthest()-1e-9 }

// scale is the pixels to a cell.
func (m *mapFrame) scale() float64 { return m.h / m.Height }

// at is the place of a cell's corner.
func (m *mapFrame) at(query, key float64) (x, y float64) {
	return (key - m.Key) * m.scale(), (query - m.Query) * m.scale()
}

// cell returns the cell at a place, with fractions.
func (m *mapFrame) cell(x, y float64) (query, key float64) {
	return m.Query + y/m.scale(), m.Key + x/m.scale()
}

// find is the cell at a place, false outside the map.
func (m *mapFrame) find(x, y float64) (query, key int, ok bool) {
	q, k := m.cell(x, y)
	query, key = int(math.Floor(q)), int(math.Floor(k))
	inside := x >= 0 && y >= 0 && x < m.w && y < m.h
	return query, key, inside && query >= 0 && key >= 0 && query < m.cells && key < m.cells
}

// pan moves what is seen by so many pixels.
func (m *mapFrame) pan(dx, dy float64) {
	m.Key -= dx / m.scale()
	m.Query -= dy / m.scale()
	m.clamp()
}

// zoom makes cells so many times as large, leaving what is at a place there.
func (m *mapFrame) zoom(x, y, factor float64) {
	q, k := m.cell(x, y)
	m.Height = min(max(m.Height/factor, closest), m.farthest())
	m.Query, m.Key = q-y/m.scale(), k-x/m.scale()
	m.clamp()
}

// clamp keeps the map in its place.
func (m *mapFrame) clamp() {
	m.Height = min(max(m.Height, min(closest, m.farthest())), m.farthest())
	keep := func(from *float64, seen float64) {
		*from = max(0, min(*from, float64(m.cells)-seen))
	}
	keep(&m.Query, m.Height)
	keep(&m.Key, m.w/m.scale())
}

// frame is the part of the map that a link restores; the zero value is the whole map.
func (m *mapFrame) frame() Frame {
	if m.whole() {
		return Frame{}
	}
	return m.Frame
}

// tiles lists the tiles of a level that are seen and hold anything a query may read,
// as their x and y.
func (m *mapFrame) tiles(level int) [][2]int {
	side := float64(int(heat.TileSize) << level)
	last := (m.cells - 1) >> level / heat.TileSize
	from := func(v float64) int { return min(max(int(v/side), 0), last) }
	var out [][2]int
	for y := from(m.Query); y <= from(m.Query+m.Height-1e-6); y++ {
		for x := from(m.Key); x <= min(from(m.Key+m.w/m.scale()-1e-6), y); x++ {
			out = append(out, [2]int{x, y})
		}
	}
	return out
}

// ticks are the round numbers that name about n places between lo and hi.
func ticks(lo, hi float64, n int) []int {
	step := 1
	for float64(step)*float64(n) < hi-lo {
		switch lead := leading(step); lead {
		case 2:
			step = step / 2 * 5
		default:
			step *= 2
		}
	}
	var out []int
	for v := int(math.Ceil(lo/float64(step))) * step; float64(v) < hi; v += step {
		out = append(out, v)
	}
	return out
}

// leading is the first digit of n.
func leading(n int) int {
	for n >= 10 {
		n /= 10
	}
	return n
}

// What is chosen of attention maps, by the names of the options in links.
const (
	MapOption    = "map" // a Frame
	LinearOption = "linear"
	NoSinkOption = "nosink"
)

// MapView is the part of the attention maps that is seen, and how.
type MapView struct {
	// Frame is the part of the map that is seen; the zero value is all of it.
	Frame  Frame
	Linear bool // colours in proportion, not by logarithm
	NoSink bool // without the first tokens
}

// Frame is a rectangle of a map: the query and the key at its upper left corner, and
// how many queries it is high.
type Frame struct{ Query, Key, Height float64 }

// String writes f as a link has it, the whole map as nothing.
func (f Frame) String() string {
	if f.Height == 0 {
		return ""
	}
	var words []string
	for _, v := range []float64{f.Query, f.Key, f.Height} {
		words = append(words, strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64))
	}
	return strings.Join(words, ",")
}

// ParseFrame reads what String wrote, the whole map when it is something else.
func ParseFrame(text string) Frame {
	words := strings.Split(text, ",")
	if len(words) != 3 {
		return Frame{}
	}
	var v [3]float64
	for i, w := range words {
		x, err := strconv.ParseFloat(w, 64)
		if err != nil || !(math.Abs(x) < 1e7) {
			return Frame{}
		}
		v[i] = math.Round(x*100) / 100
	}
	if v[2] < 1 {
		return Frame{}
	}
	// No -0, which would not be written as it was read.
	return Frame{v[0] + 0, v[1] + 0, v[2]}
}
