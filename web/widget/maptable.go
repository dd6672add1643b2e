package widget

import (
	"strconv"

	"kvscope/engine/lens"
	"kvscope/engine/ops"
)

// mostCells bounds the weights that a table of a map lists.
const mostCells = 1 << 20

// MapTable lists the weights of the part of a map that a frame shows, query by query,
// those of at least a millionth; as far as a table may go.
func MapTable(h *lens.HeadTensors, f Frame) [][]string {
	rows := [][]string{{"query", "key", "weight"}}
	from, to, first := 0, h.Len(), 0
	if f.Height > 0 {
		from, to, first = max(0, int(f.Query)), min(h.Len(), int(f.Query+f.Height)+1), max(0, int(f.Key))
	}
	row := make([]float32, h.Len())
	for t := from; t < to && len(rows) < mostCells; t++ {
		h.Row(ops.Reference(), row, t)
		for k := first; k <= t; k++ {
			if row[k] >= 1e-6 {
				rows = append(rows, []string{strconv.Itoa(t), strconv.Itoa(k), strconv.FormatFloat(float64(row[k]), 'g', -1, 32)})
			}
		}
	}
	return rows
}
