package runfile

import "kvscope/engine/trace"

// mostSelected is how many bytes selected may take in a file.
const mostSelected = 1 << 30

// selected is which positions were read, [S, L, H, T]; none where that is too large to be
// of use.
func selected(r *trace.Run) ([]uint8, []int) {
	steps, positions := 0, 0
	for _, s := range r.Selections {
		if s.Step >= 0 {
			steps, positions = max(steps, s.Step+1), max(positions, s.First+s.Queries)
		}
	}
	shape := []int{steps, r.Header.Layers, r.Header.Heads, positions}
	size := 1.0
	for _, n := range shape {
		size *= float64(n)
	}
	if size > mostSelected {
		return nil, shape
	}
	out := make([]uint8, steps*r.Header.Layers*r.Header.Heads*positions)
	for _, s := range r.Selections {
		if s.Step < 0 {
			continue
		}
		row := out[((s.Step*r.Header.Layers+s.Layer)*r.Header.Heads+s.Head)*positions:][:positions]
		for p := range row {
			if s.Covers(s.Queries-1, p) {
				row[p] = 1
			}
		}
	}
	return out, shape
}
